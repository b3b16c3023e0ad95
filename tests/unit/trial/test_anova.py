"""Repeated measures: closed forms for two and three conditions."""

import numpy as np
import pytest
from scipy import stats

from exoflow.trial.anova import greenhouse_geisser_epsilon, repeated_measures_anova


def test_two_conditions_are_the_paired_t_test():
    # Differences 1, 2, 3: t = 2 / (1 / sqrt(3)) = 2 sqrt(3), F = t^2 = 12, df 1 and 2.
    found = repeated_measures_anova([[4, 3], [6, 4], [5, 2]])
    assert (found.f, found.df_conditions, found.df_error) == (pytest.approx(12), 1, 2)
    assert found.epsilon == pytest.approx(1)
    assert found.p_corrected == pytest.approx(stats.ttest_1samp([1, 2, 3], 0).pvalue)


def test_f_by_hand():
    # Subject means 2, 3, 4; condition means 2, 3, 4; grand mean 3.
    # Conditions: 3 (1 + 0 + 1) = 6 over 2 df. Residuals sum of squares: see below, over 4 df.
    values = np.array([[1, 2, 3], [3, 3, 3], [2, 4, 6]], dtype=float)
    # Residuals x - row - column + 3: [0,0,0], [1,0,-1], [-1,0,1]: sum of squares 4.
    # F = (6 / 2) / (4 / 4) = 3.
    found = repeated_measures_anova(values)
    assert found.f == pytest.approx(3)
    assert found.p == pytest.approx(stats.f.sf(3, 2, 4))


def test_epsilon_is_the_smallest_where_one_condition_carries_all_variance():
    # With two equal conditions every contrast is one number per subject: 1 / (3 - 1).
    x = np.array([[1, 1, 2], [1, 1, 5], [1, 1, 3], [1, 1, 9]], dtype=float)
    assert greenhouse_geisser_epsilon(x) == pytest.approx(0.5)


def test_epsilon_agrees_with_orthonormal_contrasts():
    # A condition that stands out, so that F is large and the correction makes p larger.
    x = np.random.default_rng(1).normal([3, 0, 0, 0], [1, 2, 4, 1], (12, 4))
    contrasts = np.linalg.qr(np.column_stack([np.ones(4), np.eye(4)[:, :3]]))[0][:, 1:]
    covariance = contrasts.T @ np.cov(x, rowvar=False) @ contrasts
    expected = np.trace(covariance) ** 2 / (3 * np.trace(covariance @ covariance))
    assert greenhouse_geisser_epsilon(x) == pytest.approx(expected)
    assert repeated_measures_anova(x).p_corrected > repeated_measures_anova(x).p


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2]], "at least 2 subjects and 2 conditions are needed, got (1, 2)"),
        ([[1, 2], [np.nan, 3]], "a value is not finite"),
        (
            [[1, 2], [3, 4]],
            "conditions differ by the same amount in every subject: no error to test",
        ),
    ],
)
def test_values_without_a_test_are_refused(values, message):
    with pytest.raises(ValueError) as error:
        repeated_measures_anova(values)
    assert str(error.value) == message
