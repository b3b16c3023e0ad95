"""VO2 Master: csv with units in the names and no carbon dioxide. Layout from documentation."""

from __future__ import annotations

from exoflow.trial.carts.family import Family
from exoflow.trial.carts.table import Table
from exoflow.trial.recording import Marker

NO_VCO2 = "no VCO2: energy from this cart is an estimate with an assumed RER"


def recognize(table: Table) -> str | None:
    """`vo2master`."""
    is_it = (
        table.sheet.kind == "text"
        and table.header_row == 0
        and table.units_row is None
        and "[" in table.label("vo2")
        and "[" in table.label("time")
        and "vco2" not in table.columns
    )
    return "vo2master" if is_it else None


def events(table: Table) -> tuple[list[Marker], list[str]]:
    """What a reader of the result must know."""
    return [], [NO_VCO2]


FAMILY = Family(recognize, events=events, needs_vco2=False)
