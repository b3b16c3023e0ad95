"""What the controller observes: ten ticks of what a hip exo can measure.

    hip angle, hip velocity and applied torque of both legs, oldest tick first,
    zero before the device was switched on.

Raw SI values; the network scales them itself (`input_scale`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONTROL_DT_S = 0.01
HISTORY_TICKS = 10

# name, unit and sign of each number of one tick; right before left in every pair.
FEATURES = (
    ("hip_r", "rad", "flexion positive"),
    ("hip_l", "rad", "flexion positive"),
    ("hip_velocity_r", "rad/s", "flexion positive"),
    ("hip_velocity_l", "rad/s", "flexion positive"),
    ("torque_r", "Nm", "applied by the exo, flexion positive"),
    ("torque_l", "Nm", "applied by the exo, flexion positive"),
)
FEATURE_NAMES = tuple(name for name, _, _ in FEATURES)
N_FEATURES = len(FEATURES)
N_ACTOR = HISTORY_TICKS * N_FEATURES

TYPICAL_ANGLE_RAD = 1.0
TYPICAL_VELOCITY_RAD_S = 5.0


def input_scale(torque_limit_Nm: float) -> np.ndarray:
    """Factors that bring the six features to about 1. Shape: (6,), float32."""
    typical = (TYPICAL_ANGLE_RAD, TYPICAL_VELOCITY_RAD_S, torque_limit_Nm)
    return (1.0 / np.repeat(typical, 2)).astype(np.float32)


# What a teacher may be told beside them: name to unit and typical size.
TOLD = {"speed": ("m/s", 1.0), "slope": ("deg", 5.0)}


def told_elements(names: Sequence[str]) -> list[dict[str, Any]]:
    """Name, unit and scale of what a teacher is told, as `io["told"]` of its weights."""
    return [{"name": name, "unit": TOLD[name][0], "scale": 1.0 / TOLD[name][1]} for name in names]


def told_values(condition: Mapping[str, Any], slope_change_deg: float = 0.0) -> dict[str, float]:
    """Every value of `TOLD` for a walk in a condition (`speed_m_s`, `slope_deg`)."""
    return {
        "speed": condition["speed_m_s"],
        "slope": condition["slope_deg"] + slope_change_deg,
    }


@dataclass(frozen=True)
class Observation:
    """Which measures the controller sees, and of which ticks.

    Attributes
    ----------
    features : tuple of (name, unit, sign)
        Measures of the walkers, right before left in every pair.
    ticks : int
        Samples of each, the current one included.
    spacing_ticks : int
        From one sample to the next; 1 is every tick.
    told : tuple of str
        Of `TOLD`: constants of a walk that stand behind the history, for a teacher.
    """

    features: tuple[tuple[str, str, str], ...] = FEATURES
    ticks: int = HISTORY_TICKS
    spacing_ticks: int = 1
    told: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features of one tick."""
        return tuple(name for name, _, _ in self.features)

    @property
    def size(self) -> int:
        """Numbers of a whole observation."""
        return self.ticks * len(self.features) + len(self.told)

    def elements(self) -> tuple[tuple[str, str], ...]:
        """Name and unit of every number, in order: `hip_r_9_ticks_ago`, ..., `torque_l`."""
        ages = range((self.ticks - 1) * self.spacing_ticks, -1, -self.spacing_ticks)
        return tuple(
            (f"{name}_{age}_ticks_ago" if age else name, unit)
            for age in ages
            for name, unit, _ in self.features
        ) + tuple((f"told_{name}", TOLD[name][0]) for name in self.told)


class History:
    """The last ticks of every walker, each sample with the noise it was measured with.

    Parameters
    ----------
    n_walkers : int
    noise : ndarray, shape (n_features,)
        Standard deviation per feature, SI units.
    observation : Observation, optional
        How many samples it shows and how far apart; all ticks between them are kept.
    """

    def __init__(self, n_walkers: int, noise: np.ndarray, observation: Observation | None = None):
        shown = observation or Observation()
        self.noise = noise
        self.spacing_ticks = shown.spacing_ticks
        kept = (shown.ticks - 1) * shown.spacing_ticks + 1
        self.ticks = np.zeros((n_walkers, kept, len(noise)), np.float32)

    def append(self, samples: np.ndarray, rng: np.random.Generator) -> None:
        """Measure `samples`, shape (n_walkers, n_features), and drop the oldest tick."""
        measured = samples + self.noise * rng.standard_normal(samples.shape)
        self.ticks[:, :-1] = self.ticks[:, 1:]
        self.ticks[:, -1] = measured

    def restart(self, rows: np.ndarray, past: np.ndarray, rng: np.random.Generator) -> None:
        """Forget the walkers `rows` (indices) and take over what their device knows.

        Parameters
        ----------
        past : ndarray, shape (len(rows), ticks kept, n_features)
            Oldest tick first. Ticks of zeros are those before it was switched on.
        """
        known = np.asarray(past.any(axis=2, keepdims=True))
        known[:, -1] = True
        self.ticks[rows] = past + known * self.noise * rng.standard_normal(past.shape)

    @property
    def flat(self) -> np.ndarray:
        """Shape: (n_walkers, 60), tick-major, oldest tick first. To be read only: may be a view."""
        return self.ticks[:, :: self.spacing_ticks].reshape(len(self.ticks), -1)
