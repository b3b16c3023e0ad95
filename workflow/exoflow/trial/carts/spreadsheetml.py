"""SpreadsheetML 2003: the XML that Excel opens and Cortex MetaSoft writes."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from exoflow.errors import TrialDataError
from exoflow.trial.carts.sheets import RowLimit, Sheet, trimmed

NAMESPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
MAX_COLUMNS = 16_384
# A cell takes four; 10 000 breaths of 100 columns are below this. A tree of more takes gigabytes.
MAX_TAGS = 5_000_000


def read_spreadsheetml(file: str, content: bytes) -> list[Sheet]:
    """Every sheet with its cells; those of type Number as numbers, others as text.

    Raises
    ------
    TrialDataError
        If the XML is cut or damaged, defines entities, or is no workbook.
    """
    if content.count(b"<") > MAX_TAGS:
        raise TrialDataError(
            f"{file}: more than {MAX_TAGS} tags. A recording of a cart has fewer: export one test "
            "per file."
        )
    from defusedxml import ElementTree

    try:
        root = ElementTree.fromstring(content)
    except Exception as problem:
        # Entities, unknown encodings and broken XML raise unrelated classes.
        raise TrialDataError(
            f"{file}: is not whole XML ({type(problem).__name__}). Export the test again."
        ) from None
    pages = list(root.iter(f"{NAMESPACE}Worksheet"))
    if not pages:
        raise TrialDataError(
            f"{file}: is XML but no SpreadsheetML workbook. Export it for Excel, as XML or xlsx."
        )
    limit = RowLimit(file)
    return [
        Sheet(file, "xml", page.get(f"{NAMESPACE}Name", ""), _cells(file, page, limit))
        for page in pages
    ]


def _cells(file: str, page: Element, limit: RowLimit) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in page.iter(f"{NAMESPACE}Row"):
        for _ in range(_skipped(file, row, len(rows))):
            limit.count(0)
            rows.append([])
        cells = _row(file, row, len(rows))
        limit.count(len(cells))
        rows.append(trimmed(cells))
    return rows


def _row(file: str, row: Element, number: int) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iter(f"{NAMESPACE}Cell"):
        cells += [None] * _skipped(file, cell, len(cells))
        cells.append(_value(file, cell, number))
        cells += [None] * _count(file, cell.get(f"{NAMESPACE}MergeAcross", "0"))
        if len(cells) > MAX_COLUMNS:
            raise TrialDataError(
                f"{file}: row {number + 1} has more than {MAX_COLUMNS} cells. Export it again."
            )
    return cells


def _skipped(file: str, element: Element, done: int) -> int:
    """How many rows or cells stand empty before one that gives its own 1-based place."""
    place = element.get(f"{NAMESPACE}Index")
    return 0 if place is None else max(_count(file, place) - 1 - done, 0)


def _count(file: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise TrialDataError(f"{file}: the place of a cell is no number. Export the test again.")
    return int(text)


def _value(file: str, cell: Element, row: int) -> Any:
    data = cell.find(f"{NAMESPACE}Data")
    if data is None:
        return None
    text = "".join(data.itertext())
    if data.get(f"{NAMESPACE}Type") != "Number":
        return text
    try:
        return float(text)
    except ValueError:
        raise TrialDataError(
            f"{file}: row {row + 1}: a cell of type Number holds none. Export the test again."
        ) from None
