"""From cells to arrays: numbers, times, and what does not fit."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.trial.carts import times, units
from exoflow.trial.carts.numbers import NotANumber, NumberFormat, decimal_signs, is_censored
from exoflow.trial.carts.sheets import is_blank, shown
from exoflow.trial.carts.table import Table

NUMERIC = ("vo2", "vco2", "vo2_per_mass", "rer", "heart_rate", "energy", "breath_number")

# A clock with whole seconds gives fast breaths the same second now and then.
MAX_DROPPED_SHARE = 0.10
MAX_DROPPED_FEW = 3
MIN_ROWS = 3
# Breaths come 0.5 to 20 s apart, means of a cart up to 2 min.
INTERVAL_RANGE_S = (0.3, 150.0)
MAX_DURATION_S = 86_400.0
# Later than this nobody starts to record: it is the time of day.
LATEST_START_S = 4 * 3600.0
MAX_NAMED_ROWS = 5


@dataclass
class Samples:
    """Columns of a table as arrays.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        0-based rows of the sheet.
    time_s : ndarray, shape (n,)
        Strictly increasing.
    values : dict of quantity to ndarray, shape (n,)
        vo2 and vco2 in mL/min, vo2_per_mass in mL/min/kg, energy in W, heart_rate in 1/min; NaN
        where there is no value.
    resolution : dict of quantity to float
        Last digit the file shows, in the same units.
    texts : dict of quantity to list of str, length n
        Phase and marker.
    warnings : list of str
    """

    rows: np.ndarray
    time_s: np.ndarray
    values: dict[str, np.ndarray]
    resolution: dict[str, float]
    texts: dict[str, list[str]]
    warnings: list[str] = field(default_factory=list)

    def keep(self, kept: np.ndarray) -> None:
        """Keep the samples at these indices."""
        self.rows, self.time_s = self.rows[kept], self.time_s[kept]
        self.values = {name: value[kept] for name, value in self.values.items()}
        self.texts = {name: [text[i] for i in kept] for name, text in self.texts.items()}


def read_samples(table: Table, last_row: int, decimal: str = "") -> Samples:
    """Read the rows of a table up to `last_row` (exclusive).

    Parameters
    ----------
    table : Table
    last_row : int
        0-based row behind the table.
    decimal : str
        Decimal sign of texts where a column map declares it; "" to find it out.

    Raises
    ------
    TrialDataError
        Names the cell: text in a number cell, a time that is none, too many rows out of order.
    """
    warnings: list[str] = []
    rows = _rows_with_data(table, last_row, warnings)
    numbers = NumberFormat(decimal or _decimal(table, rows))
    time_s = _time(table, rows, numbers, warnings)
    values, resolution = {}, {}
    for quantity in NUMERIC:
        if quantity in table.columns:
            raw = _numbers(table, rows, quantity, numbers, warnings)
            scale = _scale(table, quantity)
            values[quantity] = raw * scale
            resolution[quantity] = _resolution(raw) * scale
    texts: dict[str, list[str]] = {
        quantity: [_label_text(table, row, quantity) for row in rows]
        for quantity in ("phase", "marker")
        if quantity in table.columns
    }
    samples = Samples(np.array(rows), time_s, values, resolution, texts, warnings)
    _drop_out_of_order(table, samples)
    _check_intervals(table, samples)
    _without_zeros(table, samples)
    return samples


def _rows_with_data(table: Table, last_row: int, warnings: list[str]) -> list[int]:
    rows = [r for r in range(table.first_row, last_row) if not table.is_blank_row(r)]
    if rows:
        blank = rows[-1] + 1 - rows[0] - len(rows)
        if blank:
            warnings.append(f"{blank} blank row{'s' * (blank > 1)} between the samples")
    _refuse_wide_rows(table, rows)
    rows = _without_cut_row(table, rows, warnings)
    if len(rows) < MIN_ROWS:
        raise TrialDataError(
            f"{table.sheet.place(table.header_row)}: {len(rows)} rows of samples below these "
            f"names; at least {MIN_ROWS} are needed. The file may be cut: export it again."
        )
    return rows


def _refuse_wide_rows(table: Table, rows: list[int]) -> None:
    """More cells than names: a decimal comma has split numbers in two."""
    if table.sheet.kind != "text":
        return
    for row in rows:
        if len(table.sheet.rows[row]) > table.width:
            raise TrialDataError(
                f"{table.sheet.place(row)} has {len(table.sheet.rows[row])} cells, the names in "
                f"row {table.header_row + 1} are {table.width}. Export decimal points, or "
                "columns separated by semicolons or tabs."
            )


def _without_cut_row(table: Table, rows: list[int], warnings: list[str]) -> list[int]:
    """Without a last line that ends before or within a column that is read."""
    sheet = table.sheet
    if not rows or sheet.whole_last_line or rows[-1] != len(sheet.rows) - 1:
        return rows
    needed = max(c.index for c in table.columns.values())
    usual = max(len(sheet.rows[row]) for row in rows)
    found = len(sheet.rows[rows[-1]])
    if found < usual or found == needed + 1:
        warnings.append(f"row {rows[-1] + 1}, the last, may be cut: left out")
        return rows[:-1]
    return rows


def _decimal(table: Table, rows: list[int]) -> str:
    """The decimal sign of the columns that are read, else of any other column."""
    sheet = table.sheet
    read = {table.columns[q].index for q in NUMERIC if q in table.columns}
    if "time" in table.columns:
        read.add(table.columns["time"].index)
    signs = decimal_signs(sheet.cell(row, index) for row in rows for index in read)
    if not signs:
        signs = decimal_signs(cell for row in rows for cell in sheet.rows[row])
    if len(signs) > 1:
        raise TrialDataError(
            f"{sheet.place(rows[0])} and below: numbers have decimal points here and decimal "
            "commas there. Export the test again in one language."
        )
    return signs.pop() if signs else ""


def _numbers(
    table: Table, rows: list[int], quantity: str, numbers: NumberFormat, warnings: list[str]
) -> np.ndarray:
    column = table.columns[quantity]
    values = np.empty(len(rows))
    censored = []
    for i, row in enumerate(rows):
        cell = table.sheet.cell(row, column.index)
        try:
            values[i] = numbers.value(cell)
        except NotANumber as problem:
            raise TrialDataError(
                f"{table.sheet.place(row, column.index)}: {column.label} is {shown(cell)}: "
                f"{problem}. Expected a number{_in_unit(column.unit)} or '-'. Correct the cell or "
                "export the test again."
            ) from None
        if is_censored(cell):
            censored.append(row)
    if censored:
        warnings.append(f"{column.label} beyond its range in {named_rows(censored)}: no value")
    return values


def _in_unit(unit: str) -> str:
    return f" in {unit}" if unit and plain_unit(unit) else ""


def plain_unit(unit: str) -> str:
    """A unit for messages; "" for the dashes that stand for none."""
    return unit if len(unit) <= 20 and units.plain(unit) not in units.RATIO else ""


def _scale(table: Table, quantity: str) -> float:
    if quantity == "breath_number":
        return 1.0
    return units.factor(quantity, table.columns[quantity].unit) or 1.0


def _resolution(values: np.ndarray) -> float:
    """The last decimal that any of the values needs: 0.83 and 0.9 are known to 0.01."""
    finite = values[np.isfinite(values)]
    for digits in range(7):
        step = 10.0**-digits
        if np.all(np.abs(finite - np.round(finite, digits)) < 1e-9 * np.maximum(1, abs(finite))):
            return step
    return 1e-7


def _label_text(table: Table, row: int, quantity: str) -> str:
    """Text of a phase or marker; COSMED writes 0 for none."""
    text = " ".join(table.sheet.text(row, table.columns[quantity].index).split())
    return "" if text in ("0", "0.0", "-", "--", "---") else text


def _time(table: Table, rows: list[int], numbers: NumberFormat, warnings: list[str]) -> np.ndarray:
    """Times in seconds, from a clock or from plain numbers in the unit of the column."""
    column = table.columns["time"]
    hours_first = units.CLOCK.get(units.plain(column.unit), False)
    clock, plain_numbers = [], []
    for row in rows:
        cell = table.sheet.cell(row, column.index)
        try:
            seconds = times.clock_seconds(cell, hours_first)
            clock.append(seconds)
            plain_numbers.append(
                math.nan if seconds is not None else times.plain_number(cell, numbers)
            )
        except NotANumber as problem:
            raise _bad_time(table, row, cell, str(problem)) from None
    shows_clock = [seconds is not None for seconds in clock]
    if all(shows_clock):
        return _since_start(table, np.array(clock, dtype=float), warnings)
    if any(shows_clock):
        odd = rows[shows_clock.index(not shows_clock[0])]
        cell = table.sheet.cell(odd, column.index)
        raise _bad_time(table, odd, cell, "not a time written like the first")
    return _since_start(table, _scaled(table, np.array(plain_numbers), warnings), warnings)


def _bad_time(table: Table, row: int, cell: Any, problem: str) -> TrialDataError:
    column = table.columns["time"]
    what = "is empty" if is_blank(cell) else f"is {shown(cell)}"
    return TrialDataError(
        f"{table.sheet.place(row, column.index)}: {column.label} {what}: {problem}. Expected "
        f"{_in_unit(column.unit).removeprefix(' in ') or 'm:ss or h:mm:ss'}. Correct the cell or "
        "export the test again."
    )


def _scaled(table: Table, values: np.ndarray, warnings: list[str]) -> np.ndarray:
    column = table.columns["time"]
    scale = units.TIME_s.get(units.plain(column.unit))
    as_days = values * times.SECONDS_PER_DAY
    if scale is None or not _is_likely(values * scale):
        # Excel keeps 00:00:02 as 2/86400 of a day; without its format the plain number is left.
        if 0 <= values.min() and values.max() < 1 and _is_likely(as_days):
            warnings.append(f"{column.label} read as fractions of a day")
            return as_days
        if scale is None:
            raise TrialDataError(
                f"{table.sheet.place(table.header_row, column.index)}: {column.label} holds plain "
                f"numbers without a unit of time. Expected {units.KNOWN['time']}."
            )
    return values * scale


def _is_likely(time_s: np.ndarray) -> bool:
    low, high = INTERVAL_RANGE_S
    return low <= float(np.median(np.diff(time_s))) <= high


def _since_start(table: Table, time_s: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Times of day become times since the first row."""
    if time_s[0] < LATEST_START_S:
        return time_s
    warnings.append(f"{table.label('time')} is a time of day: counted from the first row")
    return time_s - time_s[0]


