"""What a task is: the pieces that one file of this folder declares.

A task says what the controller observes, what its action means, what a tick earns, when
walking has ended in a fall, where an episode starts and what is random. `registry` lists
the tasks; `gait.environment.AssistedGait` runs any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exoflow.gait.tasks.observation import Observation
from exoflow.gait.tasks.reset import SnapshotPool

# Torque of right and left hip: name, unit and sign of each number of an action.
HIP_TORQUES = (
    ("torque_r", "share of the torque limit", "flexion positive"),
    ("torque_l", "share of the torque limit", "flexion positive"),
)
N_ACTION = len(HIP_TORQUES)


@dataclass(frozen=True, eq=False)
class Tick:
    """One control tick of all walkers. Every array has shape (n_walkers,).

    Attributes
    ----------
    relative_cost
        (mean power / mean speed) / (the same without exo); means are moving averages.
    relative_speed
        Moving average of the speed / speed without exo.
    speed_m_s
        Forward speed of the centre of mass, mean over this tick.
    effort_r, effort_l
        Mean squared activation of the leg's muscles.
    action_change
        Sum over legs of (a - a_previous)^2; a in -1..1, the share of the torque limit.
    com_height_m
        Height of the centre of mass.
    fallen
        True once the walker is down.
    measure
        Name of any other measure of the walkers to its values.
    """

    relative_cost: np.ndarray
    relative_speed: np.ndarray
    speed_m_s: np.ndarray
    effort_r: np.ndarray
    effort_l: np.ndarray
    action_change: np.ndarray
    com_height_m: np.ndarray
    fallen: np.ndarray
    measure: Callable[[str], np.ndarray]


@dataclass(frozen=True)
class RewardTerm:
    """One part of what a tick earns: weight x value.

    Attributes
    ----------
    name : str
    weight : float
        At least 0; a penalty is a value that is negative.
    value
        Tick to an array of shape (n_walkers,).
    """

    name: str
    weight: float
    value: Callable[[Tick], np.ndarray]

    def __call__(self, tick: Tick) -> np.ndarray:
        """What the walkers earn by this term. Shape: (n_walkers,)."""
        return self.weight * self.value(tick)


@dataclass(frozen=True)
class Randomization:
    """What differs between walks that are the same by name; zero is no noise.

    Attributes
    ----------
    angle_noise_rad, velocity_noise_rad_s : float
        Standard deviation of the white noise on every measured angle and velocity. The
        torque is the actuator's own reading and carries none.
    """

    angle_noise_rad: float = 0.0
    velocity_noise_rad_s: float = 0.0

    def noise_std(self, observation: Observation) -> np.ndarray:
        """Standard deviation of the noise of each feature, SI units. Shape: (n_features,)."""
        by_unit = {"rad": self.angle_noise_rad, "rad/s": self.velocity_noise_rad_s}
        return np.array([by_unit.get(unit, 0.0) for _, unit, _ in observation.features])


@dataclass(frozen=True)
class Task:
    """A task of the worn controller.

    Attributes
    ----------
    name, description : str
        As `policy.reward.task` has it; and one sentence.
    reward : tuple of RewardTerm
        A tick earns their sum, added in this order.
    fell
        Tick to the walkers whose episode ends here, shape (n_walkers,), bool.
    randomization : Randomization
    observation : Observation
        What the controller sees.
    action : tuple of (name, unit, sign)
        What each number of an action in -1..1 means.
    start
        (batch, number of moments, seed, settling time in s) to the moments at which
        episodes start.
    """

    name: str
    description: str
    reward: tuple[RewardTerm, ...]
    fell: Callable[[Tick], np.ndarray]
    randomization: Randomization
    observation: Observation = field(default_factory=Observation)
    action: tuple[tuple[str, str, str], ...] = HIP_TORQUES
    start: Callable[[Any, int, int, float], SnapshotPool] = SnapshotPool.record

    def terms(self, tick: Tick) -> dict[str, np.ndarray]:
        """What every reward term gives, by its name. Shape of each: (n_walkers,)."""
        return {term.name: term(tick) for term in self.reward}


def total(terms: dict[str, np.ndarray]) -> np.ndarray:
    """Sum of the reward terms, in their order. Shape: (n_walkers,)."""
    first, *others = terms.values()
    reward = first.astype(float)
    for value in others:
        reward += value
    return reward


def torque_command_Nm(action: np.ndarray, torque_limit_Nm: float) -> np.ndarray:
    """Torques that an action asks for, Nm; the actuator clips and slews them."""
    return action * torque_limit_Nm
