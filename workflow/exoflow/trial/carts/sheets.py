"""Cells as a file holds them, whatever kind of file: the ground every reader stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from exoflow.errors import TrialDataError

# A cart writes 10 000 breaths in five hours; what is larger is no recording of one person.
MAX_ROWS = 200_000
MAX_CELLS = 20_000_000

# Parts of a number or a time; anything else in a message could be somebody's name.
SAFE_TO_SHOW = re.compile(r"[-+0-9.,:eE<>%#/ ]{1,20}")


@dataclass(frozen=True)
class Sheet:
    """One table of cells.

    Attributes
    ----------
    file : str
        Path of the file as the user gave it, for messages.
    kind : str
        `xlsx`, `xml` or `text`.
    name : str
        Name of the sheet, "" in a text file.
    rows : list of list
        Cells; trailing empty ones are left out, so rows differ in length.
    whole_last_line : bool
        False when a text file does not end with a line end: its last cell may be cut.
    """

    file: str
    kind: str
    name: str
    rows: list[list[Any]]
    whole_last_line: bool = True

    def cell(self, row: int, column: int) -> Any:
        """The cell at 0-based row and column, None where there is none."""
        cells = self.rows[row] if 0 <= row < len(self.rows) else []
        return cells[column] if column < len(cells) else None

    def text(self, row: int, column: int) -> str:
        """The same as stripped text."""
        value = self.cell(row, column)
        return "" if value is None else str(value).strip()

    def place(self, row: int, column: int | None = None) -> str:
        """File, sheet and cell as messages name them: a cell in a workbook, a row in a text."""
        where = f"{self.file}: " + (f"sheet {self.name}, " if self.kind != "text" else "")
        if column is None:
            return f"{where}row {row + 1}"
        if self.kind == "text":
            return f"{where}row {row + 1}, column {column + 1}"
        return f"{where}cell {column_letters(column)}{row + 1}"


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing to see."""
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: Any) -> str:
    """A cell's content for a message: numbers and times as they are, other text as its length."""
    text = str(value).strip()
    if SAFE_TO_SHOW.fullmatch(text):
        return repr(text) if isinstance(value, str) else text
    return f"a text of {len(text)} characters"


def column_letters(column: int) -> str:
    """Name of a 0-based column in a spreadsheet: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def trimmed(cells: list[Any]) -> list[Any]:
    """Without the empty cells at the end."""
    end = len(cells)
    while end and is_blank(cells[end - 1]):
        end -= 1
    return cells[:end]


class RowLimit:
    """Counts rows and cells while a file is read, and stops at a size no recording has."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rows = 0
        self.cells = 0

    def count(self, cells: int) -> None:
        """Add one row.

        Raises
        ------
        TrialDataError
            At more than `MAX_ROWS` rows or `MAX_CELLS` cells.
        """
        self.rows += 1
        self.cells += cells
        if self.rows > MAX_ROWS or self.cells > MAX_CELLS:
            raise TrialDataError(
                f"{self.file}: more than {MAX_ROWS} rows or {MAX_CELLS} cells. A recording of a "
                "cart has fewer: export one test per file."
            )
