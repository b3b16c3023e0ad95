"""Means over a window of a recording, with the checks that say whether to trust them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exoflow.trial.breath_noise import standard_error_of_mean
from exoflow.trial.energy import EnergyEquation, assumed_vco2_mL_min, metabolic_power_W
from exoflow.trial.recording import Recording

# Change over the window that a steady state does not show, %; half of what is often allowed
# between two minutes, because a mean over the window halves it again.
DRIFT_LIMIT_PCT = 5.0
# A slope counts when it is this many standard errors from zero (99 %, two-sided).
SLOPE_STANDARD_ERRORS = 2.576
HIGHEST_RER = 1.0
LOWEST_RER = 0.65
# Resting people breathe 12 to 20 times a minute; fewer than this means that breaths are missing.
FEWEST_BREATHS_PER_MIN = 8.0
FEWEST_BINS = 4
LONGEST_GAP_S = 20.0
# A cough or a swallowed breath lies this many scaled median deviations away.
OUTLIER_DEVIATIONS = 5.0
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Breaths:
    """The rows of a recording inside a span of time that hold both gases.

    Attributes
    ----------
    time_s, duration_s : ndarray, shape (n,)
        End of each row, and how much of the span it stands for.
    vo2_mL_min, vco2_mL_min : ndarray, shape (n,)
    n_missing : int
        Rows inside the span without a usable value.
    longest_gap_s : float
        Longest time without a usable row.
    """

    time_s: np.ndarray
    duration_s: np.ndarray
    vo2_mL_min: np.ndarray
    vco2_mL_min: np.ndarray
    n_missing: int
    longest_gap_s: float


@dataclass(frozen=True)
class WindowMean:
    """Time-weighted means over one window and what was noticed about it.

    Attributes
    ----------
    start_s, end_s : float
        Of the window, s since the start of the recording.
    power_standard_error_W : float
        From the scatter of the breaths.
    change_pct : float
        Fitted linear change of power over the window, % of its mean.
    flags : tuple of str
        Checks that failed; empty when all is well.
    """

    start_s: float
    end_s: float
    vo2_mL_min: float
    vco2_mL_min: float
    power_W: float
    power_standard_error_W: float
    n_breaths: int
    n_missing: int
    n_outliers: int
    longest_gap_s: float
    change_pct: float
    breath_cv_pct: float
    flags: tuple[str, ...]

    @property
    def rer(self) -> float:
        """Respiratory exchange ratio, of the means."""
        return self.vco2_mL_min / self.vo2_mL_min


def cut_breaths(
    recording: Recording, start_s: float, end_s: float, assumed_rer: float | None
) -> Breaths:
    """The usable rows between two times, each with the time it stands for.

    A row's time is the end of its breath or bin, so it stands for the time since the row
    before it, cut to the span. A row without oxygen (a cart's blank, or a zero no living
    person breathes) is counted and left out.
    """
    time = recording.time_s
    before = np.concatenate([[time[0] - (time[1] - time[0] if time.size > 1 else 0)], time[:-1]])
    duration = np.minimum(time, end_s) - np.maximum(before, start_s)
    inside = duration > 0
    vo2 = recording.vo2_mL_min
    vco2 = recording.vco2_mL_min
    if not recording.has_vco2 and assumed_rer is not None:
        vco2 = assumed_vco2_mL_min(vo2, assumed_rer)
    # NaN compares false, so this leaves blanks out as well.
    usable = inside & (vo2 > 0) & (vco2 > 0)
    edges = np.concatenate([[start_s], np.clip(time[usable], start_s, end_s), [end_s]])
    return Breaths(
        time_s=time[usable],
        duration_s=duration[usable],
        vo2_mL_min=vo2[usable],
        vco2_mL_min=vco2[usable],
        n_missing=int(inside.sum() - usable.sum()),
        longest_gap_s=float(np.diff(edges).max()),
    )


def window_mean(
    recording: Recording,
    start_s: float,
    end_s: float,
    equation: EnergyEquation,
    assumed_rer: float | None = None,
) -> WindowMean:
    """Time-weighted means between two times, and the steady-state checks.

    Parameters
    ----------
    start_s, end_s : float
        s since the start of the recording.
    assumed_rer : float, optional
        Stands in for carbon dioxide where the recording has none.

    Raises
    ------
    ValueError
        With fewer than two usable rows.
    """
    breaths = cut_breaths(recording, start_s, end_s, assumed_rer)
    n = breaths.time_s.size
    if n < 2:
        raise ValueError(f"{n} rows with both gases between {start_s:g} and {end_s:g} s")
    share = breaths.duration_s / breaths.duration_s.sum()
    power = metabolic_power_W(breaths.vo2_mL_min, breaths.vco2_mL_min, equation)
    mean_power = float(share @ power)
    slope, slope_error = _slope(breaths.time_s, power)
    found = WindowMean(
        start_s=start_s,
        end_s=end_s,
        vo2_mL_min=float(share @ breaths.vo2_mL_min),
        vco2_mL_min=float(share @ breaths.vco2_mL_min),
        power_W=mean_power,
        power_standard_error_W=standard_error_of_mean(power, breaths.duration_s),
        n_breaths=n,
        n_missing=breaths.n_missing,
        n_outliers=_outliers(power),
        longest_gap_s=breaths.longest_gap_s,
        change_pct=100 * slope * (end_s - start_s) / mean_power,
        breath_cv_pct=100 * float(power.std(ddof=1)) / mean_power,
        flags=(),
    )
    drifts = abs(slope) > SLOPE_STANDARD_ERRORS * slope_error
    return replace(found, flags=_flags(found, drifts, recording))


def _slope(time_s: np.ndarray, power: np.ndarray) -> tuple[float, float]:
    """Least-squares slope, W/s, and its standard error; 0 and 0 where there is no scatter."""
    centred = time_s - time_s.mean()
    spread = float(centred @ centred)
    if time_s.size < 3 or spread == 0:
        return 0.0, 0.0
    slope = float(centred @ power) / spread
    residuals = power - power.mean() - slope * centred
    return slope, float(np.sqrt(residuals @ residuals / (time_s.size - 2) / spread))


def _outliers(power: np.ndarray) -> int:
    """Breaths far from the others; they stay in the mean."""
    distance = np.abs(power - np.median(power))
    spread = MAD_TO_SD * float(np.median(distance))
    return int((distance > OUTLIER_DEVIATIONS * spread).sum()) if spread > 0 else 0


def _flags(found: WindowMean, drifts: bool, recording: Recording) -> tuple[str, ...]:
    minutes = (found.end_s - found.start_s) / 60
    fewest = FEWEST_BINS if recording.sampling == "binned" else FEWEST_BREATHS_PER_MIN * minutes
    checks = {
        "slope": drifts and abs(found.change_pct) > DRIFT_LIMIT_PCT,
        "rer_high": recording.has_vco2 and found.rer >= HIGHEST_RER,
        "rer_low": recording.has_vco2 and found.rer < LOWEST_RER,
        "few_breaths": found.n_breaths < fewest,
        "gap": found.longest_gap_s > LONGEST_GAP_S and recording.sampling == "breath",
        "outlier_breaths": found.n_outliers > 0,
        "assumed_rer": not recording.has_vco2,
    }
    return tuple(name for name, failed in checks.items() if failed)
