"""Whether an output is what the ledgers say it is.

Snakemake compares what it noted with what is wanted now, and takes the file itself on
trust. So a file without a record, one changed by hand, or one of another commit would
pass for current.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, Params, build_params, load_params, read_yaml, settings_json
from exoflow.errors import ExoflowError, UserError
from exoflow.ledgers.content import Contents, read_contents
from exoflow.ledgers.dvc_lock import DvcLock, read_dvc_lock
from exoflow.ledgers.snakemake_records import (
    DamagedRecord,
    Record,
    is_incomplete,
    read_record,
    record_place,
)
from exoflow.ledgers.sources import job_sources
from exoflow.records import layout

# File systems store dates in steps; DVC and rsync may cut them to microseconds.
DATE_TOLERANCE_S = 1e-4
# `exoflow recover` hands Snakemake the results that it is to note, one a line.
LATE_VARIABLE = "EXOFLOW_LATE_RESULTS"
NO_RECORD = "has no record of what made it"
DAMAGED = "has a damaged record"
KILLED = "was being made when its run was killed"
OTHER_CONTENT = "is neither the file its record is about nor that of dvc.lock"
OTHER_ORIGIN = "is an older file of dvc.lock: its record is about a newer one"


@dataclass(frozen=True, eq=False)
class Ledgers:
    """Everything that is written down about the results of a folder."""

    root: Path
    params: Params
    contents: Contents

    @functools.cached_property
    def lock(self) -> DvcLock:
        """dvc.lock; read when it is asked for, as it is long and seldom needed."""
        return read_dvc_lock(self.root)

    @functools.cached_property
    def written_params(self) -> Mapping[str, Any]:
        """params.yaml as it is written."""
        return read_yaml(self.root / "params.yaml")

    def record(self, path: str) -> Record | None:
        """What Snakemake noted about an output; a damaged record counts as none."""
        try:
            return read_record(self.root, path)
        except DamagedRecord:
            return None

    def doubt(self, path: str) -> str | None:
        """Why an existing output cannot be trusted; None if it can, or Snakemake renews it."""
        if is_incomplete(self.root, path):
            return KILLED
        try:
            record = read_record(self.root, path)
        except DamagedRecord:
            return DAMAGED
        if record is None:
            return NO_RECORD
        if abs((self.root / path).stat().st_mtime - record.end_s) < DATE_TOLERANCE_S:
            return None
        if self.contents.md5(path) != self.locked_md5(path):
            return OTHER_CONTENT
        if self.is_wanted(path, record) and not self.lock_agrees(path, record):
            return OTHER_ORIGIN
        return None

    def locked_md5(self, path: str) -> str | None:
        """What dvc.lock says a result is; None if it does not."""
        stage = self.lock.stages.get(layout.phase_of(path))
        if stage is None:
            return None
        return self.locked_file(stage.outs.get(folder_of(path)), path)

    def locked_file(self, folder_md5: str | None, path: str) -> str | None:
        """MD5 of a file of results/ in a recorded state of its folder."""
        if folder_md5 is None:
            return None
        folder = folder_of(path)
        listed = self.lock.files_of(folder_md5)
        if listed is None:  # not in the cache here; the whole folder may still be that one
            unchanged = self.folder_md5(folder) == folder_md5
            return self.contents.md5(path) if unchanged else None
        return listed.get(path.removeprefix(f"{folder}/"))

    def is_wanted(self, path: str, record: Record) -> bool:
        """Whether a record is about the settings, sources and inputs of now."""
        job = layout.job_of(self.params, path)
        if job is None or record.settings != self.settings(self.params, job):
            return False
        if record.sources != job_sources(self.params, job[0], layout.study_of(path)):
            return False
        return not self.changed_inputs(record)

    def settings(self, params: Params, job: tuple[str, str | None, int | None]) -> str:
        """The settings of a job as the rules write them."""
        return settings_json(params, *job)

    def changed_inputs(self, record: Record) -> list[str]:
        """Inputs of another content than when the output was made."""
        return [
            path for path, noted in record.checksums.items() if self.contents.sha256(path) != noted
        ]

    def lock_agrees(self, path: str, record: Record) -> bool:
        """Whether dvc.lock names the settings, code, data and inputs of a record."""
        phase = layout.phase_of(path)
        stage = self.lock.stages[phase]
        folders = {**stage.deps, **stage.outs}  # a gait may start from another gait
        return (
            self.locked_settings(path) == record.settings
            and not self.changed_sources(phase)
            and all(
                self.locked_file(folders.get(folder_of(one)), one) == self.contents.md5(one)
                for one in record.inputs
                if one.startswith("results/")
            )
        )

    def locked_settings(self, path: str) -> str | None:
        """The settings with which dvc.lock says a result was made; None if it cannot be told."""
        params = self.locked_params(layout.phase_of(path))
        job = layout.job_of(params, path) if params else None
        return self.settings(params, job) if params and job else None

    @functools.lru_cache  # noqa: B019
    def locked_params(self, phase: str) -> Params | None:
        """The parameters that dvc.lock holds for a stage, filled up with today's."""
        stage = self.lock.stages.get(phase)
        if stage is None:
            return None
        try:
            return build_params({**self.written_params, **stage.params})
        except ExoflowError:  # of another version
            return None

    @functools.lru_cache  # noqa: B019
    def changed_sources(self, phase: str) -> tuple[str, ...]:
        """Code and data of a stage that dvc.lock has in another state."""
        deps = self.lock.stages[phase].deps
        return tuple(
            path
            for path, md5 in deps.items()
            if not path.startswith("results/") and self.contents.dvc_md5(path) != md5
        )

    @functools.lru_cache  # noqa: B019
    def folder_md5(self, folder: str) -> str | None:
        """What dvc.lock would hold for a folder of results."""
        return self.contents.dvc_md5(folder)


