"""Does it matter when a controller came? A check, not a correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class OrderEffect:
    """Change of a reduction from one place in the order to the next, percentage points.

    Attributes
    ----------
    ci95_pct : tuple of float
    t, df, p : float
        Of the least-squares coefficient, two-sided.
    """

    change_pct_per_period: float
    ci95_pct: tuple[float, float]
    t: float
    df: int
    p: float


def order_effect(reduction_pct: np.ndarray, period: np.ndarray) -> OrderEffect | None:
    """Effect of the place in the order, subjects and controllers taken out.

    Parameters
    ----------
    reduction_pct, period : ndarray, shape (n_subjects, n_controllers)
        Reductions, %, and at which place (1, 2, ...) each controller came.

    Returns
    -------
    OrderEffect or None
        None where it cannot be told apart: one controller, the same order for everyone, or
        too few subjects.

    Notes
    -----
    Least squares of reduction on subject, controller and period. With two controllers it is
    the period test of a two-period crossover (Hills and Armitage 1979).
    """
    n, k = reduction_pct.shape
    subjects = np.kron(np.eye(n), np.ones((k, 1)))
    controllers = np.tile(np.eye(k)[:, 1:], (n, 1))
    plain = np.column_stack([subjects, controllers])
    design = np.column_stack([plain, period.ravel()])
    rank = int(np.linalg.matrix_rank(design))
    df = n * k - rank
    if rank == np.linalg.matrix_rank(plain) or df < 1:
        return None
    # statsmodels takes a second to import: only studies with recordings pay for it.
    from statsmodels.regression.linear_model import OLS

    fit = OLS(reduction_pct.ravel(), design).fit()
    change, error = float(fit.params[-1]), float(fit.bse[-1])
    if error == 0:
        return None
    half = float(stats.t.ppf(0.975, df)) * error
    return OrderEffect(
        change, (change - half, change + half), change / error, df, float(fit.pvalues[-1])
    )
