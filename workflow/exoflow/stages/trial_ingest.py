"""`exoflow trial ingest`: copies of cart files that do not say who breathed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.stages.trial_read import column_map

RAW = "raw"


def run(files: Sequence[Path], output: Path, columns: Path | None = None) -> None:
    """Write a de-identified csv of every file into `output`.

    Parameters
    ----------
    files : sequence of Path
        Exports of carts. A copy keeps its file's name without the ending, unless that holds
        what is typed into the cart as name or id.
    output : Path
        Folder of the copies; made if absent, never one named raw.
    columns : Path, optional
        YAML column map of a cart that exoflow does not know.

    Raises
    ------
    TrialDataError
        If one of the files cannot be trusted; nothing is written then.
    """
    from exoflow.records.files import write_text
    from exoflow.trial.carts.copy import write_copy
    from exoflow.trial.carts.reading import read_with_identity

    if RAW in (*output.parts, output.resolve().name):
        raise TrialDataError(
            f"--output {output}: folders named {RAW} hold originals and are not versioned. "
            "Choose another one."
        )
    described = column_map(columns)
    copies: dict[Path, tuple[Path, str]] = {}
    for file in files:
        recording, who = read_with_identity(file, described)
        target = output / _name(file, files, who, recording.sha256)
        _refuse_lost_files(file, target, files, copies)
        copies[target] = file, write_copy(recording)
    for target, (file, text) in copies.items():
        write_text(target, text)
        print(f"{file} -> {target}")


def _name(file: Path, files: Sequence[Path], who: frozenset[str], sha256: str) -> str:
    """The original's name as csv, or a neutral one where that would tell who it was."""
    words = set(re.split(r"[\W_]+", file.stem.casefold()))
    if words & who:
        return f"recording_{sha256[:12]}.csv"
    same = {other.suffix for other in files if other.stem == file.stem}
    ending = file.suffix.replace(".", "_") if len(same) > 1 else ""
    return re.sub(r"[^\w.-]+", "_", file.stem) + ending + ".csv"


def _refuse_lost_files(
    file: Path, target: Path, files: Sequence[Path], copies: dict[Path, tuple[Path, str]]
) -> None:
    """No copy may overwrite an original, another copy, or a file of another kind."""
    from exoflow.trial.carts.copy import is_copy

    if target in copies:
        raise TrialDataError(
            f"{file} and {copies[target][0]} would both become {target}. Rename one of them."
        )
    if target.resolve() in [original.resolve() for original in files]:
        raise TrialDataError(f"{target}: the copy would overwrite the original. Change --output.")
    if target.exists() and not is_copy(target.read_bytes()):
        raise TrialDataError(f"{target}: exists and is no copy of a recording. Move it away.")
