"""COSMED: OMNIA (Quark, K5) and the programs before it, xlsx or csv.

Names in row 1, units in row 2, row 3 empty, data from row 4; subject, test and ambient blocks
stand left of the table. Read against a real export of the older program; OMNIA and K5: layout
from documentation.
"""

from __future__ import annotations

from exoflow.trial.carts import units
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.labels import plain
from exoflow.trial.carts.table import Table

# Energy per minute, hour and day, as no other cart abbreviates it.
OWN_LABELS = ("eem", "eeh", "eekc")


def recognize(table: Table) -> str | None:
    """`cosmed_omnia` or `cosmed_legacy`."""
    is_cosmed = (
        table.header_row == 0
        and table.units_row == 1
        and (table.is_blank_row(2) or plain(table.label("energy")) in OWN_LABELS)
        and plain(table.label("time")) == "t"
        and "'" not in table.label("vo2")
    )
    if not is_cosmed:
        return None
    # The older program spells units in lower case and times as text.
    old = table.columns["vo2"].unit.startswith("ml") and (
        units.plain(table.columns["time"].unit) in units.CLOCK
    )
    return "cosmed_legacy" if old else "cosmed_omnia"


FAMILY = Family(recognize, equations=("weir_rounded", "cosmed_legacy", "weir"))
