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
    walk_s: float = setting(
        20.0, doc="Recorded walking of each policy, s; the last fifth validates.", minimum=2
    )
    gyro_noise_rad_s: float = setting(
        0.05, doc="Standard deviation of the gyroscope noise, rad/s.", minimum=0
    )
    epochs: int = setting(30, doc="Passes over the recorded walks.", minimum=1)
    batch: int = setting(64, doc="Stretches of walking in one gradient step.", minimum=1)
    learning_rate: float = setting(1e-3, doc="Learning rate of Adam.", above=0)
    seed: int = setting(1, doc="Random seed of weights, noise and order.", minimum=0)
    torch_threads: int = setting(
        1, doc="Threads of PyTorch; part of the result, so it is set here.", minimum=1
    )
