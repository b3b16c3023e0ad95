"""Statistics against arithmetic done by hand, closed forms and a second library."""

import math

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.multitest import multipletests

from exoflow.trial.statistics import (
    MAX_ENUMERATED,
    effect_for_power,
    holm_sidak,
    one_sample_test,
    sign_flip_p,
    smallest_exact_p,
    subjects_for_exact_p,
    t_test_power,
    wilcoxon_p,
)


def test_three_values_by_hand():
    # 2, 4, 6: mean 4; squared deviations 4 + 0 + 4 = 8, over n - 1 = 2 gives SD 2.
    # Standard error 2 / sqrt(3); t = 4 sqrt(3) / 2 = 2 sqrt(3).
    # With 2 degrees of freedom p = 1 - |t| / sqrt(2 + t^2) = 1 - sqrt(12 / 14).
    # t(.975, 2) = 4.302653, so the interval is 4 -+ 4.302653 * 1.154701 = 4 -+ 4.968275.
    # d_z = 4 / 2; J = 1 - 3 / (4 * 2 - 1) = 4 / 7, g = 8 / 7.
    # All three on one side: 2 of the 8 sign patterns, p = .25, ranks the same.
    test = one_sample_test([2, 4, 6])
    assert (test.n, test.df) == (3, 2)
    assert test.mean == 4
    assert test.sd == pytest.approx(2)
    assert test.t == pytest.approx(2 * math.sqrt(3))
    assert test.p == pytest.approx(1 - math.sqrt(12 / 14))
    assert test.ci95 == pytest.approx((-0.968275, 8.968275), abs=1e-6)
    assert test.d_z == pytest.approx(2)
    assert test.hedges_g == pytest.approx(8 / 7)
    assert test.sign_flip_p == test.wilcoxon_p == 0.25


def test_other_sign_mirrors_everything_but_p():
    test, mirrored = one_sample_test([1, 2, 4, 8]), one_sample_test([-1, -2, -4, -8])
    assert mirrored.t == -test.t
    assert mirrored.ci95 == (-test.ci95[1], -test.ci95[0])
    assert (mirrored.p, mirrored.sign_flip_p) == (test.p, test.sign_flip_p)


def test_sign_flip_counts_patterns():
    # Sums of +-1 +-2 +-4: 7, 5, 3, 1 and their negatives. Observed 1 + 2 - 4 = -1: all 8.
    assert sign_flip_p([1, 2, -4]) == 1
    # Observed -1 + 2 + 4 = 5: 7, 5, -5, -7 are as far out, 4 of 8.
    assert sign_flip_p([-1, 2, 4]) == 0.5


def test_sign_flip_is_exact_although_decimals_are_not():
    # 6.7 + 4.7 - 1.2 + 3.2 = 13.4; only 15.8, 13.4 and their mirrors reach it: 4 of 16.
    assert sign_flip_p([7.9 - 1.2, 11.6 - 6.9, 4.2 - 5.4, 12.7 - 9.5]) == 0.25


def test_wilcoxon_by_hand_with_ties_and_zero():
    # The zero goes; magnitudes 1, 2, 2 have ranks 1, 2.5, 2.5; signed sum 2.5 + 2.5 - 1 = 4.
    # Sums: +-6 (2 patterns), +-4 (2), +-1 (4): 4 of 8 are at least 4 from zero.
    assert wilcoxon_p([-1, 2, 2, 0]) == 0.5


def test_wilcoxon_ties_survive_subtraction():
    # 1.0 - 0.1 and 1.1 - 0.2 are both 0.9, but not the same float.
    assert 1.0 - 0.1 != 1.1 - 0.2
    values = [1.0 - 0.1, 1.1 - 0.2, -0.9, 0.3]
    # Ranks 3, 3, 3, 1; sum 3 + 3 - 3 + 1 = 4. Sums of +-3 +-3 +-3: 9, 3, -3, -9 (1, 3, 3, 1
    # ways), each +-1: at least 4 from zero are 10, 8, 4, -4, -8, -10 (1, 1, 3, 3, 1, 1): 10 of 16.
    assert wilcoxon_p(values) == 10 / 16


def test_wilcoxon_of_zeros_shows_nothing():
    assert wilcoxon_p([0, 0]) == 1


