"""export/c_code.py and its templates: the C computes what torch computes, anywhere."""

import dataclasses
import re
import shutil
import subprocess

import numpy as np
import pytest

from exoflow.control.policy_format import NumpyPolicy
from exoflow.errors import PolicyFormatError
from exoflow.export.c_code import (
    STRICT_FLAGS,
    count_multiply_adds,
    generate_sources,
    hex_float,
    read_template,
)
from exoflow.export.weight_storage import constant_bytes

CASES = [
    ("lstm_window", False),
    ("lstm_window", True),
    ("lstm_carried", False),
    ("lstm_carried", True),
    ("mlp", False),
    ("mlp", True),
    ("tcn", False),
]


@pytest.mark.parametrize("limit_Nm", [8.0, 15.0])
@pytest.mark.parametrize(("kind", "mirrored"), CASES)
def test_c_agrees_with_torch_over_a_walk(
    make_policy, compile_policy, record_property, kind, mirrored, limit_Nm
):
    weights = make_policy(kind, mirrored, torque_limit_Nm=limit_Nm)
    policy = compile_policy(weights)()
    commands = np.array([policy.step(row) for row in weights.golden_inputs])
    error_Nm = np.abs(commands - weights.golden_outputs).max()
    record_property("max_abs_error_Nm", float(error_Nm))
    assert np.abs(weights.golden_outputs).max() > 1.0
    assert error_Nm <= 1e-5


@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp", "tcn"])
def test_optimization_does_not_change_a_bit(make_policy, compile_policy, kind):
    weights = make_policy(kind, n_steps=100)
    runs = []
    for level in ("-O0", "-O3"):
        policy = compile_policy(weights, level)()
        runs.append(np.array([policy.step(row) for row in weights.golden_inputs]))
    assert runs[0].tobytes() == runs[1].tobytes()


def test_two_states_do_not_disturb_each_other(make_policy, compile_policy):
    weights = make_policy("lstm_carried", mirrored=True, n_steps=30)
    factory = compile_policy(weights)
    first, second = factory(), factory()
    for row in weights.golden_inputs:
        expected = first.step(row)
        second.step(-3 * row)
    first.reset()
    for row in weights.golden_inputs:
        again = first.step(row)
        second.step(row)
    np.testing.assert_array_equal(again, expected)


def test_swapping_the_legs_swaps_the_torques_of_a_mirrored_controller(make_policy, compile_policy):
    weights = make_policy("lstm_carried", mirrored=True, n_steps=30)
    factory = compile_policy(weights)
    policy, swapped = factory(), factory()
    for row in weights.golden_inputs:
        np.testing.assert_array_equal(
            policy.step(row), swapped.step(row[weights.mirror_order()])[::-1]
        )


@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp", "tcn"])
def test_nan_input_is_never_hidden_and_reset_heals(make_policy, compile_policy, kind):
    weights = make_policy(kind, n_steps=5)
    policy = compile_policy(weights)()
    expected = [policy.step(row) for row in weights.golden_inputs]
    policy.step(np.full(weights.n_features, np.nan))
    assert np.isnan(policy.step(weights.golden_inputs[0])).all()
    policy.reset()
    np.testing.assert_array_equal([policy.step(row) for row in weights.golden_inputs], expected)


def test_output_stays_within_the_limit_whatever_the_input(make_policy, compile_policy):
    weights = make_policy("mlp", torque_limit_Nm=8.0, n_steps=5)
    policy = compile_policy(weights)()
    for size in (1e3, -1e6, 1e20):
        assert np.abs(policy.step(np.full(6, size))).max() <= 8.0


@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp", "tcn"])
def test_object_code_needs_no_heap_no_libm_and_no_mutable_globals(
    make_policy, tmp_path, c_compiler, kind
):
    if shutil.which("nm") is None:
        pytest.skip("no nm on this computer: install binutils")
    for name, text in generate_sources(make_policy(kind, n_steps=5), "test").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    symbols = ""
    for source in ("policy", "policy_weights"):
        command = [*c_compiler, *STRICT_FLAGS, "-O2", "-fno-pic", "-c", f"{source}.c"]
        subprocess.run(command, cwd=tmp_path, check=True)
        command = ["nm", "-P", f"{source}.o"]
        symbols += subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout
    table = [line.split()[:2] for line in symbols.splitlines()]
    needed = {name for name, kind in table if kind == "U" and not name.startswith("policy_")}
    # A freestanding compiler may call these by itself.
    assert needed <= {"memcpy", "memmove", "memset", "__stack_chk_fail"}
    assert not [name for name, kind in table if kind in "bBCdD"]


