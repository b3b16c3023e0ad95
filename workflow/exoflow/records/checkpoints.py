"""Where a long phase keeps the state it can go on from.

Checkpoints are scratch, never outputs: a failed job loses its declared outputs.
Their names hold the hash of settings, inputs and code, so a run never goes on
from a state that other settings or other code made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, scientific
from exoflow.records.hashing import content_hash

SCRATCH = Path(".exoflow")
PACKAGE = Path(__file__).resolve().parents[1]
# Compiled files and editor backups are no sources.
SOURCE_SUFFIXES = (".py", ".c", ".h", ".j2", ".csv", ".yaml", ".json", ".txt", ".md", ".css", ".js")


def checkpoint_path(
    phase: str,
    name: str,
    settings: Mapping[str, Any],
    inputs: Iterable[str | Path] = (),
    suffix: str = ".npz",
    root: str | Path = ".",
) -> Path:
    """Path of the checkpoint of one job: .exoflow/checkpoints/<phase>/<name>-<hash><suffix>.

    Parameters
    ----------
    phase, name
        The job: its phase, and its condition (and seed).
    settings
        Settings of the job; thread counts and the like do not count.
    inputs
        Files whose content the job starts from, such as the gait.
    root
        Folder of the project.
    """
    digest = hashlib.sha256(json.dumps(scientific(settings), sort_keys=True).encode())
    digest.update(code_hash(phase).encode())
    for path in inputs:
        digest.update(content_hash(path).encode())
    return checkpoint_folder(phase, root) / f"{name}-{digest.hexdigest()[:16]}{suffix}"


def checkpoint_folder(phase: str, root: str | Path = ".") -> Path:
    """Folder of all checkpoints of a phase."""
    return Path(root) / SCRATCH / "checkpoints" / phase


def code_hash(phase: str) -> str:
    """Hash of the sources of the rooms that change the numbers of a phase."""
    digest = hashlib.sha256()
    for file in code_files(phase):
        digest.update(f"{file.relative_to(PACKAGE).as_posix()}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def code_files(phase: str) -> list[Path]:
    """Sources that change the numbers of a phase: its stages and rooms, with their templates."""
    rooms = PHASES[phase].rooms
    files = [PACKAGE / "stages" / f"{name}.py" for name in (phase, *PHASES[phase].stages)]
    if "physiology" in rooms:
        files.append(PACKAGE / "compiled.py")
    for room in rooms:
        files += [
            file
            for file in (PACKAGE / room).rglob("*")
            if file.is_file() and file.suffix in SOURCE_SUFFIXES
        ]
    return sorted(file for file in files if file.is_file())
