"""`exoflow trial read`: what one file of a metabolic cart holds."""

from pathlib import Path


def run(file: Path, columns: Path | None = None, as_json: bool = False) -> None:
    """Print the cart, rows, times and mean gas exchange of one file.

    Parameters
    ----------
    file : Path
        An export of a cart, or a copy that `exoflow trial ingest` wrote.
    columns : Path, optional
        YAML column map of a cart that exoflow does not know.
    as_json : bool
        Print JSON instead of a table.

    Raises
    ------
    TrialDataError
        If the file cannot be trusted.
    """
    raise NotImplementedError
