"""The student: a causal temporal convolutional network over two thigh gyroscopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# name, unit and sign of each number of one tick.
FEATURES = (
    ("thigh_gyro_r", "rad/s", "flexion positive, pitch rate of the thigh in space"),
    ("thigh_gyro_l", "rad/s", "flexion positive, pitch rate of the thigh in space"),
)
TYPICAL_GYRO_RAD_S = 5.0
N_LEGS = 2


class Tcn(nn.Module):
    """Dilated causal convolutions, all but the first with a bypass.

    x0 = relu(conv0(input)), xi = x(i-1) + relu(convi(x(i-1))), output = tanh(W x + b).
    Before the first tick every layer's past is zero.

    Parameters
    ----------
    channels, kernel, layers : int
        Dilation doubles from one layer to the next: 1, 2, 4, ...
    """

    kind = "tcn"

    def __init__(self, channels: int = 32, kernel: int = 3, layers: int = 5):
        super().__init__()
        self.dilation = tuple(2**layer for layer in range(layers))
        n_inputs = [len(FEATURES)] + [channels] * (layers - 1)
        self.convs = nn.ModuleList(
            nn.Conv1d(n, channels, kernel, dilation=ticks)
            for n, ticks in zip(n_inputs, self.dilation, strict=True)
        )
        self.out = nn.Linear(channels, N_LEGS)
        scale = torch.full((len(FEATURES),), 1.0 / TYPICAL_GYRO_RAD_S)
        self.register_buffer("input_scale", scale)

    @property
    def receptive_field(self) -> int:
        """Ticks of input that one output depends on, its own included."""
        return 1 + sum(_past_ticks(conv) for conv in self.convs)

    def forward(self, gyro: torch.Tensor) -> torch.Tensor:
        """Torque shares of whole walks from their start. Shapes: (B, T, 2) -> (B, T, 2)."""
        x = (gyro * self.input_scale).transpose(1, 2)
        for index, conv in enumerate(self.convs):
            y = torch.relu(conv(functional.pad(x, (_past_ticks(conv), 0))))
            x = y if index == 0 else x + y
        return torch.tanh(self.out(x.transpose(1, 2)))

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights under the names of the weights file, float32 copies."""
        named: dict[str, torch.Tensor] = {}
        for index, conv in enumerate(self.convs):
            named |= {f"conv{index}_w": conv.weight, f"conv{index}_b": conv.bias}
        named |= {"out_w": self.out.weight, "out_b": self.out.bias}
        return {name: tensor.detach().numpy().copy() for name, tensor in named.items()}


def _past_ticks(conv: Any) -> int:
    """Ticks before the current one that a convolution sees."""
    return (conv.kernel_size[0] - 1) * conv.dilation[0]


class StreamingTcn:
    """A `Tcn` that is fed tick by tick, for several walkers at once.

    Computes the same as `Tcn.forward` on the walk so far; each layer keeps its own past.
    """

    def __init__(self, tcn: Tcn, n_walkers: int):
        self._tcn = tcn
        self._past = [
            torch.zeros(n_walkers, _past_ticks(conv) + 1, int(conv.in_channels))
            for conv in tcn.convs
        ]

    @torch.no_grad()
    def step(self, gyro: torch.Tensor) -> torch.Tensor:
        """Torque shares of this tick. Shapes: (n_walkers, 2) -> (n_walkers, 2)."""
        x = gyro * self._tcn.input_scale
        for index, (conv, past) in enumerate(zip(self._tcn.convs, self._past, strict=True)):
            past[:, :-1] = past[:, 1:].clone()
            past[:, -1] = x
            # Oldest tap first, as in the weights of a convolution.
            taps = past[:, :: conv.dilation[0]]
            y = torch.relu(torch.einsum("oik,nki->no", conv.weight, taps) + conv.bias)
            x = y if index == 0 else x + y
        return torch.tanh(self._tcn.out(x))
