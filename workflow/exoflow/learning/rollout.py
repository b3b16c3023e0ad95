"""What a learner remembers between two updates: ticks of all walkers, and what they were worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from exoflow.learning.networks import Actor

# Ticks over which gradients flow back through a carried state.
SEQUENCE_TICKS = 32


@dataclass(eq=False)
class Rollout:
    """`n_ticks` ticks of `n_walkers` walkers; every array begins with these two dimensions.

    Attributes
    ----------
    observation : ndarray, (..., n_observation), float32
    action, log_prob : ndarray, (..., 2), float32
        Right and left leg; the log-density of each leg's action when it was drawn.
    reward : ndarray, float32
    starts : ndarray, bool
        The episode begins with this tick.
    done : ndarray, bool
        The episode ends with this tick.
    carried : Tensor, shape (n_sequences, 2, n_views, n_walkers, hidden), or None
        State of a recurrent actor before every SEQUENCE_TICKS-th tick.
    cut_off : list of (tick, walker, observation)
        Episodes that ended by time, and what would have been seen next.
    last_observation : ndarray, shape (n_walkers, n_observation)
        After the last tick.
    """

    observation: np.ndarray
    action: np.ndarray
    log_prob: np.ndarray
    reward: np.ndarray
    starts: np.ndarray
    done: np.ndarray
    carried: torch.Tensor | None
    cut_off: list[tuple[int, int, np.ndarray]]
    last_observation: np.ndarray

    @classmethod
    def empty(cls, n_ticks: int, n_walkers: int, n_observation: int) -> Rollout:
        """Room for a rollout."""
        shape = (n_ticks, n_walkers)
        return cls(
            observation=np.zeros((*shape, n_observation), np.float32),
            action=np.zeros((*shape, 2), np.float32),
            log_prob=np.zeros((*shape, 2), np.float32),
            reward=np.zeros(shape, np.float32),
            starts=np.zeros(shape, bool),
            done=np.zeros(shape, bool),
            carried=None,
            cut_off=[],
            last_observation=np.zeros((n_walkers, n_observation), np.float32),
        )


def advantages(
    rollout: Rollout,
    value: np.ndarray,
    last_value: np.ndarray,
    cut_off_value: np.ndarray,
    gamma: float,
    gae_lambda: float,
) -> np.ndarray:
    """Generalized advantage estimate (Schulman et al. 2016).

    An episode that ended by time goes on in value only: what its next moment is worth
    is added to its last reward.

    Parameters
    ----------
    value : ndarray, shape (n_ticks, n_walkers)
    last_value : ndarray, shape (n_walkers,)
        Of `last_observation`.
    cut_off_value : ndarray, shape (len(rollout.cut_off),)

    Returns
    -------
    ndarray, shape (n_ticks, n_walkers), float32
    """
    reward = rollout.reward.copy()
    for (tick, walker, _), worth in zip(rollout.cut_off, cut_off_value, strict=True):
        reward[tick, walker] += gamma * worth
    going_on = 1.0 - rollout.done
    following = np.concatenate([value[1:], last_value[None]])
    surprise = reward + gamma * following * going_on - value
    advantage = np.zeros_like(value)
    ahead = np.zeros_like(last_value)
    for tick in range(len(value) - 1, -1, -1):
        ahead = surprise[tick] + gamma * gae_lambda * going_on[tick] * ahead
        advantage[tick] = ahead
    return advantage


@dataclass(eq=False)
class ActorSamples:
    """A rollout as an actor learns from it, in units that can be shuffled.

    Each leg of a mirrored actor is a sample of its own: the legs share weights and
    advantage, as agents do in multi-agent PPO (Yu et al. 2022), so that a policy ratio
    is that of one torque. An unmirrored actor decides both at once, in one sample. A
    recurrent actor's units are sequences of SEQUENCE_TICKS samples.

    Attributes
    ----------
    inputs : Tensor, shape (n_units, ..., T, F)
    action, log_prob : Tensor, shape (n_units, ..., n_outputs)
    advantage : Tensor, shape (n_units, ...)
    starts : Tensor, shape (n_units, L), and state : Tensor, shape (2, n_units, hidden)
        Of a recurrent actor only.
    """

    actor: Actor
    inputs: torch.Tensor
    action: torch.Tensor
    log_prob: torch.Tensor
    advantage: torch.Tensor
    starts: torch.Tensor | None = None
    state: torch.Tensor | None = None

    @classmethod
    def of(cls, rollout: Rollout, advantage: np.ndarray, actor: Actor) -> ActorSamples:
        """All samples of a rollout."""
        n_ticks, n_walkers = rollout.reward.shape
        history = torch.from_numpy(rollout.observation[..., : actor.n_inputs]).flatten(0, 1)
        views = actor.n_views
        per_leg = (views, n_ticks, n_walkers)
        with torch.no_grad():
            inputs = actor.views(history)
        inputs = inputs.reshape(*per_leg, *inputs.shape[1:])
        action, log_prob = (
            _by_view(torch.from_numpy(a), views) for a in (rollout.action, rollout.log_prob)
        )
        shared = torch.from_numpy(advantage).expand(per_leg)
        if not actor.is_recurrent:
            inputs, action, log_prob, shared = (
                x.flatten(0, 2) for x in (inputs, action, log_prob, shared)
            )
            return cls(actor, inputs, action, log_prob, shared)
        starts = torch.from_numpy(rollout.starts).expand(per_leg)
        # (sequence, 2, view, walker, hidden) -> (2, view, sequence, walker, hidden)
        state = rollout.carried.permute(1, 2, 0, 3, 4).flatten(1, 3)
        inputs, action, log_prob, shared, starts = (
            _sequences(x) for x in (inputs, action, log_prob, shared, starts)
        )
        return cls(actor, inputs, action, log_prob, shared, starts, state)

    @property
    def n_units(self) -> int:
        """What a minibatch is drawn from."""
        return len(self.action)

    def mean(self, rows: torch.Tensor) -> torch.Tensor:
        """The actor's present answers, shares of the limit, shaped like `action[rows]`."""
        if self.starts is None:
            return torch.tanh(self.actor.network(self.inputs[rows]))
        return torch.tanh(
            self.actor.network.sequence(self.inputs[rows], self.starts[rows], self.state[:, rows])
        )


def _by_view(values: torch.Tensor, n_views: int) -> torch.Tensor:
    """Shapes: (T, N, 2) -> (n_views, T, N, 2 / n_views)."""
    if n_views == 1:
        return values[None]
    return values.permute(2, 0, 1)[..., None]


def _sequences(values: torch.Tensor) -> torch.Tensor:
    """Shapes: (V, T, N, ...) -> (V * T / L * N, L, ...)."""
    views, n_ticks, n_walkers, *rest = values.shape
    length = min(SEQUENCE_TICKS, n_ticks)
    parts = values.reshape(views, n_ticks // length, length, n_walkers, *rest)
    return parts.transpose(2, 3).flatten(0, 2).contiguous()
