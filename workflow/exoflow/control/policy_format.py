"""The weights file of a learned controller: reader, writer and executable definition.

`weights.npz` is the only thing that passes between learning, simulation and
export. This module checks every array of it and, in `NumpyPolicy`, says in
plain numpy what each kind of controller computes. Compiled inference and the
exported C code are tested against that class.
"""

import hashlib
import io as byte_io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from exoflow.errors import PolicyFormatError
from exoflow.records.files import write_bytes

KINDS = ("lstm_window", "lstm_carried", "mlp", "tcn")
STATUSES = ("ok", "skipped")

# Zip members carry a date; the earliest one a zip can hold keeps files reproducible.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Shapes = dict[str, tuple[tuple[int, ...], str]]  # expected shape and its meaning, by array

_REMEDY = "Make the file again with `exoflow policy` or `exoflow student`."
_HEADER_ARRAYS = (
    "kind",
    "mirrored",
    "input_scale",
    "torque_limit_Nm",
    "io_json",
    "golden_inputs",
    "golden_outputs",
)
_IO_KEYS = (
    "inputs",
    "history",
    "history_order",
    "rate_Hz",
    "torque_limit_Nm",
    "slew_Nm_s",
    "reset",
)


def _nothing() -> np.ndarray:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class PolicyWeights:
    """A learned controller, as stored.

    Attributes
    ----------
    status, reason : str
        "ok", or "skipped" with the reason; a skipped controller has no other content.
    kind : str
        One of `KINDS`.
    mirrored : bool
        True: one network with one output, called once per leg with that leg's
        values first. False: one call with right values first, outputs (right, left).
    input_scale : ndarray, shape (n_features,), float32
        Multiplies the raw SI inputs.
    torque_limit_Nm : float
        Output of the network is torque_limit_Nm * tanh(...), flexion positive.
    io : dict
        Names, units and signs of the inputs; history, rate, slew rate, reset rule.
    arrays : dict of ndarray, float32
        Network weights by name (`lstm_w_ih`, `fc0_w`, `conv0_w`, ...).
    dilation : tuple of int
        Ticks between the taps of each convolution; empty unless kind is "tcn".
    golden_inputs : ndarray, shape (n_steps, n_features), float32
        Raw SI inputs of a recorded walk that starts from reset.
    golden_outputs : ndarray, shape (n_steps, 2), float32
        Network commands (right, left) for these inputs, Nm.
    """

    status: str = "ok"
    reason: str = ""
    kind: str = ""
    mirrored: bool = False
    input_scale: np.ndarray = field(default_factory=_nothing)
    torque_limit_Nm: float = 0.0
    io: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    dilation: tuple[int, ...] = ()
    golden_inputs: np.ndarray = field(default_factory=_nothing)
    golden_outputs: np.ndarray = field(default_factory=_nothing)

    @property
    def n_features(self) -> int:
        """Inputs per tick."""
        return len(self.input_scale)

    @property
    def history(self) -> int:
        """Ticks of input the network sees at one call, the current one included."""
        return int(self.io["history"])

    @property
    def history_spacing_ticks(self) -> int:
        """Ticks from one input of the history to the next; 1 in files that do not say."""
        return int(self.io.get("history_spacing_ticks", 1))

    @property
    def n_told(self) -> int:
        """Numbers a teacher is told at every tick beside what its sensors measure."""
        return len(self.io.get("told", []))

    @property
    def n_passes(self) -> int:
        """Network evaluations per tick: one per leg if mirrored."""
        return 2 if self.mirrored else 1

    @property
    def n_network_outputs(self) -> int:
        """Outputs of one network evaluation; passes x outputs is always 2."""
        return 1 if self.mirrored else 2

    def mirror_order(self) -> np.ndarray:
        """Indices that turn right-first features into left-first: 1, 0, 3, 2, ..."""
        return np.arange(self.n_features) ^ 1

    def told_as(self, values: Mapping[str, float]) -> "PolicyWeights":
        """The controller for good and all told these values, which needs to be told nothing.

        What is told is the same at every tick, so its part of the first layer is a bias.

        Parameters
        ----------
        values : mapping
            Each of `io["told"]` by name, in its unit.

        Raises
        ------
        PolicyFormatError
            If a value is missing; names those there are.
        """
        if not self.n_told:
            return self
        missing = [one["name"] for one in self.io["told"] if one["name"] not in values]
        if missing:
            raise PolicyFormatError(
                f"this controller must be told {', '.join(missing)}; given: "
                f"{', '.join(values) or 'nothing'}."
            )
        told = np.array([values[one["name"]] * one["scale"] for one in self.io["told"]], np.float32)
        weight, bias = ("fc0_w", "fc0_b") if self.kind == "mlp" else ("lstm_w_ih", "lstm_b")
        width = self.n_features + self.n_told
        by_tick = self.arrays[weight].reshape(len(self.arrays[weight]), -1, width)
        sensed, rest = by_tick[..., : self.n_features], by_tick[..., self.n_features :]
        arrays = {
            **self.arrays,
            weight: np.ascontiguousarray(sensed.reshape(len(sensed), -1)),
            bias: self.arrays[bias] + (rest @ told).sum(axis=1),
        }
        io = {key: value for key, value in self.io.items() if key != "told"}
        source = {**io.get("source", {}), "told": {k: float(v) for k, v in values.items()}}
        return replace(self, arrays=arrays, io={**io, "source": source})

    def digest(self) -> str:
        """SHA-256 of the content; equal for equal numbers, whatever wrote the file."""
        sha = hashlib.sha256()
        for name, array in sorted(_to_arrays(self).items()):
            sha.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def load_policy(path: str | Path) -> PolicyWeights:
    """Read and check a weights file.

    Raises
    ------
    PolicyFormatError
        One line: file, array, what was found, what was expected, what to do.
    """
    path = Path(path)
    stored = _read_npz(path)
    status = _text(path, stored, "status")
    if status not in STATUSES:
        _fail(path, f"status is {status!r}, known are {', '.join(STATUSES)}")
    if status == "skipped":
        return PolicyWeights(status="skipped", reason=_text(path, stored, "reason"))
    for name in _HEADER_ARRAYS:
        if name not in stored:
            _fail(path, f"array {name} is missing; the file holds {_listing(stored)}")
    kind = _text(path, stored, "kind")
    _check_kind(path, kind)
    try:
        io = json.loads(_text(path, stored, "io_json"))
    except json.JSONDecodeError as error:
        _fail(path, f"io_json is not valid JSON ({error})")
    dilation = stored.get("dilation", np.zeros(0, np.int32))
    if dilation.ndim != 1 or dilation.dtype.kind not in "iu":
        _fail(
            path,
            f"array dilation has shape {dilation.shape} and type {dilation.dtype}, "
            "expected a list of integers, one per convolution",
        )
    other = {"status", "reason", "dilation", *_HEADER_ARRAYS}
    weights = PolicyWeights(
        kind=kind,
        mirrored=bool(_scalar(path, stored, "mirrored", "b")),
        input_scale=stored["input_scale"],
        torque_limit_Nm=float(_scalar(path, stored, "torque_limit_Nm", "fiu")),
        io=io,
        arrays={name: stored[name] for name in sorted(stored) if name not in other},
        dilation=tuple(int(ticks) for ticks in dilation),
        golden_inputs=stored["golden_inputs"],
        golden_outputs=stored["golden_outputs"],
    )
    _check(path, weights)
    return weights


