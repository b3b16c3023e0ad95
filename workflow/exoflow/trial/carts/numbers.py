"""Numbers as carts print them: decimal points or commas, and signs for "no value"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# What stands for "no value". Dashes of any length and kind count too.
MISSING = re.compile(r"|[-\u2013\u2014_.*]+|n/?a|nan|none|null|#n/a|#wert!|#value!|#div/0!", re.I)
# A value outside what the cart can measure, such as ">.39": there is one, but not this number.
CENSORED = re.compile(r"[<>]\s*[-+]?[\d.,]+")
PLAIN = re.compile(r"[-+]?\d+(e[-+]?\d+)?", re.I)
# One sign among digits, and whether it can be a decimal sign only: 1.234 may be thousands.
ONE_SIGN = re.compile(r"[-+]?(\d*)([.,])(\d*)(e[-+]?\d+)?", re.I)
GROUPED = {
    ".": re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[-+]?\d{1,3}(\.\d{3})+(,\d*)?"),
}


class NotANumber(ValueError):
    """A cell that holds no number; its text is the reason."""


def decimal_signs(cells: Iterable[Any]) -> set[str]:
    """Decimal signs that the texts among the cells cannot do without.

    Parameters
    ----------
    cells : iterable
        Cells that should hold numbers; only texts matter.

    Returns
    -------
    set of str
        "." or "," for every sign proven: followed by other than three digits, preceded by a
        lone zero or more than three digits, or standing behind the other sign. Empty if no
        text decides.
    """
    return {sign for cell in cells if isinstance(cell, str) for sign in _proven(cell.strip())}


def _proven(text: str) -> str:
    if text.startswith(("<", ">")):
        text = text[1:].strip()
    match = ONE_SIGN.fullmatch(text)
    if match:
        whole, sign, rest, exponent = match.groups()
        grouped = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
        return "" if grouped and not exponent else sign
    # Both signs, or one of them twice: it matches the grouping of one locale only.
    fits = [sign for sign, pattern in GROUPED.items() if pattern.fullmatch(text)]
    return fits[0] if len(fits) == 1 else ""


@dataclass(frozen=True)
class NumberFormat:
    """How the texts of one table write decimals.

    Attributes
    ----------
    decimal : str
        "." or ",", or "" when no text decides.
    """

    decimal: str

    def value(self, cell: Any) -> float:
        """A cell as a number, NaN for no value.

        Raises
        ------
        NotANumber
            Saying what it is instead.
        """
        if cell is None:
            return math.nan
        if isinstance(cell, bool):
            raise NotANumber("a yes or no, not a number")
        if isinstance(cell, int | float):
            return self._finite(float(cell))
        if not isinstance(cell, str):
            raise NotANumber("a date or time, not a number")
        return self._of_text(cell.strip())

    def _of_text(self, text: str) -> float:
        if MISSING.fullmatch(text) or CENSORED.fullmatch(text):
            return math.nan
        if PLAIN.fullmatch(text):
            return self._finite(float(text))
        if not (ONE_SIGN.fullmatch(text) or any(p.fullmatch(text) for p in GROUPED.values())):
            raise NotANumber("not a number")
        if not self.decimal:
            raise NotANumber("either a decimal or a thousand: no other number of the file decides")
        thousands = "," if self.decimal == "." else "."
        if thousands in text:
            if not GROUPED[self.decimal].fullmatch(text):
                raise NotANumber(f"not written like the others, with {self.decimal!r} for decimals")
            text = text.replace(thousands, "")
        plain = text.replace(self.decimal, ".")
        try:
            return self._finite(float(plain))
        except ValueError:
            raise NotANumber("not a number") from None

    @staticmethod
    def _finite(value: float) -> float:
        if math.isinf(value):
            raise NotANumber("not a finite number")
        return value


def is_censored(cell: Any) -> bool:
    """Whether a cell says "beyond the range", such as ">.39"."""
    return isinstance(cell, str) and CENSORED.fullmatch(cell.strip()) is not None
