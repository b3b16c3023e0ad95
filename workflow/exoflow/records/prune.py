"""Take results that no current condition makes out of the results folder.

Without this, DVC would go on recording the files of a deleted condition. They
are moved, not deleted: a gait can be an hour of search.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from exoflow.config import Params
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.layout import RESULTS, results_of

# What `replaced_file` leaves when its process is killed; a younger one is being written.
SCRATCH_OF_KILLED = ".*.part*"
SCRATCH_AGE_S = 600.0
RESULT_SUFFIXES = (
    ".json", ".parquet", ".svg", ".png", ".npz", ".onnx", ".csv", ".zip", ".html", ".md",
)  # fmt: skip


def prune_results(params: Params, phase: str, root: str | Path = ".") -> list[Path]:
    """Move stale results of one phase to .exoflow/pruned/<phase>/.

    Half-written files of killed processes are deleted.

    Returns
    -------
    list of Path
        Where the files lay.
    """
    root = Path(root)
    folder = root / RESULTS / phase
    folder.mkdir(parents=True, exist_ok=True)  # DVC wants it, also where a phase has no job
    if phase == "report":
        return []
    for scratch in folder.rglob(SCRATCH_OF_KILLED):
        if time.time() - scratch.stat().st_mtime > SCRATCH_AGE_S:
            scratch.unlink(missing_ok=True)
    stale = stale_results(params, phase, root)
    for file in stale:
        move_away(file, root)
    return stale


def stale_results(params: Params, phase: str, root: Path) -> list[Path]:
    """Results of one phase that no job of `params` makes.

    A file is one when it lies in results/<phase>, has the suffix of a result and its name
    starts with that of no result of `params`. In doubt it is not.
    """
    if phase == "report":  # its page and the tables beside it belong to every run
        return []
    # Not with_suffix(""): ids of a grid hold dots.
    kept = [root / result[: result.rindex(".")] for result in results_of(params, phase)]
    return [
        file
        for file in sorted((root / RESULTS / phase).rglob("[!.]*"))
        if file.suffix in RESULT_SUFFIXES and not is_made(file, kept)
    ]


def move_away(file: Path, root: Path) -> Path:
    """Move one result to its place below .exoflow/pruned/, and its folder if it is empty then.

    Returns
    -------
    Path
        Where it lies now.
    """
    place = file.relative_to(root / RESULTS)
    target = root / SCRATCH / "pruned" / place
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(file, target)
    if len(place.parts) > 2 and not any(file.parent.iterdir()):
        file.parent.rmdir()
    return target


def is_made(file: Path, kept: list[Path]) -> bool:
    """Whether a file is a kept result or lies beside one under its name."""
    return any(
        file.parent == result.parent and file.name.startswith(f"{result.name}.") for result in kept
    )
