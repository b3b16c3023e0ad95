"""Do the first and the last bout of a baseline agree? Bland and Altman's limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.trial.baselines import NORMAL_95, BaselinePair


@dataclass(frozen=True)
class Repeatability:
    """Last minus first over all sessions, W/kg.

    Attributes
    ----------
    bias_W_kg, sd_W_kg : float
        Mean and standard deviation (n - 1) of the differences; no SD with one pair.
    limits_W_kg : tuple of float or None
        95 % limits of agreement, bias -+ 1.96 SD (Bland and Altman 1986).
    """

    n: int
    bias_W_kg: float
    sd_W_kg: float | None
    limits_W_kg: tuple[float, float] | None


def repeatability(pairs: Sequence[BaselinePair]) -> Repeatability | None:
    """Agreement of the pairs of one activity; None without a pair."""
    if not pairs:
        return None
    differences = np.array([pair.last_W_kg - pair.first_W_kg for pair in pairs])
    bias = float(differences.mean())
    if differences.size < 2:
        return Repeatability(1, bias, None, None)
    sd = float(differences.std(ddof=1))
    half = NORMAL_95 * sd
    return Repeatability(differences.size, bias, sd, (bias - half, bias + half))
