"""Logs of a device: csv with units in the names, SI and radians inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from exoflow.errors import TrialDataError
from exoflow.trial.schema import did_you_mean

# Unit endings and what turns them into rad, rad/s, Nm and m/s.
ANGLE_UNITS = {"rad": 1.0, "deg": math.pi / 180}
VELOCITY_UNITS = {"rad_s": 1.0, "deg_s": math.pi / 180}
TORQUE_UNITS = {"Nm": 1.0}
SPEED_UNITS = {"m_s": 1.0, "km_h": 1 / 3.6}
# Words that logs use for the same quantity.
NAMES = {
    "hip_angle": ("hip_angle", "hip_flexion"),
    "hip_velocity": ("hip_velocity", "hip_flexion_velocity"),
    "hip_torque": ("hip_torque", "exo_torque", "torque"),
}
# Beyond these a unit is wrong: nobody flexes a hip by 4 rad.
LARGEST = {"hip_angle": 4.0, "hip_velocity": 40.0, "hip_torque": 300.0, "speed": 5.0}
SIDES = ("r", "l")
TIME = "time_s"
HEEL_STRIKE = "heel_strike"


@dataclass(frozen=True)
class DeviceLog:
    """What a device recorded.

    Attributes
    ----------
    time_s : ndarray, shape (n,)
        Strictly increasing.
    values : dict of str to ndarray, shape (n,)
        `hip_angle_r` (rad, flexion positive), `hip_velocity_r` (rad/s), `hip_torque_r` (Nm,
        flexion positive), the same with `_l`, `speed` (m/s), `heel_strike_r` (1 in the row
        of a strike); those that the file has.
    """

    file: Path
    time_s: np.ndarray
    values: dict[str, np.ndarray]


def known_columns() -> dict[str, tuple[str, float]]:
    """Every column a log may have: its quantity, and the factor to SI."""
    columns = {
        f"{name}_{side}_{unit}": (f"{quantity}_{side}", factor)
        for quantity, units in (
            ("hip_angle", ANGLE_UNITS),
            ("hip_velocity", VELOCITY_UNITS),
            ("hip_torque", TORQUE_UNITS),
        )
        for name in NAMES[quantity]
        for side in SIDES
        for unit, factor in units.items()
    }
    columns |= {f"speed_{unit}": ("speed", factor) for unit, factor in SPEED_UNITS.items()}
    return columns | {f"{HEEL_STRIKE}_{side}": (f"{HEEL_STRIKE}_{side}", 1.0) for side in SIDES}


def read_device_log(file: Path) -> DeviceLog:
    """Read a log.

    Parameters
    ----------
    file : Path
        Comma-separated with one header row: `time_s` and any of `known_columns`.

    Raises
    ------
    TrialDataError
        Names the file, the column and the row at fault.
    """
    table = _table(file)
    columns = known_columns()
    if TIME not in table.columns:
        raise TrialDataError(
            f"{file}: column {TIME} is missing. Columns found: {', '.join(table.columns)}."
        )
    values: dict[str, np.ndarray] = {}
    for name in table.columns:
        if name == TIME:
            continue
        if name not in columns:
            hint = did_you_mean(name, [TIME, *columns])
            raise TrialDataError(f"{file}: column {name!r} is not known. {hint}")
        quantity, factor = columns[name]
        if quantity in values:
            raise TrialDataError(f"{file}: {quantity} is given in two units. Keep one column.")
        values[quantity] = factor * _numbers(file, table, name)
        _refuse_too_large(file, name, quantity, values[quantity])
    time = _numbers(file, table, TIME)
    backward = np.flatnonzero(np.diff(time) <= 0)
    if backward.size:
        row = int(backward[0]) + 3
        raise TrialDataError(
            f"{file}: row {row}: {TIME} = {time[row - 2]:g} does not come after {time[row - 3]:g}. "
            "Sort the rows, or cut the log where its clock started anew."
        )
    return DeviceLog(file, time, values)


def _table(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise TrialDataError(f"{file}: no such file.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as problem:
        reason = str(problem).splitlines()[0]
        raise TrialDataError(f"{file}: not a comma-separated table: {reason}") from None
    if len(table) < 2:
        raise TrialDataError(f"{file}: {len(table)} rows of numbers; a log has many.")
    return table.rename(columns=str.strip)


def _numbers(file: Path, table: pd.DataFrame, name: str) -> np.ndarray:
    numbers = pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if wrong.size:
        cell = table[name].iloc[wrong[0]]
        raise TrialDataError(
            f"{file}: row {wrong[0] + 2}: {name} = {cell!r} is not a finite number. "
            "Correct the cell, or cut the row."
        )
    return numbers


def _refuse_too_large(file: Path, name: str, quantity: str, values: np.ndarray) -> None:
    limit = next((v for key, v in LARGEST.items() if quantity.startswith(key)), math.inf)
    k = int(np.argmax(np.abs(values)))
    if abs(values[k]) > limit:
        raise TrialDataError(
            f"{file}: row {k + 2}: {name} is {values[k]:.3g} in SI units, at most {limit:g} is "
            "plausible. Check the unit in the name."
        )
