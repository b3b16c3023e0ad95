"""Parvo Medics TrueOne 2400: csv, and the same cells as xlsx.

Four rows of names (the second and third hold the names and STPD or BTPS, the fourth units), a
row of dashes, then means or breaths with the time in decimal minutes; behind an empty row
follow VO2max, events and a summary. Read against a real csv; xlsx: layout from documentation.
"""

from __future__ import annotations

from exoflow.errors import TrialDataError
from exoflow.trial.carts import units
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.labels import plain
from exoflow.trial.carts.numbers import NotANumber, NumberFormat
from exoflow.trial.carts.samples import named_rows
from exoflow.trial.carts.sheets import is_blank
from exoflow.trial.carts.table import Table
from exoflow.trial.recording import Marker

EVENTS = "events"


def recognize(table: Table) -> str | None:
    """`parvo`: gas conditions between the names and the units, time in minutes."""
    vo2 = table.columns["vo2"].index
    is_parvo = (
        table.units_row is not None
        and table.units_row - table.header_row == 2
        and plain(table.sheet.text(table.header_row + 1, vo2)) == "stpd"
        and units.plain(table.columns["time"].unit) == "min"
    )
    return "parvo" if is_parvo else None


def last_row(table: Table) -> int:
    """The first empty row behind the data.

    Raises
    ------
    TrialDataError
        If samples go on behind it.
    """
    rows = range(table.first_row, len(table.sheet.rows))
    end = next((row for row in rows if _is_empty(table, row)), len(table.sheet.rows))
    for row in range(end, len(table.sheet.rows)):
        if _is_sample(table, row):
            raise TrialDataError(
                f"{table.sheet.place(end)} is empty within the samples, which go on in row "
                f"{row + 1}. Delete the empty row, or export the test again."
            )
    return end


def _is_empty(table: Table, row: int) -> bool:
    return all(is_blank(cell) for cell in table.sheet.rows[row])


def _is_sample(table: Table, row: int) -> bool:
    """Whether time, VO2 and VCO2 are all numbers."""
    cells = [
        table.sheet.cell(row, table.columns[q].index)
        for q in ("time", "vo2", "vco2")
        if q in table.columns
    ]
    try:
        return all(NumberFormat(".").value(cell) == NumberFormat(".").value(cell) for cell in cells)
    except NotANumber:
        return False


def events(table: Table) -> tuple[list[Marker], list[str]]:
    """The block "Events": a time in minutes and a text per row."""
    sheet = table.sheet
    markers: list[Marker] = []
    unread: list[int] = []
    names = [plain(sheet.text(row, 0)) for row in range(len(sheet.rows))]
    warnings = []
    if "maxvo2" not in names and "summary" not in names:
        warnings.append("the summary behind the samples is missing: the file may be cut")
    if EVENTS not in names:
        return markers, warnings
    for row in range(names.index(EVENTS) + 1, len(sheet.rows)):
        if _is_empty(table, row):
            break
        try:
            minutes = NumberFormat(".").value(sheet.cell(row, 0))
        except NotANumber:
            unread.append(row)
            continue
        text = " ".join(sheet.text(row, 1).split())
        if minutes >= 0 and text:
            markers.append(Marker(minutes * 60, text))
        else:
            unread.append(row)
    if unread:
        warnings.append(f"events in {named_rows(unread)} have no time or text: left out")
    return markers, warnings


FAMILY = Family(recognize, last_row=last_row, events=events)
