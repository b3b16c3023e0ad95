"""The task of Barati et al. with the reward they print; `docs/barati.md` is the long form.

Source of every constant: their table I and equations 2 to 6. What they leave open is read so:
`v` is the speed of the centre of mass, `a` in the smoothness term is the share of the torque
limit, the least height of the centre of mass is in metres.
"""

from __future__ import annotations

import numpy as np

from exoflow.config.policy import PolicySettings
from exoflow.gait.tasks.observation import Observation
from exoflow.gait.tasks.task import Randomization, RewardTerm, Task, Tick

EFFORT_WEIGHT = 0.5  # w_eff, the same for either leg
SPEED_WEIGHT = 0.2  # w_v
SMOOTHNESS_WEIGHT = 0.1  # lambda_s
FALL_WEIGHT = 10.0  # equation 6
TARGET_SPEED_M_S = 1.3  # v_target
FALL_HEIGHT_M = 0.8  # h_com,min


def low_effort(tick: Tick) -> np.ndarray:
    """Equation 3 without its weight: 2 for muscles at rest, less the more they are active."""
    return (1.0 - np.tanh(tick.effort_r)) + (1.0 - np.tanh(tick.effort_l))


def target_speed(tick: Tick) -> np.ndarray:
    """Equation 4 without its weight: 1 at the target speed."""
    return 1.0 - np.tanh(np.abs(tick.speed_m_s - TARGET_SPEED_M_S))


def smooth_action(tick: Tick) -> np.ndarray:
    """Equation 5 without its weight: minus the squared change of the action, both legs."""
    return -tick.action_change


def fell(tick: Tick) -> np.ndarray:
    """A centre of mass below 0.8 m, or the simulation's own rule, which stops a walker."""
    return tick.fallen | (tick.com_height_m < FALL_HEIGHT_M)


def fall(tick: Tick) -> np.ndarray:
    """Equation 6 without its weight: minus one in the tick that ends in a fall."""
    return -1.0 * fell(tick)


def make(policy: PolicySettings) -> Task:
    """The task; of `policy` it takes noise and history. The weights are the printed ones."""
    return Task(
        name="barati",
        description="Walk at 1.3 m/s with little muscle activation, as Barati et al. print it.",
        reward=(
            RewardTerm("effort", EFFORT_WEIGHT, low_effort),
            RewardTerm("speed", SPEED_WEIGHT, target_speed),
            RewardTerm("smoothness", SMOOTHNESS_WEIGHT, smooth_action),
            RewardTerm("fall", FALL_WEIGHT, fall),
        ),
        fell=fell,
        randomization=Randomization(policy.angle_noise_rad, policy.velocity_noise_rad_s),
        observation=Observation(spacing_ticks=policy.history_spacing_ticks, told=policy.told),
    )
