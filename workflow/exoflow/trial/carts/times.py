"""Times as carts write them, in seconds."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

from exoflow.trial.carts.numbers import NotANumber, NumberFormat

SECONDS_PER_DAY = 86_400.0
# h:mm:ss or m:ss, the seconds with a fraction behind a point or a comma.
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{2}(?:[.,]\d*)?)")
# Excel's day 0; a time of day without a date lands there.
EXCEL_EPOCH = datetime.datetime(1899, 12, 30)


def clock_seconds(cell: Any, hours_first: bool = False) -> float | None:
    """A cell that shows hours, minutes and seconds.

    Parameters
    ----------
    cell : object
        A time, a duration, a date with time, or text such as 1:02:03, 62:03 or 00:00:04,8.
    hours_first : bool
        Whether two numbers are hours and minutes; otherwise minutes and seconds.

    Returns
    -------
    float or None
        Seconds; None if the cell shows no clock. Dates count from Excel's day 0.

    Raises
    ------
    NotANumber
        For text with 60 or more seconds, or more than 60 minutes behind hours.
    """
    if isinstance(cell, datetime.datetime):
        return (cell.replace(tzinfo=None) - EXCEL_EPOCH).total_seconds()
    if isinstance(cell, datetime.timedelta):
        return cell.total_seconds()
    if isinstance(cell, datetime.time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6
    match = CLOCK.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return None if match is None else _from_text(match, hours_first)


def _from_text(match: re.Match[str], hours_first: bool) -> float:
    hours, minutes, seconds = match.groups()
    if hours is None and hours_first:
        hours, minutes, seconds = minutes, seconds, "0"
    small = float(seconds.replace(",", "."))
    if small >= 60 or (hours is not None and not float(minutes.replace(",", ".")) < 60):
        raise NotANumber("not a time: minutes and seconds stay below 60")
    return int(hours or 0) * 3600 + float(minutes) * 60 + small


def plain_number(cell: Any, numbers: NumberFormat) -> float:
    """A time cell that is a plain number, whatever its unit.

    Raises
    ------
    NotANumber
        If it is empty or no number.
    """
    value = numbers.value(cell)
    if math.isnan(value):
        raise NotANumber("not a time")
    return value