MATH_PROGRAM = """
#include "policy_math.h"
#include <stdio.h>
int main(void)
{
    float x;
    while (fread(&x, sizeof x, 1, stdin) == 1) {
        float y[3];
        y[0] = policy_exp(x);
        y[1] = policy_tanh(x);
        y[2] = policy_sigmoid(x);
        (void)fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
"""


@pytest.fixture
def policy_math(tmp_path, c_compiler):
    """Function x -> exp, tanh, sigmoid of the generated header."""
    (tmp_path / "policy_math.h").write_text(
        read_template("device/policy_math.h").substitute(half="")
    )
    (tmp_path / "main.c").write_text(MATH_PROGRAM)
    command = [*c_compiler, *STRICT_FLAGS, "-O2", "-o", "math", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True)

    def evaluate(x: np.ndarray) -> np.ndarray:
        done = subprocess.run(
            [tmp_path / "math"], input=x.astype(np.float32).tobytes(), capture_output=True
        )
        return np.frombuffer(done.stdout, np.float32).reshape(-1, 3).T

    return evaluate


def test_own_exp_and_tanh_are_within_two_ulp(policy_math):
    # Dense over the range that matters, and near zero over many magnitudes.
    small = np.logspace(-30, 0, 20001)
    x = np.concatenate([np.linspace(-20, 20, 400001), small, -small]).astype(np.float32)
    exact = x.astype(np.float64)
    exp, tanh, sigmoid = policy_math(x)
    for found, true, ulp in (
        (exp, np.exp(exact), 2),
        (tanh, np.tanh(exact), 2),
        (sigmoid, 1 / (1 + np.exp(-exact)), 3),
    ):
        spacing = np.spacing(np.abs(true).astype(np.float32)).astype(np.float64)
        assert (np.abs(found - true) / spacing).max() <= ulp


def test_own_functions_at_the_edges(policy_math):
    exp, tanh, sigmoid = policy_math(np.array([np.inf, -np.inf, 0.0, 1e30, -1e30, np.nan]))
    assert np.isfinite(exp[:5]).all()
    np.testing.assert_array_equal(tanh[:5], [1, -1, 0, 1, -1])
    np.testing.assert_allclose(sigmoid[:5], [1, 0, 0.5, 1, 0], atol=1e-37)
    assert np.isnan([exp[5], tanh[5], sigmoid[5]]).all()


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (3.0, "0x1.8p+1f"),
        (-0.5, "-0x1p-1f"),
        (0.0, "0x0p+0f"),
        (0.1, "0x1.99999ap-4f"),
        (np.float32(1e-45), "0x1p-149f"),
    ],
)
def test_hex_literals_are_exact(value, literal):
    assert hex_float(np.float32(value)) == literal
    assert np.float32(float.fromhex(literal[:-1])) == np.float32(value)


def test_weights_source_holds_every_weight_exactly(make_policy):
    weights = make_policy("tcn", n_steps=5)
    source = generate_sources(weights, "test")["policy_weights.c"]
    written = [
        float.fromhex(text[:-1]) for text in re.findall(r"-?0x[01][0-9a-f.]*p[+-]\d+f", source)
    ]
    stored = np.concatenate(
        [weights.input_scale, *[weights.arrays[name].ravel() for name in sorted(weights.arrays)]]
    )
    np.testing.assert_array_equal(np.array(written, np.float32), stored)


def test_free_text_cannot_end_a_comment(make_policy, compile_policy):
    weights = make_policy("mlp", n_steps=5)
    weights.io["inputs"][0]["sign"] = "flexion */ int x; /*\n positive"
    compile_policy(weights)()


