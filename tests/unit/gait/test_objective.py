"""The objective against hand-worked gaits."""

from dataclasses import replace

import numpy as np
import pytest

from exoflow.gait import objective
from exoflow.records.rollout import Measures

WEIGHTS = {
    "gait": 100.0, "effort": 0.1, "cubed_activation": 2000.0, "knee_limit": 0.02,
    "grf": 10.0, "leg_grf": 5.0, "trunk_lean": 0.2, "head_acceleration": 0.5, "scuff": 4.0,
    "symmetry": 1.0, "velocity_band": 1.1,
}  # fmt: skip


def measures(times, places, legs, reached=10.0, end=None, **changes):
    """A walk with the given step events."""
    base = dict(  # noqa: C408
        planned_s=10.0, reached_s=reached, fell=reached < 10.0, finite=True,
        distance_m=places[-1] if len(places) else 0.0,
        steps=np.column_stack([times, places, legs]) if len(times) else np.zeros((0, 3)),
        start_gait_distance_m=0.0, end_gait_distance_m=places[-1] if end is None else end,
        effort_J=1000.0, wang2012_J=1000.0, uchida2016_J=600.0, cubed_activation_s=0.2,
        knee_limit_Nm=0.0, grf_excess_BW=0.0, leg_grf_excess_BW=0.0, trunk_lean_rad=0.0,
        head_acceleration_m2_s4=0.0, scuff_BW=0.0, exo_work_J=0.0, exo_positive_work_J=0.0,
        body_mass_kg=74.5,
    )  # fmt: skip
    return Measures(**(base | changes))


def even_walk(speed, step_s=0.5, until=10.0):
    times = np.arange(step_s, until + 1e-9, step_s)
    return measures(times, speed * times, np.arange(len(times)) % 2)


def test_walk_inside_the_band_costs_nothing():
    assert objective.gait_term(even_walk(1.3), 1.25, 1.4) == pytest.approx(0.0, abs=1e-12)


def test_slow_walk_costs_its_relative_deficit():
    # every step at 1.0 where 1.25 is wanted: 1 - 1.0 / 1.25 = 0.2
    assert objective.gait_term(even_walk(1.0), 1.25, 1.4) == pytest.approx(0.2)


def test_fast_walk_is_outside_the_band_too():
    # 1.5 is 0.1 above the band: 0.1 / 1.25
    assert objective.gait_term(even_walk(1.5), 1.25, 1.4) == pytest.approx(0.08)


def test_fall_counts_the_missing_time():
    times = np.arange(0.5, 5.01, 0.5)
    fall = measures(times, 1.3 * times, np.arange(10) % 2, reached=5.0)
    # first two steps (1 s) are skipped: 4 s walked of 4 + 5
    assert objective.gait_term(fall, 1.25, 1.4) == pytest.approx(5 / 9)


def test_dead_band_keeps_the_full_value_above():
    assert objective.dead_band(0.049, 0.05) == 0.0
    assert objective.dead_band(0.06, 0.05) == 0.06
    assert objective.dead_band(1.25, 1.0, 0.5) == pytest.approx(1.25 * 0.25 / 0.5)


def test_limp_is_asymmetric():
    times = np.cumsum([0.4, 0.6] * 10)
    limp = measures(times, 1.2 * times, np.arange(20) % 2)
    # step times 0.4 / 0.6 and lengths in the same ratio: 0.2 / 0.5 twice, but for the first steps
    assert objective.asymmetry(limp) == pytest.approx(0.8, abs=0.02)
    assert objective.asymmetry(even_walk(1.2)) == pytest.approx(0.0, abs=1e-9)


def test_score_is_the_weighted_sum():
    walk = even_walk(1.3)
    found = objective.score(walk, 1.3, WEIGHTS)
    effort = 0.1 * 1000.0 / (74.5 * 13.0)
    cubed = 2000.0 * 0.2 / (74.5 * 13.0)
    assert found.total == pytest.approx(effort + cubed)
    assert found.total == pytest.approx(sum(found.terms.values()))


def test_non_finite_walk_scores_worst():
    assert objective.score(measures([], [], [], end=0.0, finite=False), 1.3, WEIGHTS).total == 200.0


def test_assistance_cost_penalizes_falls_and_speed():
    walk = measures(
        np.array([1.0]),
        np.array([10.0]),
        np.array([0]),
        distance_m=10.0,
        effort_J=74.5 * 10 * 4.0,
    )
    assert objective.relative_assistance_cost(walk, 1.0, 5.0) == pytest.approx(-0.2)
    # 5 % slower than 1.0526: 2 (0.05 - 0.01)
    assert objective.relative_assistance_cost(walk, 1 / 0.95, 5.0 / 0.95) == pytest.approx(
        -0.2 + 0.08
    )


def test_penalties_are_their_measure_times_their_weight():
    walk = even_walk(1.3)
    hurt = replace(walk, leg_grf_excess_BW=0.02, trunk_lean_rad=np.radians(3.0), scuff_BW=0.01)
    hurt = replace(hurt, head_acceleration_m2_s4=0.4)
    terms = objective.score(hurt, 1.3, WEIGHTS).terms
    # 5 x 0.02, 0.2 per degree x 3 degrees, 4 x 0.01, 0.5 x 0.4
    assert terms["leg_grf"] == pytest.approx(0.1)
    assert terms["trunk_lean"] == pytest.approx(0.6)
    assert terms["scuff"] == pytest.approx(0.04)
    assert terms["head_acceleration"] == pytest.approx(0.2)
    change = objective.score(hurt, 1.3, WEIGHTS).total - objective.score(walk, 1.3, WEIGHTS).total
    assert change == pytest.approx(0.94)


def test_walk_whose_sums_overflow_scores_like_none():
    walk = replace(even_walk(1.3), head_acceleration_m2_s4=np.inf)
    assert objective.score(walk, 1.3, WEIGHTS | {"head_acceleration": 0.0}).total == 200.0
