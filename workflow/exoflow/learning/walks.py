"""Recorded walks that a student learns from: what its sensors read, what its teacher says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from exoflow.gait.environment import CONTROL_DT_S, AssistedGait
from exoflow.learning.networks import Actor, Controller
from exoflow.learning.tcn import StreamingTcn, Tcn


@dataclass(frozen=True)
class GyroNoise:
    """Errors of a thigh gyroscope. Every walk draws a bias and a noise level of its own.

    Attributes
    ----------
    white_rad_s : float
        Largest standard deviation of the white noise; the least is half of it.
    bias_rad_s : float
        Largest constant offset, either sign.
    """

    white_rad_s: float
    bias_rad_s: float

    def draw(self, n_walks: int, n_ticks: int, rng: np.random.Generator) -> np.ndarray:
        """Errors of both gyroscopes. Shape: (n_walks, n_ticks, 2), rad/s, float32."""
        level = self.white_rad_s * rng.uniform(0.5, 1.0, size=(n_walks, 1, 2))
        bias = self.bias_rad_s * rng.uniform(-1.0, 1.0, size=(n_walks, 1, 2))
        white = rng.standard_normal((n_walks, n_ticks, 2), dtype=np.float32)
        return (bias + level * white).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Walks:
    """Walks from a random moment on (see `SnapshotPool`), where the controller takes over.

    Attributes
    ----------
    gyro : ndarray, shape (n_walks, n_ticks, 2), float32
        True pitch rates of right and left thigh, rad/s.
    measured : ndarray, shape (n_walks, n_ticks, 2), float32
        The same with the sensor errors a driving student saw.
    teacher : ndarray, shape (n_walks, n_ticks, 2), float32
        Torque the teacher asks for in this tick, share of the limit.
    driver : ndarray, shape (n_walks, n_ticks, 2), float32
        Torque the driving controller asks for, share of the limit.
    length : ndarray, shape (n_walks,)
        Ticks until the walker fell, n_ticks if it did not.
    symmetric : bool
        The teacher answers to swapped legs with swapped torques.
    """

    gyro: np.ndarray
    measured: np.ndarray
    teacher: np.ndarray
    driver: np.ndarray
    length: np.ndarray
    symmetric: bool

    @property
    def n_ticks(self) -> int:
        """Ticks recorded of each walk."""
        return self.gyro.shape[1]

    def select(self, rows: slice) -> Walks:
        """Some of the walks."""
        return Walks(
            gyro=self.gyro[rows],
            measured=self.measured[rows],
            teacher=self.teacher[rows],
            driver=self.driver[rows],
            length=self.length[rows],
            symmetric=self.symmetric,
        )

    def fell(self) -> np.ndarray:
        """Walks that ended in a fall. Shape: (n_walks,), bool."""
        return self.length < self.n_ticks


def record_walks(
    gait: AssistedGait,
    teacher: Actor,
    duration_s: float,
    noise: GyroNoise,
    rng: np.random.Generator,
    student: Tcn | None = None,
) -> Walks:
    """Let all walkers of `gait` walk; teacher and student both look on, one of them drives.

    Parameters
    ----------
    gait : AssistedGait
        Without critic; its angle and velocity noise is what the teacher sees.
    teacher : Actor
    duration_s : float
    noise : GyroNoise
    rng : Generator
        Of the starts and all noise.
    student : Tcn, optional
        Drives if given, else the teacher does.
    """
    gait.rng = rng
    observation = gait.reset()
    n, n_ticks = gait.n_walkers, round(duration_s / CONTROL_DT_S)
    errors = noise.draw(n, n_ticks, rng)
    recorded: dict[str, Any] = {
        name: np.zeros((n, n_ticks, 2), np.float32) for name in ("gyro", "teacher", "driver")
    }
    length = np.full(n, n_ticks)
    stream = StreamingTcn(student, n) if student else None
    adviser = Controller(teacher, n)
    for tick in range(n_ticks):
        gyro = np.stack([gait.measure("thigh_gyro_r"), gait.measure("thigh_gyro_l")], axis=1)
        advice = adviser.act(torch.from_numpy(observation)).numpy()
        recorded["gyro"][:, tick] = gyro
        action = advice
        if stream is not None:
            seen = recorded["gyro"][:, tick] + errors[:, tick]
            action = stream.step(torch.from_numpy(seen)).numpy()
        recorded["teacher"][:, tick], recorded["driver"][:, tick] = advice, action
        observation, _, fallen, _ = gait.step(action)
        length = np.where(fallen & (length == n_ticks), tick + 1, length)
    return Walks(
        gyro=recorded["gyro"],
        measured=recorded["gyro"] + errors,
        teacher=recorded["teacher"],
        driver=recorded["driver"],
        length=length,
        symmetric=teacher.mirrored,
    )
