"""What the controller observes: ten ticks of what a hip exo can measure.

    hip angle, hip velocity and applied torque of both legs, oldest tick first,
    zero before the first tick (as on a device that has just been switched on).

Raw SI values; the network scales them itself (`input_scale`).
"""

from __future__ import annotations

import numpy as np

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


def noise_std(angle_rad: float, velocity_rad_s: float) -> np.ndarray:
    """Standard deviation of the sensor noise of one tick, SI units. Shape: (6,).

    The torque is the actuator's own reading and carries no noise.
    """
    return np.repeat((angle_rad, velocity_rad_s, 0.0), 2)


class History:
    """The last ten ticks of every walker, each sample with the noise it was measured with.

    Parameters
    ----------
    n_walkers : int
    noise : ndarray, shape (6,)
        Standard deviation per feature, SI units.
    """

    def __init__(self, n_walkers: int, noise: np.ndarray):
        self.noise = noise
        self.ticks = np.zeros((n_walkers, HISTORY_TICKS, N_FEATURES), np.float32)

    def append(self, samples: np.ndarray, rng: np.random.Generator) -> None:
        """Measure `samples`, shape (n_walkers, 6), and drop the oldest tick."""
        measured = samples + self.noise * rng.standard_normal(samples.shape)
        self.ticks[:, :-1] = self.ticks[:, 1:]
        self.ticks[:, -1] = measured

    def restart(self, rows: np.ndarray, samples: np.ndarray, rng: np.random.Generator) -> None:
        """Forget the walkers `rows` (indices) and measure their first sample, shape (k, 6)."""
        self.ticks[rows] = 0.0
        self.ticks[rows, -1] = samples + self.noise * rng.standard_normal(samples.shape)

    @property
    def flat(self) -> np.ndarray:
        """Shape: (n_walkers, 60), tick-major, oldest tick first. A view."""
        return self.ticks.reshape(len(self.ticks), N_ACTOR)
