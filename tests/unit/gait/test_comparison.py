"""Comparison of controllers: which walks are made, what counts, and the means over them."""

from types import SimpleNamespace

import numpy as np
import pytest

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings
from exoflow.config.model import ModelSettings
from exoflow.gait.comparison import (
    Controller,
    Protocol,
    add_net_cost,
    bootstrap_interval,
    compare_controllers,
    group_statistics,
    summarize_walks,
)
from exoflow.simulation import Dofc, NoExo, SensorNoise, Walker, ZeroTorque
from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values


def walked(slope, cost, speed=1.25, **more):
    """One record of a walk that stands."""
    return {
        "slope_change_deg": slope, "noise_seed": None, "fell": False, "fall_time_s": None,
        "cot_effort_J_kg_m": cost, "metabolic_power_W_kg": cost * speed, "speed_m_s": speed,
        "cot_net_J_kg_m": cost - 1.5 / speed, **more,
    }  # fmt: skip


def fallen(slope, time_s):
    """One record of a walk that ends in a fall."""
    return {"slope_change_deg": slope, "noise_seed": 1, "fell": True, "fall_time_s": time_s}


def test_changes_are_against_the_reference_on_the_same_slope():
    results = {
        "none": {"walks": [walked(0.0, 5.0), walked(1.0, 8.0)]},
        "dofc": {"walks": [walked(0.0, 4.5), walked(1.0, 7.6, speed=1.20)]},
    }
    summarize_walks(results, 2.1)
    dofc = results["dofc"]
    # 4.5/5 = -10 %, 7.6/8 = -5 %; speed 0 and 1.20/1.25 = -4 %.
    assert [walk["change_cot_pct"] for walk in dofc["walks"]] == pytest.approx([-10.0, -5.0])
    assert dofc["change_cot_pct"] == pytest.approx(-7.5)
    assert dofc["change_speed_pct"] == pytest.approx(-2.0)
    assert dofc["speed_matched"] and not dofc["fell"] and dofc["fall_fraction"] == 0.0
    # Power 0.9 and 7.6 x 1.20 / (8 x 1.25) = 0.912: -10 % and -8.8 %.
    assert dofc["change_power_pct"] == pytest.approx(-9.4)
    # Net: (4.5 - 1.2) / (5 - 1.2) = -13.16 %; (7.6 - 1.25) / (8 - 1.2) = -6.62 %.
    assert dofc["change_net_cot_pct"] == pytest.approx((3.3 / 3.8 + 6.35 / 6.8 - 2) * 50)
    summarize_walks(results, 1.9)
    assert not dofc["speed_matched"]


def test_a_fall_in_any_walk_counts_and_the_rest_is_averaged():
    results = {
        "none": {"walks": [walked(0.0, 5.0), fallen(1.0, 9.0)]},
        "dofc": {"walks": [walked(0.0, 4.5), fallen(0.0, 4.0), walked(1.0, 1.0)]},
        "off": {"walks": [fallen(0.0, 3.0), fallen(1.0, 2.0)]},
    }
    summarize_walks(results, 2.0)
    dofc, off = results["dofc"], results["off"]
    assert dofc["fell"] and dofc["fall_fraction"] == pytest.approx(1 / 3)
    assert dofc["fall_time_s"] == 4.0
    # On the slope where the reference fell there is nothing to compare with.
    assert dofc["change_cot_pct"] == pytest.approx(-10.0)
    assert off["fall_fraction"] == 1.0 and "change_cot_pct" not in off
    assert off["speed_matched"] is None


def test_net_cost_leaves_out_the_basal_rate():
    values = {"metabolic_power_W_kg": 4.0, "speed_m_s": 1.25}
    add_net_cost(values, 1.5)
    assert values["cot_net_J_kg_m"] == pytest.approx(2.0)


def test_interval_over_seeds_is_repeatable_and_known_in_a_simple_case():
    # Two values: a resample's mean is -8, -6 or -4 with odds 1:2:1, so 95 % reaches both ends.
    assert bootstrap_interval(np.array([-8.0, -4.0])) == [-8.0, -4.0]
    assert bootstrap_interval(np.array([-8.0])) is None
    sample = np.random.default_rng(3).normal(-6.0, 2.0, 30)
    low, high = bootstrap_interval(sample)
    assert bootstrap_interval(sample) == [low, high]
    # The mean's standard error is sample SD / sqrt(30); the interval is about +-1.96 of it.
    error = sample.std() / np.sqrt(30)
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.05)


