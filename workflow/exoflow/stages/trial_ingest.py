"""`exoflow trial ingest`: copies of cart files that do not say who breathed."""

from collections.abc import Sequence
from pathlib import Path


def run(files: Sequence[Path], output: Path, columns: Path | None = None) -> None:
    """Write a de-identified csv of every file into `output`.

    Parameters
    ----------
    files : sequence of Path
        Exports of carts.
    output : Path
        Folder of the copies; made if absent.
    columns : Path, optional
        YAML column map of a cart that exoflow does not know.

    Raises
    ------
    TrialDataError
        If one of the files cannot be trusted; nothing is written then.
    """
    raise NotImplementedError
