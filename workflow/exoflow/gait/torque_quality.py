"""How smooth, even and well timed the torque of an exo is; pure functions on arrays.

Torques and moments in Nm, flexion positive. A mean cycle runs from heel strike (0 %) to the next
heel strike of the same leg (100 %), both ends included.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

# A peak of the muscles' moment counts from this share of the largest of its sign on, and if it
# stands out by this share of the curve's range: an impact or a shoulder is no peak to follow.
LEAST_HEIGHT = 0.5
LEAST_PROMINENCE = 0.2
# Below this a torque is zero, Nm: nothing that could be smooth, even or timed.
NO_TORQUE_NM = 1e-6


def largest_step_Nm(torque: np.ndarray, step_s: float, over_s: float = 0.01) -> float:
    """Largest |torque(t + over_s) - torque(t)|, Nm.

    Parameters
    ----------
    torque : ndarray, shape (n,) or (n, n_legs)
    step_s : float
        Time between rows, s; `over_s` is rounded to whole rows, one at least.
    """
    rows = max(1, round(over_s / step_s))
    return float(np.abs(torque[rows:] - torque[:-rows]).max())


def power_above_pct(torque: np.ndarray, step_s: float, cutoff_Hz: float = 10.0) -> float | None:
    """Share of the variance of a torque above a frequency, %; None of a constant torque.

    Mean removed, then one Hann window over the whole record, then the periodogram: give whole
    strides, ten or so. A component of 1 Hz leaks less than 1e-6 of its variance past 10 Hz.

    Parameters
    ----------
    torque : ndarray, shape (n,) or (n, n_legs)
        The variances of the legs are added.
    step_s : float
        Time between rows, s.
    """
    signal = torque.reshape(len(torque), -1)
    window = np.hanning(len(signal))[:, None]
    power = (np.abs(np.fft.rfft((signal - signal.mean(axis=0)) * window, axis=0)) ** 2).sum(axis=1)
    # The window lets a little of the mean come back; it is no variance.
    power[0] = 0.0
    if signal.std() < NO_TORQUE_NM:
        return None
    above = np.fft.rfftfreq(len(signal), step_s) > cutoff_Hz
    return float(100.0 * power[above].sum() / power.sum())


def left_right_r(right: np.ndarray, left: np.ndarray) -> float | None:
    """Pearson correlation of two mean cycles, each from its own heel strike; None if constant."""
    if min(right.std(), left.std()) < NO_TORQUE_NM:
        return None
    return float(np.corrcoef(right, left)[0, 1])


def peak_sd_Nm(strides: np.ndarray) -> float | None:
    """SD over strides of the peak flexion or of the peak extension torque, the larger one, Nm.

    Parameters
    ----------
    strides : ndarray, shape (n_strides, n_points)
        One row per stride; None with fewer than two.
    """
    if len(strides) < 2:
        return None
    return float(max(strides.max(axis=1).std(ddof=1), strides.min(axis=1).std(ddof=1)))


@dataclass(frozen=True)
class PeakTiming:
    """One sign's peaks in the mean cycle: the exo's, the muscles' nearest to it, and their lag.

    Attributes
    ----------
    exo_pct, muscle_pct : float
        % of the cycle.
    lag_pct : float
        Exo minus muscle, -50..50 % of the cycle; positive: the exo is late.
    """

    exo_pct: float
    muscle_pct: float
    lag_pct: float


def peak_timing(torque: np.ndarray, muscle_moment: np.ndarray, sign: int) -> PeakTiming | None:
    """Time of the exo's largest torque of a sign against the muscles' nearest peak of that sign.

    Parameters
    ----------
    torque, muscle_moment : ndarray, shape (n_points,)
        Mean cycles of one leg from one walk, flexion positive. The moment is the muscles' own,
        with the exo on: neither its torque nor that of the joint stops is in it.
    sign : int
        1: flexion, -1: extension.

    Returns
    -------
    PeakTiming or None
        None if the exo or the muscles never act in that direction.
    """
    # The last point is the first of the next cycle.
    exo, muscle = sign * torque[:-1], sign * muscle_moment[:-1]
    if exo.max() < NO_TORQUE_NM or muscle.max() < NO_TORQUE_NM:
        return None
    n = len(exo)
    at = int(np.argmax(exo))
    peaks = cyclic_peaks(muscle)
    lags = (at - peaks + n / 2) % n - n / 2
    nearest = int(np.argmin(np.abs(lags)))
    percent = 100.0 / n
    return PeakTiming(at * percent, float(peaks[nearest]) * percent, float(lags[nearest]) * percent)


def cyclic_peaks(curve: np.ndarray) -> np.ndarray:
    """Indices of the positive peaks of one period, the largest among them.

    A peak has LEAST_HEIGHT of the largest and stands out by LEAST_PROMINENCE of the range.
    """
    n = len(curve)
    # Three periods, so that a peak at the seam is one too.
    found, _ = find_peaks(
        np.tile(curve, 3),
        height=LEAST_HEIGHT * curve.max(),
        prominence=LEAST_PROMINENCE * np.ptp(curve),
    )
    return np.unique(np.append(found[(found >= n) & (found < 2 * n)] - n, np.argmax(curve)))
