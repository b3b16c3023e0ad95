"""Distillation: a student learns to ask for its teachers' torques from gyroscopes alone.

First it watches walks that the teachers drive. Then, round by round, it drives
itself and the teachers tell what they would have asked for (DAgger, Ross et al.
2011), so that it also learns to get out of what its own errors lead into.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import huber_loss

from exoflow.config.student import StudentSettings
from exoflow.errors import ParamsError
from exoflow.gait.environment import CONTROL_DT_S, AssistedGait
from exoflow.learning.networks import Actor
from exoflow.learning.tcn import Tcn
from exoflow.learning.walks import GyroNoise, Walks, record_walks
from exoflow.records.progress import Progress

SEGMENT_TICKS = 200
# Beyond this error, as a share of the torque limit, the loss grows linearly.
HUBER_DELTA = 0.1
# One walk in five is kept for validation.
VALIDATION = 5
MAX_GRAD_NORM = 1.0
# Torques of the first second, when the student's memory fills, are not scored.
START_TICKS = 100


@dataclass(frozen=True, eq=False)
class Lesson:
    """One condition to learn: its walkers and the controller that knows how to help them."""

    gait: AssistedGait
    teacher: Actor


@dataclass(frozen=True, eq=False)
class Distillation:
    """A trained student.

    Attributes
    ----------
    student : Tcn
    history : list of (epoch, training loss, validation loss)
        Huber losses of torques as shares of the limit.
    validation : dict of Walks
        By condition: walks driven by the teacher that the student never learned from.
    """

    student: Tcn
    history: list[tuple[int, float, float]]
    validation: dict[str, Walks]


def distil(lessons: Mapping[str, Lesson], settings: StudentSettings) -> Distillation:
    """Train a student on all lessons; the same settings give the same student."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    noise = GyroNoise(settings.gyro_noise_rad_s, settings.gyro_bias_rad_s)
    student = Tcn(settings.channels, settings.kernel, settings.layers)
    _require_long_walks(settings.walk_s, student)
    optimizer = torch.optim.Adam(student.parameters(), lr=settings.learning_rate)
    stages = settings.dagger_rounds + 1
    total = stages * settings.epochs
    progress = Progress(total, "student")
    training: list[Walks] = []
    held_out: list[Walks] = []
    validation: dict[str, Walks] = {}
    history: list[tuple[int, float, float]] = []
    for stage in range(stages):
        for name, lesson in lessons.items():
            walks = record_walks(
                lesson.gait,
                lesson.teacher,
                settings.walk_s,
                noise,
                rng,
                student if stage > 0 else None,
            )
            kept = max(1, lesson.gait.n_walkers // VALIDATION)
            training.append(walks.select(slice(kept, None)))
            held_out.append(walks.select(slice(kept)))
            if stage == 0:
                validation[name] = held_out[-1]
        for _ in range(settings.epochs):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * (1.0 - len(history) / total)
            loss = _train_epoch(student, optimizer, training, settings.batch, noise, rng)
            history.append((len(history) + 1, loss, _validation_loss(student, held_out)))
            progress.update(len(history), f"validation loss {history[-1][2]:.2e}")
    return Distillation(copy.deepcopy(student), history, validation)


def _require_long_walks(walk_s: float, student: Tcn) -> None:
    needed_s = (student.receptive_field - 1 + SEGMENT_TICKS) * CONTROL_DT_S
    if walk_s < needed_s:
        raise ParamsError(
            f"student.walk_s = {walk_s:g} s is shorter than {needed_s:g} s, the memory of the "
            f"network and a segment of training. Raise it, or lower student.kernel or .layers."
        )


def _train_epoch(
    student: Tcn,
    optimizer: torch.optim.Optimizer,
    walks: Sequence[Walks],
    batch: int,
    noise: GyroNoise,
    rng: np.random.Generator,
) -> float:
    """One pass: as many random segments as the walks are long. Returns the mean loss."""
    gyro, target, weight = segments(walks, student.receptive_field - 1, noise, rng)
    order = rng.permutation(len(gyro))
    total = 0.0
    for first in range(0, len(order), batch):
        rows = order[first : first + batch]
        loss = _loss(student, gyro[rows], target[rows], weight[rows])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(order)


def segments(
    walks: Sequence[Walks], context: int, noise: GyroNoise, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random stretches of walking with fresh sensor errors.

    A segment that does not begin with the walk has `context` ticks in front that
    only fill the student's memory. Legs are swapped in every second one, as far as
    the teacher treats them alike.

    Returns
    -------
    gyro, target : ndarray, shape (n, context + 200, 2), float32
    weight : ndarray, shape (n, context + 200, 1), float32
        0 where a tick does not count: memory not filled, or walker down.
    """
    gyro, target, weight = [], [], []
    length = context + SEGMENT_TICKS
    ticks = np.arange(length)
    for some in walks:
        n = max(1, int(some.length.sum()) // SEGMENT_TICKS)
        row = rng.choice(len(some.length), size=n, p=some.length / some.length.sum())
        # Up to `context` ticks early, so that beginnings are as frequent as they last.
        latest = np.maximum(some.length[row] - length, 0)
        first = np.maximum(rng.integers(-context, latest + 1), 0)
        at = first[:, None] + ticks
        counts = (at < some.length[row, None]) & ((ticks >= context) | (first[:, None] == 0))
        seen, wanted = some.gyro[row[:, None], at], some.teacher[row[:, None], at]
        if some.symmetric:
            swap = rng.random(n) < 0.5
            seen[swap], wanted[swap] = seen[swap][..., ::-1], wanted[swap][..., ::-1]
        gyro.append(seen + noise.draw(n, length, rng))
        target.append(wanted)
        weight.append(counts[..., None].astype(np.float32))
    return np.concatenate(gyro), np.concatenate(target), np.concatenate(weight)


def _loss(student: Tcn, gyro: np.ndarray, target: np.ndarray, weight: np.ndarray) -> torch.Tensor:
    errors = huber_loss(
        student(torch.from_numpy(gyro)),
        torch.from_numpy(target),
        reduction="none",
        delta=HUBER_DELTA,
    )
    counted = torch.from_numpy(weight)
    return (errors * counted).sum() / (errors.shape[2] * counted.sum())


@torch.no_grad()
def _validation_loss(student: Tcn, walks: Sequence[Walks]) -> float:
    losses = []
    for some in walks:
        weight = np.arange(some.n_ticks) < some.length[:, None]
        weight = weight[..., None].astype(np.float32)
        losses.append(_loss(student, some.measured, some.teacher, weight).item())
    return float(np.mean(losses))


@torch.no_grad()
def open_loop_fidelity(student: Tcn, walks: Walks, torque_limit_Nm: float) -> dict[str, float]:
    """How well the student's torques follow the teacher's on walks the teacher drives."""
    output = student(torch.from_numpy(walks.measured)).numpy()
    return fidelity(output, walks, torque_limit_Nm)


def fidelity(output: np.ndarray, walks: Walks, torque_limit_Nm: float) -> dict[str, float]:
    """Correlation and root mean square error of torques against the teacher's.

    Both legs and all walks together, without the first second and without what
    comes after a fall. `r` is 0 if one of the two never changes.

    Parameters
    ----------
    output : ndarray, shape (n_walks, n_ticks, 2)
        Shares of the limit.
    """
    ticks = np.arange(walks.n_ticks)
    counts = (ticks >= START_TICKS) & (ticks < walks.length[:, None])
    if not counts.any():
        counts = ticks < walks.length[:, None]
    given, wanted = output[counts].ravel(), walks.teacher[counts].ravel()
    varies = given.std() > 0 and wanted.std() > 0
    return {
        "r": float(np.corrcoef(given, wanted)[0, 1]) if varies else 0.0,
        "rmse_Nm": float(torque_limit_Nm * np.sqrt(np.mean((given - wanted) ** 2))),
    }
