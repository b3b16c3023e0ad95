"""Vyntus: text with tabs, names ("Tid", "Zeit", "Time" ...), units, then rows with m:ss times.

Read against a short real export in Dutch/Danish.
"""

from __future__ import annotations

from exoflow.trial.carts.cortex import APOSTROPHES
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.labels import plain
from exoflow.trial.carts.table import Table


def recognize(table: Table) -> str | None:
    """`vyntus`."""
    marked = any(sign in table.label("vo2") for sign in APOSTROPHES)
    is_vyntus = (
        table.sheet.kind == "text"
        and marked
        and plain(table.label("time")) != "t"
        and table.units_row == table.header_row + 1
    )
    return "vyntus" if is_vyntus else None


FAMILY = Family(recognize)
