"""Gait cycles of a signal: where they begin, and their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

# Choi et al. average ten cycles.
CYCLES = 10
# 0.1 % of a cycle, about a millisecond.
POINTS = 1000
# Nobody strides faster; a second bump of the thigh inside a stride is no new cycle.
SHORTEST_CYCLE_S = 0.6
LONGEST_CYCLE_S = 2.5
# A peak of hip flexion stands out from the valleys beside it by this share of the range.
PROMINENCE = 0.3
# A cycle this far from the median duration is a stumble, a turn or a gap.
DURATION_TOLERANCE = 0.2


@dataclass(frozen=True)
class Cycles:
    """Starts and ends of whole cycles, s, shape (n_cycles,); `n_left_out` irregular ones."""

    starts_s: np.ndarray
    ends_s: np.ndarray
    n_left_out: int

    @property
    def duration_s(self) -> float:
        """Mean duration."""
        return float(np.mean(self.ends_s - self.starts_s))


def flexion_peaks(time_s: np.ndarray, hip_angle_rad: np.ndarray) -> np.ndarray:
    """Times of peak hip flexion, s: the event that a device without foot switches has."""
    step = float(np.median(np.diff(time_s)))
    peaks, _ = signal.find_peaks(
        hip_angle_rad,
        distance=max(1, round(SHORTEST_CYCLE_S / step)),
        prominence=max(PROMINENCE * float(np.ptp(hip_angle_rad)), 1e-9),
    )
    return time_s[peaks]


def whole_cycles(events_s: np.ndarray, count: int = CYCLES) -> Cycles:
    """The last `count` regular cycles between events.

    Raises
    ------
    ValueError
        With fewer than two regular cycles.
    """
    durations = np.diff(events_s)
    plausible = (durations >= SHORTEST_CYCLE_S) & (durations <= LONGEST_CYCLE_S)
    if plausible.sum() >= 2:
        median = float(np.median(durations[plausible]))
        plausible &= np.abs(durations - median) <= DURATION_TOLERANCE * median
    kept = np.flatnonzero(plausible)
    if kept.size < 2:
        raise ValueError(f"{kept.size} whole gait cycles; at least 2 are needed")
    last = kept[-count:]
    return Cycles(events_s[last], events_s[last + 1], int((~plausible[last[0] :]).sum()))


def mean_cycle(time_s: np.ndarray, values: np.ndarray, cycles: Cycles) -> np.ndarray:
    """Mean over cycles, each resampled linearly to POINTS of its duration; shape (POINTS,)."""
    phase = np.arange(POINTS) / POINTS
    at = cycles.starts_s[:, None] + phase * (cycles.ends_s - cycles.starts_s)[:, None]
    return np.interp(at, time_s, values).mean(axis=0)
