"""Short hashes of the code and data behind a job, by room and folder.

Rules hand them to Snakemake as a parameter. A record then says which code and data a
job was planned with, in one line, and two records can be compared room by room.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from exoflow.config import PHASES, Params
from exoflow.records import layout
from exoflow.records.checkpoints import PACKAGE, SCRATCH, code_files
from exoflow.records.files import write_text

LENGTH = 12
MEMORY = SCRATCH / "sources"


def sources_text(phase: str, data: Iterable[str] = ()) -> str:
    """One line such as `control=0a1b2c3d4e5f gait=... data/models=...`.

    Parameters
    ----------
    phase
        Its stages and rooms are the code.
    data
        Files of data/, relative to the working directory.
    """
    return text_of(phase, tuple(data))


def job_sources(params: Params, phase: str, study: str | None = None) -> str:
    """The line of one job: that of its phase, or of its study for `trial`."""
    if study is not None:
        files = [f"data/trials/{study}/study.yaml", *layout.study_files(study)]
        return sources_text(phase, files)
    return sources_text(phase, layout.data_files(params, phase))


def sources_of_jobs(params: Params) -> dict[str, str]:
    """The lines of all jobs, by phase; those of `trial` by study."""
    lines = {phase: job_sources(params, phase) for phase in PHASES if phase != "trial"}
    studies = {
        f"trial {study}": job_sources(params, "trial", study) for study in params.trial.studies
    }
    return lines | studies


@functools.lru_cache
def text_of(phase: str, data: tuple[str, ...]) -> str:
    """The line; computed once per phase, not once per job."""
    return " ".join(f"{part}={of_files(files)}" for part, files in parts(phase, data).items())


def parts(phase: str, data: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Files by part: a room, a stage, a folder of data."""
    found: dict[str, list[str]] = {}
    for file in code_files(phase):
        name = file.relative_to(PACKAGE)
        part = name.as_posix() if name.parts[0] in ("stages", "compiled.py") else name.parts[0]
        found.setdefault(part, []).append(str(file))
    for path in data:
        found.setdefault(Path(path).parent.as_posix(), []).append(path)
    return {part: tuple(sorted(found[part])) for part in sorted(found)}


@functools.lru_cache
def of_files(files: tuple[str, ...]) -> str:
    """Hash of the names and contents of the files of one part."""
    text = json.dumps({shown(file): file_hash(file) for file in files}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


@functools.lru_cache(maxsize=4096)
def file_hash(file: str) -> str:
    """Hash of one file; a missing one is named by Snakemake, as it is an input."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:LENGTH]
    except OSError:
        return "missing"


def read_sources(text: str) -> dict[str, str]:
    """Hash by part of such a line."""
    return {part: found for part, _, found in (word.rpartition("=") for word in text.split())}


def remember_sources(params: Params, root: str | Path = ".") -> None:
    """Keep the hashes of single files in scratch, so that `why` can name the edited one."""
    for phase in PHASES:
        for files in parts(phase, layout.data_files(params, phase)).values():
            place = Path(root) / MEMORY / f"{of_files(files)}.json"
            if not place.exists():
                write_text(place, json.dumps({shown(file): file_hash(file) for file in files}))


def remembered_files(part_hash: str, root: str | Path = ".") -> dict[str, str] | None:
    """Hashes of the files behind the hash of a part, None where this folder never ran it."""
    try:
        return json.loads((Path(root) / MEMORY / f"{part_hash}.json").read_text())
    except (OSError, ValueError):
        return None


def shown(file: str) -> str:
    """A path as people type it: code from the package on."""
    path = Path(file)
    if path.is_relative_to(PACKAGE):
        return f"workflow/exoflow/{path.relative_to(PACKAGE).as_posix()}"
    return path.as_posix()
