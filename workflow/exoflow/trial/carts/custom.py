"""A cart that is not known here, described by a column map (docs/carts.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.errors import TrialDataError
from exoflow.trial.carts import units
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.own_energy import EQUATIONS
from exoflow.trial.carts.sheets import Sheet, column_letters
from exoflow.trial.carts.table import Column, Table
from exoflow.trial.carts.vo2master import NO_VCO2
from exoflow.trial.recording import Marker
from exoflow.trial.schema import Section, as_section, did_you_mean

CART = "custom"
REQUIRED = ("time", "vo2")
OPTIONAL = ("vco2", "rer", "vo2_per_mass", "heart_rate", "energy", "phase", "marker")
WITHOUT_UNIT = ("rer", "phase", "marker")
DECIMALS = {"point": ".", "comma": ","}
MAX_ROW = 100_000


@dataclass(frozen=True)
class MappedColumn:
    """What the map says of one quantity: the column's name, its unit ("" = the units row's)."""

    name: str
    unit: str


@dataclass(frozen=True)
class ColumnMap:
    """A checked column map; rows are 1-based as in a spreadsheet."""

    sheet: str | None
    header_row: int
    units_row: int | None
    first_row: int
    decimal: str
    energy_equation: str | None
    columns: dict[str, MappedColumn]


def parse_column_map(values: Mapping[str, Any], origin: str = "column map") -> ColumnMap:
    """Check a column map.

    Parameters
    ----------
    values : mapping
        As read from YAML.
    origin : str
        Its file, for messages.

    Raises
    ------
    TrialDataError
        Names the key, its value and what is allowed.
    """
    top = as_section(Path(origin), "", dict(values) if isinstance(values, Mapping) else values)
    header_row = _row(top, "header_row")
    units_row = _row(top, "units_row") if top.values.get("units_row") is not None else None
    top.known.add("units_row")
    last_named = max(header_row, units_row or 0)
    first_row = _row(top, "first_row") if top.values.get("first_row") else last_named + 1
    top.known.add("first_row")
    if first_row <= last_named:
        raise TrialDataError(
            f"{top.where('first_row')} = {first_row} is not below the names in row {header_row} "
            "and their units."
        )
    column_map = ColumnMap(
        sheet=top.text("sheet") if top.values.get("sheet") is not None else None,
        header_row=header_row,
        units_row=units_row,
        first_row=first_row,
        decimal=DECIMALS.get(top.choice_if_given("decimal", DECIMALS) or "", ""),
        energy_equation=top.choice_if_given("energy_equation", EQUATIONS),
        columns=_columns(top.section("columns"), units_row),
    )
    top.known.add("sheet")
    top.finish()
    if column_map.energy_equation and "energy" not in column_map.columns:
        raise TrialDataError(
            f"{top.where('energy_equation')} = {column_map.energy_equation} has no columns.energy "
            "to follow it. Give that column, or remove the equation."
        )
    return column_map


def _row(top: Section, key: str) -> int:
    value = top.number(key, 1, MAX_ROW)
    if value != int(value):
        raise TrialDataError(f"{top.where(key)} = {value:g} is not a whole number.")
    return int(value)


def _columns(section: Section, units_row: int | None) -> dict[str, MappedColumn]:
    columns = {}
    for quantity in section.values:
        if quantity not in REQUIRED + OPTIONAL:
            hint = did_you_mean(quantity, REQUIRED + OPTIONAL)
            raise TrialDataError(f"{section.where(quantity)} is not a known column. {hint}")
    section.known.update(REQUIRED + OPTIONAL)
    for quantity in REQUIRED + OPTIONAL:
        if quantity in REQUIRED or quantity in section.values:
            columns[quantity] = _column(section.section(quantity), quantity, units_row)
    return columns


def _column(section: Section, quantity: str, units_row: int | None) -> MappedColumn:
    name = section.text("name")
    unit = ""
    if section.values.get("unit") is not None:
        unit = section.text("unit")
        if not _is_unit(quantity, unit):
            known = units.KNOWN.get(quantity, "none")
            raise TrialDataError(f"{section.where('unit')} = {unit!r} is not known. Use {known}.")
    elif units_row is None and quantity not in WITHOUT_UNIT:
        known = units.KNOWN[quantity]
        raise TrialDataError(f"{section.where('unit')} is missing. Give {known}, or units_row.")
    section.known.add("unit")
    section.finish()
    return MappedColumn(name, unit)


def _is_unit(quantity: str, unit: str) -> bool:
    if quantity in ("phase", "marker"):
        return False
    return units.is_time(unit) if quantity == "time" else units.factor(quantity, unit) is not None


def mapped_table(file: str, sheets: Sequence[Sheet], column_map: ColumnMap) -> Table:
    """The table that a map describes.

    Raises
    ------
    TrialDataError
        If the sheet, a name or a unit is not where the map says, or units disagree.
    """
    if column_map.sheet is not None and sheets[0].kind != "text":
        names = [sheet.name for sheet in sheets]
        if column_map.sheet not in names:
            raise TrialDataError(
                f"{file}: no sheet {column_map.sheet!r}. {did_you_mean(column_map.sheet, names)}"
            )
        sheets = [sheets[names.index(column_map.sheet)]]
    # A text comes once per way of separating columns: the right one finds the most names.
    sheet = max(sheets, key=lambda sheet: len(_found(sheet, column_map)), default=None)
    if sheet is None:
        raise TrialDataError(
            f"{file}: columns are separated neither by tabs nor by semicolons or commas."
        )
    columns = {quantity: _located(sheet, column_map, quantity) for quantity in column_map.columns}
    return Table(
        sheet=sheet,
        header_row=column_map.header_row - 1,
        units_row=None if column_map.units_row is None else column_map.units_row - 1,
        first_row=column_map.first_row - 1,
        columns=columns,
        width=len(sheet.rows[column_map.header_row - 1]),
    )


def _found(sheet: Sheet, column_map: ColumnMap) -> set[str]:
    wanted = {_plain(column.name) for column in column_map.columns.values()}
    return wanted & {_plain(name) for name in _names(sheet, column_map)}


def _names(sheet: Sheet, column_map: ColumnMap) -> list[str]:
    row = column_map.header_row - 1
    width = len(sheet.rows[row]) if row < len(sheet.rows) else 0
    return [sheet.text(row, index) for index in range(width)]


def _plain(name: str) -> str:
    return " ".join(name.split())


def _located(sheet: Sheet, column_map: ColumnMap, quantity: str) -> Column:
    mapped = column_map.columns[quantity]
    row = column_map.header_row - 1
    places = [
        index
        for index, name in enumerate(_names(sheet, column_map))
        if _plain(name) == _plain(mapped.name)
    ]
    if len(places) != 1:
        where = ", ".join(column_letters(index) for index in places) or "none"
        raise TrialDataError(
            f"{sheet.place(row)}: the column map wants one column {mapped.name!r} for {quantity}; "
            f"found: {where}. Names are compared letter by letter."
        )
    return Column(places[0], mapped.name, _unit(sheet, column_map, quantity, places[0]))


def _unit(sheet: Sheet, column_map: ColumnMap, quantity: str, index: int) -> str:
    declared = column_map.columns[quantity].unit
    if column_map.units_row is None or quantity in ("phase", "marker"):
        return declared
    row = column_map.units_row - 1
    found = sheet.text(row, index)
    if declared:
        if units.is_known(found) and units.plain(found) != units.plain(declared):
            raise TrialDataError(
                f"{sheet.place(row, index)}: the unit of {quantity} is {found} here and "
                f"{declared} in the column map. Correct one of them."
            )
        return declared
    if not _is_unit(quantity, found):
        known = units.KNOWN[quantity]
        raise TrialDataError(
            f"{sheet.place(row, index)}: no known unit of {quantity} here. Expected {known}, or "
            "give unit in the column map."
        )
    return found


def family_of(column_map: ColumnMap) -> Family:
    """The family that a map makes of a cart."""

    def events(table: Table) -> tuple[list[Marker], list[str]]:
        return [], [] if "vco2" in table.columns else [NO_VCO2]

    equation = column_map.energy_equation
    return Family(
        recognize=lambda table: CART,
        events=events,
        equations=tuple(EQUATIONS) if equation is None else (equation,),
        needs_vco2=False,
    )
