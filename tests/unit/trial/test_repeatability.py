"""Bland and Altman's limits by hand."""

import pytest

from exoflow.trial.baselines import BaselinePair
from exoflow.trial.repeatability import repeatability


def pair(first, last):
    return BaselinePair("1", "1", "free", first, last)


def test_limits_by_hand():
    # Differences .1, .3: mean .2, SD sqrt(.02) = .141421; limits .2 -+ 1.959964 * .141421.
    found = repeatability([pair(5.0, 5.1), pair(4.0, 4.3)])
    assert found.bias_W_kg == pytest.approx(0.2)
    assert found.sd_W_kg == pytest.approx(0.02**0.5)
    assert found.limits_W_kg == pytest.approx((0.2 - 0.2771808, 0.2 + 0.2771808), abs=1e-6)


def test_one_pair_has_no_limits():
    found = repeatability([pair(5.0, 5.1)])
    assert (found.n, found.sd_W_kg, found.limits_W_kg) == (1, None, None)


def test_no_pair_no_answer():
    assert repeatability([]) is None