def _drop_out_of_order(table: Table, samples: Samples) -> None:
    kept = longest_increase(samples.time_s)
    dropped = np.setdiff1d(np.arange(len(samples.time_s)), kept)
    if not len(dropped):
        return
    named = named_rows(samples.rows[dropped])
    if len(dropped) > max(MAX_DROPPED_FEW, MAX_DROPPED_SHARE * len(samples.time_s)):
        raise TrialDataError(
            f"{table.sheet.place(int(samples.rows[dropped[0]]), table.columns['time'].index)}: "
            f"times do not increase in {named} of {len(samples.time_s)}. "
            "Sort the rows by time, or export the test again."
        )
    samples.warnings.append(f"times do not increase in {named}: left out")
    samples.keep(kept)


def longest_increase(values: np.ndarray) -> np.ndarray:
    """Indices of a longest strictly increasing subsequence.

    A single time too late costs one row, not all the rows behind it; of two equal times the
    first is kept.
    """
    ends: list[float] = []
    ends_at: list[int] = []
    before = np.full(len(values), -1)
    for i, value in enumerate(values):
        place = bisect.bisect_left(ends, value)
        before[i] = ends_at[place - 1] if place else -1
        if place == len(ends):
            ends.append(float(value))
            ends_at.append(i)
        elif value < ends[place]:
            ends[place], ends_at[place] = float(value), i
    kept = []
    i = ends_at[-1] if ends_at else -1
    while i >= 0:
        kept.append(i)
        i = int(before[i])
    return np.array(kept[::-1], dtype=int)


