"""Strides, mean cycles and likeness on made-up walks with known answers."""

import numpy as np
import pytest

from exoflow.control.reflexes import EARLY_STANCE, LATE_STANCE, SWING
from exoflow.gait import analysis
from exoflow.gait.norms import load_norms
from exoflow.records.rollout import Trajectory

MASS = 70.0


def made_up_walk(stride_s=1.1, duration_s=12.0, speed=1.2):
    """Legs half a stride apart, 60 % stance, hip angle a cosine of the stride."""
    time = np.arange(0.0, duration_s, 0.01)
    columns = {"time": time, "com_x": speed * time}
    for side, shift in (("r", 0.0), ("l", 0.5)):
        phase = (time / stride_s + shift) % 1.0
        columns[f"leg_{side}.grf_y"] = np.where(phase < 0.6, MASS * 9.81, 0.0)
        columns[f"leg_{side}.grf_x"] = np.zeros_like(time)
        columns[f"hip_flexion_{side}"] = np.radians(10 + 20 * np.cos(2 * np.pi * phase))
        columns[f"hip_flexion_{side}_u"] = np.zeros_like(time)
        columns[f"knee_angle_{side}"] = -np.radians(30 + 20 * np.cos(2 * np.pi * phase))
        columns[f"ankle_angle_{side}"] = np.zeros_like(time)
        columns[f"exo.hip_{side}.torque"] = np.full_like(time, 2.0)
    columns["energy_wang2012"] = columns["energy_effort"] = 300.0 * time
    columns["energy_uchida2016"] = 200.0 * time
    columns["exo.work"] = 10.0 * time
    columns["exo.positive_work"] = 12.0 * time
    return Trajectory(tuple(columns), np.column_stack(list(columns.values())), 0.01, MASS)


def test_heel_strikes_are_one_stride_apart():
    strikes = analysis.heel_strikes(made_up_walk(), "r")
    np.testing.assert_allclose(np.diff(strikes), 1.1, atol=0.0101)


def test_a_toe_that_scuffs_in_swing_is_no_heel_strike():
    walk = made_up_walk()
    phase = (walk["time"] / 1.1) % 1.0
    values = walk.values.copy()
    values[(phase > 0.75) & (phase < 0.8), walk.columns.index("leg_r.grf_y")] = 200.0
    state = np.where(phase < 0.6, np.where(phase < 0.3, EARLY_STANCE, LATE_STANCE), SWING)
    scuffing = Trajectory(
        (*walk.columns, "leg_r.gait_state"), np.column_stack([values, state]), 0.01, MASS
    )
    np.testing.assert_allclose(np.diff(analysis.heel_strikes(scuffing, "r")), 1.1, atol=0.0101)


def test_costs_come_from_whole_strides():
    walk = made_up_walk()
    costs = analysis.steady_costs(walk, analysis.last_strides(walk, 5))
    assert costs["speed_m_s"] == pytest.approx(1.2)
    assert costs["metabolic_power_W_kg"] == pytest.approx(300 / 70)
    assert costs["cot_wang2012_J_kg_m"] == pytest.approx(300 / 70 / 1.2)
    assert costs["stride_frequency_Hz"] == pytest.approx(1 / 1.1, rel=0.01)
    assert costs["exo_power_W"] == pytest.approx(10.0)


def test_mean_cycle_starts_at_heel_strike():
    walk = made_up_walk()
    cycle = analysis.mean_cycle(walk, *(analysis.last_strides(walk, 5, s) for s in "rl"))
    hip = np.array(cycle["hip_deg"])
    assert hip[0] == pytest.approx(30.0, abs=0.5)
    assert hip[50] == pytest.approx(-10.0, abs=0.5)
    np.testing.assert_allclose(cycle["hip_l_deg"], hip, atol=1.0)
    assert np.mean(cycle["knee_deg"]) == pytest.approx(30.0, abs=0.5)  # flexion positive


def test_norm_is_like_itself():
    norm = load_norms()["Free"]["knee_flexion"]
    like = analysis.likeness(
        np.interp(100 * analysis.CYCLE, norm.gait_pct, norm.mean) + 3.0, "knee", "Free"
    )
    assert like["r"] == pytest.approx(1.0)
    assert like["rmse_deg"] == pytest.approx(3.0)
    assert like["rmse_shape_deg"] == pytest.approx(0.0, abs=1e-9)


def test_short_walk_has_no_cycle():
    summary, cycle = analysis.gait_summary(made_up_walk(duration_s=1.5), 5)
    assert cycle == {} and summary["n_strides"] < 2
