"""How far a replay may lie from what was recorded."""

import math

import pytest

from exoflow.records.computers import difference
from exoflow.records.drift import FIXED, drifts, pooled_sd, tolerance
from exoflow.records.seeds import Sample

KEY = ("policy", "change_cot_pct")


def test_spread_is_pooled_over_conditions_within_each():
    # Squares 2 (n - 1 = 1) and 8 (n - 1 = 2), 10 over 3; the distance between them is no spread.
    spread = [Sample((0.0, 2.0), True), Sample((100.0, 102.0, 104.0), True)]
    assert pooled_sd(spread) == (pytest.approx(math.sqrt(10 / 3)), 3)
    assert pooled_sd([Sample((5.0,), True)]) is None


def test_bound_of_a_mean_over_seeds():
    recorded = Sample((0.0, 2.0), True)
    allowed = tolerance(KEY, recorded, [recorded, Sample((100.0, 102.0, 104.0), True)])
    # t(99 %, df 3) = 5.841, from a table; s = 1.8257, n = 2: 5.841 * 1.8257 * sqrt(2 / 2).
    assert allowed.value == pytest.approx(10.664, abs=1e-3)


def test_a_single_seed_borrows_the_spread_of_other_conditions():
    others = [Sample((1.0, 2.0, 3.0), True)]
    allowed = tolerance(KEY, Sample((7.0,), True), others)
    # t(99 %, df 2) = 9.925; s = 1, n = 1: 9.925 * sqrt(2).
    assert allowed.value == pytest.approx(14.036, abs=1e-3)
    assert tolerance(KEY, Sample((7.0,), True), []).source == FIXED


def test_two_draws_of_one_distribution_are_within_the_bound_as_often_as_promised():
    import numpy as np

    draw = np.random.default_rng(1).normal(5.0, 2.0, (2000, 2, 4))
    inside = 0
    for old, new in draw:
        recorded = Sample(tuple(old), True)
        allowed = tolerance(KEY, recorded, [recorded]).value
        inside += abs(float(np.mean(new)) - recorded.mean) <= allowed
    # 2000 draws of 99 % have a standard deviation of 0.22 %.
    assert 0.983 < inside / 2000 < 0.997


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("change_cot_pct", -3.0, 0.5), ("hip_r", 0.96, 0.01), ("cot_wang2012_J_kg_m", 6.5, 0.065)],
)
def test_without_seeds_the_bound_is_fixed(name, value, allowed):
    found = tolerance(("dofc", name), Sample((value,)), [])
    assert found.value == pytest.approx(allowed)
    assert found.source == FIXED


def test_rounding_of_seeds_that_agree_is_no_drift():
    recorded = Sample((8.0, 8.0), True)
    (one,) = drifts({KEY: recorded}, {KEY: Sample((8.0 + 1e-9,) * 2, True)}, {KEY: [recorded]})
    assert one.difference > 0
    assert not one.beyond
    (far,) = drifts({KEY: recorded}, {KEY: Sample((8.1, 8.1), True)}, {KEY: [recorded]})
    assert far.beyond


def test_a_metric_of_one_side_only_is_beyond():
    sample = Sample((1.0,))
    assert all(one.beyond for one in drifts({KEY: sample}, {("dofc", "x"): sample}, {}))


def test_computers_differ_by_processor_or_version_and_not_by_cores():
    device = {"cpu": "A", "machine": "x86_64", "computed_on": "cpu", "cores": 2}
    record = {"device": device, "versions": {"numpy": "2.2.0"}}
    assert difference(record, {**record, "device": {**device, "cores": 64}}) is None
    assert difference(record, {**record, "device": {**device, "cpu": "B"}}) == "cpu: A then, B now"
    assert "numpy" in difference(record, {**record, "versions": {"numpy": "2.3.0"}})
    assert "no run record" in difference(None, record)
