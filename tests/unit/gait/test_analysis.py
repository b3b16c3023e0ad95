"""Strides, mean cycles and likeness on made-up walks with known answers."""

import numpy as np
import pytest

from exoflow.control.reflexes import EARLY_STANCE, LATE_STANCE, SWING
from exoflow.gait import analysis
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
        columns[f"knee_angle_{side}"] = -np.radians(30 + 20 * np.cos(2 * np.pi * phase))
        columns[f"ankle_angle_{side}"] = np.radians(10 * np.sin(2 * np.pi * phase))
        for dof in ("hip_flexion", "knee_angle", "ankle_angle"):
            columns[f"{dof}_{side}_u"] = np.full_like(time, 2.0)
            columns[f"{dof}_{side}.muscle_moment"] = -35.0 + np.cos(2 * np.pi * phase)
            columns[f"{dof}_{side}.stop_moment"] = np.full_like(time, -7.0)
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


def test_short_walk_has_no_cycle():
    summary, cycle = analysis.gait_summary(made_up_walk(duration_s=1.5), 5)
    assert cycle == {} and summary["n_strides"] < 2


def test_stance_ends_when_the_foot_stays_off_the_ground():
    # Loaded for 60 % of a 1.1 s stride; the last sample before 0.66 s lies at most 0.01 s earlier.
    walk = made_up_walk()
    strides = analysis.last_strides(walk, 5)
    lasted = analysis.stance_ends(walk, strides) - strides.strikes[:-1]
    np.testing.assert_allclose(lasted, 0.655, atol=0.0051)


@pytest.mark.parametrize(
    ("begin", "end", "load_N"),
    [
        (0.75, 0.80, 200.0),  # a toe that scuffs the ground in swing
        (0.05, 0.08, 0.0),  # a heel that bounces at landing, 0.033 s
    ],
)
def test_scuff_and_bounce_leave_stance_as_it_is(begin, end, load_N):
    walk = made_up_walk()
    phase = (walk["time"] / 1.1) % 1.0
    values = walk.values.copy()
    values[(phase > begin) & (phase < end), walk.columns.index("leg_r.grf_y")] = load_N
    changed = Trajectory(walk.columns, values, 0.01, MASS)
    strides = analysis.last_strides(walk, 5)
    np.testing.assert_array_equal(
        analysis.stance_ends(changed, strides), analysis.stance_ends(walk, strides)
    )


def test_ground_force_peaks_of_a_known_curve():
    # Stance is the first 60 of 100 %: peak 1.2 at 10 %, valley 0.7 at 30 %, peak 1.1 at 50 %.
    # The foot of the next stride loads again at 100 %, which is no second peak.
    force = np.interp(np.arange(101), [0, 10, 30, 50, 60, 99, 100], [0, 1.2, 0.7, 1.1, 0, 0, 1.3])
    assert analysis.ground_force_peaks(force, 0.6) == pytest.approx((1.2, 0.7, 1.1))


def test_summary_reads_stance_and_swing_from_the_mean_cycle():
    summary, _ = analysis.gait_summary(made_up_walk(), 5)
    # Stance: the last loaded sample, at most one sample of 0.01 s before 60 % of 1.1 s.
    assert summary["stance_fraction"] == pytest.approx(0.6, abs=0.01)
    # Knee 30 + 20 cos(2 pi phase): 50 deg at heel strike, and again at the end of swing.
    assert summary["stance_knee_flexion_deg"] == pytest.approx(50.0, abs=0.5)
    assert summary["swing_knee_flexion_deg"] == pytest.approx(50.0, abs=0.5)
    assert summary["grf_peak_BW"] == [
        summary[f"grf_{name}_BW"] for name in ("first_peak", "valley", "second_peak")
    ]
    assert summary["norm_speed_band"] == "Free"
    assert {"hip_moment_r", "knee_power_rmse_W_kg", "ankle_z"} <= set(summary)


def test_moments_of_the_cycle_have_the_signs_of_the_norm():
    walk = made_up_walk()
    cycle = analysis.mean_cycle(walk, *(analysis.last_strides(walk, 5, s) for s in "rl"))
    # -35 - 7 = -42 Nm of 70 kg: -0.6 Nm/kg, which extends hip and ankle and flexes the knee.
    for joint, moment in (("hip", 0.6), ("knee", -0.6), ("ankle", 0.6)):
        assert np.mean(cycle[f"{joint}_moment_Nm_kg"][:-1]) == pytest.approx(moment, abs=0.002)
        # -42 Nm at 2 rad/s, both with the model's sign: -1.2 W/kg, absorbed.
        assert np.mean(cycle[f"{joint}_power_l_W_kg"][:-1]) == pytest.approx(-1.2, abs=0.004)
    # The exo's 2 Nm stand beside the moments, not in them.
    assert np.mean(cycle["torque_Nm"]) == pytest.approx(2.0)
