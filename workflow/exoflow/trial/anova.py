"""Repeated-measures analysis of variance, with the Greenhouse-Geisser correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class RepeatedMeasures:
    """Do conditions differ, each subject being its own control?

    Attributes
    ----------
    f, df_conditions, df_error, p : float
        Without correction.
    epsilon : float
        Greenhouse and Geisser's estimate of sphericity, 1 / (k - 1) to 1.
    p_corrected : float
        With both degrees of freedom multiplied by epsilon.
    """

    n_subjects: int
    n_conditions: int
    f: float
    df_conditions: float
    df_error: float
    p: float
    epsilon: float
    p_corrected: float


def repeated_measures_anova(values: ArrayLike) -> RepeatedMeasures:
    """One-way repeated-measures analysis of variance.

    Parameters
    ----------
    values : array_like, shape (n_subjects, n_conditions)
        Such as net rates, W/kg; no gaps.

    Raises
    ------
    ValueError
        With fewer than 2 subjects or conditions, a value that is not finite, or conditions
        that differ by the same amount in every subject.

    Notes
    -----
    statsmodels has the F test, but no sphericity correction.
    """
    x = np.asarray(values, dtype=float)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError(f"at least 2 subjects and 2 conditions are needed, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("a value is not finite")
    n, k = x.shape
    residuals = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    if np.abs(residuals).max() <= 1e-12 * np.abs(x).max():
        raise ValueError("conditions differ by the same amount in every subject: no error to test")
    f, df_conditions, df_error, p = _f_test(x)
    epsilon = greenhouse_geisser_epsilon(x)
    return RepeatedMeasures(
        n_subjects=n,
        n_conditions=k,
        f=f,
        df_conditions=df_conditions,
        df_error=df_error,
        p=p,
        epsilon=epsilon,
        p_corrected=float(stats.f.sf(f, epsilon * df_conditions, epsilon * df_error)),
    )


def greenhouse_geisser_epsilon(values: np.ndarray) -> float:
    """Sphericity from the covariance of the conditions, shape (n_subjects, n_conditions).

    References
    ----------
    Greenhouse and Geisser (1959): (tr S)^2 / ((k - 1) tr S^2), S the covariance centred over
    rows and columns.
    """
    k = values.shape[1]
    centring = np.eye(k) - 1 / k
    covariance = centring @ np.cov(values, rowvar=False) @ centring
    return float(np.trace(covariance) ** 2 / ((k - 1) * np.sum(covariance**2)))


def _f_test(x: np.ndarray) -> tuple[float, float, float, float]:
    # statsmodels takes a second to import: only studies with recordings pay for it.
    import pandas as pd
    from statsmodels.stats.anova import AnovaRM

    n, k = x.shape
    long = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), k),
            "condition": np.tile(np.arange(k), n),
            "value": x.ravel(),
        }
    )
    row = AnovaRM(long, "value", "subject", within=["condition"]).fit().anova_table.iloc[0]
    return float(row["F Value"]), float(row["Num DF"]), float(row["Den DF"]), float(row["Pr > F"])
