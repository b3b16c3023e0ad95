"""Sim to real: a device's log against a simulated walk, cycle by cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.gait.analysis import heel_strikes
from exoflow.records.rollout import Trajectory
from exoflow.trial.device_log import HEEL_STRIKE, SIDES, DeviceLog
from exoflow.trial.gait_cycles import Cycles, flexion_peaks, mean_cycle, whole_cycles
from exoflow.trial.waveforms import likeness

UNITS = {"hip_angle": "rad", "hip_velocity": "rad_s", "hip_torque": "Nm"}
# Barati et al. take the last 30 s of a minute at each speed.
RMS_SPAN_S = 30.0
# A treadmill's display has one or two decimals.
SAME_SPEED_M_S = 0.02


@dataclass(frozen=True)
class Stretch:
    """Part of a log at one speed; `speed_m_s` is None where the log does not say."""

    speed_m_s: float | None
    start_s: float
    end_s: float

    def of(self, log: DeviceLog) -> np.ndarray:
        """Rows inside, shape (n,) of bool."""
        return (log.time_s >= self.start_s) & (log.time_s <= self.end_s)


def compare_with_simulation(
    log: DeviceLog, trajectories: Sequence[tuple[str, Trajectory]]
) -> dict[str, Any]:
    """Compare a log with simulated walks.

    Parameters
    ----------
    log : DeviceLog
    trajectories : sequence of (name, Trajectory)
        Each is compared with the stretch of the log whose speed is nearest its own, or with
        the whole log where that has no speeds.

    Returns
    -------
    dict
        JSON-able. `comparisons`: per walk and side the event that cuts cycles, their number
        and duration, and per quantity a `Likeness` with the unit in the quantity's name.
        `rms_torque`: by speed over the last 30 s of each stretch, of the log; and of each walk.

    Raises
    ------
    TrialDataError
        If no quantity is in both, or cycles cannot be found.
    """
    stretches = speed_stretches(log)
    return {
        "log": log.file.name,
        "comparisons": [
            _compare(log, _nearest(stretches, speed_of(walk)), name, walk, side)
            for name, walk in trajectories
            for side in SIDES
            if any(f"{quantity}_{side}" in log.values for quantity in UNITS)
        ],
        "rms_torque": [_rms_of_log(log, stretch) for stretch in stretches]
        + [_rms_of_walk(name, walk) for name, walk in trajectories],
    }


def simulated_columns(side: str) -> dict[str, str]:
    """Trajectory column of each quantity."""
    return {
        "hip_angle": f"hip_flexion_{side}",
        "hip_velocity": f"hip_flexion_{side}_u",
        "hip_torque": f"exo.hip_{side}.torque",
    }


def speed_of(walk: Trajectory) -> float:
    """Mean walking speed, m/s."""
    time, place = walk["time"], walk["pelvis_tx"]
    return float((place[-1] - place[0]) / (time[-1] - time[0]))


def speed_stretches(log: DeviceLog) -> list[Stretch]:
    """Stretches of constant speed, each cut to its last RMS_SPAN_S; all of a log without speeds."""
    if "speed" not in log.values:
        return [Stretch(None, float(log.time_s[0]), float(log.time_s[-1]))]
    speed = log.values["speed"]
    changes = np.flatnonzero(np.abs(np.diff(speed)) > SAME_SPEED_M_S) + 1
    stretches = []
    for rows in np.split(np.arange(speed.size), changes):
        start, end = float(log.time_s[rows[0]]), float(log.time_s[rows[-1]])
        mean = float(speed[rows].mean())
        # Standing, and the seconds in which a belt changes its speed, are no walking.
        if mean > SAME_SPEED_M_S and end - start >= RMS_SPAN_S / 2:
            stretches.append(Stretch(mean, max(start, end - RMS_SPAN_S), end))
    if not stretches:
        raise TrialDataError(
            f"{log.file}: no speed is kept for {RMS_SPAN_S / 2:g} s. Log longer, or leave the "
            "speed column out."
        )
    return stretches


def _nearest(stretches: Sequence[Stretch], speed_m_s: float) -> Stretch:
    return min(stretches, key=lambda s: abs((s.speed_m_s or speed_m_s) - speed_m_s))


def _compare(
    log: DeviceLog, stretch: Stretch, name: str, walk: Trajectory, side: str
) -> dict[str, Any]:
    rows = stretch.of(log)
    time = log.time_s[rows]
    columns = simulated_columns(side)
    event = HEEL_STRIKE if f"{HEEL_STRIKE}_{side}" in log.values else "peak_hip_flexion"
    device = _cycles_of_log(log, rows, side, event)
    simulated = _cycles_of_walk(name, walk, side, event)
    found = {}
    for quantity, unit in UNITS.items():
        key, column = f"{quantity}_{side}", columns[quantity]
        if key not in log.values or column not in walk.columns:
            continue
        try:
            numbers = likeness(
                mean_cycle(time, log.values[key][rows], device),
                mean_cycle(walk["time"], walk[column], simulated),
                device.duration_s,
            )
        except TrialDataError as error:
            raise TrialDataError(f"{log.file} against {name}: {key}: {error}") from None
        found[f"{key}_{unit}"] = asdict(numbers)
    if not found:
        raise TrialDataError(
            f"{log.file} against {name}: no quantity of side {side} is in both. A log has "
            "hip_angle, hip_velocity and hip_torque with side and unit."
        )
    return {
        "trajectory": name,
        "side": side,
        "cycle_event": event,
        "device_speed_m_s": stretch.speed_m_s,
        "simulated_speed_m_s": speed_of(walk),
        "device_cycles": int(device.starts_s.size),
        "device_cycles_left_out": device.n_left_out,
        "device_cycle_s": device.duration_s,
        "simulated_cycles": int(simulated.starts_s.size),
        "simulated_cycle_s": simulated.duration_s,
        "quantities": found,
    }


def _cycles_of_log(log: DeviceLog, rows: np.ndarray, side: str, event: str) -> Cycles:
    time = log.time_s[rows]
    if event == HEEL_STRIKE:
        struck = log.values[f"{HEEL_STRIKE}_{side}"][rows] > 0.5
        # A switch stays closed for a while: only its first row is the strike.
        first = struck & ~np.concatenate([[False], struck[:-1]])
        events = time[first]
    else:
        if f"hip_angle_{side}" not in log.values:
            raise TrialDataError(
                f"{log.file}: gait cycles need hip_angle_{side} (its peaks) or "
                f"{HEEL_STRIKE}_{side}. Add one of both columns."
            )
        events = flexion_peaks(time, log.values[f"hip_angle_{side}"][rows])
    return _whole(f"{log.file}: side {side}, {event}", events)


def _cycles_of_walk(name: str, walk: Trajectory, side: str, event: str) -> Cycles:
    if event == HEEL_STRIKE:
        events = np.asarray(heel_strikes(walk, side))
    else:
        events = flexion_peaks(walk["time"], walk[f"hip_flexion_{side}"])
    return _whole(f"{name}: side {side}, {event}", events)


def _whole(where: str, events: np.ndarray) -> Cycles:
    try:
        return whole_cycles(events)
    except ValueError as error:
        raise TrialDataError(f"{where}: {error}. Give a longer walk.") from None


def _rms_of_log(log: DeviceLog, stretch: Stretch) -> dict[str, Any]:
    rows = stretch.of(log)
    return {
        "source": log.file.name,
        "speed_m_s": stretch.speed_m_s,
        "span_s": stretch.end_s - stretch.start_s,
        **{
            f"rms_torque_{side}_Nm": _rms(log.values[f"hip_torque_{side}"][rows])
            for side in SIDES
            if f"hip_torque_{side}" in log.values
        },
    }


def _rms_of_walk(name: str, walk: Trajectory) -> dict[str, Any]:
    time = walk["time"]
    rows = time >= time[-1] - RMS_SPAN_S
    return {
        "source": name,
        "speed_m_s": speed_of(walk),
        "span_s": float(time[rows][-1] - time[rows][0]),
        **{
            f"rms_torque_{side}_Nm": _rms(walk[f"exo.hip_{side}.torque"][rows])
            for side in SIDES
            if f"exo.hip_{side}.torque" in walk.columns
        },
    }


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
