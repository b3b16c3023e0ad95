"""stages/closed_loop.py: the C of a bundle walks like the network it came from."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights, save_policy
from exoflow.errors import UserError
from exoflow.simulation.walker import HIP_INPUTS
from exoflow.stages import closed_loop, export

GAIT = Path(__file__).parents[3] / "data/reference/level.json"


@pytest.fixture
def policy(tmp_path, monkeypatch):
    """Weights of a small mlp that commands some Nm while walking."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    shapes = {"fc0_w": (8, 60), "fc0_b": (8,), "out_w": (2, 8), "out_b": (2,)}
    inputs = rng.normal(size=(1000, 6)).astype(np.float32)
    weights = PolicyWeights(
        kind="mlp",
        input_scale=np.array([1, 1, 0.2, 0.2, 0.1, 0.1], np.float32),
        torque_limit_Nm=8.0,
        io={
            "inputs": [{"name": name, "unit": "SI", "sign": "flexion"} for name in HIP_INPUTS],
            "history": 10,
            "history_order": "oldest_first",
            "rate_Hz": 100,
            "torque_limit_Nm": 8.0,
            "slew_Nm_s": 160.0,
            "reset": "zeros",
        },
        arrays={
            name: (0.1 * rng.normal(size=shape)).astype(np.float32)
            for name, shape in shapes.items()
        },
        golden_inputs=inputs,
    )
    outputs = NumpyPolicy(weights).run(inputs).astype(np.float32)
    save_policy("w.npz", dataclasses.replace(weights, golden_outputs=outputs))
    export.run("small", Path("w.npz"), Path("small.zip"), {"export": {"targets": ["host"]}})
    return weights


@pytest.mark.slow
def test_compiled_controller_walks_like_its_network(policy, capsys):
    result = closed_loop.run(Path("small.zip"), Path("w.npz"), GAIT, duration_s=4.0)
    assert result["passed"] is True
    rows = result["walks"]
    assert next(iter(rows)) == "network"
    assert rows["C alone"]["n_steps"] == rows["network"]["n_steps"] > 4
    assert abs(rows["C alone"]["change_cot_pct"]) < 0.1
    assert rows["C and safety"]["guards"]["soft"] == 1
    error = result["c_against_float32_network"]
    assert error["n_steps"] == 400
    assert error["rms_error_Nm"] <= error["max_abs_error_Nm"] <= 1e-5
    assert error["largest_command_Nm"] > 0.1
    assert "| C and safety, noise, +10 ms | yes |" in capsys.readouterr().out


@pytest.mark.slow
def test_walking_with_fewer_bits_states_its_distance_from_the_network(policy):
    settings = {"export": {"targets": ["host"], "weights": "int8"}}
    export.run("int8", Path("w.npz"), Path("int8.zip"), settings)
    result = closed_loop.run(Path("int8.zip"), Path("w.npz"), GAIT, duration_s=2.0)
    assert 1e-4 < result["c_against_float32_network"]["rms_error_Nm"] < 0.1


@pytest.mark.slow
def test_bundle_of_another_policy_is_refused(policy):
    arrays = policy.arrays | {"out_b": policy.arrays["out_b"] + 1}
    outputs = np.zeros((1000, 2), np.float32)
    save_policy("o.npz", dataclasses.replace(policy, arrays=arrays, golden_outputs=outputs))
    with pytest.raises(UserError, match=r"o\.npz: has weights [0-9a-f]{16}, the bundle small\.zip"):
        closed_loop.run(Path("small.zip"), Path("o.npz"), GAIT)
