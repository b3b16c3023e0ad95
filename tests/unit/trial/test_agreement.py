"""A device's log against simulated walks that are known to the last number."""

import numpy as np
import pytest

from exoflow.errors import TrialDataError
from exoflow.records.rollout import Trajectory
from exoflow.trial.agreement import compare_with_simulation, speed_stretches
from exoflow.trial.device_log import read_device_log

STRIDE_S = 1.1


def angle(time, delay_s=0.0):
    """Hip flexion, rad: 10 deg with a swing of 20 deg."""
    return np.radians(10 + 20 * np.cos(2 * np.pi * (time - delay_s) / STRIDE_S))


def torque(time, delay_s=0.0, size_Nm=8.0):
    return size_Nm * np.sin(2 * np.pi * (time - delay_s) / STRIDE_S)


def walk(speed_m_s=1.25, duration_s=40.0):
    time = np.arange(0, duration_s, 0.005)
    columns = {
        "time": time,
        "pelvis_tx": speed_m_s * time,
        "hip_flexion_r": angle(time),
        "exo.hip_r.torque": torque(time),
    }
    return Trajectory(tuple(columns), np.column_stack(list(columns.values())), 0.005, 70.0, 0.0, {})


def write_log(file, delay_s=0.0, size_Nm=8.0, speed_m_s=None):
    time = np.arange(0, 60, 0.01)
    names = ["time_s", "hip_angle_r_deg", "hip_torque_r_Nm"]
    # Torque late by delay_s; the angle, which cuts the cycles, is in time.
    columns = [time, np.degrees(angle(time)), torque(time, delay_s, size_Nm)]
    if speed_m_s is not None:
        names.append("speed_m_s")
        columns.append(np.where(time < 30, speed_m_s[0], speed_m_s[1]))
    rows = "\n".join(
        ",".join(f"{value:.6f}" for value in row) for row in zip(*columns, strict=True)
    )
    file.write_text(",".join(names) + "\n" + rows + "\n")
    return read_device_log(file)


def test_the_same_walk_agrees(tmp_path):
    found = compare_with_simulation(write_log(tmp_path / "log.csv"), [("walk", walk())])
    comparison = found["comparisons"][0]
    assert (comparison["side"], comparison["cycle_event"]) == ("r", "peak_hip_flexion")
    assert comparison["device_cycles"] == comparison["simulated_cycles"] == 10
    assert comparison["device_cycle_s"] == pytest.approx(STRIDE_S, abs=0.005)
    numbers = comparison["quantities"]["hip_angle_r_rad"]
    assert numbers["correlation_zero_lag"] == pytest.approx(1, abs=1e-3)
    assert numbers["rmse"] < np.radians(1)
    # Velocities are in neither.
    assert set(comparison["quantities"]) == {"hip_angle_r_rad", "hip_torque_r_Nm"}


def test_a_late_and_weak_torque_is_measured(tmp_path):
    log = write_log(tmp_path / "log.csv", delay_s=0.055, size_Nm=6.0)
    numbers = compare_with_simulation(log, [("walk", walk())])["comparisons"][0]["quantities"][
        "hip_torque_r_Nm"
    ]
    # 55 ms of 1.1 s is 5 %; cos(18 deg) = .951.
    assert numbers["best_lag_ms"] == pytest.approx(55, abs=6)
    assert numbers["best_lag_pct"] == pytest.approx(5, abs=0.5)
    assert numbers["pearson_r"] == pytest.approx(0.951, abs=0.01)
    assert numbers["correlation_best_lag"] == pytest.approx(1, abs=1e-3)
    assert numbers["peak_error"] == pytest.approx(-2, abs=0.05)


def test_rms_torque_by_speed(tmp_path):
    log = write_log(tmp_path / "log.csv", speed_m_s=(0.83, 1.39))
    assert [s.speed_m_s for s in speed_stretches(log)] == pytest.approx([0.83, 1.39])
    rows = compare_with_simulation(log, [("walk", walk(1.38))])["rms_torque"]
    # The root mean square of a sine of 8 Nm is 8 / sqrt(2).
    assert [row["rms_torque_r_Nm"] for row in rows] == pytest.approx([8 / 2**0.5] * 3, rel=0.01)
    assert [row["source"] for row in rows] == ["log.csv", "log.csv", "walk"]


def test_a_walk_is_compared_at_the_nearest_speed(tmp_path):
    log = write_log(tmp_path / "log.csv", speed_m_s=(0.83, 1.39))
    found = compare_with_simulation(log, [("slow", walk(0.9)), ("fast", walk(1.3))])
    speeds = [c["device_speed_m_s"] for c in found["comparisons"]]
    assert speeds == pytest.approx([0.83, 1.39])


def test_a_log_without_cycles_is_refused(tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("time_s,hip_torque_r_Nm\n0,1\n0.01,2\n0.02,1\n")
    with pytest.raises(TrialDataError) as error:
        compare_with_simulation(read_device_log(file), [("walk", walk())])
    assert str(error.value) == (
        f"{file}: gait cycles need hip_angle_r (its peaks) or heel_strike_r. "
        "Add one of both columns."
    )


def test_a_short_walk_is_refused(tmp_path):
    log = write_log(tmp_path / "log.csv")
    with pytest.raises(TrialDataError) as error:
        compare_with_simulation(log, [("walk", walk(duration_s=2.0))])
    assert str(error.value) == (
        "walk: side r, peak_hip_flexion: 0 whole gait cycles; at least 2 are needed. "
        "Give a longer walk."
    )
