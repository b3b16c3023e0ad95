"""A trained student as the weights file that simulation and devices read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from exoflow.control.policy_format import PolicyWeights
from exoflow.gait.environment import AssistedGait
from exoflow.learning.networks import Actor
from exoflow.learning.policy_weights import GOLDEN_TICKS, io_description
from exoflow.learning.tcn import FEATURES, StreamingTcn, Tcn
from exoflow.learning.walks import GyroNoise, record_walks


def student_weights(
    student: Tcn,
    gait: AssistedGait,
    teacher: Actor,
    noise: GyroNoise,
    slew_Nm_s: float,
    source: dict[str, Any],
    seed: int,
) -> PolicyWeights:
    """Weights, their meaning and a recorded walk that the student drives.

    Parameters
    ----------
    student : Tcn
    gait, teacher
        One of its lessons; the first walker's walk is recorded.
    noise : GyroNoise
    slew_Nm_s : float
        Fastest change of torque of the actuator.
    source : dict
        Where the student comes from.
    seed : int
        Of the recorded walk.
    """
    limit = gait.settings.torque_limit_Nm
    walks = record_walks(
        gait, teacher, GOLDEN_TICKS / 100, noise, np.random.default_rng(seed), student
    )
    inputs = walks.measured[0]
    stream = StreamingTcn(student, 1)
    shares = [stream.step(torch.from_numpy(row[None])).numpy()[0] for row in inputs]
    return PolicyWeights(
        kind=student.kind,
        mirrored=False,
        input_scale=student.input_scale.numpy(),
        torque_limit_Nm=limit,
        io=io_description(FEATURES, 1, limit, slew_Nm_s, source),
        arrays=student.arrays(),
        dilation=student.dilation,
        golden_inputs=inputs,
        golden_outputs=np.array(shares) * np.float32(limit),
    )


def example_walk(student: Tcn) -> torch.Tensor:
    """An input of the right shape for the ONNX exporter. Shape: (1, receptive field, 2)."""
    return torch.zeros(1, student.receptive_field, len(FEATURES))
