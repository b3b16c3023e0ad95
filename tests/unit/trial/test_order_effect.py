"""The period test of a crossover."""

import numpy as np
import pytest
from scipy import stats

from exoflow.trial.order_effect import order_effect


def test_two_controllers_are_the_period_test_of_a_crossover():
    # Second minus first place of subjects who began with the first controller, then the others.
    reductions = np.array([[9.0, 6.0], [11.0, 5.0], [8.0, 7.0], [7.0, 6.5], [10.0, 9.0]])
    period = np.array([[1, 2], [1, 2], [1, 2], [2, 1], [2, 1]])
    began_first = (reductions[:, 1] - reductions[:, 0])[:3]
    began_second = (reductions[:, 0] - reductions[:, 1])[3:]
    reference = stats.ttest_ind(began_first, -began_second)
    found = order_effect(reductions, period)
    assert found.t == pytest.approx(reference.statistic)
    assert found.p == pytest.approx(reference.pvalue)
    assert found.df == 3
    # Means -10/3 and .75: the effect is half of their sum.
    assert found.change_pct_per_period == pytest.approx((-10 / 3 + 0.75) / 2)
    middle = sum(found.ci95_pct) / 2
    assert middle == pytest.approx(found.change_pct_per_period)


@pytest.mark.parametrize(
    ("reductions", "period"),
    [
        ([[9.0, 6.0], [8.0, 7.0], [7.0, 3.0]], [[1, 2], [1, 2], [1, 2]]),
        ([[9.0], [8.0], [7.0]], [[1], [1], [1]]),
        ([[9.0, 6.0], [8.0, 7.0]], [[1, 2], [2, 1]]),
    ],
    ids=["one order for all", "one controller", "as many unknowns as numbers"],
)
def test_no_answer_where_order_cannot_be_told(reductions, period):
    assert order_effect(np.array(reductions), np.array(period)) is None
