"""control/policy_format.py: what a weights file may hold and what it means."""

import dataclasses
import zipfile

import numpy as np
import pytest

from exoflow.control.policy_format import (
    KINDS,
    NumpyPolicy,
    PolicyWeights,
    load_policy,
    save_policy,
)
from exoflow.errors import PolicyFormatError

REMEDY = "Make the file again with `exoflow policy` or `exoflow student`."
CASES = [
    ("lstm_window", False),
    ("lstm_window", True),
    ("lstm_carried", False),
    ("lstm_carried", True),
    ("mlp", False),
    ("mlp", True),
    ("tcn", False),
]


def _store(path, weights: PolicyWeights, **changes) -> None:
    """Write an npz as somebody else's code would; a change of None leaves the array out."""
    save_policy(path, weights)
    with np.load(path) as stored:
        arrays = dict(stored) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def _message(path) -> str:
    with pytest.raises(PolicyFormatError) as caught:
        load_policy(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("kind", "mirrored"), CASES)
def test_numpy_definition_agrees_with_torch(make_policy, kind, mirrored):
    weights = make_policy(kind, mirrored, n_steps=150, torque_limit_Nm=15.0)
    assert np.abs(weights.golden_outputs).max() > 1.0
    commands = NumpyPolicy(weights).run(weights.golden_inputs)
    np.testing.assert_allclose(commands, weights.golden_outputs, rtol=0, atol=5e-6)


@pytest.mark.parametrize(("kind", "mirrored"), CASES)
def test_what_was_saved_is_what_is_loaded(make_policy, tmp_path, kind, mirrored):
    weights = make_policy(kind, mirrored, n_steps=20)
    save_policy(tmp_path / "w.npz", weights)
    loaded = load_policy(tmp_path / "w.npz")
    assert (loaded.status, loaded.kind, loaded.mirrored) == ("ok", kind, mirrored)
    assert loaded.io == weights.io
    assert loaded.dilation == weights.dilation
    assert loaded.torque_limit_Nm == weights.torque_limit_Nm
    assert sorted(loaded.arrays) == sorted(weights.arrays)
    for name, array in weights.arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name], array)
    assert loaded.digest() == weights.digest()


def test_equal_content_gives_equal_bytes(make_policy, tmp_path):
    weights = make_policy("mlp", n_steps=20)
    turned = dataclasses.replace(weights, arrays=dict(reversed(weights.arrays.items())))
    save_policy(tmp_path / "a.npz", weights)
    save_policy(tmp_path / "b.npz", turned)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_digest_sees_one_changed_weight(make_policy):
    weights = make_policy("mlp", n_steps=5)
    changed = weights.arrays | {"out_b": weights.arrays["out_b"] + np.float32(1e-3)}
    assert dataclasses.replace(weights, arrays=changed).digest() != weights.digest()


def test_skipped_controller_keeps_its_reason_and_does_not_run(tmp_path):
    save_policy(tmp_path / "w.npz", PolicyWeights(status="skipped", reason="the walker falls"))
    with zipfile.ZipFile(tmp_path / "w.npz") as archive:
        assert archive.namelist() == ["reason.npy", "status.npy"]
    weights = load_policy(tmp_path / "w.npz")
    assert (weights.status, weights.reason) == ("skipped", "the walker falls")
    with pytest.raises(PolicyFormatError, match="skipped and cannot run: the walker falls"):
        NumpyPolicy(weights)


def test_missing_file_names_the_phase_that_makes_it(tmp_path):
    assert _message(tmp_path / "w.npz") == (
        "no such weights file. Run `exoflow policy` or `exoflow student` first."
    )


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_truncated_file_is_one_clear_line(make_policy, tmp_path, keep):
    path = tmp_path / "w.npz"
    save_policy(path, make_policy("mlp", n_steps=20))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    assert _message(path).startswith(
        "truncated or not an npz file, its table of contents cannot be read"
    )


def test_flipped_bit_is_noticed_and_its_array_named(make_policy, tmp_path):
    path = tmp_path / "w.npz"
    weights = make_policy("mlp", n_steps=20)
    save_policy(path, weights)
    content = bytearray(path.read_bytes())
    at = content.index(weights.arrays["fc0_w"].tobytes()) + 8
    content[at] ^= 1
    path.write_bytes(bytes(content))
    assert "fc0_w.npy cannot be read (Bad CRC-32" in _message(path)


def test_unknown_kind_lists_the_known_ones(make_policy, tmp_path):
    path = tmp_path / "w.npz"
    _store(path, make_policy("mlp", n_steps=5), kind=np.array("transformer"))
    assert _message(path).startswith(
        "unknown kind 'transformer', known kinds are lstm_window, lstm_carried, mlp, tcn."
    )
    assert KINDS == ("lstm_window", "lstm_carried", "mlp", "tcn")


