"""export/weight_storage.py: what few bits hold, what they cost, and that the C agrees."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest

from exoflow.control.policy_format import NumpyPolicy, save_policy
from exoflow.errors import UserError
from exoflow.export.bundle import Source, build_bundle
from exoflow.export.c_code import STRICT_FLAGS, generate_sources
from exoflow.export.golden import GoldenWalk
from exoflow.export.verify import ParityError
from exoflow.export.weight_storage import as_stored, constant_bytes, storage_error, store_matrix

HALF_PROGRAM = """
#include "policy_math.h"
#include <stdio.h>
int main(void)
{
    uint16_t half;
    while (fread(&half, sizeof half, 1, stdin) == 1) {
        float value = policy_half(half);
        (void)fwrite(&value, sizeof value, 1, stdout);
    }
    return 0;
}
"""


@pytest.fixture
def c_half(make_policy, tmp_path, c_compiler):
    """Function bits, uint16 -> singles of the generated header, under UBSan if there is one."""
    sources = generate_sources(make_policy("mlp", n_steps=5), "test", "float16")
    (tmp_path / "policy_math.h").write_text(sources["policy_math.h"])
    (tmp_path / "main.c").write_text(HALF_PROGRAM)
    command = [*c_compiler, *STRICT_FLAGS, "-O2", "-o", "half", "main.c"]
    checked = subprocess.run(
        [*command, "-fsanitize=undefined", "-fno-sanitize-recover=all"], cwd=tmp_path
    )
    if checked.returncode:
        subprocess.run(command, cwd=tmp_path, check=True)

    def convert(bits: np.ndarray) -> np.ndarray:
        done = subprocess.run(
            [tmp_path / "half"], input=bits.astype("<u2").tobytes(), capture_output=True, check=True
        )
        return np.frombuffer(done.stdout, np.float32)

    return convert


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        (0x3C00, 1.0),
        (0xC000, -2.0),
        (0x4248, 3.140625),  # 2 x (1 + 0x248 / 1024)
        (0x7BFF, 65504.0),  # 2^15 x (1 + 1023 / 1024), the largest
        (0x0400, 2.0**-14),  # the smallest normal
        (0x03FF, 1023 * 2.0**-24),  # the largest subnormal
        (0x0001, 2.0**-24),  # the smallest
        (0x8201, -513 * 2.0**-24),
        (0x0000, 0.0),
    ],
)
def test_half_becomes_the_single_worked_out_by_hand(c_half, bits, value):
    assert c_half(np.array([bits]))[0] == np.float32(value)


def test_every_finite_half_is_converted_exactly_with_its_sign(c_half):
    every = np.arange(65536, dtype=np.uint16)
    finite = every[np.isfinite(every.view(np.float16))]
    found, expected = c_half(finite), finite.view(np.float16).astype(np.float32)
    assert len(finite) == 63488
    # Bits, because minus zero equals zero.
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


def test_weights_are_rounded_to_the_nearest_half_ties_to_even():
    # Halves near 1 lie 2^-10 apart; the least subnormal is 2^-24, its half rounds to zero.
    values = [1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-11 + 2**-20, 2.0**-25, 1.5 * 2.0**-24]
    stored = store_matrix(np.array([values], np.float32), "float16")
    expected = [1.0, 1 + 2 * 2**-10, 1 + 2**-10, 0.0, 2.0**-23]
    np.testing.assert_array_equal(stored.restored()[0], expected)


def test_rows_are_rounded_to_127_steps_ties_to_even():
    matrix = np.array([[127.0, 2.5, 3.5, -2.5, 0.49, -127.0], [0.5, -0.25, 0, 0, 0, 0]], np.float32)
    stored = store_matrix(matrix, "int8")
    np.testing.assert_array_equal(stored.values[0], [127, 2, 4, -2, 0, -127])
    # -0.25 / (0.5 / 127) = -63.5, or a hair less: the scale is a single.
    assert stored.values[1, 0] == 127
    assert stored.values[1, 1] in (-63, -64)
    np.testing.assert_array_equal(stored.row_scale, np.float32([1.0, 0.5 / 127]))
    assert stored.values.dtype == np.int8


def test_rows_of_zeros_and_of_subnormals_become_zeros():
    stored = store_matrix(np.array([[0.0, 0.0], [1e-40, -1e-39]], np.float32), "int8")
    np.testing.assert_array_equal(stored.row_scale, [0.0, 0.0])
    np.testing.assert_array_equal(stored.restored(), 0.0)


def test_no_weight_is_off_by_more_than_half_a_step():
    matrix = np.random.default_rng(1).normal(size=(20, 8, 3)).astype(np.float32)
    stored = store_matrix(matrix, "int8")
    step = np.abs(matrix).reshape(20, -1).max(axis=1) / 127
    off = np.abs(stored.restored() - matrix).reshape(20, -1).max(axis=1)
    assert (off <= 0.5 * step * (1 + 1e-5)).all()
    assert off.max() > 0.3 * step.min()


def test_a_weight_too_large_for_a_half_is_refused_by_name(make_policy):
    weights = make_policy("mlp", n_steps=5)
    weights.arrays["fc1_w"][0, 0] = 7e4
    with pytest.raises(UserError) as caught:
        as_stored(weights, "float16")
    assert str(caught.value) == (
        "array fc1_w has a weight of size 70000, a half holds at most 65504. "
        "Set export.weights to float32 or int8."
    )


def test_error_of_storing_is_the_largest_and_the_rms_over_ticks_and_legs():
    def walk(commands):
        commands = np.array(commands, np.float32)
        return GoldenWalk(np.arange(len(commands)), np.zeros((len(commands), 1)), commands)

    trained = {"walk": walk([[1, 1], [2, 2]]), "reset": walk([[0, 0]])}
    stored = {"walk": walk([[1, 1], [5, -2]]), "reset": walk([[0, 1]])}
    found = storage_error(trained, stored)
    # 3, -4 and two zeros: (9 + 16) / 4; with 1 and a zero more: 26 / 6.
    assert found["walk"] == {"n_steps": 2, "max_abs_error_Nm": 4.0, "rms_error_Nm": 2.5}
    assert found["all"]["n_steps"] == 3
    assert found["all"]["rms_error_Nm"] == pytest.approx((26 / 6) ** 0.5)


@pytest.mark.parametrize("stored_as", ["float16", "int8"])
@pytest.mark.parametrize(
    ("kind", "mirrored"),
    [("lstm_window", False), ("lstm_carried", True), ("mlp", True), ("tcn", False)],
)
def test_c_computes_what_its_stored_weights_mean(
    make_policy, compile_policy, kind, mirrored, stored_as
):
    weights = make_policy(kind, mirrored)
    policy = compile_policy(weights, stored_as=stored_as)()
    commands = np.array([policy.step(row) for row in weights.golden_inputs])
    expected = NumpyPolicy(as_stored(weights, stored_as)).run(weights.golden_inputs)
    assert np.abs(commands - expected).max() <= 1e-5
    # And that is not what the trained network answers.
    assert np.abs(expected - weights.golden_outputs).max() > 1e-5


def test_singles_are_stored_as_they_are(make_policy):
    weights = make_policy("tcn", n_steps=5)
    for name, array in as_stored(weights, "float32").arrays.items():
        np.testing.assert_array_equal(array, weights.arrays[name])
    # conv 12 x 2 x 3, two of 12 x 12 x 3, out 2 x 12; 38 biases, 2 scales of inputs.
    n_weights, n_singles, n_rows = 72 + 2 * 432 + 24, 38 + 2, 38
    assert constant_bytes(weights, "float32") == 4 * (n_weights + n_singles)
    assert constant_bytes(weights, "float16") == 2 * n_weights + 4 * n_singles
    assert constant_bytes(weights, "int8") == n_weights + 4 * (n_singles + n_rows)


def bundle_of(policy, folder, **settings):
    """Files and JSON of a bundle checked on the host, with a graph that must not come along."""
    save_policy(folder / "w.npz", policy)
    settings = {"targets": ["host"], **settings}
    return build_bundle(Source(policy, "small", folder / "w.npz", settings, graph=b"onnx"))


def test_bundle_states_what_int8_costs_and_what_golden_files_compare(
    make_policy, c_compiler, tmp_path
):
    weights = make_policy("lstm_carried", mirrored=True)
    files, result = bundle_of(weights, tmp_path, weights="int8")
    assert result["passed"] is True
    assert result["max_abs_error_Nm"]["host"] <= 1e-5
    assert result["weights_sha256"] == weights.digest()
    assert result["sizes_bytes"]["weights"] == result["weights"]["bytes"]
    assert result["weights"]["bytes"] < 0.4 * result["weights"]["bytes_as_float32"]
    error = result["weights"]["error_against_float32_network"]
    assert set(error) == {"walk", "startup", "saturation", "reset", "history", "all"}
    stored = NumpyPolicy(as_stored(weights, "int8")).run(weights.golden_inputs)
    expected = np.abs(stored - weights.golden_outputs).max()
    assert error["walk"]["max_abs_error_Nm"] == pytest.approx(expected, abs=1e-6)
    assert error["walk"]["n_steps"] == 1000
    assert 1e-5 < error["walk"]["rms_error_Nm"] < error["walk"]["max_abs_error_Nm"] < 0.5
    report = files["small/EXPORT_REPORT.md"].decode()
    assert f"| walk | 1000 | {error['walk']['max_abs_error_Nm']:.3g} |" in report
    for document in (report, files["small/golden/README.md"].decode()):
        assert "with the int8 weights of this bundle, not by the float32 network" in document
    rows = files["small/golden/walk.csv"].decode().splitlines()[1:]
    written = np.array([row.split(",")[-2:] for row in rows], np.float32)
    np.testing.assert_array_equal(written, stored.astype(np.float32))
    # The graph holds singles.
    assert not [name for name in files if "onnx" in name or "linux" in name]
    assert 'POLICY_WEIGHTS_STORED_AS "int8"' in files["small/policy.h"].decode()
    json.dumps(result)


def test_bundle_of_singles_reports_no_error_of_storing(make_policy, c_compiler, tmp_path):
    files, result = bundle_of(make_policy("mlp"), tmp_path)
    assert result["weights"]["error_against_float32_network"] is None
    assert "fewer bits" not in files["small/EXPORT_REPORT.md"].decode()
    assert "`walk` was answered by torch" in files["small/golden/README.md"].decode()


@pytest.mark.parametrize("stored_as", ["float16", "int8"])
def test_fewer_bits_do_not_hide_weights_that_are_not_those_of_the_golden_walk(
    make_policy, tmp_path, stored_as
):
    weights = make_policy("mlp")
    broken = weights.arrays["fc1_w"].copy()
    broken.flat[np.abs(broken).argmax()] += 0.1
    other = dataclasses.replace(weights, arrays=weights.arrays | {"fc1_w": broken})
    with pytest.raises(ParityError, match="golden vectors do not belong to these weights"):
        bundle_of(other, tmp_path, weights=stored_as)


def test_a_format_that_is_not_known_is_refused(make_policy, tmp_path):
    with pytest.raises(
        UserError, match=r"export.weights = int4 is unknown.*float32, float16, int8"
    ):
        bundle_of(make_policy("mlp"), tmp_path, weights="int4")
