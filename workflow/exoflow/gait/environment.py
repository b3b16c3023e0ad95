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
from exoflow.gait.tasks.observation import CONTROL_DT_S, History
from exoflow.gait.tasks.registry import task as find_task
from exoflow.gait.tasks.reset import SnapshotPool
from exoflow.gait.tasks.task import Task, Tick, torque_command_Nm, total

N_LEGS = 2
# Beside the simulation state the critic sees what else the reward depends on:
# both moving averages and the last action of either leg.
N_CRITIC_EXTRA = 2 + N_LEGS
# Relative cost and speed differ from 1 by a few percent; this brings them to about 1.
CRITIC_GAIN = 10.0
DEFAULT_TASK = "cost_of_transport"
# Walkers that leave the finite numbers count as falls. More of them than this share of the
# episodes, judged after this many, means settings that cannot be simulated, not bad luck.
RUNAWAY_SHARE = 1e-3
RUNAWAY_EPISODES = 1000


@dataclass(frozen=True)
class EnvironmentSettings:
    """How walking is measured and cut into episodes; everything else is the task's."""

    torque_limit_Nm: float = 8.0
    episode_s: float = 10.0
    average_s: float = 1.0
    pool_moments: int = 256
    # Near zero: a device is also switched on while its wearer sets off.
    pool_settle_s: float = 0.1
    privileged: bool = True


