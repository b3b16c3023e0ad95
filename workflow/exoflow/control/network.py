"""Learned controllers inside the simulation: one tick of a network, from weights alone.

Weights are packed into one float32 vector, matrices stored input-major so that the
inner loop runs over outputs and vectorizes without reordering sums.
"""

import math
from typing import NamedTuple

import numpy as np

from exoflow.compiled import compiled
from exoflow.control.policy_format import PolicyWeights, require_told_nothing

MLP = 1
LSTM_WINDOW = 2
LSTM_CARRIED = 3
TCN = 4
KINDS = {"mlp": MLP, "lstm_window": LSTM_WINDOW, "lstm_carried": LSTM_CARRIED, "tcn": TCN}

POLICY_FEATURES = 6
GYRO_FEATURES = 2
HISTORY_TICKS = 10


class NetworkArrays(NamedTuple):
    """A controller as plain arrays.

    `layout`: kind, mirrored, outputs, hidden, dense widths or (channels, kernel), ...;
    `n_memory` float32 numbers carry it from tick to tick, zeros at a reset; `spacing` ticks
    lie between the inputs of its history.
    """

    layout: np.ndarray
    weights: np.ndarray
    input_scale: np.ndarray
    dilation: np.ndarray
    torque_limit_Nm: float
    n_memory: int
    spacing: int


def no_network() -> NetworkArrays:
    """Placeholder for rollouts without a network."""
    return NetworkArrays(
        np.zeros(8, np.int64), np.zeros(1, np.float32), np.zeros(6, np.float32),
        np.zeros(1, np.int64), 0.0, 1, 1,
    )  # fmt: skip


def pack_network(policy: PolicyWeights) -> NetworkArrays:
    """Pack a controller for the compiled loop.

    Raises
    ------
    PolicyFormatError
        If it is a teacher that was not told what it must be told.
    """
    require_told_nothing(policy)
    a = policy.arrays
    kind = KINDS[policy.kind]
    n_out = a["out_w"].shape[0]
    n_kept = n_kept_inputs(policy.history_spacing_ticks)
    pieces: list[np.ndarray] = []
    dilation = np.zeros(1, np.int64)

    def dense(name: str) -> None:
        pieces.extend((np.ascontiguousarray(a[f"{name}_w"].T).ravel(), a[f"{name}_b"].ravel()))

    if kind in (LSTM_WINDOW, LSTM_CARRIED):
        hidden = a["lstm_w_hh"].shape[1]
        pieces.append(np.ascontiguousarray(a["lstm_w_ih"].T).ravel())
        pieces.append(np.ascontiguousarray(a["lstm_w_hh"].T).ravel())
        pieces.append(a["lstm_b"].ravel())
        dense("fc")
        shape = [hidden, a["fc_w"].shape[0]]
        n_memory = n_kept + 4 * hidden
    elif kind == MLP:
        layers = sorted(k for k in a if k.startswith("fc") and k.endswith("_w"))
        shape = [len(layers)]
        for i in range(len(layers)):
            dense(f"fc{i}")
            shape.append(a[f"fc{i}_w"].shape[0])
        n_memory = n_kept
    else:
        n_layers = sum(k.startswith("conv") and k.endswith("_w") for k in a)
        channels, _, kernel = a["conv0_w"].shape
        dilation = np.asarray(policy.dilation, dtype=np.int64)
        for i in range(n_layers):
            # (out, in, tap) -> (tap, in, out): tap 0 is the oldest sample, as in torch.
            pieces.append(np.ascontiguousarray(a[f"conv{i}_w"].transpose(2, 1, 0)).ravel())
            pieces.append(a[f"conv{i}_b"].ravel())
        shape = [n_layers, channels, kernel, int((kernel - 1) * dilation.max() + 1)]
        n_memory = 1 + n_layers * channels * shape[3]
    dense("out")
    layout = np.array([kind, int(policy.mirrored), n_out, *shape], dtype=np.int64)
    return NetworkArrays(
        layout, np.concatenate([p.astype(np.float32) for p in pieces]),
        policy.input_scale.astype(np.float32), dilation, float(policy.torque_limit_Nm), n_memory,
        policy.history_spacing_ticks,
    )  # fmt: skip


@compiled
def n_kept_inputs(spacing: int) -> int:
    """Numbers a history keeps: every tick from its oldest to its newest sample."""
    return ((HISTORY_TICKS - 1) * spacing + 1) * POLICY_FEATURES


@compiled
def _dense(weights: np.ndarray, at: int, x: np.ndarray, y: np.ndarray) -> int:
    """y = W x + b from `weights[at:]`; returns the position behind the layer."""
    n_in, n_out = x.shape[0], y.shape[0]
    bias = at + n_in * n_out
    for o in range(n_out):
        y[o] = weights[bias + o]
    for i in range(n_in):
        xi = x[i]
        row = at + i * n_out
        for o in range(n_out):
            y[o] += weights[row + o] * xi
    return bias + n_out


@compiled
def _relu(x: np.ndarray) -> None:
    for i in range(x.shape[0]):
        if x[i] < 0.0:
            x[i] = np.float32(0.0)


@compiled
def _sigmoid(x: np.float32) -> np.float32:
    return np.float32(1.0) / (np.float32(1.0) + math.exp(-x))


