"""How sure a mean over noisy breaths is."""

from __future__ import annotations

import numpy as np

# A longer memory than this of a few dozen breaths is not to be told from a trend.
HIGHEST_AUTOCORRELATION = 0.9


def autocorrelation_time(residuals: np.ndarray) -> float:
    """By how much correlated neighbours inflate the variance of a mean; at least 1.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Deviations from a mean or a curve, in the order of time.

    Returns
    -------
    float
        (1 + r) / (1 - r) with r the correlation of neighbours: n divided by it is the
        effective number of breaths of a first-order autoregressive series. A negative r,
        which would promise more than n independent breaths, counts as 0.
    """
    total = float(residuals @ residuals)
    if residuals.size < 3 or total == 0:
        return 1.0
    r = float(residuals[:-1] @ residuals[1:]) / total
    # The estimate is low by about (1 + 4 r) / n (Marriott and Pope 1954, Kendall 1954).
    r += (1 + 4 * r) / residuals.size
    r = min(max(r, 0.0), HIGHEST_AUTOCORRELATION)
    return (1 + r) / (1 - r)


def standard_error_of_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Standard error of a weighted mean over breaths, in the unit of the values.

    Parameters
    ----------
    values, weights : ndarray, shape (n,), n >= 2
        One per breath, in the order of time; weights are durations.

    Notes
    -----
    The variance of one breath times the sum of squared normalized weights (1/n where all
    are equal), times the autocorrelation time.
    """
    share = weights / weights.sum()
    mean = float(share @ values)
    residuals = values - mean
    variance = float(residuals @ residuals) / (values.size - 1)
    return float(np.sqrt(variance * float(share @ share) * autocorrelation_time(residuals)))
