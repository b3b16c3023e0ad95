"""Values far from the others."""

import numpy as np

from exoflow.trial.outliers import outlying


def test_a_far_value_is_named():
    # Median 10, deviations 1, 0, 1, 1, 30: median 1; .6745 * 30 / 1 = 20 > 3.5.
    assert outlying(np.array([9.0, 10, 11, 9, 40])).tolist() == [False] * 4 + [True]


def test_four_values_have_no_scale():
    assert not outlying(np.array([9.0, 10, 11, 40])).any()


def test_equal_values_have_none():
    assert not outlying(np.array([5.0, 5, 5, 5, 9])).any()