@compiled
def _lstm_cell(
    weights: np.ndarray,
    n_in: int,
    hidden: int,
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    gates: np.ndarray,
) -> None:
    """One LSTM step in torch's gate order i, f, g, o; `h` and `c` change in place."""
    four = 4 * hidden
    recurrent = n_in * four
    bias = recurrent + hidden * four
    for g in range(four):
        gates[g] = weights[bias + g]
    for i in range(n_in):
        xi = x[i]
        for g in range(four):
            gates[g] += weights[i * four + g] * xi
    for j in range(hidden):
        hj = h[j]
        if hj != 0.0:
            for g in range(four):
                gates[g] += weights[recurrent + j * four + g] * hj
    for j in range(hidden):
        c[j] = _sigmoid(gates[hidden + j]) * c[j] + _sigmoid(gates[j]) * math.tanh(
            gates[2 * hidden + j]
        )
        h[j] = _sigmoid(gates[3 * hidden + j]) * math.tanh(c[j])


@compiled
def _recurrent_output(
    net: NetworkArrays, history: np.ndarray, h: np.ndarray, c: np.ndarray, out: np.ndarray
) -> None:
    layout = net.layout
    hidden, width = layout[3], layout[4]
    gates = np.empty(4 * hidden, np.float32)
    if layout[0] == LSTM_WINDOW:
        n_in = POLICY_FEATURES
        for tick in range(HISTORY_TICKS):
            _lstm_cell(
                net.weights, n_in, hidden, history[tick * n_in : (tick + 1) * n_in], h, c, gates
            )
    else:
        n_in = HISTORY_TICKS * POLICY_FEATURES
        _lstm_cell(net.weights, n_in, hidden, history, h, c, gates)
    at = 4 * hidden * (n_in + hidden + 1)
    middle = np.empty(width, np.float32)
    at = _dense(net.weights, at, h, middle)
    _relu(middle)
    _dense(net.weights, at, middle, out)


@compiled
def _perceptron_output(net: NetworkArrays, history: np.ndarray, out: np.ndarray) -> None:
    at = 0
    x = history
    for layer in range(net.layout[3]):
        y = np.empty(net.layout[4 + layer], np.float32)
        at = _dense(net.weights, at, x, y)
        _relu(y)
        x = y
    _dense(net.weights, at, x, out)


@compiled
def _temporal_output(
    net: NetworkArrays, features: np.ndarray, memory: np.ndarray, out: np.ndarray
) -> None:
    n_layers, channels, kernel, span = net.layout[3], net.layout[4], net.layout[5], net.layout[6]
    tick = int(memory[0])
    memory[0] = (tick + 1) % span
    at = 0
    x = features
    y = np.empty(channels, np.float32)
    for layer in range(n_layers):
        n_in = x.shape[0]
        ring = 1 + layer * channels * span
        for i in range(n_in):
            memory[ring + tick * channels + i] = x[i]
        bias = at + kernel * n_in * channels
        for o in range(channels):
            y[o] = net.weights[bias + o]
        for tap in range(kernel):
            past = tick - (kernel - 1 - tap) * net.dilation[layer]
            if past < 0:
                past += span
            for i in range(n_in):
                xi = memory[ring + past * channels + i]
                row = at + (tap * n_in + i) * channels
                for o in range(channels):
                    y[o] += net.weights[row + o] * xi
        at = bias + channels
        _relu(y)
        if layer > 0:
            for o in range(channels):
                y[o] += x[o]
        x = y.copy()
    _dense(net.weights, at, x, out)


@compiled
def network_tick(
    net: NetworkArrays, features: np.ndarray, memory: np.ndarray, torque: np.ndarray
) -> None:
    """Commanded hip torques (right, left) of one control tick.

    Parameters
    ----------
    net : NetworkArrays
        From `pack_network`.
    features : ndarray, float32
        SI inputs of this tick in the order of the controller's io description.
    memory : ndarray, shape (n_memory,), float32
        Changed in place; zeros are a reset.
    torque : ndarray, shape (2,)
        Out, Nm, flexion positive.
    """
    layout = net.layout
    limit = net.torque_limit_Nm
    out = np.empty(layout[2], np.float32)
    if layout[0] == TCN:
        scaled = np.empty(GYRO_FEATURES, np.float32)
        for i in range(GYRO_FEATURES):
            scaled[i] = features[i] * net.input_scale[i]
        _temporal_output(net, scaled, memory, out)
        torque[0] = limit * math.tanh(out[0])
        torque[1] = limit * math.tanh(out[1])
        return
    kept = n_kept_inputs(net.spacing)
    for i in range(kept - POLICY_FEATURES):
        memory[i] = memory[i + POLICY_FEATURES]
    for i in range(POLICY_FEATURES):
        memory[kept - POLICY_FEATURES + i] = features[i] * net.input_scale[i]
    n = HISTORY_TICKS * POLICY_FEATURES
    hidden = layout[3] if layout[0] != MLP else 0
    h = np.zeros(max(1, hidden), np.float32)
    c = np.zeros(max(1, hidden), np.float32)
    history = np.empty(n, np.float32)
    views = 2 if layout[1] == 1 else 1
    for view in range(views):
        for sample in range(HISTORY_TICKS):
            at = sample * net.spacing * POLICY_FEATURES
            for i in range(POLICY_FEATURES):
                # The left leg's view swaps every right-left pair of features.
                feature = i if view == 0 else i ^ 1
                history[sample * POLICY_FEATURES + i] = memory[at + feature]
        if layout[0] == MLP:
            _perceptron_output(net, history, out)
        else:
            carried = kept + view * 2 * hidden
            for j in range(hidden):
                keep = layout[0] == LSTM_CARRIED
                h[j] = memory[carried + j] if keep else np.float32(0.0)
                c[j] = memory[carried + hidden + j] if keep else np.float32(0.0)
            _recurrent_output(net, history, h, c, out)
            if layout[0] == LSTM_CARRIED:
                for j in range(hidden):
                    memory[carried + j] = h[j]
                    memory[carried + hidden + j] = c[j]
        torque[view] = limit * math.tanh(out[0])
    if views == 1:
        torque[1] = limit * math.tanh(out[1])
