"""Tables of the report: cells that hold a text, or nothing with the reason why."""

from dataclasses import dataclass
from typing import Any

from exoflow.figures.numbers import fixed, is_reduction, known, signed

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Cell:
    """One place of a table: a text, or nothing with the reason why."""

    text: str = ""
    reason: str = ""
    miss: bool = False
    words: bool = False
    """Prose, set from the left; numbers are set from the right."""
    sub: str = ""

    @property
    def empty(self) -> bool:
        """True when there is nothing to show but the reason."""
        return not self.text


@dataclass(frozen=True)
class Row:
    """One row of a table; `span_reason` fills the whole row when nothing was run."""

    head: str
    cells: tuple[Cell, ...] = ()
    sub: str = ""
    span_reason: str = ""

    @property
    def merged(self) -> list[tuple[Cell, int]]:
        """Cells with the columns they span: neighbours empty for one reason are one."""
        spans: list[tuple[Cell, int]] = []
        for cell in self.cells:
            if spans and cell.empty and spans[-1][0] == cell:
                spans[-1] = (cell, spans[-1][1] + 1)
            else:
                spans.append((cell, 1))
        return spans


@dataclass(frozen=True)
class Table:
    """A table with its caption; `columns` includes the head of the first column."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str

    def is_words(self, column: int) -> bool:
        """Whether a column (0: the first, with the heads) holds prose in some row."""
        return column == 0 or any(
            column <= len(row.cells) and row.cells[column - 1].words for row in self.rows
        )


def number_cell(value: Any, digits: int = 2, reason: str = NOT_RECORDED) -> Cell:
    number = known(value)
    return Cell(reason=reason) if number is None else Cell(fixed(number, digits))


def count_cell(value: Any) -> Cell:
    number = known(value)
    # A narrow no-break space between thousands: a comma could be read as a decimal.
    return (
        Cell(reason=NOT_RECORDED)
        if number is None
        else Cell(f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
    )


def yes_no_cell(value: Any) -> Cell:
    return Cell(reason=NOT_RECORDED) if value is None else Cell("yes" if value else "no")


def change_cell(value: Any, reason: str = NOT_RECORDED, judged: bool = False) -> Cell:
    """A change in percent with its sign; a judged one misses unless it is a reduction."""
    change = known(value)
    if change is None:
        return Cell(reason=reason)
    return Cell(signed(change), miss=judged and not is_reduction(change))


def text_cell(value: Any, reason: str = NOT_RECORDED) -> Cell:
    """Prose."""
    return Cell(str(value or ""), reason, words=True)
