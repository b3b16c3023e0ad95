"""Metrics with the seeds of a controller as one sample."""

import pytest

from exoflow.records.seeds import Sample, samples


def test_seeds_of_a_policy_are_one_sample_and_other_controllers_stay_apart():
    found = samples(
        {
            "level": {
                "policy_seed1": {"change_cot_pct": -2.0},
                "policy_seed3": {"change_cot_pct": -4.0},
                "dofc": {"change_cot_pct": -1.0},
            }
        }
    )
    assert found == {
        ("level", "policy", "change_cot_pct"): Sample((-2.0, -4.0), seeded=True),
        ("level", "dofc", "change_cot_pct"): Sample((-1.0,)),
    }


def test_spread_is_the_standard_deviation_of_a_sample():
    sample = Sample((1.0, 2.0, 6.0), seeded=True)
    assert sample.mean == 3.0
    # Squares 4 + 1 + 9 = 14, over n - 1 = 2: 7.
    assert sample.sd == pytest.approx(7.0**0.5)
    assert Sample((1.0,)).sd is None


def test_a_bundle_named_after_a_seed_is_not_a_seed():
    found = samples({"export": {"level_seed1": {"max_abs_error_Nm": 1e-7}}})
    assert found == {("export", "level_seed1", "max_abs_error_Nm"): Sample((1e-7,))}


def test_words_truth_values_and_what_is_not_finite_are_no_metrics():
    assert samples({"level": {"status": "ok", "fell": False, "cot": float("nan")}}) == {}
