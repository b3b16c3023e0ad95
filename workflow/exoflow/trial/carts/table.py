"""Where the table of breaths stands in a sheet, and which column is what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from exoflow.errors import TrialDataError
from exoflow.trial.carts import labels, units
from exoflow.trial.carts.numbers import PLAIN
from exoflow.trial.carts.sheets import Sheet, is_blank

# Subject blocks and summaries above the table take some 60 rows.
MAX_HEADER_ROW = 400
MAX_NAMES = 1000
# Parvo writes a row of gas conditions between the names and the units.
MAX_ROWS_TO_UNITS = 3


@dataclass(frozen=True)
class Column:
    """One column: its 0-based index, its name and unit as the file spells them."""

    index: int
    label: str
    unit: str


@dataclass(frozen=True)
class Table:
    """The table of breaths in a sheet.

    Attributes
    ----------
    sheet : Sheet
    header_row, first_row : int
        0-based rows of the names and of the first data.
    units_row : int or None
        Row of the units; None where they stand in the names.
    columns : dict of quantity to Column
        `time`, `vo2` and, where they exist, `vco2`, `vo2_per_mass`, `rer`, `heart_rate`,
        `energy`, `phase`, `marker`, `breath_number`.
    width : int
        Number of columns with a name.
    """

    sheet: Sheet
    header_row: int
    units_row: int | None
    first_row: int
    columns: dict[str, Column]
    width: int

    @property
    def first_column(self) -> int:
        """Leftmost column of the table; a subject block may stand left of it."""
        return min(column.index for column in self.columns.values())

    def label(self, quantity: str) -> str:
        """Name of a quantity's column as the file spells it, "" where there is none."""
        column = self.columns.get(quantity)
        return column.label if column else ""

    def is_blank_row(self, row: int) -> bool:
        """Whether all columns that are read are empty."""
        return all(is_blank(self.sheet.cell(row, c.index)) for c in self.columns.values())


def find_table(sheet: Sheet) -> Table | None:
    """The first row that names a time and a VO2 column, with the units below it.

    Returns
    -------
    Table or None
        None if no row names both.

    Raises
    ------
    TrialDataError
        If a column is there twice, or the unit of one that is needed is missing or unknown.
    """
    for row in range(min(len(sheet.rows), MAX_HEADER_ROW)):
        named = _named_columns(sheet, row)
        if "time" in named and "vo2" in named:
            return _table(sheet, row, named)
    return None


def _named_columns(sheet: Sheet, row: int) -> dict[str, list[int]]:
    named: dict[str, list[int]] = {}
    for index, cell in enumerate(sheet.rows[row][:MAX_NAMES]):
        if isinstance(cell, str) and len(cell) < 60:
            quantity = labels.parse_label(cell).quantity
            if quantity is not None:
                named.setdefault(quantity, []).append(index)
    return named


def _table(sheet: Sheet, header_row: int, named: dict[str, list[int]]) -> Table:
    units_row = _units_row(sheet, header_row, named["time"] + named["vo2"])
    columns: dict[str, Column] = {}
    for quantity, indices in named.items():
        for index in indices:
            column = _column(sheet, header_row, units_row, index)
            # A second column named VO2 may hold it per body mass.
            kind = quantity
            if quantity == "vo2" and units.factor("vo2_per_mass", column.unit) is not None:
                kind = "vo2_per_mass"
            if not _fits(kind, column.unit):
                if kind in ("vo2", "vco2"):
                    _refuse_unit(sheet, header_row, units_row, column)
                continue
            if kind not in columns:
                columns[kind] = column
            elif kind in ("vo2", "vco2"):
                raise TrialDataError(
                    f"{sheet.place(header_row, index)}: a second column {column.label} in "
                    f"{column.unit}. Delete one, or name the right one in a column map."
                )
            elif kind in ("energy", "time"):
                columns[kind] = _preferred(kind, columns[kind], column)
    if "time" not in columns:
        _refuse_unit(
            sheet, header_row, units_row, _column(sheet, header_row, units_row, named["time"][0])
        )
    if "vo2" not in columns:
        place = sheet.place(header_row, columns["vo2_per_mass"].index)
        raise TrialDataError(
            f"{place}: VO2 stands here per kg of body mass only. Export VO2 in mL/min or L/min."
        )
    for quantity in ("vo2", "vco2"):
        _refuse_other_gas_conditions(sheet, header_row, units_row, columns.get(quantity))
    first_row = _first_data_row(sheet, (header_row if units_row is None else units_row) + 1)
    return Table(sheet, header_row, units_row, first_row, columns, len(sheet.rows[header_row]))


