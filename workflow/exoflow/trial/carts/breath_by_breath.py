"""The breath-by-breath text that several carts share and none signs.

Names, units, data; tabs; m:ss times; two columns named VO2, per kg and absolute. Layout from
documentation.
"""

from __future__ import annotations

from exoflow.trial.carts.family import Family
from exoflow.trial.carts.labels import parse_label
from exoflow.trial.carts.table import Table


def recognize(table: Table) -> str | None:
    """`breath_by_breath`."""
    both_named_vo2 = parse_label(table.label("vo2_per_mass")).quantity == "vo2"
    is_it = (
        table.sheet.kind == "text"
        and table.header_row == 0
        and table.units_row == 1
        and both_named_vo2
    )
    return "breath_by_breath" if is_it else None


FAMILY = Family(recognize)
