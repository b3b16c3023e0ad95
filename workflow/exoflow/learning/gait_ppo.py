"""PPO as gait training needs it: two learning rates, one look at each minibatch."""

from __future__ import annotations

from typing import Any

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv
from torch.nn.functional import mse_loss

from exoflow.learning.gait_policy import GaitPolicy, gaussian_log_prob

# Stop an update when a minibatch is this much further away than the target allows.
KL_MARGIN = 1.5
CRITIC_WEIGHT = 0.5


class GaitPPO(PPO):
    """Clipped-surrogate PPO (Schulman et al. 2017) for a `GaitPolicy`.

    Rollouts are those of Stable-Baselines3. The update differs from its own: actor
    and critic have their own learning rates and gradient limits, and random orders
    come from torch alone, whose state a checkpoint can hold.

    Attributes
    ----------
    last_update : dict
        Statistics of the last update: approx_kl, clip_fraction, value_loss,
        explained_variance, std, learning_rate, gradient_steps.
    """

    policy: GaitPolicy

    def __init__(self, env: VecEnv, **options: Any):
        super().__init__(GaitPolicy, env, device="cpu", **options)
        self.last_update: dict[str, float] = {}

    def train(self) -> None:
        """One update from the filled rollout buffer."""
        policy, rollout = self.policy, self._rollout_tensors()
        policy.set_training_mode(True)
        remaining = self._current_progress_remaining
        for group in policy.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * remaining
        clip = self.clip_range(remaining)
        statistics: list[tuple[float, float, float]] = []
        n = len(rollout["action"])
        stopped = False
        for _ in range(self.n_epochs):
            for rows in torch.randperm(n).split(self.batch_size):
                minibatch = {name: tensor[rows] for name, tensor in rollout.items()}
                loss, step = self._loss(minibatch, clip)
                statistics.append(step)
                if self.target_kl is not None and step[0] > KL_MARGIN * self.target_kl:
                    stopped = True
                    break
                policy.optimizer.zero_grad()
                loss.backward()
                for group in policy.optimizer.param_groups:
                    torch.nn.utils.clip_grad_norm_(group["params"], self.max_grad_norm)
                policy.optimizer.step()
            if stopped:
                break
        self._n_updates += 1
        self._record(statistics, rollout)
        # Only now: until here the noise must be that of the rollout.
        policy.anneal(self.num_timesteps / self._total_timesteps)

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        # Counted before the rollout, so that the last update still learns.
        done = num_timesteps - self.n_steps * self.n_envs
        super()._update_current_progress_remaining(done, total_timesteps)

    def _rollout_tensors(self) -> dict[str, torch.Tensor]:
        """The rollout buffer, all walkers one after the other."""
        buffer = self.rollout_buffer
        names = {
            "observation": buffer.observations,
            "action": buffer.actions,
            "old_value": buffer.values,
            "old_log_prob": buffer.log_probs,
            "advantage": buffer.advantages,
            "value_target": buffer.returns,
        }
        return {name: torch.as_tensor(buffer.swap_and_flatten(a)) for name, a in names.items()}

    def _loss(self, minibatch: dict[str, torch.Tensor], clip: float):
        """Loss of a minibatch, and its (approx_kl, clip_fraction, value_loss)."""
        policy = self.policy
        mean, std = policy.act(minibatch["observation"]), policy.std()
        log_prob = gaussian_log_prob(minibatch["action"], mean, std)
        log_ratio = log_prob - minibatch["old_log_prob"].flatten()
        ratio = log_ratio.exp()
        advantage = minibatch["advantage"].flatten()
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        surrogate = torch.min(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
        scale = policy.critic.value_scale
        value = policy.critic(minibatch["observation"])
        value_loss = mse_loss(value / scale, minibatch["value_target"].flatten() / scale)
        # Entropy of a Gaussian is the logarithm of its width, but for a constant.
        entropy = std.log().sum()
        loss = -surrogate.mean() + CRITIC_WEIGHT * value_loss - self.ent_coef * entropy
        with torch.no_grad():
            # http://joschu.net/blog/kl-approx.html, the unbiased estimator that is never negative.
            approx_kl = ((ratio - 1) - log_ratio).mean().item()
            clip_fraction = ((ratio - 1).abs() > clip).float().mean().item()
        return loss, (approx_kl, clip_fraction, value_loss.item())

    def _record(self, statistics: list, rollout: dict[str, torch.Tensor]) -> None:
        kl, clip_fraction, value_loss = torch.tensor(statistics, dtype=torch.float64).mean(0)
        target = rollout["value_target"]
        unexplained = (target - rollout["old_value"]).var() / (target.var() + 1e-12)
        self.last_update = {
            "approx_kl": float(kl),
            "clip_fraction": float(clip_fraction),
            "value_loss": float(value_loss),
            "explained_variance": float(1.0 - unexplained),
            "std": self.policy.std().mean().item(),
            "learning_rate": self.policy.optimizer.param_groups[0]["lr"],
            "gradient_steps": len(statistics),
        }
        for name, value in self.last_update.items():
            self.logger.record(f"train/{name}", value)
