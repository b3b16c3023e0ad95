"""The list of tests: order, families of correction, statistics."""

import numpy as np
import pytest
from scipy import stats

from exoflow.trial.statistics import holm_sidak, one_sample_test
from exoflow.trial.tests_list import list_tests, signed_rank_statistic

VALUES = {"a": [1.0, 2.0, 4.0, 5.0], "b": [3.0, -1.0, 2.0, 4.0]}
NAMES = {"a": "A against free", "b": "B against free"}


def rows(primary="b", measure="reduction_pct", values=VALUES):
    tests = {name: one_sample_test(numbers) for name, numbers in values.items()}
    return list_tests(NAMES, tests, values, measure, primary)


def test_the_declared_test_is_first_and_alone():
    found = rows()
    assert [row["primary"] for row in found] == [True] + [False] * 5
    assert found[0]["name"] == "B against free, one-sample t"


def test_each_kind_is_corrected_within_itself():
    found = rows()
    for kind in ("t", "wilcoxon", "sign_flip"):
        family = {row["condition"]: row for row in found if row["kind"] == kind}
        expected = holm_sidak({name: row["p_value"] for name, row in family.items()})
        assert {name: row["p_adjusted"] for name, row in family.items()} == expected


def test_rates_are_paired_tests():
    assert rows(measure="rate_W_kg")[0]["name"] == "B against free, paired t"


def test_tests_that_were_not_enumerated_are_left_out():
    many = {name: np.arange(1.0, 22.0) + shift for shift, name in enumerate(NAMES)}
    assert [row["kind"] for row in rows(values=many)] == ["t", "t"]


def test_signed_rank_statistic_by_hand_and_by_scipy():
    # Magnitudes 1, 2, 3, 4 have ranks 1 to 4; the negative one has rank 1.
    assert signed_rank_statistic(VALUES["b"]) == 1
    x = np.random.default_rng(1).normal(0.3, 1, 9)
    assert signed_rank_statistic(x) == pytest.approx(stats.wilcoxon(x).statistic)
