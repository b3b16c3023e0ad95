"""Right leg against left, on a walk made by hand."""

import numpy as np
import pytest

from exoflow.gait.sides import leg_differences
from exoflow.records.rollout import Trajectory

STRIDE_S = 1.0


def _walk(knee_amplitude_left: float, torque_left: float) -> Trajectory:
    """Legs half a stride apart; the right knee swings by 0.5 rad, torques are constant."""
    time = np.arange(0.0, 8.0, 0.005)
    columns = {"time": time, "com_x": 1.2 * time, "com_y": np.ones_like(time)}
    for side, shift in (("r", 0.0), ("l", 0.5)):
        phase = 2 * np.pi * (time / STRIDE_S - shift)
        knee = 0.5 if side == "r" else knee_amplitude_left
        for joint, size in (("hip_flexion", 0.4), ("knee_angle", knee), ("ankle_angle", 0.2)):
            columns[f"{joint}_{side}"] = size * np.sin(phase)
            columns[f"{joint}_{side}_u"] = size * 2 * np.pi * np.cos(phase)
        columns[f"leg_{side}.grf_x"] = np.zeros_like(time)
        # The foot is down in the first 60 % of its stride.
        columns[f"leg_{side}.grf_y"] = 700.0 * ((time / STRIDE_S - shift) % 1.0 < 0.6)
        torque = 4.0 if side == "r" else torque_left
        columns[f"exo.hip_{side}.torque"] = np.full_like(time, torque)
    names = tuple(columns)
    return Trajectory(names, np.column_stack([columns[name] for name in names]), 0.005, 75.0, 0.0)


def test_equal_legs_do_not_differ_and_torques_are_told_apart():
    same = leg_differences(_walk(0.5, 4.0), 4)
    assert same["rmse_deg"] == pytest.approx(0.0, abs=0.3)
    apart = leg_differences(_walk(0.3, 2.0), 4)
    # 0.2 rad of amplitude are 11.5 deg, over sqrt 2 in the mean.
    assert apart["rmse_knee_deg"] == pytest.approx(np.degrees(0.2) / np.sqrt(2), rel=0.02)
    assert apart["rmse_deg"] == pytest.approx(apart["rmse_knee_deg"] / 3, rel=0.05)
    assert apart["rms_torque_r_Nm"] == pytest.approx(4.0)
    assert apart["rms_torque_l_Nm"] == pytest.approx(2.0)
    # A constant torque gives a swinging leg no power in the mean.
    assert apart["exo_power_r_W"] == pytest.approx(0.0, abs=0.1)