def _check_intervals(table: Table, samples: Samples) -> None:
    time_s = samples.time_s
    place = table.sheet.place(table.header_row, table.columns["time"].index)
    unit = table.columns["time"].unit or "a clock"
    if len(time_s) < MIN_ROWS or not _is_likely(time_s) or time_s[0] < 0:
        typical = float(np.median(np.diff(time_s))) if len(time_s) > 1 else math.nan
        raise TrialDataError(
            f"{place}: rows are {typical:.4g} s apart and start at {time_s[0]:.4g} s if "
            f"{table.label('time')} is in {unit}. Expected {INTERVAL_RANGE_S[0]:g}.."
            f"{INTERVAL_RANGE_S[1]:g} s apart, from 0 on: check its unit."
        )
    if time_s[-1] > MAX_DURATION_S:
        raise TrialDataError(
            f"{place}: the last time is {time_s[-1] / 3600:.0f} h if {table.label('time')} is in "
            f"{unit}. Expected less than 24 h: check its unit."
        )
    gaps = np.diff(time_s)
    largest = int(np.argmax(gaps))
    if gaps[largest] > max(60.0, 10 * float(np.median(gaps))):
        samples.warnings.append(
            f"no rows for {gaps[largest]:.0f} s after row {samples.rows[largest] + 1}"
        )


def _without_zeros(table: Table, samples: Samples) -> None:
    """Nobody takes up no oxygen, no heart stands still: 0 there means no value."""
    for quantity in ("vo2", "vco2"):
        if quantity in samples.values:
            zero = samples.values[quantity] == 0
            if zero.any():
                samples.warnings.append(
                    f"{table.label(quantity)} is 0 in {named_rows(samples.rows[zero])}: no value"
                )
                samples.values[quantity][zero] = np.nan
    for quantity in ("heart_rate", "energy"):
        if quantity in samples.values:
            samples.values[quantity][samples.values[quantity] == 0] = np.nan


def named_rows(rows: Any) -> str:
    """Rows for a message, 1-based: `row 7`, `2 rows (7, 9)`, `12 rows (7, 9, 11, 13, 15, ...)`."""
    numbers = [int(row) + 1 for row in rows]
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    listed = ", ".join(str(number) for number in numbers[:MAX_NAMED_ROWS])
    more = ", ..." if len(numbers) > MAX_NAMED_ROWS else ""
    return f"{len(numbers)} rows ({listed}{more})"
