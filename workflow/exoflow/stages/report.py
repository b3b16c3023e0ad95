"""report: everything in the results folder -> one offline HTML page."""

from pathlib import Path
from typing import Any

from exoflow.figures.report import render_report
from exoflow.figures.results import read_results
from exoflow.records.files import write_text


def run(results: Path | str, output: Path | str, settings: dict[str, Any] | None = None) -> Path:
    """Write the report of a results folder.

    Parameters
    ----------
    results : path
        Folder with one folder per phase; phases that have not run stay empty places.
    output : path
        The HTML file. It holds no time and no path: same results, same bytes.
    settings : dict, optional
        ``title`` of the page, and what should be in it whether it has run or not:
        ``conditions``, ``exported``, ``studies``, ``student``. Default: what is found.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    CheckpointError
        If the folder is missing or a result in it cannot be read.
    """
    settings = settings or {}
    page = render_report(
        read_results(results, settings), str(settings.get("title") or "exoflow report")
    )
    return write_text(output, page)
