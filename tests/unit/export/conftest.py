"""Random controllers with golden vectors from torch, written independently of exoflow."""

import ctypes
import os
import shutil
import subprocess

import numpy as np
import pytest

from exoflow.control.policy_format import PolicyWeights
from exoflow.export.c_code import STRICT_FLAGS, generate_sources

WALK_INPUTS = [
    ("hip_r", "rad", "flexion positive"),
    ("hip_l", "rad", "flexion positive"),
    ("hip_velocity_r", "rad/s", "flexion positive"),
    ("hip_velocity_l", "rad/s", "flexion positive"),
    ("torque_r", "Nm", "flexion positive"),
    ("torque_l", "Nm", "flexion positive"),
]
GYRO_INPUTS = [
    ("thigh_gyro_r", "rad/s", "flexion positive"),
    ("thigh_gyro_l", "rad/s", "flexion positive"),
]
WALK_SCALE = np.array([1.0, 1.0, 0.2, 0.2, 0.1, 0.1], np.float32)


def _walk(n_steps: int, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """One second a stride, legs half a stride apart, with noise; SI units at 100 Hz."""
    time_s = np.arange(n_steps) * 0.01
    amplitude = [0.5, 0.5, 3.0, 3.0, 6.0, 6.0] if n_features == 6 else [3.0, 3.0]
    columns = [
        a * np.sin(2 * np.pi * time_s + np.pi * (i % 2) + 0.7 * (i // 2))
        + 0.1 * a * rng.normal(size=n_steps)
        for i, a in enumerate(amplitude)
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _dense_arrays(name, layer):
    return {f"{name}_w": layer.weight.numpy(), f"{name}_b": layer.bias.numpy()}


def _lstm_arrays(lstm, fc, out):
    return {
        "lstm_w_ih": lstm.weight_ih_l0.numpy(),
        "lstm_w_hh": lstm.weight_hh_l0.numpy(),
        "lstm_b": (lstm.bias_ih_l0 + lstm.bias_hh_l0).numpy(),
        **_dense_arrays("fc", fc),
        **_dense_arrays("out", out),
    }


@pytest.fixture(scope="session")
def make_policy():
    """Function kind, mirrored, ... -> PolicyWeights whose golden vectors torch computed."""
    torch = pytest.importorskip("torch", reason="torch is the oracle of these tests")
    nn = torch.nn

    def make(
        kind: str,
        mirrored: bool = False,
        hidden: int = 12,
        width: int = 10,
        n_steps: int = 1000,
        torque_limit_Nm: float = 8.0,
        seed: int = 1,
    ) -> PolicyWeights:
        torch.manual_seed(seed)
        gyro = kind == "tcn"
        inputs = GYRO_INPUTS if gyro else WALK_INPUTS
        history = 1 if gyro else 10
        n_features, n_out = len(inputs), 1 if mirrored else 2
        scale = np.full(2, 0.3, np.float32) if gyro else WALK_SCALE
        golden = _walk(n_steps, n_features, np.random.default_rng(seed))
        scaled = torch.tensor(golden * scale)
        # windows[t] holds ticks t - history + 1 .. t, zeros before the walk.
        padded = torch.cat([torch.zeros(history - 1, n_features), scaled])
        windows = padded.unfold(0, history, 1).transpose(1, 2)
        dilation: tuple[int, ...] = ()

        with torch.no_grad():
            if kind in ("lstm_window", "lstm_carried"):
                size = n_features if kind == "lstm_window" else history * n_features
                lstm = nn.LSTM(size, hidden, batch_first=True)
                fc, out = nn.Linear(hidden, width), nn.Linear(width, n_out)
                out.weight *= 6
                arrays = _lstm_arrays(lstm, fc, out)

                def network(x):
                    if kind == "lstm_window":
                        h = lstm(x)[0][:, -1]
                    else:
                        h = lstm(x.flatten(1)[None])[0][0]
                    return out(torch.relu(fc(h)))

            elif kind == "mlp":
                layers = [nn.Linear(history * n_features, hidden), nn.Linear(hidden, width)]
                out = nn.Linear(width, n_out)
                out.weight *= 6
                arrays = _dense_arrays("out", out)
                for index, layer in enumerate(layers):
                    arrays |= _dense_arrays(f"fc{index}", layer)

                def network(x):
                    x = x.flatten(1)
                    for layer in layers:
                        x = torch.relu(layer(x))
                    return out(x)

            else:
                dilation = (1, 2, 4)
                convs = [
                    nn.Conv1d(n_features if i == 0 else hidden, hidden, 3, dilation=d)
                    for i, d in enumerate(dilation)
                ]
                out = nn.Linear(hidden, n_out)
                out.weight *= 6
                arrays = _dense_arrays("out", out)
                for index, conv in enumerate(convs):
                    arrays |= _dense_arrays(f"conv{index}", conv)

                def network(x):
                    x = x[:, -1].T[None]  # (1, features, ticks): the whole walk at once
                    for index, conv in enumerate(convs):
                        past = nn.functional.pad(x, (2 * dilation[index], 0))
                        y = torch.relu(conv(past))
                        x = y if index == 0 else x + y
                    return out(x[0].T)

            if mirrored:
                swap = [1, 0, 3, 2, 5, 4]
                outputs = torch.cat([network(windows), network(windows[:, :, swap])], dim=1)
            else:
                outputs = network(windows)
            commands = (torch.tanh(outputs) * torque_limit_Nm).numpy()

        return PolicyWeights(
            kind=kind,
            mirrored=mirrored,
            input_scale=scale,
            torque_limit_Nm=torque_limit_Nm,
            io={
                "inputs": [{"name": n, "unit": u, "sign": s} for n, u, s in inputs],
                "history": history,
                "history_order": "oldest_first",
                "rate_Hz": 100,
                "torque_limit_Nm": torque_limit_Nm,
                "slew_Nm_s": 200.0,
                "reset": "zeros",
                "outputs": ["command_r", "command_l"],
                "source": {"condition": "test"},
            },
            arrays={name: np.array(array, np.float32) for name, array in arrays.items()},
            dilation=dilation,
            golden_inputs=golden,
            golden_outputs=commands,
        )

    return make


@pytest.fixture
def c_compiler():
    """Command of the host compiler, or a skip that says why."""
    command = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    if not command:
        pytest.skip("no C compiler on this computer: install gcc or set CC")
    return command.split()


class CompiledPolicy:
    """The generated C behind Python calls."""

    def __init__(self, library: ctypes.CDLL, n_features: int):
        self.library, self.n_features = library, n_features
        # Far larger than any policy_state of these tests.
        self.state = (ctypes.c_double * 8192)()
        library.policy_init(self.state)

    def reset(self) -> None:
        self.library.policy_reset(self.state)

    def step(self, features) -> np.ndarray:
        out = np.zeros(2, np.float32)
        row = np.ascontiguousarray(features, np.float32)
        assert row.shape == (self.n_features,)
        pointer = ctypes.POINTER(ctypes.c_float)
        self.library.policy_step(
            self.state, row.ctypes.data_as(pointer), out.ctypes.data_as(pointer)
        )
        return out


@pytest.fixture
def compile_policy(tmp_path, c_compiler):
    """Function weights, optimization -> factory of CompiledPolicy; all flags strict."""

    def build(weights: PolicyWeights, optimization: str = "-O2", stored_as: str = "float32"):
        for name, text in generate_sources(weights, "test", stored_as).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        library = tmp_path / f"policy{len(list(tmp_path.glob('*.so')))}.so"
        command = [*c_compiler, *STRICT_FLAGS, optimization, "-shared", "-fPIC", "-o", str(library)]
        command += ["policy.c", "policy_weights.c"]
        subprocess.run(command, cwd=tmp_path, check=True)
        loaded = ctypes.CDLL(str(library))
        return lambda: CompiledPolicy(loaded, weights.n_features)

    return build
