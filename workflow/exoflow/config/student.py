"""Distillation into one controller fed by thigh gyroscopes: `student:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class StudentSettings:
    """A causal temporal convolutional network (TCN) taught by all policies."""

    enabled: bool = setting(True, doc="Distil a student; false leaves the phase out.")
    channels: int = setting(32, doc="Channels of every layer.", minimum=1)
    kernel: int = setting(3, doc="Ticks a convolution sees.", minimum=2)
    layers: int = setting(5, doc="Convolutions; dilation doubles from one to the next.", minimum=1)
    walk_s: float = setting(10.0, doc="Length of a recorded walk, s.", minimum=4)
    walkers: int = setting(
        15, doc="Walks recorded of each condition and round; a fifth validates.", minimum=2
    )
    gyro_noise_rad_s: float = setting(
        0.1,
        doc="Largest standard deviation of the gyroscope noise, the least is half, rad/s.",
        minimum=0,
    )
    gyro_bias_rad_s: float = setting(
        0.05, doc="Largest constant error of a gyroscope in a walk, rad/s.", minimum=0
    )
    dagger_rounds: int = setting(
        4, doc="Rounds in which the student drives and its teachers correct it.", minimum=0
    )
    epochs: int = setting(
        12, doc="Passes over all walks recorded so far, at first and in each round.", minimum=1
    )
    timestep_s: float = setting(
        0.001, doc="Step of the simulation in recorded walks, s.", minimum=0.0001, maximum=0.002
    )
    batch: int = setting(64, doc="Stretches of walking in one gradient step.", minimum=1)
    learning_rate: float = setting(1e-3, doc="Learning rate of Adam.", above=0)
    seed: int = setting(1, doc="Random seed of weights, noise and order.", minimum=0)
    torch_threads: int = setting(
        1, doc="Threads of PyTorch; part of the result, so it is set here.", minimum=1
    )