def test_wrong_shape_says_found_expected_and_what_it_means(make_policy, tmp_path):
    path = tmp_path / "w.npz"
    weights = make_policy("lstm_window", hidden=12, n_steps=5)
    _store(path, weights, lstm_w_ih=np.zeros((48, 7), np.float32))
    assert _message(path) == (
        "array lstm_w_ih has shape (48, 7), expected (48, 6) = (4 x hidden, features). " + REMEDY
    )


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("lstm_carried", {"lstm_b": None}, "array lstm_b is missing; kind lstm_carried has"),
        ("lstm_window", {"kind": np.array("lstm_carried")}, "expected (48, 60)"),
        ("lstm_window", {"lstm_w_hh": np.zeros(3, np.float32)}, "expected (4 x hidden, hidden)"),
        ("mlp", {"fc0_w": None, "fc0_b": None}, "array fc0_w is missing; kind mlp has"),
        ("mlp", {"fc7_b": np.zeros(3, np.float32)}, "array fc7_b is unknown; kind mlp has"),
        ("mlp", {"out_w": np.zeros((1, 10), np.float32)}, "expected (2, 10) = (outputs, width"),
        ("mlp", {"out_b": np.zeros(2)}, "array out_b has type float64, expected float32"),
        ("mlp", {"kind": None}, "array kind is missing; the file holds fc0_b"),
        ("mlp", {"status": None}, "array status is missing; the file holds fc0_b"),
        ("mlp", {"status": np.array("fine")}, "status is 'fine', known are ok, skipped"),
        ("mlp", {"torque_limit_Nm": np.float32(-8)}, "torque_limit_Nm = -8, expected"),
        ("mlp", {"torque_limit_Nm": np.float32(9)}, "io_json.torque_limit_Nm is 8 Nm, the array"),
        ("mlp", {"torque_limit_Nm": np.ones(2)}, "torque_limit_Nm has shape (2,) and type"),
        ("mlp", {"input_scale": np.ones(5, np.float32)}, "names 6 inputs (hip_r, hip_l,"),
        ("mlp", {"io_json": np.array("{")}, "io_json is not valid JSON"),
        ("mlp", {"io_json": np.array("{}")}, "io_json lacks inputs, history, history_order"),
        ("mlp", {"dilation": np.array([1])}, "dilation belongs to kind tcn, this is mlp"),
        ("mlp", {"golden_outputs": np.zeros((4, 2), np.float32)}, "expected (5, 2) = (n_steps"),
        ("tcn", {"dilation": np.array([1, 2])}, "dilation has shape (2,), expected (3,)"),
        ("tcn", {"dilation": np.array([1, 2, 0])}, "dilation holds 0, expected ticks >= 1"),
        ("tcn", {"dilation": None}, "array dilation is missing"),
        ("tcn", {"mirrored": np.array(True)}, "mirrored must be false"),
        ("tcn", {"conv1_w": np.zeros((12, 12, 2), np.float32)}, "expected (12, 12, 3)"),
    ],
)
def test_bad_content_is_named(make_policy, tmp_path, kind, changes, expected):
    path = tmp_path / "w.npz"
    _store(path, make_policy(kind, n_steps=5), **changes)
    assert expected in _message(path)


def test_nan_weight_is_named_with_its_index(make_policy, tmp_path):
    path = tmp_path / "w.npz"
    weights = make_policy("mlp", n_steps=5)
    broken = weights.arrays["fc1_w"].copy()
    broken[2, 3] = np.nan
    _store(path, weights, fc1_w=broken)
    assert _message(path) == ("array fc1_w is not finite: 1 values, first [2, 3] = nan. " + REMEDY)


def test_writer_refuses_what_the_reader_would(make_policy, tmp_path):
    weights = make_policy("mlp", n_steps=5)
    arrays = {name: array for name, array in weights.arrays.items() if name != "out_b"}
    with pytest.raises(PolicyFormatError, match="array out_b is missing"):
        save_policy(tmp_path / "w.npz", dataclasses.replace(weights, arrays=arrays))
    assert not (tmp_path / "w.npz").exists()


def test_mirrored_controller_needs_inputs_in_pairs(make_policy, tmp_path):
    weights = make_policy("mlp", mirrored=True, n_steps=5)
    inputs = weights.io["inputs"]
    weights.io["inputs"] = [inputs[0], inputs[2], inputs[1], *inputs[3:]]
    with pytest.raises(PolicyFormatError, match=r"inputs in pairs \*_r, \*_l, found hip_r, hip_v"):
        save_policy(tmp_path / "w.npz", weights)


