"""A batch of walkers that costs nothing: legs swing as sines, helping torque saves power."""

from __future__ import annotations

import numpy as np
import pytest
import torch

MEASURES = (
    "hip_r", "hip_l", "hip_velocity_r", "hip_velocity_l", "thigh_gyro_r", "thigh_gyro_l",
    "torque_r", "torque_l", "metabolic_power_W", "speed_m_s", "com_height_m",
    "mean_sq_activation_r", "mean_sq_activation_l", "fallen", "finite",
)  # fmt: skip
SWING_RAD = 0.35
STRIDE_RAD_S = 2 * np.pi
SLEW_NM_PER_TICK = 1.6
POWER_W = 400.0
SPEED_M_S = 1.2
FALL_TORQUE_NM = 14.0


class SwingingLegs:
    """The attributes of `Walker.batch`; the walker falls when both hips push hard one way.

    State of a walker: phase, torque_r, torque_l, fallen.
    """

    n_state = 4
    measure_names = MEASURES
    n_measures = len(MEASURES)
    n_privileged = 4

    def __init__(self, n_walkers: int):
        self.n_walkers = n_walkers
        self.states = np.zeros((n_walkers, self.n_state))
        self.measures = np.zeros((n_walkers, self.n_measures))
        self.privileged = np.zeros((n_walkers, self.n_privileged))
        self.subject = np.zeros(n_walkers, np.int64)
        self.reference = {
            "speed_m_s": SPEED_M_S,
            "metabolic_power_W": POWER_W,
            "cot_J_kg_m": POWER_W / SPEED_M_S / 75.0,
        }

    def index(self, name: str) -> int:
        return self.measure_names.index(name)

    def walk(self, n_ticks: int, subject: int = 0) -> tuple[np.ndarray, np.ndarray]:
        states = np.zeros((n_ticks + 1, self.n_state))
        states[:, 0] = np.arange(n_ticks + 1) * STRIDE_RAD_S * 0.01
        return states, np.zeros((n_ticks, 2))

    def step(self, command: np.ndarray) -> None:
        walking = self.states[:, 3] < 0.5
        change = np.clip(command - self.states[:, 1:3], -SLEW_NM_PER_TICK, SLEW_NM_PER_TICK)
        self.states[:, 1:3] += walking[:, None] * change
        self.states[:, 0] += walking * STRIDE_RAD_S * 0.01
        torque = self.states[:, 1:3]
        self.states[:, 3] = np.abs(torque.sum(axis=1)) > FALL_TORQUE_NM
        phase = self.states[:, :1] + np.array([0.0, np.pi])
        angle = SWING_RAD * np.sin(phase)
        velocity = SWING_RAD * STRIDE_RAD_S * np.cos(phase)
        # Best torque: 3 Nm per rad/s of hip velocity, at most 6.6 Nm.
        power = POWER_W + np.sum(0.5 * torque**2 - 3.0 * torque * velocity, axis=1)
        n = self.n_walkers
        columns = (
            angle, velocity, velocity, torque, power, np.full(n, SPEED_M_S), np.full(n, 1.0),
            np.full((n, 2), 0.03), self.states[:, 3], np.isfinite(self.states).all(axis=1),
        )  # fmt: skip
        self.measures[:] = np.column_stack(columns)
        self.privileged[:] = np.column_stack([np.cos(phase), torque / 8.0])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny networks lose more to waiting threads than they gain."""
    torch.set_num_threads(1)


@pytest.fixture
def swinging_legs() -> type[SwingingLegs]:
    return SwingingLegs
