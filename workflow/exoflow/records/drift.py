"""How far a repeated run may lie from the recorded one.

Training is chaotic: on another processor or with other versions the last bits differ,
and then a seed gives another policy of the same distribution. What repeats is the mean
over seeds, within what the recorded seeds spread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exoflow.records.seeds import Key, Sample

CONFIDENCE = 0.99
# Metrics without seeds: gaits, and controllers that learn nothing. By the end of their names.
ALLOWED = {"_pct": 0.5, "_r": 0.01, "fraction": 0.0}
ALLOWED_SHARE = 0.01
# Below this share of a value, a difference is one of rounding.
ROUNDING_SHARE = 1e-6

SEEDS = "spread of seeds"
FIXED = "fixed"


@dataclass(frozen=True)
class Tolerance:
    """The largest drift that is none, and where it comes from."""

    value: float
    source: str


@dataclass(frozen=True)
class Drift:
    """One metric, recorded and replayed; None where one of them lacks it."""

    key: Key
    recorded: Sample | None
    replayed: Sample | None
    tolerance: Tolerance | None

    @property
    def difference(self) -> float | None:
        """Replayed mean minus recorded mean."""
        if self.recorded is None or self.replayed is None:
            return None
        return self.replayed.mean - self.recorded.mean

    @property
    def beyond(self) -> bool:
        """Whether the drift is more than its tolerance, or a side lacks the metric."""
        if self.difference is None or self.tolerance is None:
            return True
        return abs(self.difference) > self.tolerance.value


def drifts(
    recorded: Mapping[Key, Sample],
    replayed: Mapping[Key, Sample],
    spreads: Mapping[Key, Sequence[Sample]],
) -> list[Drift]:
    """Every metric of both sides with its tolerance.

    Parameters
    ----------
    recorded, replayed
        Metrics of one condition.
    spreads
        For each metric, recorded samples of seeds of all conditions: they share one spread.
    """
    found = []
    for key in dict.fromkeys([*recorded, *replayed]):
        old, new = recorded.get(key), replayed.get(key)
        allowed = None if old is None else tolerance(key, old, spreads.get(key, ()))
        found.append(Drift(key, old, new, allowed))
    return found


def tolerance(key: Key, recorded: Sample, spread: Sequence[Sample]) -> Tolerance:
    """How far the mean of a replay may lie from the recorded one.

    With seeds: both means are draws of the same distribution, so their difference has the
    standard deviation s sqrt(2 / n), and Student's t for the degrees of freedom behind s gives
    the bound that 99 % of replays keep. s is pooled over conditions. Without: a fixed bound.

    Parameters
    ----------
    key
        Where the metric stands; the end of its name decides about the fixed bound.
    recorded
        The metric as recorded.
    spread
        Samples of seeds, of this and of other conditions.
    """
    rounding = ROUNDING_SHARE * abs(recorded.mean)
    pooled = pooled_sd(spread) if recorded.seeded else None
    if pooled is None:
        return Tolerance(max(rounding, fixed(key[-1], recorded.mean)), FIXED)
    sd, freedom = pooled
    bound = student_t(freedom) * sd * math.sqrt(2 / recorded.n)
    return Tolerance(max(rounding, bound), f"{SEEDS} (df {freedom})")


def pooled_sd(spread: Sequence[Sample]) -> tuple[float, int] | None:
    """Standard deviation within samples, and its degrees of freedom; None where none has two."""
    squares = [(one.sd**2 * (one.n - 1), one.n - 1) for one in spread if one.sd is not None]
    freedom = sum(count for _, count in squares)
    return (math.sqrt(sum(square for square, _ in squares) / freedom), freedom) if freedom else None


def student_t(freedom: int) -> float:
    """The t that CONFIDENCE of Student's distribution lies within."""
    from scipy.stats import t

    return float(t.ppf(0.5 + CONFIDENCE / 2, freedom))


def fixed(name: str, value: float) -> float:
    """The bound of a metric that has no seeds."""
    for ending, allowed in ALLOWED.items():
        if name.endswith(ending):
            return allowed
    return ALLOWED_SHARE * abs(value)
