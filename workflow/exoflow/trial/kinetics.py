"""Steady state of a trial too short to reach it: a first-order step fitted to the breaths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exoflow.trial.breath_noise import autocorrelation_time

# Selinger and Donelan 2014: mean time constant of the metabolic response to a step in walking.
TIME_CONSTANT_S = 42.0
# Two unknowns and a spread.
FEWEST_BREATHS = 10


@dataclass(frozen=True)
class StepResponse:
    """y(t) = steady + (initial - steady) exp(-t / tau), in the unit of the input.

    Attributes
    ----------
    initial, steady : float
        Values at the start of the trial and after infinite time.
    steady_standard_error : float
        Of `steady`, from the scatter of the breaths about the curve.
    """

    initial: float
    steady: float
    steady_standard_error: float
    time_constant_s: float

    def at(self, time_s: ArrayLike) -> np.ndarray:
        """The curve at times since the start of the trial, s."""
        decay = np.exp(-np.asarray(time_s, dtype=float) / self.time_constant_s)
        return self.steady + (self.initial - self.steady) * decay


def fit_step_response(
    time_s: ArrayLike, values: ArrayLike, time_constant_s: float = TIME_CONSTANT_S
) -> StepResponse:
    """Least-squares step response with a fixed time constant.

    Parameters
    ----------
    time_s : array_like, shape (n_breaths,)
        Since the start of the trial, s.
    values : array_like, shape (n_breaths,)
        Such as power, W.
    time_constant_s : float
        Of the first-order response, s.

    Raises
    ------
    ValueError
        With fewer than FEWEST_BREATHS breaths.

    Notes
    -----
    With tau fixed, y = steady (1 - e) + initial e with e = exp(-t / tau) is linear in both
    unknowns: one least-squares solution, no start values. `initial` is fitted, not assumed
    zero: who walks again soon after a bout starts above standing.
    """
    time, y = np.asarray(time_s, dtype=float), np.asarray(values, dtype=float)
    if y.size < FEWEST_BREATHS:
        raise ValueError(f"{y.size} breaths; a step response needs at least {FEWEST_BREATHS}")
    decay = np.exp(-time / time_constant_s)
    design = np.column_stack([1 - decay, decay])
    (steady, initial), *_ = np.linalg.lstsq(design, y, rcond=None)
    residuals = y - design @ np.array([steady, initial])
    variance = residuals @ residuals / (y.size - 2) * autocorrelation_time(residuals)
    steady_variance = variance * np.linalg.inv(design.T @ design)[0, 0]
    return StepResponse(
        float(initial), float(steady), float(np.sqrt(steady_variance)), time_constant_s
    )
