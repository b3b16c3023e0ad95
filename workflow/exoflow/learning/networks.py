"""The networks: controllers (actors) over ten ticks of six inputs, and the critic.

All of them compute in the units of `control.policy_format`, which defines in
plain numpy what a stored controller means; tests compare the two.

A mirrored controller is one network for one leg; the two legs' views of a tick
are two rows of its input. `Actor.views` makes these rows, `Actor.torques` puts
the answers together again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

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


def _lstm(n_inputs: int, hidden: int) -> nn.LSTM:
    lstm = nn.LSTM(n_inputs, hidden, batch_first=True)
    nn.init.xavier_uniform_(lstm.weight_ih_l0)
    nn.init.orthogonal_(lstm.weight_hh_l0)
    nn.init.zeros_(lstm.bias_ih_l0)
    # Forget gates start open, so that early ticks count.
    nn.init.ones_(lstm.bias_ih_l0[hidden : 2 * hidden])
    # torch splits the bias in two; one of them stays zero.
    nn.init.zeros_(lstm.bias_hh_l0)
    lstm.bias_hh_l0.requires_grad_(False)
    return lstm


def _gates(lstm: nn.LSTM) -> dict[str, torch.Tensor]:
    return {
        "lstm_w_ih": lstm.weight_ih_l0,
        "lstm_w_hh": lstm.weight_hh_l0,
        "lstm_b": lstm.bias_ih_l0,
    }


def _dense(name: str, layer: nn.Linear) -> dict[str, torch.Tensor]:
    return {f"{name}_w": layer.weight, f"{name}_b": layer.bias}


class WindowLstm(nn.Module):
    """Ten ticks of six inputs through one LSTM from zero state, then 64 ReLU units."""

    kind = "lstm_window"

    def __init__(self, n_features: int, n_ticks: int, n_outputs: int, hidden: int, width: int):
        super().__init__()
        self.lstm = _lstm(n_features, hidden)
        self.fc = _orthogonal(nn.Linear(hidden, width), math.sqrt(2))
        self.out = _orthogonal(nn.Linear(width, n_outputs), OUTPUT_GAIN)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Before tanh. Shapes: (B, T, F) -> (B, n_outputs)."""
        return self.out(torch.relu(self.fc(last_hidden(windows, self.lstm))))

    def arrays(self) -> dict[str, torch.Tensor]:
        """Weights under the names of the weights file."""
        return {**_gates(self.lstm), **_dense("fc", self.fc), **_dense("out", self.out)}


