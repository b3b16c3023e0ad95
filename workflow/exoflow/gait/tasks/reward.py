"""What the controller earns in one tick. Each reward reads as its definition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BARATI_FALL_HEIGHT_M = 0.8


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
        Speed of the centre of mass, mean over this tick.
    effort_r, effort_l
        Mean squared activation of the leg's muscles.
    action_change
        Sum over legs of (a - a_previous)^2; a in -1..1, the share of the torque limit.
    com_height_m
        Height of the centre of mass.
    fallen
        True once the walker is down.
    """

    relative_cost: np.ndarray
    relative_speed: np.ndarray
    speed_m_s: np.ndarray
    effort_r: np.ndarray
    effort_l: np.ndarray
    action_change: np.ndarray
    com_height_m: np.ndarray
    fallen: np.ndarray


@dataclass(frozen=True)
class CostOfTransport:
    """Walk at the old speed for less: the reward exoflow trains with."""

    cost_of_transport: float = 2.0
    speed: float = 2.0
    speed_tolerance: float = 0.01
    smoothness: float = 0.02
    fall: float = 30.0

    def fell(self, tick: Tick) -> np.ndarray:
        """Walkers whose episode ends here. Shape: (n_walkers,), bool."""
        return tick.fallen

    def __call__(self, tick: Tick) -> np.ndarray:
        """Reward of the tick. Shape: (n_walkers,)."""
        off_speed = np.maximum(0.0, np.abs(tick.relative_speed - 1.0) - self.speed_tolerance)
        return (
            -self.cost_of_transport * (tick.relative_cost - 1.0)
            - self.speed * off_speed
            - self.smoothness * tick.action_change
            - self.fall * self.fell(tick)
        )


@dataclass(frozen=True)
class Barati:
    """The reward as Barati et al. print it; their target speed is 1.3 m/s.

    Reading of what they leave open: `v` is the speed of the centre of mass, `a` in
    the smoothness term is the share of the torque limit, heights are metres.
    """

    target_speed_m_s: float = 1.3

    def fell(self, tick: Tick) -> np.ndarray:
        """Walkers whose episode ends here. Shape: (n_walkers,), bool."""
        return tick.fallen | (tick.com_height_m < BARATI_FALL_HEIGHT_M)

    def __call__(self, tick: Tick) -> np.ndarray:
        """Reward of the tick, at most 1.2. Shape: (n_walkers,)."""
        r_eff = 0.5 * (1.0 - np.tanh(tick.effort_r)) + 0.5 * (1.0 - np.tanh(tick.effort_l))
        r_vel = 0.2 * (1.0 - np.tanh(np.abs(tick.speed_m_s - self.target_speed_m_s)))
        r_s = -0.1 * tick.action_change
        r_fall = -10.0 * self.fell(tick)
        return r_eff + r_vel + r_s + r_fall
