"""Who was measured: found only in order to leave it out."""

from __future__ import annotations

import re

from exoflow.trial.carts import labels, units
from exoflow.trial.carts.numbers import NotANumber, NumberFormat
from exoflow.trial.carts.sheets import Sheet, is_blank
from exoflow.trial.carts.table import Table

REMOVED = "[removed]"
MIN_LETTERS = 3
MASS_RANGE_kg = (15.0, 300.0)
MASS_TEXT = re.compile(r"([\d.,]+)\s*([a-zA-Z]*)")


def identity_words(sheet: Sheet, table: Table) -> frozenset[str]:
    """Words of the subject block that say who it was, in lower case."""
    words: set[str] = set()
    for row, column in _block_cells(sheet, table):
        cell = sheet.cell(row, column)
        if not isinstance(cell, str):
            continue
        name, _, value = cell.partition(":")
        if labels.plain(name) in labels.IDENTITY_LABELS:
            told = value.strip() or _value_beside(sheet, table, row, column) or ""
            words.update(word.casefold() for word in re.split(r"[\W_]+", str(told)))
    return frozenset(word for word in words if len(word) >= MIN_LETTERS)


def without_identity(text: str, words: frozenset[str]) -> str:
    """Text of a marker or phase with those words taken out."""
    parts = re.split(r"(\w+)", text)
    return "".join(REMOVED if part.casefold() in words else part for part in parts)


def body_mass_kg(sheet: Sheet, table: Table) -> float | None:
    """Body mass of the subject block, from kg or lb; None where there is none."""
    for row, column in _block_cells(sheet, table):
        cell = sheet.cell(row, column)
        if not isinstance(cell, str):
            continue
        label = labels.parse_label(cell)
        name = labels.plain(labels.BRACKETS.sub(r"\1\3", cell.strip()))
        if name in labels.MASS_LABELS:
            mass = _mass(sheet, table, row, column, label.unit)
            if mass is not None:
                return mass
    return None


def _mass(sheet: Sheet, table: Table, row: int, column: int, unit: str) -> float | None:
    """The first number with a unit of mass to the right: Parvo writes pounds, then kilograms."""
    found: list[tuple[str, float]] = []
    for index in range(column + 1, min(column + 9, _right_end(sheet, table, row))):
        cell = sheet.cell(row, index)
        match = MASS_TEXT.fullmatch(cell.strip()) if isinstance(cell, str) else None
        own_unit = match.group(2) if match else ""
        number = match.group(1) if match else cell
        following = sheet.text(row, index + 1)
        for candidate in (own_unit, following, unit):
            factor = units.MASS_kg.get(units.plain(candidate)) if candidate else None
            if factor is not None and not is_blank(number):
                try:
                    value = NumberFormat(_sign(number)).value(number) * factor
                except NotANumber:
                    break
                found.append((units.plain(candidate), value))
                break
    in_kg = [value for name, value in found if name == "kg"] or [value for _, value in found]
    likely = [value for value in in_kg if MASS_RANGE_kg[0] <= value <= MASS_RANGE_kg[1]]
    return round(likely[0], 3) if likely else None


def _sign(number: object) -> str:
    return "," if isinstance(number, str) and "," in number else "."


def _block_cells(sheet: Sheet, table: Table) -> list[tuple[int, int]]:
    """Cells above the table, and left of it: where a subject block can stand."""
    left = table.first_column if table.header_row == 0 else 0
    above = [
        (row, column) for row in range(table.header_row) for column in range(len(sheet.rows[row]))
    ]
    beside = [
        (row, column)
        for row in range(min(len(sheet.rows), 100))
        for column in range(min(left, len(sheet.rows[row])))
    ]
    return above + beside


def _value_beside(sheet: Sheet, table: Table, row: int, column: int) -> object:
    """What stands to the right of a field's name, unless it is the next field's name."""
    for index in range(column + 1, min(column + 3, _right_end(sheet, table, row))):
        cell = sheet.cell(row, index)
        if not is_blank(cell):
            return None if _is_field_name(cell) else cell
    return None


def _is_field_name(cell: object) -> bool:
    return isinstance(cell, str) and (
        cell.strip().endswith(":") or labels.plain(cell) in labels.IDENTITY_LABELS
    )


def _right_end(sheet: Sheet, table: Table, row: int) -> int:
    beside_table = row >= table.header_row
    return table.first_column if beside_table else len(sheet.rows[row])
