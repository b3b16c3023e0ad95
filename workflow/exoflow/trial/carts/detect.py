"""Which cart wrote a file, by what stands in it."""

from __future__ import annotations

from collections.abc import Sequence

from exoflow.errors import TrialDataError
from exoflow.trial.carts import breath_by_breath, cortex, cosmed, parvo, vo2master, vyntus
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.sheets import Sheet
from exoflow.trial.carts.table import Table, find_table

# Parvo's gas conditions and COSMED's empty row are the surest signs, so they come first.
FAMILIES: tuple[Family, ...] = (
    parvo.FAMILY,
    cosmed.FAMILY,
    cortex.FAMILY,
    vyntus.FAMILY,
    vo2master.FAMILY,
    breath_by_breath.FAMILY,
)
KNOWN_CARTS = (
    "COSMED (OMNIA, K5, older), Cortex MetaSoft, Parvo TrueOne, Vyntus, VO2 Master, "
    "breath-by-breath text"
)


def detect(file: str, sheets: Sequence[Sheet]) -> tuple[str, Family, Table]:
    """The cart's name, its family and its table.

    Raises
    ------
    TrialDataError
        If no sheet holds a table of breaths, or one that no known cart writes.
    """
    unknown: Table | None = None
    for sheet in sheets:
        table = find_table(sheet)
        if table is None:
            continue
        for family in FAMILIES:
            cart = family.recognize(table)
            if cart is not None:
                return cart, family, _with_vco2(table, family)
        unknown = unknown or table
    if unknown is not None:
        raise TrialDataError(
            f"{unknown.sheet.place(unknown.header_row)} names times and VO2, but no cart known "
            f"here writes it like this: {KNOWN_CARTS}. Describe it with a column map (--columns, "
            "docs/carts.md)."
        )
    raise TrialDataError(
        f"{file}: no row names a time and a VO2 column. Known carts: {KNOWN_CARTS}. For another "
        "one, write a column map (--columns, docs/carts.md)."
    )


def _with_vco2(table: Table, family: Family) -> Table:
    if family.needs_vco2 and "vco2" not in table.columns:
        raise TrialDataError(
            f"{table.sheet.place(table.header_row)}: no column VCO2 beside {table.label('vo2')}. "
            "Add it to the export; energy needs both."
        )
    return table
