"""PPO as gait training needs it: legs that learn as agents, minibatches split over threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from exoflow.errors import ParamsError
from exoflow.learning.gait_policy import GaitPolicy, gaussian_log_prob
from exoflow.learning.networks import Controller
from exoflow.learning.rollout import SEQUENCE_TICKS, ActorSamples, Rollout, advantages

# Stop an update when a minibatch is this much further away than the target allows.
KL_MARGIN = 1.5
CRITIC_WEIGHT = 0.5
# Ticks per pass of the critic over a rollout; larger ones leave a core's cache.
VALUE_ROWS = 4096


class GaitPPO(PPO):
    """Clipped-surrogate PPO (Schulman et al. 2017) for a `GaitPolicy`.

    The frame is that of Stable-Baselines3 (environment, callbacks, logger, the loop of
    rollouts and updates); rollouts and updates are our own. Values are computed once per
    rollout, each leg of a mirrored actor is a sample of its own, actor and critic have
    their own learning rates and gradient limits, and random orders come from torch alone,
    whose state a checkpoint can hold.

    Parameters
    ----------
    env : VecEnv
    minibatch : int
        Ticks in one gradient step.
    threads : int
        Parts that every minibatch is split into, each with a thread of its own. The split
        decides how sums are rounded, so it belongs to the settings of a run.
    final_learning_rate_share : float
        Share of the learning rates left at the end; they fall linearly.
    noise_correlation : float
        Of the exploration noise from tick to tick; every rollout begins anew.
    options
        Of `stable_baselines3.PPO`.

    Attributes
    ----------
    last_update : dict
        Statistics of the last update: approx_kl, clip_fraction, value_loss,
        explained_variance, std, learning_rate, gradient_steps.
    controller : Controller
        Drives the walkers in rollouts; carries the state of a recurrent actor.
    finished : bool
        Set by a callback: `learn` ends before the next rollout.
    """

    policy: GaitPolicy

    def __init__(
        self,
        env: VecEnv,
        *,
        minibatch: int,
        threads: int = 1,
        final_learning_rate_share: float = 0.0,
        noise_correlation: float = 0.0,
        **options: Any,
    ):
        super().__init__(GaitPolicy, env, device="cpu", batch_size=env.num_envs, **options)
        self.minibatch, self.threads = minibatch, threads
        self.final_learning_rate_share = final_learning_rate_share
        self.noise_correlation = noise_correlation
        self.last_update: dict[str, float] = {}
        self.controller = Controller(self.policy.actor, env.num_envs, threads)
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._rollout: Rollout | None = None
        self.finished = False
        self._planned_timesteps: int | None = None
        actor = self.policy.actor
        if actor.is_recurrent and self.n_steps % min(SEQUENCE_TICKS, self.n_steps):
            raise ParamsError(
                f"policy.buffer / policy.n_walkers = {self.n_steps} ticks is no multiple of "
                f"{SEQUENCE_TICKS}, the sequences of a recurrent controller. "
                "Change one of the two."
            )

    def collect_rollouts(
        self, env: VecEnv, callback: Any, rollout_buffer: Any, n_rollout_steps: int
    ) -> bool:
        """Let all walkers walk `n_rollout_steps` ticks with exploration; keeps the rollout."""
        policy, controller = self.policy, self.controller
        policy.set_training_mode(False)
        rollout = Rollout.empty(n_rollout_steps, env.num_envs, self._last_obs.shape[1])
        carried = []
        callback.on_rollout_start()
        if self.finished:
            return False
        with torch.no_grad():
            std, noise = policy.std(), None
            for tick in range(n_rollout_steps):
                starts = np.asarray(self._last_episode_starts, bool)
                if starts.any():
                    controller.restart(starts)
                if controller.state is not None and tick % SEQUENCE_TICKS == 0:
                    carried.append(controller.state.clone())
                observation = self._last_obs
                mean = controller.act(torch.from_numpy(observation))
                noise = self._correlated(noise, torch.randn(mean.shape))
                action = mean + std * noise
                rollout.observation[tick] = observation
                rollout.starts[tick] = starts
                rollout.action[tick] = action
                rollout.log_prob[tick] = gaussian_log_prob(action, mean, std)
                applied = rollout.action[tick].clip(-1.0, 1.0)
                observation, reward, done, infos = env.step(applied)
                rollout.reward[tick], rollout.done[tick] = reward, done
                for walker in np.flatnonzero(done):
                    info = infos[walker]
                    if info["TimeLimit.truncated"]:
                        rollout.cut_off.append((tick, walker, info["terminal_observation"]))
                self._last_obs, self._last_episode_starts = observation, done
                self.num_timesteps += env.num_envs
                callback.update_locals(locals())
                if not callback.on_step():
                    return False
        rollout.last_observation[:] = self._last_obs
        rollout.carried = torch.stack(carried) if carried else None
        self._rollout = rollout
        callback.on_rollout_end()
        return True

    def _correlated(self, before: torch.Tensor | None, fresh: torch.Tensor) -> torch.Tensor:
        """Exploration noise of unit variance that remembers the tick before.

        An actuator with a limited slew rate smooths white noise away. Each tick's action keeps
        its probability, as in PPO with coloured noise (Hollenstein et al. 2024).
        """
        if before is None:
            return fresh
        share = self.noise_correlation
        return share * before + math.sqrt(1.0 - share * share) * fresh

    def train(self) -> None:
        """One update from the last rollout."""
        policy, rollout = self.policy, self._rollout
        policy.set_training_mode(True)
        progress = self._progress_before_rollout()
        for group in policy.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * _falling(progress, self.final_learning_rate_share)
        observation = torch.from_numpy(rollout.observation).flatten(0, 1)
        value = self._values(observation)
        by_tick = value.reshape(rollout.reward.shape)
        advantage = advantages(
            rollout,
            by_tick.numpy(),
            self._values(torch.from_numpy(rollout.last_observation)).numpy(),
            self._cut_off_values(rollout),
            self.gamma,
            self.gae_lambda,
        )
        target = torch.from_numpy(advantage).flatten() + value
        samples = ActorSamples.of(rollout, advantage, policy.actor)
        statistics = self._epochs(samples, observation, target)
        self._n_updates += 1
        self._record(statistics, target, value)
        # Only now: until here the noise must be that of the rollout.
        policy.anneal(self.num_timesteps / self._whole_run())

    def plan(self, total_timesteps: int) -> None:
        """Ticks of the whole run, over which learning rates and noise fall.

        A resumed run asks `learn` for the rest only.
        """
        self._planned_timesteps = total_timesteps

    def _whole_run(self) -> int:
        return self._planned_timesteps or self._total_timesteps

    def _progress_before_rollout(self) -> float:
        """Share of the run that was over before the rollout, so that the last update learns."""
        return (self.num_timesteps - self.n_steps * self.n_envs) / self._whole_run()

    def _epochs(
        self, samples: ActorSamples, observation: torch.Tensor, target: torch.Tensor
    ) -> list[tuple[float, float, float]]:
        """Gradient steps; (approx_kl, clip_fraction, value_loss) of each."""
        statistics: list[tuple[float, float, float]] = []
        n = len(observation)
        n_batches = max(1, math.ceil(n / self.minibatch))
        for _ in range(self.n_epochs):
            batches = zip(
                torch.randperm(samples.n_units).tensor_split(n_batches),
                torch.randperm(n).tensor_split(n_batches),
                strict=True,
            )
            for rows, ticks in batches:
                step = self._gradient(samples, rows, observation, target, ticks)
                statistics.append(step)
                if self.target_kl is not None and step[0] > KL_MARGIN * self.target_kl:
                    return statistics
                policy = self.policy
                for group in policy.optimizer.param_groups:
                    torch.nn.utils.clip_grad_norm_(group["params"], self.max_grad_norm)
                policy.optimizer.step()
        return statistics

    def _gradient(
        self,
        samples: ActorSamples,
        rows: torch.Tensor,
        observation: torch.Tensor,
        target: torch.Tensor,
        ticks: torch.Tensor,
    ) -> tuple[float, float, float]:
        """Set the gradient of a minibatch's loss; returns its statistics.

        Each thread works on a part of the minibatch. The parts' gradients are summed in
        their order, so the result does not depend on which thread is faster.
        """
        advantage = samples.advantage[rows]
        shift, width = advantage.mean(), advantage.std() + 1e-8
        clip, policy = self.clip_range(1.0), self.policy
        parameters = [p for group in policy.optimizer.param_groups for p in group["params"]]

        def part(rows: torch.Tensor, ticks: torch.Tensor, share: float, critic_share: float):
            mean, std = samples.mean(rows), policy.std()[: samples.action.shape[-1]]
            log_prob = gaussian_log_prob(samples.action[rows], mean, std).sum(-1)
            log_ratio = log_prob - samples.log_prob[rows].sum(-1)
            ratio = log_ratio.exp()
            better = (samples.advantage[rows] - shift) / width
            surrogate = torch.min(ratio * better, ratio.clamp(1 - clip, 1 + clip) * better)
            scale = policy.critic.value_scale
            error = (policy.critic(observation[ticks]) - target[ticks]) / scale
            value_loss = error.square().mean()
            # Entropy of a Gaussian is the logarithm of its width, but for a constant.
            entropy = policy.std().log().sum()
            loss = share * (-surrogate.mean() - self.ent_coef * entropy)
            loss = loss + critic_share * CRITIC_WEIGHT * value_loss
            gradient = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                # http://joschu.net/blog/kl-approx.html, the unbiased estimator that is
                # never negative.
                kl = ((ratio - 1) - log_ratio).mean().item()
                clipped = ((ratio - 1).abs() > clip).float().mean().item()
            return gradient, (share * kl, share * clipped, critic_share * value_loss.item())

        parts = [
            (some_rows, some_ticks, len(some_rows) / len(rows), len(some_ticks) / len(ticks))
            for some_rows, some_ticks in zip(
                rows.tensor_split(self.threads), ticks.tensor_split(self.threads), strict=True
            )
            if len(some_rows) and len(some_ticks)
        ]
        done = self._in_threads(part, parts)
        for parameter, *gradients in zip(parameters, *(g for g, _ in done), strict=True):
            parameter.grad = gradients[0]
            for gradient in gradients[1:]:
                parameter.grad = parameter.grad + gradient
        kl, clipped, value_loss = (
            sum(column) for column in zip(*(s for _, s in done), strict=True)
        )
        return kl, clipped, value_loss

    def _in_threads(self, work: Callable, parts: Sequence[tuple]) -> list:
        """`work(*part)` of every part, the first one in this thread."""
        if self._pool is None:
            return [work(*part) for part in parts]
        others = [self._pool.submit(work, *part) for part in parts[1:]]
        return [work(*parts[0]), *(other.result() for other in others)]

    @torch.no_grad()
    def _values(self, observation: torch.Tensor) -> torch.Tensor:
        """What the critic thinks of many observations. Shapes: (n, n_observation) -> (n,)."""
        return torch.cat([self.policy.critic(rows) for rows in observation.split(VALUE_ROWS)])

    def _cut_off_values(self, rollout: Rollout) -> np.ndarray:
        if not rollout.cut_off:
            return np.zeros(0, np.float32)
        seen_next = np.stack([observation for _, _, observation in rollout.cut_off])
        return self._values(torch.from_numpy(seen_next)).numpy()

    def _record(self, statistics: list, target: torch.Tensor, value: torch.Tensor) -> None:
        kl, clip_fraction, value_loss = torch.tensor(statistics, dtype=torch.float64).mean(0)
        unexplained = (target - value).var() / (target.var() + 1e-12)
        self.last_update = {
            "approx_kl": float(kl),
            "clip_fraction": float(clip_fraction),
            "value_loss": float(value_loss),
            "explained_variance": float(1.0 - unexplained),
            "std": self.policy.std().mean().item(),
            "learning_rate": self.policy.optimizer.param_groups[0]["lr"],
            "gradient_steps": len(statistics),
        }
        for name, number in self.last_update.items():
            self.logger.record(f"train/{name}", number)


def _falling(progress: float, final_share: float) -> float:
    """1 at the start of a run, `final_share` at its end."""
    return 1.0 - progress * (1.0 - final_share)
