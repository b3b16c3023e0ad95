"""Actor, critic and exploration noise as one policy of Stable-Baselines3."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.type_aliases import Schedule

from exoflow.learning.networks import Actor, Critic

LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


class GaitPolicy(BasePolicy):
    """Gaussian exploration around the actor's torque; the critic may see more than the actor.

    The actor sees the first `actor.n_inputs` numbers of an observation, the critic
    all of them. The standard deviation does not depend on the state and, for a
    mirrored actor, is the same for both legs.

    Parameters
    ----------
    actor : dict
        Arguments of `networks.Actor`.
    critic : dict
        Arguments of `networks.Critic`.
    log_std, min_log_std : float
        Start and floor of the exploration noise's logarithm, shares of the torque limit.
    final_std_share : float
        Share that `anneal` leaves of the noise at the end of training.
    critic_learning_rate : float
        At the start; it decays as the actor's rate does.
    """

    def __init__(
        self,
        observation_space: Any,
        action_space: Any,
        lr_schedule: Schedule,
        *,
        use_sde: bool,
        actor: dict[str, Any],
        critic: dict[str, Any],
        log_std: float,
        min_log_std: float,
        final_std_share: float,
        critic_learning_rate: float,
    ):
        super().__init__(observation_space, action_space)
        self.actor = Actor(**actor)
        self.critic = Critic(**critic)
        self.log_std = torch.nn.Parameter(torch.full((1 if actor["mirrored"] else 2,), log_std))
        self.min_log_std = min_log_std
        self.log_final_share = math.log(final_std_share)
        self.register_buffer("log_share", torch.zeros(()))
        rates = (
            (lr_schedule(1), [*self.actor.parameters(), self.log_std]),
            (critic_learning_rate, self.critic.parameters()),
        )
        self.optimizer = torch.optim.Adam(
            [
                {"lr": rate, "initial_lr": rate, "params": [p for p in some if p.requires_grad]}
                for rate, some in rates
            ],
            eps=1e-5,
        )

    def std(self) -> torch.Tensor:
        """Exploration noise of right and left leg, share of the torque limit. Shape: (2,)."""
        return (self.log_std + self.log_share).clamp(min=self.min_log_std).exp().expand(2)

    def anneal(self, progress: float) -> None:
        """Shrink the exploration noise to its share at `progress`, 0..1, of the training.

        A controller that has always been shaken by its own noise may fall without it.
        """
        self.log_share.fill_(progress * self.log_final_share)

    def _predict(self, observation: torch.Tensor, deterministic: bool = False) -> torch.Tensor:
        mean = self.actor(observation[:, : self.actor.n_inputs])
        return mean if deterministic else mean + self.std() * torch.randn_like(mean)


def gaussian_log_prob(action: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """Log-density of independent Gaussians, one per output. Shapes: (..., n), same, (n,)."""
    z = (action - mean) / std
    return -0.5 * z.square() - std.log() - LOG_SQRT_2PI


def critic_scale(
    input_scale: np.ndarray, n_ticks: int, told_scale: Sequence[float], n_observation: int
) -> np.ndarray:
    """Scale of every number the critic sees: the actor's, then 1. Shape: (n_observation,)."""
    seen = np.concatenate([np.tile(input_scale, n_ticks), told_scale])
    return np.concatenate([seen, np.ones(n_observation - len(seen))]).astype(np.float32)
