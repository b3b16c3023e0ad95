"""How alike two cycles are: each number by its name, because they are not the same thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exoflow.errors import TrialDataError

# Beyond a quarter of a cycle flexion would be laid on extension.
LARGEST_LAG_PCT = 25.0


@dataclass(frozen=True)
class Likeness:
    """A device's mean cycle against the simulated one, in the unit of the quantity.

    Attributes
    ----------
    correlation_zero_lag, correlation_best_lag : float
        Normalized uncentred cross-correlation sum(x y) / sqrt(sum(x^2) sum(y^2)) (Wren et al.
        2006), as recorded and at the best lag. An offset common to both raises it.
    best_lag_pct, best_lag_ms : float
        Of the cycle, and of the device's mean cycle; positive: the device comes later.
    pearson_r : float or None
        At zero lag, offsets removed; None if either cycle is constant.
    rmse : float
        At zero lag.
    device_peak, simulated_peak, peak_error : float
        Largest values of the mean cycles; error is device minus simulation.
    peak_timing_error_pct, peak_timing_error_ms : float
        Of that peak, by the shorter way round; positive: the device comes later.
    """

    correlation_zero_lag: float
    correlation_best_lag: float
    best_lag_pct: float
    best_lag_ms: float
    pearson_r: float | None
    rmse: float
    device_peak: float
    simulated_peak: float
    peak_error: float
    peak_timing_error_pct: float
    peak_timing_error_ms: float


def likeness(device: np.ndarray, simulated: np.ndarray, cycle_s: float) -> Likeness:
    """Compare two mean cycles.

    Parameters
    ----------
    device, simulated : ndarray, shape (n_points,)
        One period each, from the same event, without its end point.
    cycle_s : float
        Duration of the device's cycle, s.

    Raises
    ------
    TrialDataError
        If the shapes differ, a value is not finite, or one of both is zero throughout.
    """
    x, y = np.asarray(device, dtype=float), np.asarray(simulated, dtype=float)
    if x.shape != y.shape or x.ndim != 1:
        raise TrialDataError(f"cycles of shapes {x.shape} and {y.shape} cannot be compared.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise TrialDataError("a cycle holds a value that is not finite.")
    scale = float(np.sqrt((x @ x) * (y @ y)))
    if scale == 0:
        raise TrialDataError("a cycle is zero throughout: it has no correlation.")
    n = x.size
    correlations = circular_correlation(x, y) / scale
    lags = np.arange(n)
    lags[lags > n // 2] -= n
    allowed = np.abs(lags) <= LARGEST_LAG_PCT / 100 * n
    best = int(np.flatnonzero(allowed)[np.argmax(correlations[allowed])])
    percent, ms = 100 / n, 1000 * cycle_s / n
    shift = _shorter_way(int(np.argmax(x)) - int(np.argmax(y)), n)
    constant = np.ptp(x) == 0 or np.ptp(y) == 0
    return Likeness(
        correlation_zero_lag=float(correlations[0]),
        correlation_best_lag=float(correlations[best]),
        best_lag_pct=float(lags[best]) * percent,
        best_lag_ms=float(lags[best]) * ms,
        pearson_r=None if constant else float(np.corrcoef(x, y)[0, 1]),
        rmse=float(np.sqrt(np.mean((x - y) ** 2))),
        device_peak=float(x.max()),
        simulated_peak=float(y.max()),
        peak_error=float(x.max() - y.max()),
        peak_timing_error_pct=shift * percent,
        peak_timing_error_ms=shift * ms,
    )


def circular_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """sum_i x[i] y[i - k] for every lag k, both being periodic; shape (n,)."""
    return np.fft.irfft(np.fft.rfft(x) * np.conj(np.fft.rfft(y)), n=x.size)


def _shorter_way(points: int, n: int) -> float:
    return float((points + n / 2) % n - n / 2)