def save_policy(path: str | Path, weights: PolicyWeights) -> None:
    """Check `weights` and write them; equal content gives equal bytes.

    Arrays are stored as float32. A skipped controller is
    `PolicyWeights(status="skipped", reason="...")`.
    The file appears whole or not at all.
    """
    path = Path(path)
    arrays = _to_arrays(weights)
    if weights.status == "ok":
        _check_kind(path, weights.kind)
        _check(path, _as_float32(weights))
    elif weights.status != "skipped":
        _fail(path, f"status is {weights.status!r}, known are {', '.join(STATUSES)}")
    content = byte_io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            buffer = byte_io.BytesIO()
            np.lib.format.write_array(buffer, arrays[name], version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", ZIP_DATE)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, buffer.getvalue())
    write_bytes(path, content.getvalue())


class NumpyPolicy:
    """What each kind of controller computes, one control tick at a time.

    Every kind sees `history` inputs, `history_spacing_ticks` apart, oldest first and
    zero before the first tick. A mirrored controller evaluates its network for
    the right leg with the features as given, and for the left leg with each
    (right, left) pair swapped; states that are carried exist once per leg.

    Parameters
    ----------
    weights : PolicyWeights
    dtype : numpy dtype
        float64 shows what the numbers mean, float32 what a device computes.
    """

    def __init__(self, weights: PolicyWeights, dtype: type = np.float64):
        if weights.status != "ok":
            raise PolicyFormatError(
                f"the controller was skipped and cannot run: {weights.reason}. "
                "Choose one whose status is ok."
            )
        require_told_nothing(weights)
        self.weights = weights
        self.dtype = dtype
        self._array: dict[str, np.ndarray] = {
            name: array.astype(dtype) for name, array in weights.arrays.items()
        }
        self._scale: np.ndarray = weights.input_scale.astype(dtype)
        self._limit = dtype(weights.torque_limit_Nm)
        self._order = (np.arange(weights.n_features), weights.mirror_order())
        self._network = {
            "lstm_window": self._lstm_window,
            "lstm_carried": self._lstm_carried,
            "mlp": self._mlp,
            "tcn": self._tcn,
        }[weights.kind]
        self.reset()

    def reset(self) -> None:
        """Back to the start of a walk: zero history, zero recurrent state."""
        weights = self.weights
        kept = (weights.history - 1) * weights.history_spacing_ticks + 1
        self._history: np.ndarray = np.zeros((kept, weights.n_features), self.dtype)
        if weights.kind == "lstm_carried":
            hidden = self._array["lstm_w_hh"].shape[1]
            self._carried: list[np.ndarray] = [
                np.zeros((2, hidden), self.dtype) for _ in range(weights.n_passes)
            ]
        if weights.kind == "tcn":
            # Past inputs of every convolution, oldest first; all zero before the
            # first tick, in the inner layers too (as padding each layer does).
            self._past = [
                [
                    np.zeros(((kernel.shape[2] - 1) * ticks + 1, kernel.shape[1]), self.dtype)
                    for kernel, ticks in zip(self._kernels(), weights.dilation, strict=True)
                ]
                for _ in range(weights.n_passes)
            ]

    def step(self, features: np.ndarray) -> np.ndarray:
        """Torque commands for one tick.

        Parameters
        ----------
        features : array_like, shape (n_features,)
            Raw SI inputs in the order of `io["inputs"]`, right before left.

        Returns
        -------
        ndarray, shape (2,)
            Hip torque commands (right, left), Nm, flexion positive.
        """
        self._history = np.roll(self._history, -1, axis=0)
        self._history[-1] = np.asarray(features, self.dtype) * self._scale
        seen = self._history[:: self.weights.history_spacing_ticks]
        outputs = [
            self._network(seen[:, self._order[leg]], leg) for leg in range(self.weights.n_passes)
        ]
        return np.tanh(np.concatenate(outputs)) * self._limit

    def run(self, features: np.ndarray) -> np.ndarray:
        """`step` over shape (n_steps, n_features) from reset; shape (n_steps, 2)."""
        self.reset()
        return np.array([self.step(row) for row in features]).reshape(len(features), 2)

    def _dense(self, name: str, x: np.ndarray) -> np.ndarray:
        return self._array[f"{name}_w"] @ x + self._array[f"{name}_b"]

    def _lstm_cell(self, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> np.ndarray:
        """New (h, c), shape (2, hidden). Gate order i, f, g, o, as in torch."""
        gates = self._array["lstm_w_ih"] @ x + self._array["lstm_w_hh"] @ h + self._array["lstm_b"]
        i, f, g, o = gates.reshape(4, -1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return np.stack([_sigmoid(o) * np.tanh(c), c])

    def _lstm_head(self, h: np.ndarray) -> np.ndarray:
        return self._dense("out", _relu(self._dense("fc", h)))

    def _lstm_window(self, history: np.ndarray, leg: int) -> np.ndarray:
        state: np.ndarray = np.zeros((2, self._array["lstm_w_hh"].shape[1]), self.dtype)
        for x in history:
            state = self._lstm_cell(x, *state)
        return self._lstm_head(state[0])

    def _lstm_carried(self, history: np.ndarray, leg: int) -> np.ndarray:
        self._carried[leg] = self._lstm_cell(history.ravel(), *self._carried[leg])
        return self._lstm_head(self._carried[leg][0])

    def _mlp(self, history: np.ndarray, leg: int) -> np.ndarray:
        x = history.ravel()
        for index in range(layer_count(self._array, "fc")):
            x = _relu(self._dense(f"fc{index}", x))
        return self._dense("out", x)

    def _kernels(self) -> list[np.ndarray]:
        count = layer_count(self._array, "conv")
        return [self._array[f"conv{index}_w"] for index in range(count)]

    def _tcn(self, history: np.ndarray, leg: int) -> np.ndarray:
        x = history[-1]
        for index, kernel in enumerate(self._kernels()):
            past = np.roll(self._past[leg][index], -1, axis=0)
            past[-1] = x
            self._past[leg][index] = past
            # Tap j of a torch Conv1d meets the input of (k - 1 - j) * dilation ticks ago.
            taps = past[:: self.weights.dilation[index]]
            y = np.einsum("oik,ki->o", kernel, taps) + self._array[f"conv{index}_b"]
            x = _relu(y) if index == 0 else x + _relu(y)
        return self._dense("out", x)


def require_told_nothing(weights: PolicyWeights) -> None:
    """Refuse a teacher that was not told what it must be told.

    Raises
    ------
    PolicyFormatError
        Names what it must be told.
    """
    if weights.n_told:
        names = ", ".join(one["name"] for one in weights.io["told"])
        raise PolicyFormatError(
            f"this controller is a teacher that must be told {names}, which no device measures. "
            "Settle them with PolicyWeights.told_as, or take its student."
        )


def layer_count(arrays: dict[str, np.ndarray], stem: str) -> int:
    """Number of weight arrays named `{stem}0_w`, `{stem}1_w`, ..."""
    return sum(re.fullmatch(rf"{stem}\d+_w", name) is not None for name in arrays)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    # Same as 1 / (1 + exp(-x)), without the overflow.
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _fail(path: Path, problem: str, remedy: str = _REMEDY) -> NoReturn:
    raise PolicyFormatError(f"{path}: {problem}. {remedy}")


def _listing(names) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        _fail(path, "no such weights file", "Run `exoflow policy` or `exoflow student` first.")
    stored = {}
    member = "its table of contents"
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                # Reading the whole member first checks its CRC before numpy parses it.
                buffer = byte_io.BytesIO(archive.read(member))
                array = np.lib.format.read_array(buffer, allow_pickle=False)
                stored[member.removesuffix(".npy")] = array
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        text = " ".join(str(error).split())
        _fail(path, f"truncated or not an npz file, {member} cannot be read ({text})")
    return stored


def _scalar(path: Path, stored: dict, name: str, dtype_kinds: str):
    array = stored[name]
    if array.shape != () or array.dtype.kind not in dtype_kinds:
        _fail(
            path,
            f"array {name} has shape {array.shape} and type {array.dtype}, "
            "expected a single value, shape ()",
        )
    return array[()]


def _text(path: Path, stored: dict, name: str) -> str:
    if name not in stored:
        _fail(path, f"array {name} is missing; the file holds {_listing(stored)}")
    return str(_scalar(path, stored, name, "U"))


def _check_kind(path: Path, kind: str) -> None:
    if kind not in KINDS:
        _fail(
            path,
            f"unknown kind {kind!r}, known kinds are {', '.join(KINDS)}",
            "Use a file of one of these kinds, or extend control/policy_format.py.",
        )


def _to_arrays(weights: PolicyWeights) -> dict[str, np.ndarray]:
    """Everything the file holds, by array name."""
    arrays = {"status": np.array(weights.status), "reason": np.array(weights.reason or "")}
    if weights.status != "ok":
        return arrays
    for name, array in weights.arrays.items():
        arrays[name] = np.asarray(array, np.float32)
    arrays["kind"] = np.array(weights.kind)
    arrays["mirrored"] = np.array(bool(weights.mirrored))
    arrays["input_scale"] = np.asarray(weights.input_scale, np.float32)
    arrays["torque_limit_Nm"] = np.array(weights.torque_limit_Nm, np.float32)
    arrays["io_json"] = np.array(json.dumps(weights.io, sort_keys=True))
    arrays["golden_inputs"] = np.asarray(weights.golden_inputs, np.float32)
    arrays["golden_outputs"] = np.asarray(weights.golden_outputs, np.float32)
    if weights.dilation:
        arrays["dilation"] = np.array(weights.dilation, np.int32)
    return arrays


def _as_float32(weights: PolicyWeights) -> PolicyWeights:
    stored = _to_arrays(weights)
    return PolicyWeights(
        kind=weights.kind,
        mirrored=weights.mirrored,
        input_scale=stored["input_scale"],
        torque_limit_Nm=float(stored["torque_limit_Nm"]),
        io=weights.io,
        arrays={name: stored[name] for name in weights.arrays},
        dilation=weights.dilation,
        golden_inputs=stored["golden_inputs"],
        golden_outputs=stored["golden_outputs"],
    )


def _check(path: Path, weights: PolicyWeights) -> None:
    """Everything a runner relies on, so that no runner has to check again."""
    if not 0 < weights.torque_limit_Nm < float("inf"):
        _fail(path, f"torque_limit_Nm = {weights.torque_limit_Nm:g}, expected a value > 0 Nm")
    _check_float32(path, "input_scale", weights.input_scale)
    if weights.input_scale.ndim != 1 or weights.input_scale.size == 0:
        _fail_shape(path, "input_scale", weights.input_scale, "(n_features,)")
    _check_io(path, weights)
    if weights.kind == "tcn":
        _check_dilation(path, weights)
    elif weights.dilation:
        _fail(path, f"array dilation belongs to kind tcn, this is {weights.kind}")
    expected = _expected_shapes(path, weights)
    for name, (shape, meaning) in expected.items():
        if weights.arrays[name].shape != shape:
            _fail_shape(path, name, weights.arrays[name], f"{shape} = ({meaning})")
        _check_float32(path, name, weights.arrays[name])
    _check_golden(path, weights)


def _fail_shape(path: Path, name: str, array: np.ndarray, expected: str) -> NoReturn:
    _fail(path, f"array {name} has shape {array.shape}, expected {expected}")


def _check_float32(path: Path, name: str, array: np.ndarray) -> None:
    if array.dtype != np.float32:
        _fail(path, f"array {name} has type {array.dtype}, expected float32")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        index = ", ".join(str(i) for i in bad[0])
        value = array[tuple(bad[0])]
        _fail(path, f"array {name} is not finite: {len(bad)} values, first [{index}] = {value}")


def _check_io(path: Path, weights: PolicyWeights) -> None:
    io = weights.io
    if not isinstance(io, dict):
        _fail(path, "io_json is not a JSON object")
    missing = [key for key in _IO_KEYS if key not in io]
    if missing:
        _fail(path, f"io_json lacks {', '.join(missing)}; it needs {', '.join(_IO_KEYS)}")
    for key, allowed in (("history_order", "oldest_first"), ("reset", "zeros")):
        if io[key] != allowed:
            _fail(path, f"io_json.{key} is {io[key]!r}, expected {allowed!r}")
    if not isinstance(io["history"], int) or io["history"] < 1:
        _fail(path, f"io_json.history is {io['history']!r}, expected a number of ticks >= 1")
    spacing = io.get("history_spacing_ticks", 1)
    if not isinstance(spacing, int) or spacing < 1:
        _fail(path, f"io_json.history_spacing_ticks is {spacing!r}, expected ticks >= 1")
    if weights.kind == "tcn" and io["history"] != 1:
        _fail(path, f"io_json.history is {io['history']}, expected 1: a tcn keeps its own past")
    for key in ("rate_Hz", "torque_limit_Nm", "slew_Nm_s"):
        if not isinstance(io[key], int | float) or not io[key] > 0:
            _fail(path, f"io_json.{key} is {io[key]!r}, expected a number > 0")
    if not np.isclose(io["torque_limit_Nm"], weights.torque_limit_Nm, rtol=1e-6):
        _fail(
            path,
            f"io_json.torque_limit_Nm is {io['torque_limit_Nm']:g} Nm, "
            f"the array torque_limit_Nm is {weights.torque_limit_Nm:g} Nm",
        )
    for entry in io.get("told", []):
        if not isinstance(entry, dict) or not {"name", "unit", "scale"} <= set(entry):
            _fail(path, f"io_json.told has {entry!r}, expected name, unit and scale")
    inputs = io["inputs"]
    if not isinstance(inputs, list):
        _fail(path, f"io_json.inputs is {inputs!r}, expected a list of inputs")
    for entry in inputs:
        if not isinstance(entry, dict) or not {"name", "unit", "sign"} <= set(entry):
            _fail(path, f"io_json.inputs has {entry!r}, expected name, unit and sign")
    names = [entry["name"] for entry in inputs]
    if len(set(names)) < len(names):
        _fail(path, f"io_json.inputs repeats a name: {', '.join(names)}")
    if len(names) != weights.n_features:
        _fail(
            path,
            f"io_json.inputs names {len(names)} inputs ({', '.join(names)}), "
            f"input_scale has {weights.n_features} values",
        )
    if weights.mirrored:
        pairs = list(zip(names[0::2], names[1::2], strict=False))
        in_order = all(r.endswith("_r") and left == r[:-2] + "_l" for r, left in pairs)
        if len(names) % 2 or not in_order:
            _fail(
                path,
                f"a mirrored controller needs inputs in pairs *_r, *_l, found {', '.join(names)}",
            )


def _check_dilation(path: Path, weights: PolicyWeights) -> None:
    if weights.mirrored:
        _fail(path, "kind tcn gives both torques in one call, mirrored must be false")
    layers = layer_count(weights.arrays, "conv")
    dilation = weights.dilation
    if not dilation:
        _fail(path, "array dilation is missing, kind tcn needs one value per convolution")
    if len(dilation) != layers:
        _fail(path, f"array dilation has shape ({len(dilation)},), expected ({layers},)")
    if min(dilation) < 1:
        _fail(path, f"array dilation holds {min(dilation)}, expected ticks >= 1")


def _expected_shapes(path: Path, weights: PolicyWeights) -> Shapes:
    """Shape and meaning of every array of this kind; sizes come from the arrays themselves."""
    if weights.kind == "mlp":
        return _mlp_shapes(path, weights)
    if weights.kind == "tcn":
        return _tcn_shapes(path, weights)
    return _lstm_shapes(path, weights)


def _require(path: Path, weights: PolicyWeights, names: list[str]) -> None:
    found = set(weights.arrays)
    needs = f"kind {weights.kind} has {', '.join(names)}"
    for name in names:
        if name not in found:
            _fail(path, f"array {name} is missing; {needs}")
    unknown = sorted(found - set(names))
    if unknown:
        _fail(path, f"array {unknown[0]} is unknown; {needs}")


def _size(path: Path, weights: PolicyWeights, name: str, axis: int, meaning: str) -> int:
    array = weights.arrays[name]
    if array.ndim != meaning.count(",") + 1 or array.shape[axis] == 0:
        _fail_shape(path, name, array, f"({meaning})")
    return array.shape[axis]


def _lstm_shapes(path: Path, weights: PolicyWeights) -> Shapes:
    names = ["lstm_w_ih", "lstm_w_hh", "lstm_b", "fc_w", "fc_b", "out_w", "out_b"]
    _require(path, weights, names)
    hidden = _size(path, weights, "lstm_w_hh", 1, "4 x hidden, hidden")
    width = _size(path, weights, "fc_w", 0, "width, hidden")
    n_inputs, inputs = weights.n_features + weights.n_told, "features"
    if weights.kind == "lstm_carried":
        n_inputs, inputs = weights.history * n_inputs, "history x features"
    n_outputs = weights.n_network_outputs
    return {
        "lstm_w_ih": ((4 * hidden, n_inputs), f"4 x hidden, {inputs}"),
        "lstm_w_hh": ((4 * hidden, hidden), "4 x hidden, hidden"),
        "lstm_b": ((4 * hidden,), "4 x hidden,"),
        "fc_w": ((width, hidden), "width, hidden"),
        "fc_b": ((width,), "width,"),
        "out_w": ((n_outputs, width), "outputs, width"),
        "out_b": ((n_outputs,), "outputs,"),
    }


def _mlp_shapes(path: Path, weights: PolicyWeights) -> Shapes:
    layers = max(1, layer_count(weights.arrays, "fc"))
    names = [f"fc{index}_{part}" for index in range(layers) for part in "wb"]
    _require(path, weights, [*names, "out_w", "out_b"])
    shapes: Shapes = {}
    n_inputs = weights.history * (weights.n_features + weights.n_told)
    inputs = "history x features"
    for index in range(layers):
        width = _size(path, weights, f"fc{index}_w", 0, f"width, {inputs}")
        shapes[f"fc{index}_w"] = ((width, n_inputs), f"width, {inputs}")
        shapes[f"fc{index}_b"] = ((width,), "width,")
        n_inputs, inputs = width, f"width of fc{index}"
    n_outputs = weights.n_network_outputs
    shapes["out_w"] = ((n_outputs, n_inputs), f"outputs, {inputs}")
    shapes["out_b"] = ((n_outputs,), "outputs,")
    return shapes


def _tcn_shapes(path: Path, weights: PolicyWeights) -> Shapes:
    layers = max(1, layer_count(weights.arrays, "conv"))
    names = [f"conv{index}_{part}" for index in range(layers) for part in "wb"]
    _require(path, weights, [*names, "out_w", "out_b"])
    shapes: Shapes = {}
    channels = _size(path, weights, "conv0_w", 0, "channels, features, kernel")
    kernel = _size(path, weights, "conv0_w", 2, "channels, features, kernel")
    n_inputs, inputs = weights.n_features, "features"
    for index in range(layers):
        meaning = f"channels, {inputs}, kernel"
        shapes[f"conv{index}_w"] = ((channels, n_inputs, kernel), meaning)
        shapes[f"conv{index}_b"] = ((channels,), "channels,")
        n_inputs, inputs = channels, "channels"
    shapes["out_w"] = ((2, channels), "outputs, channels")
    shapes["out_b"] = ((2,), "outputs,")
    return shapes


def _check_golden(path: Path, weights: PolicyWeights) -> None:
    inputs, outputs = weights.golden_inputs, weights.golden_outputs
    n_features = weights.n_features
    # A teacher runs nowhere but in training, where nothing is compared with a recording.
    fewest = 0 if weights.n_told else 1
    if inputs.ndim != 2 or inputs.shape[1] != n_features or len(inputs) < fewest:
        _fail_shape(path, "golden_inputs", inputs, f"(n_steps >= {fewest}, {n_features})")
    if outputs.shape != (len(inputs), 2):
        _fail_shape(path, "golden_outputs", outputs, f"({len(inputs)}, 2) = (n_steps, legs)")
    _check_float32(path, "golden_inputs", inputs)
    _check_float32(path, "golden_outputs", outputs)