def folder_of(path: str) -> str:
    """results/<phase> of a result."""
    return "/".join(Path(path).parts[:2])


def read_ledgers(root: str | Path = ".", params: Params | None = None) -> Ledgers:
    """Open the ledgers of a folder.

    Raises
    ------
    UserError
        If params.yaml cannot be read.
    """
    root = Path(root)
    return Ledgers(root, params or load_params(root / "params.yaml"), read_contents(root))


def recorded_results(ledgers: Ledgers) -> list[str]:
    """Existing results of current jobs: main files, and those beside them that have a record."""
    found = []
    for phase in PHASES:
        mains = set(layout.results_of(ledgers.params, phase))
        for file in sorted((ledgers.root / layout.RESULTS / phase).rglob("[!.]*")):
            path = file.relative_to(ledgers.root).as_posix()
            if path in mains or (file.is_file() and record_place(ledgers.root, path).exists()):
                found.append(path)
    return found


def unproven_results(ledgers: Ledgers) -> dict[str, str]:
    """Existing results of current jobs that cannot be trusted, with the reason."""
    doubts = {path: ledgers.doubt(path) for path in recorded_results(ledgers)}
    ledgers.contents.remember()
    return {
        path: doubt
        for path, doubt in doubts.items()
        if doubt and doubt != KILLED and layout.job_of(ledgers.params, path)
    }


def refuse_unproven(params: Params, root: str | Path = ".") -> None:
    """Refuse to build on results that Snakemake would take on trust.

    Raises
    ------
    UserError
        Naming the first of them, why, and the two ways out.
    """
    late = os.environ.get(LATE_VARIABLE, "").splitlines()
    found = unproven_results(read_ledgers(root, params))
    unproven = {path: doubt for path, doubt in found.items() if path not in late}
    if unproven:
        path, doubt = next(iter(unproven.items()))
        more = f" (and {len(unproven) - 1} more like it)" if len(unproven) > 1 else ""
        raise UserError(
            f"{path} {doubt}{more}. Bring back what was recorded: git checkout -- "
            ".snakemake/metadata, dvc checkout; or move it away to make it anew: "
            "exoflow prune --unproven"
        )
