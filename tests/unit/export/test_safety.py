"""export/safety.py and the safety layer's C: limits fit the device, guards hold whatever comes."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from exoflow.errors import PolicyFormatError, UserError
from exoflow.export.c_code import STRICT_FLAGS, generate_sources
from exoflow.export.compiled import CompiledController, write_sources
from exoflow.export.device_files import test_files as files_of_tests
from exoflow.export.safety import safety_limits, safety_sources, safety_yaml

DEVICE = {"name": "barati", "torque_limit_Nm": 8.0, "slew_Nm_s": 160.0, "control_rate_Hz": 100}
COMMON = {"title": "t", "version": "0"}


def limits_of(weights, settings=None, exo=None):
    return safety_limits(weights, settings or {}, exo, Path("w.npz"))


def test_limits_are_those_of_the_device_unless_they_are_set(make_policy):
    weights = make_policy("mlp", n_steps=5)
    limits = limits_of(weights, {"rate_limit_Nm_s": 80.0}, DEVICE)
    assert limits["torque_limit_Nm"] == {"right": 8.0, "left": 8.0}
    assert limits["rate_limit_Nm_s"] == 80.0
    hip, velocity, torque = limits["inputs"][0], limits["inputs"][3], limits["inputs"][4]
    assert (hip["low"], hip["high"], hip["must_move"]) == (-1.2, 2.3, True)
    assert (velocity["name"], velocity["high"], velocity["unit"]) == ("hip_velocity_l", 15, "rad/s")
    assert (torque["high"], torque["must_move"]) == (16.0, False)


@pytest.mark.parametrize(
    ("settings", "exo", "expected"),
    [
        (
            {"torque_limit_Nm": 9.0}, {},
            "export: export.safety.torque_limit_Nm = 9 Nm contradicts the device, whose "
            "exo.torque_limit_Nm is 8 Nm. Lower it.",
        ),
        (
            {"rate_limit_Nm_s": 200.0}, {},
            "export: export.safety.rate_limit_Nm_s = 200 Nm/s contradicts the device, whose "
            "exo.slew_Nm_s is 160 Nm/s. Lower it.",
        ),
        (
            {}, {"torque_limit_Nm": 5.0},
            "w.npz: commands up to 8 Nm, which contradicts the device, whose exo.torque_limit_Nm "
            "is 5 Nm. Train it for this device, or export it with the exo it was trained for.",
        ),
        (
            {"deadline_ms": 5.0}, {},
            "export: export.safety.deadline_ms = 5 ms is shorter than the tick of the policy, "
            "10 ms. Raise it.",
        ),
        (
            {"hold_ms": 12.0}, {},
            "export: export.safety.hold_ms = 12 ms is shorter than deadline_ms, 15 ms. Raise it.",
        ),
        (
            {"hip_range_rad": [1.0, -1.0]}, {},
            "export: export.safety.hip_range_rad = [1.0, -1.0] must be two angles, the lower one "
            "first.",
        ),
    ],
)  # fmt: skip
def test_limits_that_contradict_the_device_or_each_other_are_refused(
    make_policy, settings, exo, expected
):
    with pytest.raises(UserError) as caught:
        limits_of(make_policy("mlp", n_steps=5), settings, DEVICE | exo)
    assert str(caught.value) == expected


def test_policy_of_another_rate_is_refused(make_policy):
    weights = make_policy("mlp", n_steps=5)
    weights.io["rate_Hz"] = 50
    with pytest.raises(UserError) as caught:
        limits_of(weights, {}, DEVICE)
    assert str(caught.value) == (
        "w.npz: runs at 50 Hz, which contradicts the device, whose exo.control_rate_Hz is 100 Hz. "
        "Train it at that rate."
    )


def test_input_without_known_limits_is_refused(make_policy):
    weights = make_policy("mlp", n_steps=5)
    weights.io["inputs"][0]["name"] = "knee_r"
    with pytest.raises(PolicyFormatError, match=r"no limits for the input 'knee_r'; it knows hip"):
        limits_of(weights)


def test_c_holds_the_numbers_of_safety_yaml(make_policy):
    text = safety_yaml(limits_of(make_policy("tcn", n_steps=5)))
    edited = yaml.safe_load(text) | {"stale_ms": 45.0, "power_limit_W": 12.5}
    source = safety_sources(yaml.safe_dump(edited), COMMON)["exo_safety_limits.c"]
    assert "45000u, /* stale_us */" in source
    assert "12.5f, /* power_W */" in source
    assert "{0, 1}, /* velocity_input: right, left */" in source


@pytest.fixture(scope="session")
def safety_folder(make_policy, tmp_path_factory):
    """Sources and tests of a small controller, written once."""
    weights = make_policy("lstm_carried", mirrored=True, n_steps=300)
    folder = tmp_path_factory.mktemp("safety")
    limits = safety_yaml(limits_of(weights))
    write_sources(generate_sources(weights, "small") | safety_sources(limits, COMMON), folder)
    write_sources(files_of_tests(["walk"], ["nan"], 1e-5), folder)
    return folder, weights


def compiled_test(folder, compiler, name, *flags):
    """A test program of the bundle that needs the safety layer alone."""
    program = folder / name
    command = [*compiler, *STRICT_FLAGS, "-O1", *flags, "-I.", "-Itest", f"test/test_{name}.c"]
    subprocess.run([*command, "exo_safety.c", "-o", str(program)], cwd=folder, check=True)
    return program


def test_every_guard_does_what_was_worked_out_by_hand(safety_folder, c_compiler):
    program = compiled_test(safety_folder[0], c_compiler, "safety")
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "safety_tests 24\nsafety_failures 0\n" in done.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("clamped(safety->torque[leg] + change, safety->limits->torque_Nm[leg])", "wanted"),
        ("safety->estop = 1;", "safety->estop = 0;"),
        ("if (inputs_are_finite(in) == 0) {", "if (safety == 0) {"),
    ],
)
def test_a_guard_that_is_taken_out_is_noticed(safety_folder, c_compiler, tmp_path, before, after):
    folder = shutil.copytree(safety_folder[0], tmp_path / "broken")
    source = folder / "exo_safety.c"
    text = source.read_text()
    assert text.count(before) == 1
    source.write_text(text.replace(before, after))
    program = compiled_test(folder, c_compiler, "safety", "-Wno-error")
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAILED" in done.stdout


@pytest.mark.slow
def test_random_faults_break_no_promise_under_sanitizers(safety_folder, c_compiler):
    flags = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    try:
        program = compiled_test(safety_folder[0], c_compiler, "fuzz", *flags)
    except subprocess.CalledProcessError:
        pytest.skip("this compiler has no AddressSanitizer")
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([program, "10000"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert printed["fuzz_sequences"] == "10000"
    # Torque flowed in a good part of the ticks, and every guard had something to do.
    assert int(printed["fuzz_ticks_with_torque"]) > 0.15 * int(printed["fuzz_ticks"])
    assert min(map(int, printed["fuzz_guards_met"].split())) > 0


def walked(controller, weights, slices=1, loop_us=10_000):
    """Torques of a recorded walk at the ticks of a motor loop."""
    controller.slice(slices)
    controller.start()
    per_sample = 10_000 // loop_us
    return np.array(
        [
            controller.tick(weights.golden_inputs[n // per_sample], n // per_sample * 10_000,
                            n * loop_us)
            for n in range(len(weights.golden_inputs) * per_sample)
        ]
    )  # fmt: skip


@pytest.fixture
def make_controller(safety_folder, c_compiler):
    """Function -> controller of the small policy behind its safety layer, and its weights."""
    folder, weights = safety_folder
    return lambda: CompiledController(folder, c_compiler), weights


def test_sliced_policy_gives_the_same_commands_some_ticks_later(make_controller):
    make, weights = make_controller
    whole = walked(make(), weights, 1, 2_000)
    sliced = walked(make(), weights, 5, 2_000)
    # 8 ms later, and faded by 8 ms more or less of 3 s; both follow the same commands.
    assert np.abs(whole).max() > 0.5
    assert np.abs(sliced[4:] - whole[:-4]).max() < 0.05
    assert (sliced[:4] == 0).all()


def test_torque_of_the_controller_never_leaves_its_limits_whatever_is_fed(make_controller):
    make, weights = make_controller
    controller = make()
    controller.start()
    rng = np.random.default_rng(1)
    before = np.zeros(2)
    for tick in range(600):
        row = weights.golden_inputs[tick % 300].copy()
        if rng.random() < 0.1:
            row[rng.integers(6)] = rng.choice([np.nan, np.inf, -1e30, 50.0])
        torque = controller.tick(row, tick * 10_000, tick * 10_000)
        assert np.isfinite(torque).all()
        assert np.abs(torque).max() <= 8.0
        assert np.abs(torque - before).max() <= 200.0 * 0.01 * (1 + 1e-5)
        before = torque
    assert controller.counts()["not_finite"] > 0
    assert controller.counts()["range"] > 0