def _by_hand(kind, arrays, history, mirrored=False, dilation=()) -> NumpyPolicy:
    """Two inputs a_r, a_l of scale 0.5, limit 10 Nm."""
    inputs = [{"name": name, "unit": "rad", "sign": "+"} for name in ("a_r", "a_l")]
    weights = PolicyWeights(
        kind=kind,
        mirrored=mirrored,
        input_scale=np.array([0.5, 0.5], np.float32),
        torque_limit_Nm=10.0,
        io={"inputs": inputs, "history": history},
        arrays={name: np.array(array, np.float32) for name, array in arrays.items()},
        dilation=dilation,
    )
    return NumpyPolicy(weights)


def test_mlp_history_is_tick_major_oldest_first():
    # Vector of 2 ticks: [r(t-1), l(t-1), r(t), l(t)] / 2; each unit picks one of them.
    pick = {"fc0_w": np.eye(4), "fc0_b": np.zeros(4), "out_b": np.zeros(2)}
    policy = _by_hand("mlp", pick | {"out_w": [[1, 10, 0, 0], [0, 0, 1, 10]]}, history=2)
    # First tick: history zero, now r = 0.02, l = 0.04 -> right 0, left 0.01 + 10 * 0.02.
    np.testing.assert_allclose(policy.step([0.02, 0.04]), [0, 10 * np.tanh(0.21)], rtol=1e-6)
    # Second tick: the same values are now the oldest; the new inputs are zero.
    np.testing.assert_allclose(policy.step([0.0, 0.0]), [10 * np.tanh(0.21), 0], rtol=1e-6)
    policy.reset()
    np.testing.assert_allclose(policy.step([0.0, 0.0]), [0, 0])


def test_mirrored_network_sees_its_own_leg_first():
    # One unit on the first input: right torque from a_r, left torque from a_l.
    own = {"fc0_w": [[1, 0]], "fc0_b": [0], "out_w": [[1]], "out_b": [0]}
    policy = _by_hand("mlp", own, history=1, mirrored=True)
    np.testing.assert_allclose(
        policy.step([0.2, 0.6]), [10 * np.tanh(0.1), 10 * np.tanh(0.3)], rtol=1e-6
    )


def _one_unit_lstm(n_inputs: int) -> dict:
    """Gates i = f = o = sigmoid(0) = 1/2 always, g = tanh(first input)."""
    w_ih = np.zeros((4, n_inputs))
    w_ih[2, 0] = 1
    head = {"fc_w": [[1]], "fc_b": [0], "out_w": [[1], [2]], "out_b": [0, 0]}
    return head | {"lstm_w_ih": w_ih, "lstm_w_hh": np.zeros((4, 1)), "lstm_b": np.zeros(4)}


def test_lstm_carried_remembers_through_its_cell():
    policy = _by_hand("lstm_carried", _one_unit_lstm(2), history=1)
    # c1 = 0.5 * 0 + 0.5 * tanh(1 * 0.5); h1 = 0.5 * tanh(c1).
    c1 = 0.5 * np.tanh(0.5)
    h1 = 0.5 * np.tanh(c1)
    np.testing.assert_allclose(
        policy.step([1.0, 0.0]), [10 * np.tanh(h1), 10 * np.tanh(2 * h1)], rtol=1e-6
    )
    # Then zero input: c2 = 0.5 * c1.
    h2 = 0.5 * np.tanh(0.5 * c1)
    np.testing.assert_allclose(policy.step([0.0, 0.0])[0], 10 * np.tanh(h2), rtol=1e-6)


def test_lstm_window_starts_every_call_from_zero_state():
    policy = _by_hand("lstm_window", _one_unit_lstm(2), history=2)
    policy.step([1.0, 0.0])
    # Window of two ticks: c = 0.5 * (0.5 tanh(0.5)) after the input and one empty tick.
    h = 0.5 * np.tanh(0.25 * np.tanh(0.5))
    np.testing.assert_allclose(policy.step([0.0, 0.0])[0], 10 * np.tanh(h), rtol=1e-6)
    # One tick later the input has left the window: nothing remains.
    np.testing.assert_allclose(policy.step([0.0, 0.0]), [0, 0])


def test_tcn_impulse_comes_back_after_the_dilated_delays():
    # conv0: one channel, taps [4, 2, 1] on a_r, dilation 3; the last tap is the present.
    kernel = np.zeros((1, 2, 3))
    kernel[0, 0] = [4, 2, 1]
    arrays = {"conv0_w": kernel, "conv0_b": [0], "out_w": [[0.01], [0]], "out_b": [0, 0]}
    policy = _by_hand("tcn", arrays, history=1, dilation=(3,))
    impulse = np.zeros((8, 2))
    impulse[0, 0] = 2.0  # times scale 0.5 = 1
    delayed = np.array([1, 0, 0, 2, 0, 0, 4, 0])
    np.testing.assert_allclose(policy.run(impulse)[:, 0], 10 * np.tanh(0.01 * delayed), rtol=1e-6)
