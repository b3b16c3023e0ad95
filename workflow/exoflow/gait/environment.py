"""Assisted walking as a reinforcement-learning environment.

`AssistedGait` steps many walkers that wear the exo, one control tick at a time;
`AssistedGaitEnv` is one of them behind the Gymnasium interface. Both only know
the batch of walkers, never the engine that moves them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from exoflow.errors import SimulationError
from exoflow.gait.tasks.observation import FEATURE_NAMES, N_ACTOR, History, noise_std
from exoflow.gait.tasks.reset import SnapshotPool
from exoflow.gait.tasks.reward import CostOfTransport, Tick

CONTROL_DT_S = 0.01
N_LEGS = 2
# Beside the simulation state the critic sees what else the reward depends on:
# both moving averages and the last action of either leg.
N_CRITIC_EXTRA = 2 + N_LEGS
# Relative cost and speed differ from 1 by a few percent; this brings them to about 1.
CRITIC_GAIN = 10.0


@dataclass(frozen=True)
class EnvironmentSettings:
    """How walking is measured and cut into episodes; the reward is a task of its own."""

    torque_limit_Nm: float = 8.0
    angle_noise_rad: float = 0.05
    velocity_noise_rad_s: float = 0.1
    episode_s: float = 10.0
    average_s: float = 1.0
    pool_moments: int = 256
    pool_settle_s: float = 5.0
    privileged: bool = True


class AssistedGait:
    """A batch of walkers with a hip exo; episodes end by falling or by time.

    Observations have shape (n_walkers, 60 + n_critic), float32: first the ten
    ticks the controller sees (`tasks.observation`), then, if `privileged`, what
    only the critic sees. Actions have shape (n_walkers, 2), right and left
    torque as a share of the limit, -1..1, flexion positive.

    Walkers that are done stay as they are until `reset` is called for them.

    Parameters
    ----------
    batch
        Walkers as `Walker.batch` makes them (states, measures, privileged, step).
    settings : EnvironmentSettings
    reward
        A task's reward (`tasks.reward`).
    seed : int
        Of the snapshot pool, the resets and the sensor noise.
    pool : SnapshotPool, optional
        Moments to start from; recorded from `batch` if not given.
    """

    def __init__(
        self,
        batch: Any,
        settings: EnvironmentSettings,
        reward: Any = None,
        seed: int = 0,
        pool: SnapshotPool | None = None,
    ):
        self.batch = batch
        self.settings = settings
        self.reward = reward or CostOfTransport()
        self.n_walkers = batch.n_walkers
        self.rng = np.random.default_rng(seed)
        self.pool = pool or SnapshotPool.record(
            batch, settings.pool_moments, seed, settings.pool_settle_s
        )
        self._reference_speed = float(batch.reference["speed_m_s"])
        self._reference_power = float(batch.reference["metabolic_power_W"])
        self._forget = math.exp(-CONTROL_DT_S / settings.average_s)
        self._max_ticks = round(settings.episode_s / CONTROL_DT_S)
        self._feature_columns = [batch.index(name) for name in FEATURE_NAMES]
        self._column = {name: batch.index(name) for name in batch.measure_names}
        self.history = History(
            self.n_walkers, noise_std(settings.angle_noise_rad, settings.velocity_noise_rad_s)
        )
        self.ticks = np.zeros(self.n_walkers, np.int64)
        self.mean_power_W = np.full(self.n_walkers, self._reference_power)
        self.mean_speed_m_s = np.full(self.n_walkers, self._reference_speed)
        self.action = np.zeros((self.n_walkers, N_LEGS))
        self.measures = np.zeros((self.n_walkers, batch.n_measures))
        self.privileged = np.zeros((self.n_walkers, batch.n_privileged))

    @property
    def n_critic(self) -> int:
        """Numbers only the critic sees; 0 if it is not privileged."""
        return self.batch.n_privileged + N_CRITIC_EXTRA if self.settings.privileged else 0

    @property
    def observation_space(self) -> gymnasium.spaces.Box:
        """Space of one walker's observation."""
        return gymnasium.spaces.Box(-np.inf, np.inf, (N_ACTOR + self.n_critic,), np.float32)

    @property
    def action_space(self) -> gymnasium.spaces.Box:
        """Space of one walker's action."""
        return gymnasium.spaces.Box(-1.0, 1.0, (N_LEGS,), np.float32)

    def reset(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Start the walkers `rows` (indices, default all) anew at random moments of the pool.

        Returns
        -------
        ndarray, shape (len(rows), 60 + n_critic)
            Their first observations: nine ticks of zeros and the current sample.
        """
        rows = np.arange(self.n_walkers) if rows is None else np.asarray(rows)
        moment = self.rng.integers(len(self.pool), size=len(rows))
        self.batch.states[rows] = self.pool.states[moment]
        self.measures[rows] = self.pool.measures[moment]
        self.privileged[rows] = self.pool.privileged[moment]
        self.history.restart(rows, self.measures[rows][:, self._feature_columns], self.rng)
        self.ticks[rows] = 0
        self.mean_power_W[rows] = self._reference_power
        self.mean_speed_m_s[rows] = self._reference_speed
        self.action[rows] = 0.0
        return self.observe()[rows]

    def step(self, action: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Walk one tick.

        Parameters
        ----------
        action : ndarray, shape (n_walkers, 2)

        Returns
        -------
        observation : ndarray, shape (n_walkers, 60 + n_critic), float32
        reward : ndarray, shape (n_walkers,)
        terminated, truncated : ndarray, shape (n_walkers,), bool
            Fell; or reached the end of the episode while walking.

        Raises
        ------
        SimulationError
            If a walker left the finite numbers; names walker, time and variable.
        """
        action = np.asarray(action, float)
        self.batch.step(action * self.settings.torque_limit_Nm)
        self.ticks += 1
        self.measures[:] = self.batch.measures
        self.privileged[:] = self.batch.privileged
        self._require_finite()
        tick = self._average(action)
        self.action[:] = action
        self.history.append(self.measures[:, self._feature_columns], self.rng)
        terminated = self.reward.fell(tick)
        truncated = (self.ticks >= self._max_ticks) & ~terminated
        return self.observe(), self.reward(tick), terminated, truncated

    def observe(self) -> np.ndarray:
        """Current observations, a new array. Shape: (n_walkers, 60 + n_critic), float32."""
        if not self.settings.privileged:
            return self.history.flat.copy()
        cost, speed = self._relative_cost(), self.mean_speed_m_s / self._reference_speed
        averages = CRITIC_GAIN * (np.stack([cost, speed], axis=1) - 1.0)
        parts = (self.history.flat, self.privileged, averages, self.action)
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def measure(self, name: str) -> np.ndarray:
        """A measure of the current tick by its name. Shape: (n_walkers,). A view."""
        return self.measures[:, self._column[name]]

    def state(self) -> dict[str, Any]:
        """Everything that decides how the walk goes on, for a checkpoint."""
        arrays = {name: getattr(self, name).copy() for name in self._ARRAYS}
        return {
            **arrays,
            "walkers": self.batch.states.copy(),
            "history": self.history.ticks.copy(),
            "rng": self.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        for name in self._ARRAYS:
            getattr(self, name)[:] = state[name]
        self.batch.states[:] = state["walkers"]
        self.history.ticks[:] = state["history"]
        self.rng.bit_generator.state = state["rng"]

    _ARRAYS = ("ticks", "mean_power_W", "mean_speed_m_s", "action", "measures", "privileged")

    def _relative_cost(self) -> np.ndarray:
        reference = self._reference_power / self._reference_speed
        # A walker that stops or walks backwards would divide by zero.
        speed = np.maximum(self.mean_speed_m_s, 0.1 * self._reference_speed)
        return self.mean_power_W / speed / reference

    def _average(self, action: np.ndarray) -> Tick:
        fresh = 1.0 - self._forget
        self.mean_power_W += fresh * (self.measure("metabolic_power_W") - self.mean_power_W)
        self.mean_speed_m_s += fresh * (self.measure("speed_m_s") - self.mean_speed_m_s)
        return Tick(
            relative_cost=self._relative_cost(),
            relative_speed=self.mean_speed_m_s / self._reference_speed,
            speed_m_s=self.measure("speed_m_s"),
            effort_r=self.measure("mean_sq_activation_r"),
            effort_l=self.measure("mean_sq_activation_l"),
            action_change=np.sum((action - self.action) ** 2, axis=1),
            com_height_m=self.measure("com_height_m"),
            fallen=self.measure("fallen") > 0.5,
        )

    def _require_finite(self) -> None:
        measures = self.measures
        bad = ~np.isfinite(measures).all(axis=1) | (self.measure("finite") < 0.5)
        if not bad.any():
            return
        walker = int(np.argmax(bad))
        names = [
            name
            for name, value in zip(self.batch.measure_names, measures[walker], strict=True)
            if not np.isfinite(value)
        ]
        variable = names[0] if names else "the simulation state"
        raise SimulationError(
            f"{variable} of walker {walker} is not finite "
            f"{self.ticks[walker] * CONTROL_DT_S:.2f} s after its episode began. "
            "Lower policy.timestep_s or exo.torque_limit_Nm."
        )


class AssistedGaitEnv(gymnasium.Env):
    """One walker behind the Gymnasium interface.

    Parameters
    ----------
    batch
        A batch of exactly one walker.
    settings, reward
        As for `AssistedGait`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - the base class declares it so

    def __init__(self, batch: Any, settings: EnvironmentSettings | None = None, reward: Any = None):
        self._gait = AssistedGait(batch, settings or EnvironmentSettings(), reward)
        self.observation_space = self._gait.observation_space
        self.action_space = self._gait.action_space

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """First observation of a new episode, and an empty info."""
        super().reset(seed=seed)
        if seed is not None:
            self._gait.rng = np.random.default_rng(seed)
        return self._gait.reset()[0], {}

    def step(self, action: np.ndarray):
        """Observation, reward, terminated, truncated and the measures of the tick by name."""
        observation, reward, terminated, truncated = self._gait.step(np.asarray(action)[None])
        info = {name: float(self._gait.measure(name)[0]) for name in self._gait.batch.measure_names}
        return observation[0], float(reward[0]), bool(terminated[0]), bool(truncated[0]), info
