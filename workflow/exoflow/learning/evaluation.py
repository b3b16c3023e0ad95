"""How good a controller is: walks without exploration, compared with walking unassisted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from exoflow.gait.environment import CONTROL_DT_S, AssistedGait

# A controller that saves energy by changing the speed has not done its task.
SPEED_TOLERANCE = 0.02
# Per cent of cost that one per cent of speed beyond the tolerance counts as, as in the reward.
SPEED_PENALTY = 2.0


@dataclass(frozen=True)
class Evaluation:
    """Means over the walkers that did not fall; NaN if all fell."""

    change_cot_pct: float
    speed_m_s: float
    speed_change: float
    fall_fraction: float

    @property
    def is_valid(self) -> bool:
        """Nobody fell and the speed was kept within 2 %."""
        return self.fall_fraction == 0 and abs(self.speed_change) <= SPEED_TOLERANCE

    def rank(self) -> tuple[float, ...]:
        """Sort key, best first: fewest falls, then the cost with a penalty on the speed.

        A hard limit on the speed would keep a controller that does nothing over one that
        saves energy a little too fast.
        """
        if math.isnan(self.change_cot_pct):
            return (math.inf,)
        excess_pct = 100.0 * max(0.0, abs(self.speed_change) - SPEED_TOLERANCE)
        return (self.fall_fraction, self.change_cot_pct + SPEED_PENALTY * excess_pct)


def evaluate(
    act: Callable[[torch.Tensor], torch.Tensor],
    gait: AssistedGait,
    duration_s: float,
    settle_s: float,
    seed: int,
) -> Evaluation:
    """Let every walker of `gait` walk with the controller, sensor noise on.

    Parameters
    ----------
    act
        Observations (n_walkers, n) to actions (n_walkers, 2), without exploration.
    gait
        Environment of its own: its walkers are reset.
    duration_s, settle_s
        Length of the walk, and how much of its start is not counted.
    seed
        Of the starts and the noise; the same seed gives the same walks.
    """
    gait.rng = np.random.default_rng(seed)
    observation = gait.reset()
    fallen = np.zeros(gait.n_walkers, bool)
    energy, distance = np.zeros(gait.n_walkers), np.zeros(gait.n_walkers)
    n_ticks, n_settle = round(duration_s / CONTROL_DT_S), round(settle_s / CONTROL_DT_S)
    for tick in range(n_ticks):
        with torch.no_grad():
            action = act(torch.as_tensor(observation)).numpy()
        observation, _, terminated, _ = gait.step(action)
        fallen |= terminated
        if fallen.all():
            break
        if tick >= n_settle:
            energy += gait.measure("metabolic_power_W")
            distance += gait.measure("speed_m_s")
    walked = ~fallen
    if not walked.any():
        return Evaluation(math.nan, math.nan, math.nan, 1.0)
    # Each walker against its own reference: on another slope it costs something else.
    reference = {
        name: np.broadcast_to(values, gait.n_walkers)[walked]
        for name, values in gait.batch.reference.items()
    }
    cost_without = reference["metabolic_power_W"] / reference["speed_m_s"]
    change = energy[walked] / distance[walked] / cost_without - 1.0
    speed = distance[walked] / (n_ticks - n_settle)
    return Evaluation(
        change_cot_pct=float(100.0 * change.mean()),
        speed_m_s=float(speed.mean()),
        speed_change=float((speed / reference["speed_m_s"]).mean() - 1.0),
        fall_fraction=float(fallen.mean()),
    )
