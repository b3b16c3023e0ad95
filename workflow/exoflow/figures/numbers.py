"""Numbers as a reader meets them: rounded, with a true minus, or plainly absent."""

import math
from typing import Any

_MINUS = "\N{MINUS SIGN}"


def known(value: Any) -> float | None:
    """The value as a finite float; None when it is absent or not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def fixed(value: float, digits: int = 2) -> str:
    """Rounded to `digits` decimals; never "-0.00"."""
    rounded = round(value, digits) + 0.0  # -0.0 + 0.0 is 0.0
    return f"{rounded:.{digits}f}".replace("-", _MINUS)


def signed(value: float, digits: int = 1) -> str:
    """As `fixed`, with a plus or minus in front; what rounds to zero has no sign."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}".replace("-", _MINUS) if rounded else fixed(value, digits)


def is_reduction(change_pct: float) -> bool:
    """Whether a change in percent is below zero as printed: -0.04 is none."""
    return round(change_pct, 1) < 0


def probability(value: float) -> str:
    """A p-value to three decimals without the leading zero, as journals print it."""
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def scientific(value: float) -> str:
    """Two digits and a power of ten, for errors: 3.1e-7."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}".replace("-", _MINUS)


def duration(seconds: float) -> str:
    """Words such as 45 s, 12 min, 3 h 20 min, 2 d 4 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"
