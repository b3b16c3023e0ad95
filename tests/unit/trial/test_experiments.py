"""Small versions of the experiments in docs/benchmarks/trial.md."""

import pytest
import trial_experiments


def test_intervals_cover_and_nulls_are_kept():
    # 400 studies: 95 % covers with a standard error of 1.1 points, 5 % of false positives too.
    found = trial_experiments.statistics_layer(400, anova=False)
    assert 91.5 < found["covered"].pct < 98.5
    for test in ("t", "sign flip", "wilcoxon"):
        assert 1.5 < found[test].pct < 8.5
    assert found["any t"].pct > found["any Holm-Sidak"].pct
    assert found["any Holm-Sidak"].pct < 8.5


def test_the_file_chain_is_unbiased_within_its_errors():
    population = trial_experiments.Population()
    studies = list(trial_experiments.chain_studies(6, population=population))
    found = trial_experiments.chain_summary(studies, population)
    for bias, (_, claimed, actual) in zip(found["bias"], found["errors"], strict=True):
        # Six means do not know their own spread, so the claimed one counts: 48 subjects.
        assert abs(bias.mean) < 4 * claimed / 48**0.5
        # 48 subjects know a spread to 10 %.
        assert claimed == pytest.approx(actual, rel=0.4)


def test_three_minutes_with_noise_are_fitted_without_bias():
    found = trial_experiments.kinetics(300)
    assert abs(found.in_errors) < 4
    assert abs(found.mean) < 1
