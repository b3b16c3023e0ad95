"""Training of one controller: rollouts, updates, evaluations and checkpoints."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from exoflow.config import scientific, to_plain
from exoflow.config.policy import PolicySettings
from exoflow.gait.environment import CONTROL_DT_S, AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.observation import HISTORY_TICKS, input_scale, told_elements
from exoflow.gait.tasks.registry import task as find_task
from exoflow.learning import checkpoint
from exoflow.learning.evaluation import Evaluation, evaluate
from exoflow.learning.gait_policy import critic_scale
from exoflow.learning.gait_ppo import GaitPPO
from exoflow.learning.imitation import imitate
from exoflow.learning.networks import Actor, Controller
from exoflow.learning.training_logs import training_logger
from exoflow.learning.vec_env import AssistedGaitVecEnv
from exoflow.records.progress import Progress
from exoflow.simulation import Dofc

# Values are sums over some 200 ticks (1 / (1 - gamma)) of rewards of about 0.1.
VALUE_SCALE = 10.0
MAX_GRAD_NORM = 0.5
EVALUATION_SETTLE = 0.25
CURVE_COLUMNS = (
    "step",
    "reward_mean",
    "episode_length_s",
    "change_cot_pct",
    "speed_m_s",
    "fall_fraction",
    "approx_kl",
    "std",
    "learning_rate",
)


@dataclass(frozen=True, eq=False)
class TrainedPolicy:
    """The best controller of a training run.

    Attributes
    ----------
    actor : Actor
    steps : int
        Ticks simulated in the whole run.
    best_step : int
        Ticks simulated when this controller was evaluated.
    best : Evaluation
    curve : list of dict
        One row per evaluation, keys `CURVE_COLUMNS`.
    evaluation_gait : AssistedGait
        Environment of the evaluations, for a recorded walk.
    """

    actor: Actor
    steps: int
    best_step: int
    best: Evaluation
    curve: list[dict[str, float]]
    evaluation_gait: AssistedGait


def train_policy(
    make_batch: Callable[[int], Any],
    settings: PolicySettings,
    torque_limit_Nm: float,
    seed: int,
    checkpoint_path: Path,
    log_folder: Path | None = None,
    label: str = "policy",
    start: Actor | Dofc | None = None,
) -> TrainedPolicy:
    """Train a controller, going on from `checkpoint_path` if it exists.

    A run that was killed and goes on gives the same weights and the same curve
    as one that was not, to the last bit, on one CPU type and one set of versions.

    Parameters
    ----------
    make_batch
        n_walkers to a batch of walkers (`Walker.batch`).
    settings : PolicySettings
    torque_limit_Nm : float
    seed : int
        Of weights, exploration, minibatches, resets and sensor noise.
    checkpoint_path : Path
        Its name must change with the gait and the code; settings are compared.
    log_folder : Path, optional
        Where the files of TensorBoard and DVCLive go.
    label : str
        Names the run in its progress line.
    start : Actor or Dofc, optional
        A controller that the actor imitates before it is trained.

    Raises
    ------
    CheckpointError
        If the checkpoint is damaged or of other settings; names the difference.
    """
    prepare_torch()
    model, evaluation_gait = build(make_batch, settings, torque_limit_Nm, seed)
    made_with = run_settings(settings, torque_limit_Nm, seed)
    journal = Journal(settings, evaluation_gait, seed, checkpoint_path, label, made_with)
    saved = checkpoint.load(checkpoint_path)
    model.set_logger(training_logger(log_folder, resume=saved is not None))
    if saved is not None:
        checkpoint.require_same_settings(checkpoint_path, saved["settings"], made_with)
        restore(model, saved)
        journal.restore(saved["journal"])
    elif start is not None:
        imitate(model.policy.actor, start, model.env.gait)
    total = planned_steps(settings)
    model.plan(total)
    if saved is None or not (journal.plateaued or model.num_timesteps >= total):
        model.learn(total - model.num_timesteps, journal, reset_num_timesteps=False)
    model.logger.close()
    actor = copy.deepcopy(model.policy.actor)
    actor.load_state_dict(journal.best_actor)
    return TrainedPolicy(
        actor=actor,
        steps=model.num_timesteps,
        best_step=journal.best_step,
        best=journal.best,
        curve=journal.curve,
        evaluation_gait=evaluation_gait,
    )


def run_settings(settings: PolicySettings, torque_limit_Nm: float, seed: int) -> dict[str, Any]:
    """What decides the numbers of a run, by dotted name, for its checkpoint."""
    plain = scientific({"policy": to_plain(settings)})
    return {**checkpoint.flat(plain), "exo.torque_limit_Nm": torque_limit_Nm, "seed": seed}


def prepare_torch(threads: int = 1) -> None:
    """Fix what decides PyTorch's numbers: its choice of algorithms and the threads of one.

    PPO takes one thread for each operation and splits the work itself (`GaitPPO`).
    """
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


def planned_steps(settings: PolicySettings) -> int:
    """Ticks of the whole run: `steps` rounded up to whole buffers."""
    ticks = rollout_ticks(settings) * settings.n_walkers
    return math.ceil(settings.steps / ticks) * ticks


def rollout_ticks(settings: PolicySettings) -> int:
    """Ticks per walker between two updates."""
    return max(1, settings.buffer // settings.n_walkers)


def build(
    make_batch: Callable[[int], Any], settings: PolicySettings, torque_limit_Nm: float, seed: int
) -> tuple[GaitPPO, AssistedGait]:
    """The learner with its walkers, and the environment of the evaluations."""
    environment = environment_settings(settings, torque_limit_Nm)
    task = find_task(settings.reward.task, settings)
    batch = make_batch(settings.n_walkers)
    pool = task.start(batch, environment.pool_moments, seed, environment.pool_settle_s)
    gait = AssistedGait(batch, environment, task, seed, pool)
    evaluation_batch = make_batch(settings.evaluation_walkers)
    evaluation_gait = AssistedGait(evaluation_batch, environment, task, seed, pool)
    vec_env = AssistedGaitVecEnv(gait)
    model = make_learner(vec_env, settings, torque_limit_Nm, seed, rollout_ticks(settings))
    return model, evaluation_gait


def environment_settings(settings: PolicySettings, torque_limit_Nm: float) -> EnvironmentSettings:
    """How walking is measured and cut into episodes in training."""
    return EnvironmentSettings(
        torque_limit_Nm=torque_limit_Nm,
        episode_s=settings.episode_s,
        average_s=settings.reward.average_s,
        privileged=settings.privileged_critic,
    )


def make_learner(
    env: VecEnv,
    settings: PolicySettings,
    torque_limit_Nm: float,
    seed: int,
    n_steps: int,
) -> GaitPPO:
    """The learner for an environment; what the actor does not see of an observation, the critic
    does.
    """
    scale = input_scale(torque_limit_Nm)
    told_scale = [one["scale"] for one in told_elements(settings.told)]
    return GaitPPO(
        env,
        n_steps=n_steps,
        minibatch=settings.batch,
        n_epochs=settings.epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        learning_rate=settings.learning_rate,
        clip_range=settings.clip,
        ent_coef=settings.entropy,
        target_kl=settings.target_kl,
        max_grad_norm=MAX_GRAD_NORM,
        threads=settings.threads,
        final_learning_rate_share=settings.final_learning_rate_share,
        noise_correlation=settings.noise_correlation,
        seed=seed,
        policy_kwargs={
            "actor": {
                "kind": settings.kind,
                "mirrored": settings.mirrored,
                "input_scale": scale,
                "n_ticks": HISTORY_TICKS,
                "hidden": settings.hidden,
                "width": settings.width,
                "told_scale": told_scale,
            },
            "critic": {
                "scale": critic_scale(
                    scale, HISTORY_TICKS, told_scale, env.observation_space.shape[0]
                ),
                "widths": settings.critic_widths,
                "value_scale": VALUE_SCALE,
                "activation": settings.critic_activation,
            },
            "log_std": settings.log_std,
            "min_log_std": settings.min_log_std,
            "final_std_share": settings.final_std_share,
            "critic_learning_rate": settings.critic_learning_rate,
        },
    )


class Journal(BaseCallback):
    """Between updates: evaluates, keeps the best controller, writes checkpoints.

    Everything happens when a rollout starts or training ends, where the state of
    a run is smallest: no buffer, no half-finished update.

    Attributes
    ----------
    plateaued : bool
        `plateau_evaluations` have passed without a better controller: training ends.
    """

    def __init__(
        self,
        settings: PolicySettings,
        evaluation_gait: AssistedGait,
        seed: int,
        checkpoint_path: Path,
        label: str,
        made_with: dict[str, Any],
    ):
        super().__init__()
        self.settings, self.evaluation_gait, self.seed = settings, evaluation_gait, seed
        self.checkpoint_path, self.label, self.made_with = checkpoint_path, label, made_with
        self.curve: list[dict[str, float]] = []
        self.best: Evaluation | None = None
        self.best_step = 0
        self.best_actor: dict[str, torch.Tensor] = {}
        self.plateaued = False
        self._saved_tally: dict[str, float] = {}
        self._written_at = time.monotonic()

    def state(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {
            "curve": self.curve,
            "best": asdict(self.best),
            "best_step": self.best_step,
            "best_actor": self.best_actor,
            "plateaued": self.plateaued,
            "tally": {**vars(self.training_env.tally)},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """From the checkpoint; what belongs to the environment when training starts."""
        self.curve = state["curve"]
        self.best, self.best_step = Evaluation(**state["best"]), state["best_step"]
        self.best_actor = state["best_actor"]
        self.plateaued = state["plateaued"]
        self._saved_tally = state["tally"]

    def _on_training_start(self) -> None:
        vars(self.training_env.tally).update(self._saved_tally)
        total = planned_steps(self.settings)
        self._progress = Progress(total, self.label, done=self.num_timesteps)

    def _on_rollout_start(self) -> None:
        if self._evaluation_is_due():
            self._evaluate()
        if time.monotonic() - self._written_at >= self.settings.checkpoint_every_s:
            self._write_checkpoint()

    def _on_rollout_end(self) -> None:
        self._progress.update(self.num_timesteps, self._newest())

    def _on_training_end(self) -> None:
        self._evaluate()
        # No update follows that would write the last evaluation to the logs.
        self.logger.dump(self.num_timesteps)
        self._write_checkpoint()

    def _on_step(self) -> bool:
        return True

    def _evaluation_is_due(self) -> bool:
        every = self.settings.evaluate_every
        last = self.curve[-1]["step"] if self.curve else -every
        return self.num_timesteps // every > last // every

    def _evaluate(self) -> None:
        settings, policy = self.settings, self.model.policy
        if self.curve and self.curve[-1]["step"] == self.num_timesteps:
            return
        result = evaluate(
            Controller(policy.actor, self.evaluation_gait.n_walkers).act,
            self.evaluation_gait,
            settings.evaluation_s,
            EVALUATION_SETTLE * settings.evaluation_s,
            self.seed,
        )
        update = self.model.last_update
        reward_mean, episode_ticks, terms = self.training_env.tally.take()
        row = {
            "step": self.num_timesteps,
            "reward_mean": reward_mean,
            "episode_length_s": episode_ticks * CONTROL_DT_S,
            "change_cot_pct": result.change_cot_pct,
            "speed_m_s": result.speed_m_s,
            "fall_fraction": result.fall_fraction,
            "approx_kl": update.get("approx_kl", math.nan),
            "std": policy.std().mean().item(),
            "learning_rate": update.get("learning_rate", settings.learning_rate),
        }
        self.curve.append(row)
        for name in CURVE_COLUMNS[1:6]:
            self.logger.record(f"evaluation/{name}", row[name])
        for name, mean in terms.items():
            self.logger.record(f"reward/{name}", mean)
        self.logger.record("walkers/runaways", self.training_env.gait.runaways)
        if self.best is None or result.rank() < self.best.rank():
            self.best, self.best_step = result, self.num_timesteps
            self.best_actor = {k: v.clone() for k, v in policy.actor.state_dict().items()}
        since_best = sum(row["step"] > self.best_step for row in self.curve)
        self.plateaued = 0 < settings.plateau_evaluations <= since_best
        self.model.finished = self.plateaued

    def _newest(self) -> str:
        if not self.curve:
            return ""
        row = self.curve[-1]
        return f"cost of transport {row['change_cot_pct']:+.1f} %, falls {row['fall_fraction']:.0%}"

    def _write_checkpoint(self) -> None:
        content = {**snapshot(self.model), "settings": self.made_with, "journal": self.state()}
        checkpoint.save(self.checkpoint_path, content)
        self._written_at = time.monotonic()


def snapshot(model: GaitPPO) -> dict[str, Any]:
    """Everything that decides how training goes on, between two rollouts."""
    return {
        "num_timesteps": model.num_timesteps,
        "policy": model.policy.state_dict(),
        "optimizer": model.policy.optimizer.state_dict(),
        "last_update": model.last_update,
        "carried": model.controller.state,
        "torch_rng": torch.get_rng_state(),
        "environment": _as_tensors(model.env.gait.state()),
        "last_obs": torch.from_numpy(model._last_obs.copy()),
        "episode_starts": torch.from_numpy(model._last_episode_starts.copy()),
    }


def restore(model: GaitPPO, saved: dict[str, Any]) -> None:
    """Bring a freshly built learner to where `snapshot` was taken."""
    model.num_timesteps = saved["num_timesteps"]
    model.policy.load_state_dict(saved["policy"])
    model.policy.optimizer.load_state_dict(saved["optimizer"])
    model.last_update = saved["last_update"]
    model.controller.state = saved["carried"]
    model.env.gait.restore(_as_arrays(saved["environment"]))
    model._last_obs = saved["last_obs"].numpy()
    model._last_episode_starts = saved["episode_starts"].numpy()
    torch.set_rng_state(saved["torch_rng"])


def _as_tensors(state: dict[str, Any]) -> dict[str, Any]:
    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in state.items()}


def _as_arrays(state: dict[str, Any]) -> dict[str, Any]:
    return {k: v.numpy() if isinstance(v, torch.Tensor) else v for k, v in state.items()}
