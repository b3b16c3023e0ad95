"""How sure a mean over breaths is."""

import numpy as np
import pytest

from exoflow.trial.breath_noise import autocorrelation_time, standard_error_of_mean


def test_standard_error_by_hand():
    # 1, 2, 3: variance 1, squared shares 3 / 9. Neighbours: (-1)(0) + (0)(1) = 0, so r = 0, with
    # its correction (1 + 0) / 3: (1 + 1/3) / (1 - 1/3) = 2. Error sqrt(1 * 1/3 * 2).
    error = standard_error_of_mean(np.array([1.0, 2.0, 3.0]), np.ones(3))
    assert error == pytest.approx(np.sqrt(2 / 3))


def test_independent_breaths_count_fully():
    noise = np.random.default_rng(1).normal(0, 1, 20_000)
    assert autocorrelation_time(noise) == pytest.approx(1, abs=0.05)


def test_correlated_breaths_count_less():
    # A first-order series with r = .5 has (1 + .5) / (1 - .5) = 3.
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, 20_000)
    for k in range(1, noise.size):
        noise[k] = 0.5 * noise[k - 1] + noise[k] * np.sqrt(0.75)
    assert autocorrelation_time(noise) == pytest.approx(3, rel=0.08)


def test_alternating_breaths_promise_nothing():
    assert autocorrelation_time(np.tile([1.0, -1.0], 50)) == 1


def test_claimed_errors_are_those_of_repeated_windows():
    rng = np.random.default_rng(4)
    weights = rng.uniform(2, 4, 60)
    means, claimed = [], []
    for _ in range(500):
        values = rng.normal(100, 9, 60)
        means.append(np.average(values, weights=weights))
        claimed.append(standard_error_of_mean(values, weights))
    assert np.mean(claimed) == pytest.approx(np.std(means), rel=0.12)
