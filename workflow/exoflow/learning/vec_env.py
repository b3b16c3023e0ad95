"""`gait.environment.AssistedGait` as a vectorized environment of Stable-Baselines3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from exoflow.gait.environment import AssistedGait


class AssistedGaitVecEnv(VecEnv):
    """Walkers that start anew as soon as they are done.

    An episode that ends by time is marked `TimeLimit.truncated` and hands over its
    last observation; without both, PPO would take the end for a fall.
    """

    render_mode = None

    def __init__(self, gait: AssistedGait):
        super().__init__(gait.n_walkers, gait.observation_space, gait.action_space)
        self.gait = gait
        self.tally = Tally()
        self._action = np.zeros((gait.n_walkers, 2))

    def reset(self) -> np.ndarray:
        """Start every walker anew. Shape: (n_walkers, n_observation)."""
        return self.gait.reset()

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions, shape (n_walkers, 2), for `step_wait`."""
        self._action = actions

    def step_wait(self):
        """Walk one tick; see `VecEnv.step_wait`."""
        observation, reward, terminated, truncated = self.gait.step(self._action)
        self.tally.add(reward, self.gait.reward_terms)
        done = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        rows = np.flatnonzero(done)
        if len(rows):
            self.tally.add_episodes(self.gait.ticks[rows])
            for row in rows:
                infos[row]["terminal_observation"] = observation[row].copy()
                infos[row]["TimeLimit.truncated"] = bool(truncated[row])
            observation[rows] = self.gait.reset(rows)
        return observation, reward.astype(np.float32), done, infos

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Attribute of the environment, once per walker asked for."""
        return [getattr(self, attr_name)] * len(self._walkers(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refused: the walkers share one environment."""
        raise AttributeError(f"{attr_name} cannot be set for single walkers")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any):
        """Refused: the walkers share one environment."""
        raise AttributeError(f"{method_name} cannot be called for single walkers")

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Never."""
        return [False] * len(self._walkers(indices))

    def _walkers(self, indices: Any) -> Sequence[int]:
        return list(self._get_indices(indices))


class Tally:
    """Rewards, their terms and episode lengths since the last `take`."""

    def __init__(self) -> None:
        self.reward, self.ticks = 0.0, 0
        self.episode_ticks, self.episodes = 0, 0
        self.terms: dict[str, float] = {}

    def add(self, reward: np.ndarray, terms: Mapping[str, np.ndarray]) -> None:
        """Count one tick of all walkers."""
        self.reward += float(reward.sum())
        self.ticks += len(reward)
        for name, values in terms.items():
            self.terms[name] = self.terms.get(name, 0.0) + float(values.sum())

    def add_episodes(self, ticks: np.ndarray) -> None:
        """Count episodes that ended after these numbers of ticks."""
        self.episode_ticks += int(ticks.sum())
        self.episodes += len(ticks)

    def take(self) -> tuple[float, float, dict[str, float]]:
        """Mean reward of a tick, mean ticks of an episode, mean of each term; counts anew.

        NaN where there was none.
        """
        means = (
            self.reward / self.ticks if self.ticks else math.nan,
            self.episode_ticks / self.episodes if self.episodes else math.nan,
            {name: total / self.ticks for name, total in self.terms.items()},
        )
        self.reward = self.ticks = self.episode_ticks = self.episodes = 0
        self.terms = {}
        return means
