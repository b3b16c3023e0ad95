"""The networks: controllers (actors) over ten ticks of six inputs, and the critic.

All of them compute in the units of `control.policy_format`, which defines in
plain numpy what a stored controller means; tests compare the two.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from exoflow.learning.window_lstm import last_hidden

# Barati et al.: LSTM 128, then 64; the MLP has the same widths.
HIDDEN = 128
WIDTH = 64
# Small last layer: the untrained controller asks for almost no torque.
OUTPUT_GAIN = 0.01


def _orthogonal(layer: nn.Linear, gain: float) -> nn.Linear:
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


class WindowLstm(nn.Module):
    """Ten ticks of six inputs through one LSTM from zero state, then 64 ReLU units."""

    kind = "lstm_window"

    def __init__(self, n_features: int, n_ticks: int, n_outputs: int, hidden: int, width: int):
        super().__init__()
        self.lstm = nn.LSTM(n_features, hidden, batch_first=True)
        nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
        nn.init.orthogonal_(self.lstm.weight_hh_l0)
        nn.init.zeros_(self.lstm.bias_ih_l0)
        # Forget gates start open, so that the first ticks of the window count.
        nn.init.ones_(self.lstm.bias_ih_l0[hidden : 2 * hidden])
        # torch splits the bias in two; one of them stays zero.
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.fc = _orthogonal(nn.Linear(hidden, width), math.sqrt(2))
        self.out = _orthogonal(nn.Linear(width, n_outputs), OUTPUT_GAIN)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Before tanh. Shapes: (B, T, F) -> (B, n_outputs)."""
        return self.out(torch.relu(self.fc(last_hidden(windows, self.lstm))))

    def arrays(self) -> dict[str, torch.Tensor]:
        """Weights under the names of the weights file."""
        return {
            "lstm_w_ih": self.lstm.weight_ih_l0,
            "lstm_w_hh": self.lstm.weight_hh_l0,
            "lstm_b": self.lstm.bias_ih_l0,
            **_dense("fc", self.fc),
            **_dense("out", self.out),
        }


class WindowMlp(nn.Module):
    """Sixty inputs, tick-major and oldest first, through two layers of ReLU units."""

    kind = "mlp"

    def __init__(self, n_features: int, n_ticks: int, n_outputs: int, hidden: int, width: int):
        super().__init__()
        self.fc0 = _orthogonal(nn.Linear(n_ticks * n_features, hidden), math.sqrt(2))
        self.fc1 = _orthogonal(nn.Linear(hidden, width), math.sqrt(2))
        self.out = _orthogonal(nn.Linear(width, n_outputs), OUTPUT_GAIN)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Before tanh. Shapes: (B, T, F) -> (B, n_outputs)."""
        x = torch.relu(self.fc0(windows.flatten(1)))
        return self.out(torch.relu(self.fc1(x)))

    def arrays(self) -> dict[str, torch.Tensor]:
        """Weights under the names of the weights file."""
        return {**_dense("fc0", self.fc0), **_dense("fc1", self.fc1), **_dense("out", self.out)}


NETWORKS = {network.kind: network for network in (WindowLstm, WindowMlp)}


def _dense(name: str, layer: nn.Linear) -> dict[str, torch.Tensor]:
    return {f"{name}_w": layer.weight, f"{name}_b": layer.bias}


class Actor(nn.Module):
    """A controller: raw SI inputs of ten ticks in, torque of both legs out.

    A mirrored controller is one network for one leg, evaluated with the right
    leg's inputs first and with the left leg's inputs first.

    Parameters
    ----------
    kind : str
        "lstm_window" or "mlp".
    mirrored : bool
    input_scale : ndarray, shape (n_features,)
        Multiplies the raw inputs.
    n_ticks : int
    hidden, width : int
        Units of the two hidden layers.
    """

    def __init__(
        self,
        kind: str,
        mirrored: bool,
        input_scale: np.ndarray,
        n_ticks: int = 10,
        hidden: int = HIDDEN,
        width: int = WIDTH,
    ):
        super().__init__()
        self.kind, self.mirrored, self.n_ticks = kind, mirrored, n_ticks
        n_features = len(input_scale)
        self.network = NETWORKS[kind](n_features, n_ticks, 1 if mirrored else 2, hidden, width)
        self.register_buffer("input_scale", torch.as_tensor(input_scale, dtype=torch.float32))
        # Right-left pairs swapped: 1, 0, 3, 2, ...
        self.register_buffer("swapped", torch.arange(n_features) ^ 1, persistent=False)

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        """Torque of right and left leg as a share of the limit. Shapes: (B, T * F) -> (B, 2)."""
        windows = history.reshape(len(history), self.n_ticks, -1) * self.input_scale
        if not self.mirrored:
            return torch.tanh(self.network(windows))
        both = self.network(torch.cat([windows, windows[..., self.swapped]]))
        return torch.tanh(both.reshape(2, -1).t())

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights under the names of the weights file, float32 copies."""
        return {k: v.detach().numpy().copy() for k, v in self.network.arrays().items()}

    def load_arrays(self, arrays: dict[str, np.ndarray]) -> Actor:
        """Take the weights of a weights file; returns self."""
        with torch.no_grad():
            for name, parameter in self.network.arrays().items():
                parameter.copy_(torch.as_tensor(arrays[name]))
        return self


class Critic(nn.Module):
    """Value of a state: two layers of tanh units on scaled inputs.

    The output is multiplied by `value_scale`, so that the network itself works
    with numbers of about 1.
    """

    def __init__(self, scale: np.ndarray, widths: tuple[int, ...], value_scale: float):
        super().__init__()
        self.value_scale = value_scale
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32))
        layers: list[nn.Module] = []
        n_inputs = len(scale)
        for width in widths:
            layers += [_orthogonal(nn.Linear(n_inputs, width), 1.0), nn.Tanh()]
            n_inputs = width
        layers.append(_orthogonal(nn.Linear(n_inputs, 1), 1.0))
        self.layers = nn.Sequential(*layers)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Shapes: (B, n) -> (B,)."""
        # Bounded, because a falling walker's privileged state can be far outside its usual range.
        inputs = torch.clamp(observation * self.scale, -10.0, 10.0)
        return self.layers(inputs).squeeze(1) * self.value_scale