class CarriedLstm(nn.Module):
    """All sixty inputs of a tick through an LSTM that keeps its state from tick to tick."""

    kind = "lstm_carried"

    def __init__(self, n_features: int, n_ticks: int, n_outputs: int, hidden: int, width: int):
        super().__init__()
        self.hidden = hidden
        self.lstm = _lstm(n_ticks * n_features, hidden)
        self.fc = _orthogonal(nn.Linear(hidden, width), math.sqrt(2))
        self.out = _orthogonal(nn.Linear(width, n_outputs), OUTPUT_GAIN)

    def start(self, n_rows: int) -> torch.Tensor:
        """State of a controller that has just been switched on. Shape: (2, n_rows, hidden)."""
        return torch.zeros(2, n_rows, self.hidden)

    def step(self, windows: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One tick before tanh, and the new state.

        Shapes: (B, T, F), (2, B, hidden) -> (B, n_outputs), (2, B, hidden).
        """
        inputs = windows.flatten(1)[:, None]
        h, (h_n, c_n) = self.lstm(inputs, (state[:1].contiguous(), state[1:].contiguous()))
        return self._head(h[:, 0]), torch.cat([h_n, c_n])

    def sequence(
        self, windows: torch.Tensor, starts: torch.Tensor, state: torch.Tensor
    ) -> torch.Tensor:
        """Many ticks in a row, before tanh.

        Parameters
        ----------
        windows : Tensor, shape (B, L, T, F)
        starts : Tensor, shape (B, L), bool
            Ticks at which the state is zeros, because an episode begins there.
        state : Tensor, shape (2, B, hidden)
            Before the first tick.

        Returns
        -------
        Tensor, shape (B, L, n_outputs)
        """
        lstm = self.lstm
        gates_in = torch.addmm(
            lstm.bias_ih_l0, windows.flatten(2).flatten(0, 1), lstm.weight_ih_l0.t()
        ).view(*windows.shape[:2], -1)
        h, c = state
        going_on = (~starts).to(h.dtype)[..., None]
        hidden = []
        for tick in range(windows.shape[1]):
            h, c = h * going_on[:, tick], c * going_on[:, tick]
            i, f, g, o = torch.addmm(gates_in[:, tick], h, lstm.weight_hh_l0.t()).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            hidden.append(h)
        return self._head(torch.stack(hidden, dim=1))

    def _head(self, h: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.fc(h)))

    def arrays(self) -> dict[str, torch.Tensor]:
        """Weights under the names of the weights file."""
        return {**_gates(self.lstm), **_dense("fc", self.fc), **_dense("out", self.out)}


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


NETWORKS = {network.kind: network for network in (WindowLstm, CarriedLstm, WindowMlp)}


class Actor(nn.Module):
    """A controller: raw SI inputs of ten ticks in, torque of both legs out.

    A mirrored controller is one network for one leg, evaluated with the right
    leg's inputs first and with the left leg's inputs first.

    Parameters
    ----------
    kind : str
        "lstm_window", "lstm_carried" or "mlp".
    mirrored : bool
    input_scale : ndarray, shape (n_features,)
        Multiplies the raw inputs.
    n_ticks : int
    hidden, width : int
        Units of the two hidden layers.
    told_scale : ndarray, shape (n_told,)
        Multiplies what a teacher is told, which stands behind the ticks of an observation and
        goes into the network with every tick. Empty for what a device can run.
    """

    def __init__(
        self,
        kind: str,
        mirrored: bool,
        input_scale: np.ndarray,
        n_ticks: int = 10,
        hidden: int = HIDDEN,
        width: int = WIDTH,
        told_scale: np.ndarray | Sequence[float] = (),
    ):
        super().__init__()
        self.kind, self.mirrored, self.n_ticks = kind, mirrored, n_ticks
        n_features, n_outputs = len(input_scale), 1 if mirrored else 2
        self.network = NETWORKS[kind](
            n_features + len(told_scale), n_ticks, n_outputs, hidden, width
        )
        told = torch.as_tensor(np.asarray(told_scale), dtype=torch.float32)
        self.register_buffer("told_scale", told, persistent=False)
        self.register_buffer("input_scale", torch.as_tensor(input_scale, dtype=torch.float32))
        # Right-left pairs swapped: 1, 0, 3, 2, ...
        self.register_buffer("swapped", torch.arange(n_features) ^ 1, persistent=False)

    @property
    def is_recurrent(self) -> bool:
        """The network keeps a state from tick to tick."""
        return isinstance(self.network, CarriedLstm)

    @property
    def n_views(self) -> int:
        """Rows of the network's input per walker."""
        return 2 if self.mirrored else 1

    @property
    def n_inputs(self) -> int:
        """Numbers of one observation that the controller sees."""
        return self._n_sensed + len(self.told_scale)

    @property
    def _n_sensed(self) -> int:
        return self.n_ticks * len(self.input_scale)

    def views(self, history: torch.Tensor) -> torch.Tensor:
        """Scaled inputs, the right legs' views first, then the left legs'.

        Shapes: (B, T * F + n_told) -> (n_views * B, T, F + n_told).
        """
        sensed = history[:, : self._n_sensed]
        windows = sensed.reshape(len(history), self.n_ticks, -1) * self.input_scale
        if self.mirrored:
            windows = torch.cat([windows, windows[..., self.swapped]])
        if not len(self.told_scale):
            return windows
        told = (history[:, self._n_sensed :] * self.told_scale).repeat(self.n_views, 1)
        return torch.cat([windows, told[:, None].expand(-1, self.n_ticks, -1)], dim=-1)

    def torques(self, outputs: torch.Tensor) -> torch.Tensor:
        """Torque of right and left leg as a share of the limit.

        Shapes: (n_views * B, 2 / n_views) -> (B, 2).
        """
        if not self.mirrored:
            return torch.tanh(outputs)
        return torch.tanh(outputs.reshape(2, -1).t())

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        """Torque of right and left leg as a share of the limit. Shapes: (B, T * F) -> (B, 2).

        Only of a controller without a state; `Controller` runs every kind.
        """
        return self.torques(self.network(self.views(history)))

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights under the names of the weights file, float32 copies."""
        return {k: v.detach().numpy().copy() for k, v in self.network.arrays().items()}

    def load_arrays(self, arrays: dict[str, np.ndarray]) -> Actor:
        """Take the weights of a weights file; returns self."""
        with torch.no_grad():
            for name, parameter in self.network.arrays().items():
                parameter.copy_(torch.as_tensor(arrays[name]))
        return self


class Controller:
    """An actor that drives walkers tick by tick, with the state it may carry.

    Parameters
    ----------
    actor : Actor
    n_walkers : int
    threads : int
        Parts that the walkers are split into, each with a thread of its own.

    Attributes
    ----------
    state : Tensor, shape (2, n_views, n_walkers, hidden), or None
        What the network carries; None for networks that carry nothing.
    """

    def __init__(self, actor: Actor, n_walkers: int, threads: int = 1):
        self.actor = actor
        self.state: torch.Tensor | None = None
        if actor.is_recurrent:
            rows = actor.network.start(actor.n_views * n_walkers)
            self.state = rows.view(2, actor.n_views, n_walkers, -1)
        bounds = torch.arange(n_walkers).tensor_split(min(threads, n_walkers))
        self._parts = [slice(int(rows[0]), int(rows[-1]) + 1) for rows in bounds]
        self._pool = ThreadPoolExecutor(len(self._parts) - 1) if len(self._parts) > 1 else None

    def restart(self, walkers: np.ndarray | torch.Tensor) -> None:
        """Forget what is carried for these walkers (indices or mask)."""
        if self.state is not None:
            self.state[:, :, torch.as_tensor(walkers)] = 0.0

    def act(self, observation: torch.Tensor) -> torch.Tensor:
        """Torques of this tick as shares of the limit.

        Shapes: (n_walkers, T * F or more) -> (n_walkers, 2). Numbers behind the first
        T * F are the critic's.
        """
        history = observation[:, : self.actor.n_inputs]
        if self._pool is None:
            return self._act_part(history, slice(None))
        others = [
            self._pool.submit(self._act_part, history[rows], rows) for rows in self._parts[1:]
        ]
        first = self._act_part(history[self._parts[0]], self._parts[0])
        return torch.cat([first, *(other.result() for other in others)])

    @torch.no_grad()
    def _act_part(self, history: torch.Tensor, walkers: slice) -> torch.Tensor:
        actor = self.actor
        if self.state is None:
            return actor(history)
        before = self.state[:, :, walkers]
        outputs, state = actor.network.step(actor.views(history), before.flatten(1, 2))
        self.state[:, :, walkers] = state.view(before.shape)
        return actor.torques(outputs)


ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU}


class Critic(nn.Module):
    """Value of a state: layers of tanh or ReLU units on scaled inputs.

    The output is multiplied by `value_scale`, so that the network itself works
    with numbers of about 1.
    """

    def __init__(
        self,
        scale: np.ndarray,
        widths: tuple[int, ...],
        value_scale: float,
        activation: str = "tanh",
    ):
        super().__init__()
        self.value_scale = value_scale
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float32))
        layers: list[nn.Module] = []
        n_inputs = len(scale)
        for width in widths:
            layers += [_orthogonal(nn.Linear(n_inputs, width), 1.0), ACTIVATIONS[activation]()]
            n_inputs = width
        layers.append(_orthogonal(nn.Linear(n_inputs, 1), 1.0))
        self.layers = nn.Sequential(*layers)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Shapes: (B, n) -> (B,)."""
        # Bounded, because a falling walker's privileged state can be far outside its usual range.
        inputs = torch.clamp(observation * self.scale, -10.0, 10.0)
        return self.layers(inputs).squeeze(1) * self.value_scale
