"""Wall time of learning: of its parts, and of the same learner on ordinary environments."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import SubprocVecEnv

from exoflow.config.policy import PolicySettings
from exoflow.config.student import StudentSettings
from exoflow.gait.environment import AssistedGait, AssistedGaitEnv
from exoflow.gait.tasks.registry import task
from exoflow.learning.distillation import SEGMENT_TICKS
from exoflow.learning.gait_ppo import GaitPPO
from exoflow.learning.tcn import Tcn
from exoflow.learning.training import build, environment_settings, make_learner, prepare_torch
from exoflow.learning.training_logs import training_logger


@dataclass(frozen=True)
class TrainingTime:
    """Times of one environment step, averaged over the fastest cycle.

    Attributes
    ----------
    us_per_step : dict
        `physics`: the batch of walkers; `acting`: the rest of a rollout (networks, history,
        reward); `learning`: the update; `whole`: their sum.
    flop_per_step : float
        Floating-point operations that the networks' matrix products need.
    """

    us_per_step: dict[str, float]
    flop_per_step: float


def time_training(
    make_batch: Callable[[int], Any], settings: PolicySettings, torque_limit_Nm: float, cycles: int
) -> TrainingTime:
    """Train for one cycle that is not counted and `cycles` that are."""
    prepare_torch()
    model, _ = build(make_batch, settings, torque_limit_Nm, seed=1)
    watch = Stopwatch(model.env.gait)
    _learn(model, cycles + 1, watch)
    n = model.n_steps * model.n_envs
    physics, rollout, update = min(watch.cycles[1:], key=lambda cycle: cycle[1] + cycle[2])
    seconds = {
        "physics": physics,
        "acting": rollout - physics,
        "learning": update,
        "whole": rollout + update,
    }
    return TrainingTime(
        {name: 1e6 * value / n for name, value in seconds.items()}, flop_per_step(model)
    )


def time_subprocesses(
    make_batch: Callable[[int], Any],
    settings: PolicySettings,
    torque_limit_Nm: float,
    processes: int,
    ticks: int,
) -> float:
    """Environment steps per second of the same learner on a `SubprocVecEnv`, best of two cycles.

    Parameters
    ----------
    processes : int
        Environments, each a process that steps one walker from Python.
    ticks : int
        Steps of one rollout, all environments together.
    """
    prepare_torch()

    def make_environment():
        environment = environment_settings(settings, torque_limit_Nm)
        return AssistedGaitEnv(make_batch(1), environment, task(settings.reward.task, settings))

    env = SubprocVecEnv([make_environment] * processes, start_method="fork")
    try:
        model = make_learner(env, settings, torque_limit_Nm, 1, ticks // processes)
        watch = Stopwatch(None)
        _learn(model, 3, watch)
    finally:
        env.close()
    return max(ticks / (rollout + update) for _, rollout, update in watch.cycles[1:])


def _learn(model: GaitPPO, cycles: int, watch: Stopwatch) -> None:
    model.set_logger(training_logger(None, resume=False))
    # Far from the end, where learning rates would be zero.
    total = cycles * model.n_steps * model.n_envs
    model.plan(100 * total)
    model.learn(total, watch)


class Stopwatch(BaseCallback):
    """Seconds of (physics, rollout, update) of every cycle; physics is 0 without a batch."""

    def __init__(self, gait: AssistedGait | None):
        super().__init__()
        self.cycles: list[tuple[float, float, float]] = []
        self._physics = 0.0
        if gait is not None:
            self._time_physics(gait.batch)

    def _time_physics(self, batch: Any) -> None:
        step = batch.step

        def timed(command):
            begin = time.perf_counter()
            step(command)
            self._physics += time.perf_counter() - begin

        batch.step = timed

    def _on_rollout_start(self) -> None:
        self._finish_cycle()
        self._physics, self._begin = 0.0, time.perf_counter()

    def _on_rollout_end(self) -> None:
        self._rolled = time.perf_counter()

    def _on_training_end(self) -> None:
        self._finish_cycle()

    def _on_step(self) -> bool:
        return True

    def _finish_cycle(self) -> None:
        if hasattr(self, "_rolled"):
            now = time.perf_counter()
            self.cycles.append((self._physics, self._rolled - self._begin, now - self._rolled))


def flop_per_step(model: GaitPPO) -> float:
    """Operations of all matrix products that one environment step causes.

    Acting asks the actor once for each view and the critic once; every epoch costs both a
    forward pass and a backward pass of twice that. A window is ten passes of the LSTM.
    """
    actor, critic = model.policy.actor, model.policy.critic
    weights = sum(p.numel() for p in actor.network.parameters() if p.dim() == 2)
    if actor.kind == "lstm_window":
        lstm = actor.network.lstm
        gates = lstm.weight_ih_l0.numel() + lstm.weight_hh_l0.numel()
        weights += (actor.n_ticks - 1) * gates
    per_pass = 2.0 * (
        actor.n_views * weights + sum(p.numel() for p in critic.parameters() if p.dim() == 2)
    )
    return per_pass * (1 + 3 * model.n_epochs)


def multiply(m: int, k: int, n: int, repeats: int) -> None:
    """Matrix products (m, k) x (k, n), one after the other in one thread."""
    a, b, c = torch.ones(m, k), torch.ones(k, n), torch.empty(m, n)
    for _ in range(repeats):
        torch.mm(a, b, out=c)


def time_student(settings: StudentSettings, repeats: int) -> float:
    """Stretches of walking a second in a student's gradient steps, the best of `repeats`."""
    prepare_torch(settings.torch_threads)
    student = Tcn(settings.channels, settings.kernel, settings.layers)
    optimizer = torch.optim.Adam(student.parameters())
    length = student.receptive_field - 1 + SEGMENT_TICKS
    gyro = torch.zeros(settings.batch, length, 2)
    best = 0.0
    for _ in range(repeats):
        begin = time.perf_counter()
        optimizer.zero_grad()
        student(gyro).square().mean().backward()
        optimizer.step()
        best = max(best, settings.batch / (time.perf_counter() - begin))
    return best