def _units_row(sheet: Sheet, header_row: int, needed: list[int]) -> int | None:
    """The row below the names where the needed columns hold units instead of data."""
    for row in range(header_row + 1, header_row + 1 + MAX_ROWS_TO_UNITS):
        texts = [sheet.text(row, index) for index in needed]
        if any(PLAIN.fullmatch(text) or (":" in text and text[:1].isdigit()) for text in texts):
            return None
        if any(units.is_known(text) for text in texts if text):
            return row
    return None


def _first_data_row(sheet: Sheet, row: int) -> int:
    """Behind a line of dashes; empty rows before it do not matter."""
    for below in range(row, min(row + MAX_ROWS_TO_UNITS, len(sheet.rows))):
        cells = sheet.rows[below]
        if len(cells) == 1 and set(sheet.text(below, 0)) == {"-"}:
            return below + 1
    return row


def _column(sheet: Sheet, header_row: int, units_row: int | None, index: int) -> Column:
    label = sheet.text(header_row, index)
    unit = labels.parse_label(label).unit
    if units_row is not None:
        below = sheet.text(units_row, index)
        if unit and below and units.plain(unit) != units.plain(below):
            raise TrialDataError(
                f"{sheet.place(units_row, index)}: the name says {unit}, the row of units {below}. "
                "Correct one of them."
            )
        unit = unit or below
    return Column(index, label, unit)


def _fits(kind: str, unit: str) -> bool:
    if kind in ("phase", "marker", "breath_number"):
        return True
    if kind == "time":
        return not unit or units.is_time(unit)
    if kind == "heart_rate" and not unit:
        return True
    return units.factor(kind, unit) is not None


def _preferred(kind: str, first: Column, second: Column) -> Column:
    """Of two times the one in seconds; of energies the first, which COSMED gives in kcal/min."""
    if kind == "time" and units.plain(second.unit) in units.TIME_s:
        return second
    return first


def _refuse_unit(sheet: Sheet, header_row: int, units_row: int | None, column: Column) -> NoReturn:
    place = sheet.place(header_row if units_row is None else units_row, column.index)
    known = units.KNOWN[labels.parse_label(column.label).quantity or "vo2"]
    if not column.unit:
        raise TrialDataError(
            f"{place}: {column.label} has no unit. Expected {known}, below the name or in it."
        )
    raise TrialDataError(
        f"{place}: unit {_shown_unit(column.unit)} of {column.label} is not known. "
        f"Expected {known}."
    )


def _shown_unit(unit: str) -> str:
    return repr(unit) if len(unit) <= 20 else f"of {len(unit)} characters"


def _refuse_other_gas_conditions(
    sheet: Sheet, header_row: int, units_row: int | None, column: Column | None
) -> None:
    """VO2 at body temperature reads some 20 % high; energy equations want STPD."""
    if column is None:
        return
    last = header_row if units_row is None else units_row
    found = [labels.parse_label(column.label).gas_condition]
    found += [labels.plain(sheet.text(row, column.index)) for row in range(header_row + 1, last)]
    for condition in found:
        if condition in labels.GAS_CONDITIONS and condition != "stpd":
            raise TrialDataError(
                f"{sheet.place(header_row, column.index)}: {column.label} is at "
                f"{condition.upper()}. Export it at STPD, which energy equations need."
            )
