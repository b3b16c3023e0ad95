"""Walk at the old speed for less: the task exoflow trains with."""

from __future__ import annotations

from functools import partial

import numpy as np

from exoflow.config.policy import PolicySettings
from exoflow.gait.tasks.observation import Observation
from exoflow.gait.tasks.task import Randomization, RewardTerm, Task, Tick


def saved_cost(tick: Tick) -> np.ndarray:
    """Share of the cost of transport that is saved; negative if walking costs more."""
    return -(tick.relative_cost - 1.0)


def kept_speed(tick: Tick, tolerance: float) -> np.ndarray:
    """Minus the relative deviation from the speed without exo, beyond what is free."""
    return -np.maximum(0.0, np.abs(tick.relative_speed - 1.0) - tolerance)


def smooth_action(tick: Tick) -> np.ndarray:
    """Minus the squared change of the action, both legs."""
    return -tick.action_change


def fell(tick: Tick) -> np.ndarray:
    """The simulation's rule: centre of mass below 0.85 of its height at the start."""
    return tick.fallen


def fall(tick: Tick) -> np.ndarray:
    """Minus one in the tick that ends in a fall."""
    return -1.0 * fell(tick)


def make(policy: PolicySettings) -> Task:
    """The task with the weights of `policy.reward` and the noise of `policy`."""
    weights = policy.reward
    return Task(
        name="cost_of_transport",
        description="Walk at the speed without exo for a lower cost of transport.",
        reward=(
            RewardTerm("cost_of_transport", weights.cost_of_transport, saved_cost),
            RewardTerm(
                "speed", weights.speed, partial(kept_speed, tolerance=weights.speed_tolerance)
            ),
            RewardTerm("smoothness", weights.smoothness, smooth_action),
            RewardTerm("fall", weights.fall, fall),
        ),
        fell=fell,
        randomization=Randomization(policy.angle_noise_rad, policy.velocity_noise_rad_s),
        observation=Observation(spacing_ticks=policy.history_spacing_ticks, told=policy.told),
    )