def test_multiply_adds_count_history_and_legs(make_policy):
    # The counts of Barati's sizes, as measured elsewhere: 694 k and 1.39 M.
    weights = make_policy("lstm_window", True, hidden=128, width=64, n_steps=5)
    one_leg = 10 * 4 * 128 * (6 + 128) + 128 * 64 + 64 * 1
    assert count_multiply_adds(weights) == 2 * one_leg == 1388672
    carried = make_policy("lstm_carried", False, hidden=128, width=64, n_steps=5)
    assert count_multiply_adds(carried) == 4 * 128 * (60 + 128) + 128 * 64 + 64 * 2


def test_sources_do_not_depend_on_the_order_of_arrays(make_policy):
    weights = make_policy("mlp", n_steps=5)
    turned = dataclasses.replace(weights, arrays=dict(reversed(weights.arrays.items())))
    assert generate_sources(weights, "test") == generate_sources(turned, "test")


def test_a_history_that_skips_ticks_is_kept_tick_by_tick(make_policy, compile_policy):
    weights = make_policy("lstm_window", True, n_steps=60)
    spaced = dataclasses.replace(weights, io={**weights.io, "history_spacing_ticks": 3})
    policy = compile_policy(spaced)()
    found = np.array([policy.step(row) for row in weights.golden_inputs])
    expected = NumpyPolicy(spaced).run(weights.golden_inputs)
    assert np.abs(expected - weights.golden_outputs).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_teacher_is_refused_with_what_it_must_be_told(make_policy):
    weights = make_policy("mlp", n_steps=5)
    told = [{"name": "speed", "unit": "m/s", "scale": 1.0}]
    teacher = dataclasses.replace(weights, io={**weights.io, "told": told})
    with pytest.raises(PolicyFormatError, match="a teacher that must be told speed"):
        generate_sources(teacher, "small")


@pytest.mark.parametrize("kind", ["lstm_carried", "tcn"])
def test_no_flag_of_a_board_can_fuse_multiplications_and_additions(
    make_policy, tmp_path, c_compiler, kind
):
    for name, text in generate_sources(make_policy(kind, n_steps=5), "test").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [*c_compiler, "-std=gnu11", "-O2", "-mfma", "-ffp-contract=fast", "-S"]

    def fused(source: str) -> int:
        done = subprocess.run(
            [*command, source, "-o", "out.s"], cwd=tmp_path, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"this compiler has no fused instructions to choose ({done.stderr[:80]})")
        return (tmp_path / "out.s").read_text().count("vfmadd")

    assert fused("policy.c") == 0
    free = (tmp_path / "policy.c").read_text().replace('#include "exact_float.h"', "")
    (tmp_path / "free.c").write_text(free)
    assert fused("free.c") > 0


@pytest.mark.parametrize("flag", ["-ffast-math", "-ffinite-math-only"])
def test_flags_that_forget_about_nan_are_refused(make_policy, tmp_path, c_compiler, flag):
    sources = generate_sources(make_policy("mlp", n_steps=5), "test")
    for name, text in sources.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [*c_compiler, "-std=c99", "-O2", flag, "-c", "policy.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "take out the guards against NaN" in done.stderr


@pytest.mark.parametrize("stored_as", ["float32", "int8"])
def test_weights_of_a_teensy_lie_in_flash_if_asked_for(make_policy, tmp_path, stored_as):
    tools = ("arm-none-eabi-gcc", "arm-none-eabi-size")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    weights = make_policy("lstm_carried", n_steps=5)
    for name, text in generate_sources(weights, "test", stored_as).items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def flash_bytes(*flags: str) -> int:
        command = [tools[0], "-mcpu=cortex-m7", "-D__IMXRT1062__", *flags, "-c", "policy_weights.c"]
        subprocess.run(command, cwd=tmp_path, check=True)
        done = subprocess.run(
            [tools[1], "-A", "policy_weights.o"], cwd=tmp_path, capture_output=True, text=True
        )
        rows = [line.split() for line in done.stdout.splitlines() if line.startswith(".progmem")]
        return sum(int(row[1]) for row in rows)

    assert flash_bytes() == 0
    assert flash_bytes("-DPOLICY_WEIGHTS_IN_FLASH") == constant_bytes(weights, stored_as)