def test_wilcoxon_agrees_with_scipy_without_ties():
    x = np.random.default_rng(1).normal(0.5, 1, 9)
    assert wilcoxon_p(x) == pytest.approx(stats.wilcoxon(x, method="exact").pvalue)


def test_paired_test_is_the_test_of_differences():
    first, second = [7.9, 11.6, 4.2, 12.7], [1.2, 6.9, 5.4, 9.5]
    test = one_sample_test(np.subtract(first, second))
    reference = stats.ttest_rel(first, second)
    assert test.t == pytest.approx(reference.statistic)
    assert test.p == pytest.approx(reference.pvalue)
    assert test.ci95 == pytest.approx(tuple(reference.confidence_interval(0.95)))


@pytest.mark.parametrize(("n", "p"), [(4, 0.125), (5, 0.0625), (6, 0.03125), (8, 0.0078125)])
def test_smallest_exact_p_is_reached_when_all_agree(n, p):
    assert smallest_exact_p(n) == p
    assert sign_flip_p(np.arange(1, n + 1)) == p
    assert wilcoxon_p(np.arange(1, n + 1)) == p


def test_fewest_subjects_for_an_exact_p_below_05():
    assert subjects_for_exact_p(0.05) == 6


def test_exact_tests_stop_where_enumeration_would_not_end():
    many = one_sample_test(np.arange(MAX_ENUMERATED + 1.0))
    assert many.sign_flip_p is None
    assert many.wilcoxon_p is None
    with pytest.raises(ValueError, match="21 values: sign patterns are enumerated up to 20"):
        sign_flip_p(np.arange(21.0))


def test_holm_sidak_by_hand():
    # Smallest of 3: 1 - .98^3 = .058808; next: 1 - .96^2 = .0784; last: .5 itself.
    corrected = holm_sidak({"c": 0.5, "a": 0.02, "b": 0.04})
    assert list(corrected) == ["c", "a", "b"]
    assert corrected == pytest.approx({"a": 0.058808, "b": 0.0784, "c": 0.5})


def test_holm_sidak_never_falls_below_the_one_before():
    # .04 becomes 1 - .96^2 = .0784; .05 alone would be smaller.
    assert holm_sidak({"a": 0.04, "b": 0.05}) == pytest.approx({"a": 0.0784, "b": 0.0784})


def test_holm_sidak_agrees_with_statsmodels():
    p = np.random.default_rng(2).uniform(0, 0.3, 7)
    reference = multipletests(p, method="holm-sidak")[1]
    ours = holm_sidak({str(i): value for i, value in enumerate(p)})
    assert list(ours.values()) == pytest.approx(list(reference))


def test_power_without_effect_is_the_level():
    assert t_test_power(0.0, 5) == pytest.approx(0.05)


@pytest.mark.parametrize(("n", "d_z"), [(4, 2.13), (6, 1.43), (8, 1.16), (10, 1.00), (12, 0.89)])
def test_effect_for_80_percent_power(n, d_z):
    assert effect_for_power(n) == pytest.approx(d_z, abs=0.005)
    assert t_test_power(effect_for_power(n), n) == pytest.approx(0.8)


@pytest.mark.parametrize("n", [2, 4, 20])
@pytest.mark.parametrize("d_z", [0.5, 1.0, 8.0])
def test_power_is_the_integral_over_all_observed_spreads(n, d_z):
    # (Z + d sqrt(n)) / S with S^2 = chi2 / df, averaged over the quantiles u of chi2.
    critical = stats.t.ppf(0.975, n - 1)

    def rejected(u):
        limit = critical * math.sqrt(stats.chi2.ppf(u, n - 1) / (n - 1))
        shift = d_z * math.sqrt(n)
        return stats.norm.sf(limit - shift) + stats.norm.cdf(-limit - shift)

    assert t_test_power(d_z, n) == pytest.approx(integrate.quad(rejected, 0, 1)[0], abs=1e-6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([3.0], "a t test needs at least 2 values, got 1"),
        ([], "a t test needs at least 2 values, got 0"),
        ([1.0, math.nan, 2.0], "value 2 is not finite"),
        ([5.4, 5.4, 5.4], "all 3 values equal 5.4: no spread, t does not exist"),
        ([0.0, 0.0], "all 2 values equal 0: no spread, t does not exist"),
    ],
)
def test_values_without_a_test_are_refused(values, message):
    with pytest.raises(ValueError) as error:
        one_sample_test(values)
    assert str(error.value) == message