def test_groups_hold_the_policies_and_only_them():
    results = {
        "dofc": {"change_cot_pct": -1.0, "change_power_pct": -1.0},
        "policy_seed1": {"change_cot_pct": -4.0, "change_power_pct": -3.0, "fell": False},
        "policy_seed2": {"change_cot_pct": -8.0, "change_power_pct": -7.0, "fell": True},
        "policy_seed3": {"skipped": "not trained"},
    }
    group = group_statistics(results, "policy")
    assert (group["n"], group["n_fell"]) == (2, 1)
    both = {"mean": -6.0, "ci95": [-8.0, -4.0]}
    assert group["change_cot_pct"] == {**both, "iqm": -6.0, "iqm_ci95": [-8.0, -4.0]}
    del results["policy_seed2"]
    alone = {"mean": -4.0, "ci95": None, "iqm": -4.0, "iqm_ci95": None}
    assert group_statistics(results, "policy")["change_cot_pct"] == alone


def test_the_interquartile_mean_leaves_out_the_best_and_the_worst_quarter():
    results = {
        f"policy_seed{k}": {"change_cot_pct": change, "change_power_pct": 0.0}
        for k, change in enumerate((-30.0, -5.0, -4.0, 10.0))
    }
    change = group_statistics(results, "policy")["change_cot_pct"]
    assert (change["mean"], change["iqm"]) == (-7.25, -4.5)
    assert group_statistics({"off": {"change_cot_pct": 1.0}}, "policy") is None


@pytest.fixture(scope="module")
def compared():
    """The shipped gait for 5 s on two slopes, with two noise seeds."""
    gait = load_start_values(DATA / "reflexes" / "start_level.csv")

    def make_walker(slope_deg, controller):
        return Walker.create(
            to_plain(ModelSettings()), reflexes="h0918_rs3", timestep_s=0.001,
            slope_deg=slope_deg, exo=to_plain(ExoSettings()) if controller.worn else None,
        )  # fmt: skip

    controllers = [
        Controller("none", NoExo(), worn=False),
        Controller("off", NoExo()),
        Controller("zero_torque", ZeroTorque()),
        Controller("dofc", Dofc(8.0, 0.1, 0.03), details={"gain_Nm": 8.0}),
        Controller("still", Dofc(0.0, 0.1, 0.03)),
    ]
    protocol = Protocol(5.0, 2, (1.0, 0.0), SensorNoise(), (1, 2), 1.51, 2.0)
    return SimpleNamespace(**compare_controllers(controllers, make_walker, gait, protocol))


def test_every_controller_walks_every_slope_and_only_sensors_need_seeds(compared):
    for name, seeds in (("none", [None]), ("off", [None]), ("dofc", [1, 2])):
        walks = getattr(compared, name)["walks"]
        assert [(w["slope_change_deg"], w["noise_seed"]) for w in walks] == [
            (slope, seed) for slope in (1.0, 0.0) for seed in seeds
        ]
    first, second = compared.dofc["walks"][:2]
    assert first["cot_effort_J_kg_m"] != second["cot_effort_J_kg_m"]
    assert all(walk["change_cot_pct"] == 0.0 for walk in compared.none["walks"])


def test_level_walk_gives_curves_quality_and_energy(compared):
    dofc = compared.dofc
    assert dofc["gain_Nm"] == 8.0
    assert dofc["speed_m_s"] == dofc["walks"][2]["speed_m_s"]
    assert len(dofc["cycle"]["hip_muscle_moment_r_Nm"]) == 101
    assert max(dofc["cycle"]["hip_muscle_moment_r_Nm"]) > 20.0
    quality = dofc["torque_quality"]
    assert 0.0 < quality["largest_step_per_10ms_Nm"] <= 1.6 + 1e-9  # 160 Nm/s of the actuator
    assert 0.0 < quality["power_above_10Hz_pct"] < 10.0
    assert abs(quality["flexion_peak_lag_ms"]) < 700.0
    assert dofc["energy"]["exo_power_W"] == pytest.approx(dofc["exo_power_W"], abs=0.05)
    assert "exo_performance_index" in dofc["energy"]
    assert dofc["energy"]["metabolic_power_W"] > 200.0


def test_law_that_asks_for_nothing_is_zero_torque_and_has_no_quality(compared):
    assert compared.still["torque_quality"] is None
    assert compared.off["torque_quality"] is None
    at_zero = compared.zero_torque["change_cot_pct"]
    assert compared.still["change_cot_pct"] == pytest.approx(at_zero)
    # Friction and rotor inertia are felt, the mass alone is not all of it.
    assert compared.off["change_cot_pct"] != pytest.approx(at_zero, abs=1e-3)
    assert "exo_performance_index" not in compared.still["energy"]
