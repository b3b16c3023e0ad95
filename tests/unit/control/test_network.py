"""Compiled inference against the executable definition of the weights format."""

import numpy as np
import pytest

from exoflow.control.network import network_tick, pack_network
from exoflow.control.policy_format import NumpyPolicy, PolicyWeights

LIMIT = 8.0


def policy(kind, mirrored, seed=0, spacing=None):
    """A small controller with random weights."""
    rng = np.random.default_rng(seed)

    def array(*shape):
        return rng.normal(0, 0.4, shape).astype(np.float32)

    n_out = 1 if mirrored else 2
    n_features = 2 if kind == "tcn" else 6
    dilation = ()
    if kind.startswith("lstm"):
        hidden, width = 12, 7
        n_in = 6 if kind == "lstm_window" else 60
        arrays = {
            "lstm_w_ih": array(4 * hidden, n_in), "lstm_w_hh": array(4 * hidden, hidden),
            "lstm_b": array(4 * hidden), "fc_w": array(width, hidden), "fc_b": array(width),
            "out_w": array(n_out, width), "out_b": array(n_out),
        }  # fmt: skip
    elif kind == "mlp":
        arrays = {
            "fc0_w": array(11, 60), "fc0_b": array(11), "fc1_w": array(5, 11), "fc1_b": array(5),
            "out_w": array(n_out, 5), "out_b": array(n_out),
        }  # fmt: skip
    else:
        channels, dilation = 4, (1, 2, 4)
        arrays = {"out_w": array(2, channels), "out_b": array(2)}
        for i in range(3):
            arrays[f"conv{i}_w"] = array(channels, 2 if i == 0 else channels, 3)
            arrays[f"conv{i}_b"] = array(channels)
    rows = rng.normal(0, 1, (1000, n_features)).astype(np.float32)
    names = ["hip_r", "hip_l", "hip_velocity_r", "hip_velocity_l", "torque_r", "torque_l"]
    inputs = [{"name": n, "unit": "SI", "sign": "flexion positive"} for n in names[:n_features]]
    io = {
        "inputs": inputs,
        "history": 1 if kind == "tcn" else 10, "history_order": "oldest_first", "rate_Hz": 100,
        "torque_limit_Nm": LIMIT, "slew_Nm_s": 160.0, "reset": "zeros",
    }  # fmt: skip
    if spacing:
        io["history_spacing_ticks"] = spacing
    return PolicyWeights(
        status="ok", reason="", kind=kind, mirrored=mirrored,
        input_scale=rng.uniform(0.2, 1.0, n_features // 2).repeat(2).astype(np.float32),
        torque_limit_Nm=LIMIT, io=io, arrays=arrays, dilation=dilation,
        golden_inputs=rows, golden_outputs=np.zeros((1000, 2), np.float32),
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind, mirrored",
    [
        ("lstm_window", True), ("lstm_window", False), ("lstm_carried", True),
        ("lstm_carried", False), ("mlp", True), ("mlp", False), ("tcn", False),
    ],
)  # fmt: skip
def test_compiled_network_follows_its_definition(kind, mirrored):
    weights = policy(kind, mirrored)
    definition = NumpyPolicy(weights)
    network = pack_network(weights)
    memory = np.zeros(network.n_memory, np.float32)
    torque = np.zeros(2)
    definition.reset()
    seen = []
    for row in weights.golden_inputs[:150]:
        network_tick(network, row.copy(), memory, torque)
        seen.append(torque.copy())
        assert torque == pytest.approx(definition.step(row), abs=2e-5)
    assert np.std(seen) > 0.05  # the network does say something


@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp"])
def test_compiled_network_follows_its_definition_with_a_spaced_history(kind):
    weights = policy(kind, True, spacing=3)
    network, definition = pack_network(weights), NumpyPolicy(weights)
    memory, torque = np.zeros(network.n_memory, np.float32), np.zeros(2)
    for row in weights.golden_inputs[:80]:
        network_tick(network, row.copy(), memory, torque)
        assert torque == pytest.approx(definition.step(row), abs=2e-5)


def test_a_spaced_window_answers_to_every_third_tick_alone():
    weights = policy("mlp", False, spacing=3)
    rows = weights.golden_inputs[:28]
    other = rows.copy()
    # Samples 27, 24, ..., 0 are seen at tick 27; the ticks between them are not.
    other[[1, 2, 25, 26]] += 5.0
    one, two = (NumpyPolicy(weights).run(some)[-1] for some in (rows, other))
    assert one == pytest.approx(two, abs=1e-12)
    dense = policy("mlp", False)
    sampled = NumpyPolicy(dense).run(rows[::3])[-1]
    assert one == pytest.approx(sampled, abs=1e-12)


def test_mirrored_controller_treats_both_legs_alike():
    weights = policy("lstm_window", True)
    network = pack_network(weights)
    torques = []
    for order in ([0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4]):
        memory, torque = np.zeros(network.n_memory, np.float32), np.zeros(2)
        for row in weights.golden_inputs[:20]:
            network_tick(network, row[order].copy(), memory, torque)
        torques.append(torque.copy())
    assert torques[0] == pytest.approx(torques[1][::-1], abs=1e-6)