class AssistedGait:
    """A batch of walkers with a hip exo; episodes end by falling or by time.

    Observations have shape (n_walkers, 60 + n_critic), float32: first the ten
    ticks the controller sees (`task.observation`), then, if `privileged`, what
    only the critic sees. Actions have shape (n_walkers, 2), right and left
    torque as a share of the limit, -1..1, flexion positive (`task.action`).

    Walkers that are done stay as they are until `reset` is called for them. A walker
    that leaves the finite numbers keeps its last finite tick and counts as fallen and
    in `runaways`; its measure `finite` is 0.

    Parameters
    ----------
    batch
        Walkers as `Walker.batch` makes them (states, measures, privileged, step).
    settings : EnvironmentSettings
    task : Task, optional
        From `tasks.registry.task`; the default task if not given.
    seed : int
        Of the snapshot pool, the resets and the sensor noise.
    pool : SnapshotPool, optional
        Moments to start from; the task's start on `batch` if not given.

    Attributes
    ----------
    reward_terms : dict
        What every term of the task's reward gave in the last tick, by name, (n_walkers,).
    runaways, episodes : int
        Walkers that left the finite numbers, and episodes begun, since the environment was made.
    """

    def __init__(
        self,
        batch: Any,
        settings: EnvironmentSettings,
        task: Task | None = None,
        seed: int = 0,
        pool: SnapshotPool | None = None,
    ):
        self.batch = batch
        self.settings = settings
        self.task = task or find_task(DEFAULT_TASK)
        self.n_walkers = batch.n_walkers
        self.rng = np.random.default_rng(seed)
        self.pool = pool or self.task.start(
            batch, settings.pool_moments, seed, settings.pool_settle_s
        )
        self._reference_speed = np.broadcast_to(batch.reference["speed_m_s"], self.n_walkers)
        self._reference_power = np.broadcast_to(
            batch.reference["metabolic_power_W"], self.n_walkers
        )
        self._forget = math.exp(-CONTROL_DT_S / settings.average_s)
        self._max_ticks = round(settings.episode_s / CONTROL_DT_S)
        self._feature_columns = [batch.index(name) for name in self.task.observation.names]
        self._column = {name: batch.index(name) for name in batch.measure_names}
        observation = self.task.observation
        noise = self.task.randomization.noise_std(observation)
        self.history = History(self.n_walkers, noise, observation)
        told = observation.told
        self._told = batch.told(told).astype(np.float32) if told else None
        self.reward_terms: dict[str, np.ndarray] = {}
        self.runaways, self.episodes, self._walked = 0, 0, False
        self._lost = np.zeros(self.n_walkers, bool)
        self.ticks = np.zeros(self.n_walkers, np.int64)
        self.mean_power_W = self._reference_power.copy()
        self.mean_speed_m_s = self._reference_speed.copy()
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
        return gymnasium.spaces.Box(
            -np.inf, np.inf, (self.task.observation.size + self.n_critic,), np.float32
        )

    @property
    def action_space(self) -> gymnasium.spaces.Box:
        """Space of one walker's action."""
        return gymnasium.spaces.Box(-1.0, 1.0, (N_LEGS,), np.float32)

    @property
    def observation_elements(self) -> tuple[tuple[str, str], ...]:
        """Name and unit of every number of an observation; 1 where it has no unit."""
        seen = self.task.observation.elements()
        if not self.settings.privileged:
            return seen
        gain = f"1/{CRITIC_GAIN:g}"
        averages = (("relative_cost_minus_one", gain), ("relative_speed_minus_one", gain))
        actions = tuple((f"last_action_{name}", unit) for name, unit, _ in self.task.action)
        return (*seen, *self.batch.privileged_elements, *averages, *actions)

    def reset(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Start the walkers `rows` (indices, default all) anew at random moments of the pool.

        Returns
        -------
        ndarray, shape (len(rows), 60 + n_critic)
            Their first observations: what the device knows, see `SnapshotPool`.
        """
        rows = np.arange(self.n_walkers) if rows is None else np.asarray(rows)
        moment = self.pool.draw(self.batch.subject[rows], self.rng)
        self.batch.states[rows] = self.pool.states[moment]
        self.measures[rows] = self.pool.measures(moment)
        self.privileged[rows] = self.pool.privileged[moment]
        past = self.pool.past(moment, self._feature_columns, self.history.ticks.shape[1])
        self.history.restart(rows, past, self.rng)
        self.ticks[rows] = 0
        self.mean_power_W[rows] = self._reference_power[rows]
        self.mean_speed_m_s[rows] = self._reference_speed[rows]
        asked = self.pool.command(moment) / self.settings.torque_limit_Nm
        self.action[rows] = asked.clip(-1.0, 1.0)
        self._lost[rows] = False
        self.episodes += len(rows)
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
            If an action or a reward term is not finite, if walkers leave the finite numbers in
            the first tick of all, or if they do so in more than 0.1 % of 1000 episodes or more.
        """
        action = np.asarray(action, float)
        self._require_finite(action.sum(axis=1), "the action")
        self.batch.step(torque_command_Nm(action, self.settings.torque_limit_Nm))
        self.ticks += 1
        self._take_measures()
        tick = self._average(action)
        self.action[:] = action
        self.history.append(self.measures[:, self._feature_columns], self.rng)
        terminated = self.task.fell(tick)
        truncated = (self.ticks >= self._max_ticks) & ~terminated
        self.reward_terms = self.task.terms(tick)
        reward = total(self.reward_terms)
        if not np.isfinite(reward).all():
            for name, value in self.reward_terms.items():
                self._require_finite(value, f"reward term {name!r} of task {self.task.name!r}")
        return self.observe(), reward, terminated, truncated

    def observe(self) -> np.ndarray:
        """Current observations, a new array. Shape: (n_walkers, 60 + n_critic), float32."""
        seen = self.history.flat
        if self._told is not None:
            seen = np.concatenate([seen, self._told], axis=1)
        if not self.settings.privileged:
            return seen.copy()
        cost, speed = self._relative_cost(), self.mean_speed_m_s / self._reference_speed
        averages = CRITIC_GAIN * (np.stack([cost, speed], axis=1) - 1.0)
        parts = (seen, self.privileged, averages, self.action)
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
            "counts": (self.runaways, self.episodes, self._walked),
            "rng": self.rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        for name in self._ARRAYS:
            getattr(self, name)[:] = state[name]
        self.batch.states[:] = state["walkers"]
        self.history.ticks[:] = state["history"]
        self.runaways, self.episodes, self._walked = state["counts"]
        self.rng.bit_generator.state = state["rng"]

    _ARRAYS = (
        "ticks", "mean_power_W", "mean_speed_m_s", "action", "measures", "privileged", "_lost",
    )  # fmt: skip

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
            measure=self.measure,
        )

    def _take_measures(self) -> None:
        """Copy the batch's measures; of a walker that ran away, keep the last finite ones."""
        measures, privileged = self.batch.measures, self.batch.privileged
        sound = np.isfinite(measures).all(axis=1) & np.isfinite(privileged).all(axis=1)
        lost = ~sound | (measures[:, self._column["finite"]] < 0.5)
        if not lost.any():
            self.measures[:] = measures
            self.privileged[:] = privileged
        else:
            new = lost & ~self._lost
            self.runaways += int(new.sum())
            if new.any():
                self._refuse_many_runaways(int(np.argmax(new)))
            self.measures[~lost] = measures[~lost]
            self.privileged[~lost] = privileged[~lost]
            self.measures[lost, self._column["fallen"]] = 1.0
            self.measures[lost, self._column["finite"]] = 0.0
            self._lost = lost
        self._walked = True

    def _refuse_many_runaways(self, walker: int) -> None:
        many = self.episodes >= RUNAWAY_EPISODES
        if self._walked and not (many and self.runaways > RUNAWAY_SHARE * self.episodes):
            return
        pairs = zip(self.batch.measure_names, self.batch.measures[walker], strict=True)
        names = [name for name, value in pairs if not np.isfinite(value)]
        raise SimulationError(
            f"{names[0] if names else 'the simulation state'} of walker {walker} is not finite "
            f"{self._time_s(walker):.2f} s after its episode began, number {self.runaways} in "
            f"{self.episodes} episodes (allowed: {RUNAWAY_SHARE:.1%}, none in the first tick). "
            "Lower policy.timestep_s or exo.torque_limit_Nm."
        )

    def _require_finite(self, values: np.ndarray, what: str) -> None:
        bad = ~np.isfinite(values)
        if bad.any():
            walker = int(np.argmax(bad))
            raise SimulationError(
                f"{what} is {values[walker]:g} for walker {walker}, "
                f"{self._time_s(walker):.2f} s after its episode began; it must be finite. "
                "Lower policy.learning_rate, or correct the term in gait/tasks."
            )

    def _time_s(self, walker: int) -> float:
        return float(self.ticks[walker] * CONTROL_DT_S)


class AssistedGaitEnv(gymnasium.Env):
    """One walker behind the Gymnasium interface.

    Parameters
    ----------
    batch
        A batch of exactly one walker.
    settings, task
        As for `AssistedGait`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - the base class declares it so

    def __init__(
        self, batch: Any, settings: EnvironmentSettings | None = None, task: Task | None = None
    ):
        self._gait = AssistedGait(batch, settings or EnvironmentSettings(), task)
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
