"""What a reader of one make of cart says about itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exoflow.trial.carts.own_energy import EQUATIONS
from exoflow.trial.carts.table import Table
from exoflow.trial.recording import Marker


def to_the_end(table: Table) -> int:
    """The row behind the last row of the sheet."""
    return len(table.sheet.rows)


def no_events(table: Table) -> tuple[list[Marker], list[str]]:
    """No markers but those of a column, nothing to warn of."""
    return [], []


@dataclass(frozen=True)
class Family:
    """One make of cart.

    Attributes
    ----------
    recognize : callable
        Name of the cart whose layout a table has, None if it is another's.
    last_row : callable
        0-based row behind the table's last.
    events : callable
        Markers outside the table, and warnings about what surrounds it.
    equations : sequence of str
        Equations that its energy column may follow.
    needs_vco2 : bool
        False where the cart cannot measure it.
    """

    recognize: Callable[[Table], str | None]
    last_row: Callable[[Table], int] = to_the_end
    events: Callable[[Table], tuple[list[Marker], list[str]]] = no_events
    equations: Sequence[str] = tuple(EQUATIONS)
    needs_vco2: bool = True
