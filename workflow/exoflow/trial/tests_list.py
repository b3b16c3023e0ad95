"""Every test of a study as one list, the declared one first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from exoflow.trial.statistics import OneSampleTest, holm_sidak


def list_tests(
    names: Mapping[str, str],
    tests: Mapping[str, OneSampleTest],
    values: Mapping[str, ArrayLike],
    measure: str,
    primary: str | None,
) -> list[dict[str, Any]]:
    """t, Wilcoxon and sign-flip tests of one measure.

    Parameters
    ----------
    names : mapping of key to str
        What each test compares, in words.
    tests, values : mapping of the same keys
        The tests, and the numbers they are about.
    measure : str
        Column name with its unit.
    primary : str or None
        The key whose t test was declared; it comes first.

    Returns
    -------
    list of dict
        `name`, `kind`, `condition`, `measure`, `primary`, `statistic`, `df`, `p_value` and
        `p_adjusted`: Holm-Sidak over the tests of the same kind and measure.
    """
    kinds: dict[str, dict[str, tuple[float, int | None, float | None]]] = {
        "t": {key: (test.t, test.df, test.p) for key, test in tests.items()},
        "wilcoxon": {
            key: (signed_rank_statistic(values[key]), None, test.wilcoxon_p)
            for key, test in tests.items()
        },
        "sign_flip": {key: (test.mean, None, test.sign_flip_p) for key, test in tests.items()},
    }
    words = {
        "t": "paired t" if measure.endswith("W_kg") else "one-sample t",
        "wilcoxon": "exact Wilcoxon signed rank",
        "sign_flip": "exact sign flip",
    }
    rows = []
    for kind, found in kinds.items():
        known = {key: p for key, (_, _, p) in found.items() if p is not None}
        adjusted = holm_sidak(known)
        rows += [
            {
                "name": f"{names[key]}, {words[kind]}",
                "kind": kind,
                "condition": key,
                "measure": measure,
                "primary": kind == "t" and key == primary,
                "statistic": statistic,
                "df": df,
                "p_value": p,
                "p_adjusted": adjusted[key],
            }
            for key, (statistic, df, p) in found.items()
            if p is not None
        ]
    return sorted(rows, key=lambda row: not row["primary"])


def signed_rank_statistic(values: ArrayLike) -> float:
    """Wilcoxon's smaller sum of ranks, zeros dropped."""
    x = np.round(np.asarray(values, dtype=float), 9)
    x = x[x != 0]
    ranks = stats.rankdata(np.abs(x))
    return float(min(ranks[x > 0].sum(), ranks[x < 0].sum()))
