"""export/bundle.py, verify.py and the stage: what is delivered, and what is refused."""

import dataclasses
import json
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from exoflow.control.policy_format import PolicyWeights, save_policy
from exoflow.errors import PolicyFormatError, UserError
from exoflow.export.bundle import Source, build_bundle, write_bundle
from exoflow.export.verify import ParityError, find_compiler
from exoflow.records.bundle_manifest import verify_bundle
from exoflow.stages import export

CONTENT = [
    "BENCH_CHECKLIST.md",
    "EXPORT_REPORT.json",
    "EXPORT_REPORT.md",
    "MANIFEST.json",
    "MISRA.md",
    "NOTICE",
    "README.md",
    "arduino/README.md",
    "arduino/exo_policy.ino",
    "arduino/replay.py",
    "bundle_id.h",
    "exact_float.h",
    "exo_controller.c",
    "exo_controller.h",
    "exo_safety.c",
    "exo_safety.h",
    "exo_safety_limits.c",
    "exo_safety_limits.h",
    "golden/README.md",
    "golden/fault_frozen.csv",
    "golden/fault_nan.csv",
    "golden/fault_stale.csv",
    "golden/history.csv",
    "golden/reset.csv",
    "golden/saturation.csv",
    "golden/startup.csv",
    "golden/walk.csv",
    "openexo/ExoflowPolicy.cpp",
    "openexo/ExoflowPolicy.h",
    "openexo/README.md",
    "policy.c",
    "policy.h",
    "policy_io.yaml",
    "policy_layers.h",
    "policy_math.h",
    "policy_weights.c",
    "policy_weights.h",
    "safety.yaml",
    "test/Makefile",
    "test/a53/memory.ld",
    "test/a53/platform.c",
    "test/a53/startup.S",
    "test/bench.c",
    "test/count_steps.c",
    "test/m7/memory.ld",
    "test/m7/platform.c",
    "test/m7/startup.c",
    "test/misra_deviations.txt",
    "test/platform.h",
    "test/report.h",
    "test/scene.h",
    "test/semihosting.h",
    "test/test_faults.c",
    "test/test_fuzz.c",
    "test/test_golden.c",
    "test/test_safety.c",
]
# Emulators have tests of their own; here they would only take time.
HOST_ONLY = {"export": {"targets": ["host"]}}


def text_of(files, path):
    """A file of a bundle as text."""
    return files[path].decode("utf-8")


def host_bundle(weights, folder, name="small", **settings):
    """Bundle and JSON, checked on the host alone."""
    file = folder / "w.npz"
    save_policy(file, weights)
    return build_bundle(Source(weights, name, file, {"targets": ["host"], **settings}))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project folder as working directory: run records land here."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_full_size_controller_passes_the_gate(make_policy, c_compiler, project):
    weights = make_policy("lstm_window", mirrored=True, hidden=128, width=64, torque_limit_Nm=15.0)
    save_policy(project / "seed1.npz", weights)
    export.run("level_seed1", Path("seed1.npz"), Path("out/level_seed1.zip"), HOST_ONLY)
    result = json.loads((project / "out/level_seed1.json").read_text())
    assert (result["phase"], result["status"], result["reason"]) == ("export", "ok", None)
    assert result["passed"] is True
    assert result["max_abs_error_Nm"]["host"] <= result["gate_Nm"] == 1e-5
    assert result["n_golden_steps"] == 1000
    assert result["reset_reproduces"] is True
    assert result["bit_identical"] is None
    # 77 k weights: w_ih, w_hh, b, fc, out, scale. The state: 10 ticks of 6, four indices, two
    # outputs, and of one pass h, c and the next h, a sample and the dense layer.
    n_weights = 512 * (6 + 128 + 1) + 64 * 129 + 65 + 6
    assert result["sizes_bytes"]["weights"] == 4 * n_weights
    assert result["sizes_bytes"]["state"] == 4 * (10 * 6 + 4 + 2 + 3 * 128 + 6 + 64)
    if shutil.which("size"):
        assert result["sizes_bytes"]["host_text"] > 4 * n_weights
        assert result["sizes_bytes"]["host_data"] == result["sizes_bytes"]["host_bss"] == 0
    record = json.loads((project / "results/runs/export/level_seed1.run.json").read_text())
    assert set(record["inputs"]) == {"seed1.npz"}
    bundle = verify_bundle(Path("out/level_seed1.zip"))
    assert bundle.chain["policy"]["weights_sha256"] == weights.digest()
    assert bundle.chain["policy"]["file"] == "seed1.npz"
    content = bytearray(Path("out/level_seed1.zip").read_bytes())
    content[len(content) // 2] ^= 1
    Path("out/level_seed1.zip").write_bytes(content)
    with pytest.raises(UserError, match="Do not flash it"):
        verify_bundle(Path("out/level_seed1.zip"))


def test_same_weights_give_the_same_bytes_with_fixed_order_dates_and_rights(
    make_policy, c_compiler, project
):
    save_policy(project / "w.npz", make_policy("mlp"))
    for name in ("a.zip", "b.zip"):
        export.run("small", project / "w.npz", project / name, HOST_ONLY)
    assert (project / "a.zip").read_bytes() == (project / "b.zip").read_bytes()
    assert (project / "a.json").read_bytes() == (project / "b.json").read_bytes()
    with zipfile.ZipFile(project / "a.zip") as archive:
        assert archive.namelist() == [f"small/{name}" for name in CONTENT]
        for member in archive.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert stat.S_IMODE(member.external_attr >> 16) == 0o644


def test_unpacked_bundle_checks_itself_with_make(make_policy, c_compiler, project):
    if shutil.which("make") is None:
        pytest.skip("no make on this computer")
    save_policy(project / "w.npz", make_policy("tcn"))
    export.run("small", project / "w.npz", project / "small.zip", HOST_ONLY)
    with zipfile.ZipFile(project / "small.zip") as archive:
        archive.extractall(project)
    command = ["make", "-C", "small/test", "host"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "-Wconversion -Werror" in done.stdout
    assert "golden_result passed" in done.stdout
    assert "faults_result passed" in done.stdout
    assert "safety_failures 0" in done.stdout
    # A wrong golden command must make the same target fail.
    golden = project / "small/golden/walk.csv"
    lines = golden.read_text().splitlines()
    lines[500] = lines[500].rsplit(",", 1)[0] + ",7.5"
    golden.write_text("\n".join(lines) + "\n")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "max_error_step 499" in done.stdout
    assert "max_error_leg left" in done.stdout


@pytest.mark.parametrize(
    ("kind", "array"),
    [("lstm_window", "lstm_w_hh"), ("lstm_carried", "fc_w"), ("mlp", "fc1_w"), ("tcn", "conv2_w")],
)
def test_one_corrupted_weight_fails_the_gate(make_policy, c_compiler, project, kind, array):
    weights = make_policy(kind)
    broken = weights.arrays[array].copy()
    broken.flat[np.abs(broken).argmax()] += 0.1
    save_policy(
        project / "w.npz", dataclasses.replace(weights, arrays=weights.arrays | {array: broken})
    )
    with pytest.raises(ParityError) as caught:
        export.run("small", project / "w.npz", project / "small.zip", HOST_ONLY)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{project / 'w.npz'}: exported C differs from torch by ")
    assert "Nm at golden step " in text
    assert "the golden vectors do not belong to these weights" in text
    assert not (project / "small.zip").exists()
    assert not (project / "small.json").exists()


def test_gate_below_rounding_blames_the_rounding(make_policy, c_compiler, project):
    with pytest.raises(ParityError, match=r"torch itself is .* Nm from double precision"):
        host_bundle(make_policy("mlp"), project, tolerance_Nm=1e-12)


def test_layers_that_c_does_not_know_are_refused_by_name(make_policy, project):
    save_policy(project / "w.npz", make_policy("mlp"))
    with np.load(project / "w.npz") as stored:
        arrays = {**stored, "attention0_w": np.zeros((3, 3), np.float32)}
    np.savez(project / "w.npz", **arrays)
    with pytest.raises(PolicyFormatError, match="array attention0_w is unknown; kind mlp has"):
        export.run("small", project / "w.npz", project / "small.zip", HOST_ONLY)
    arrays["kind"] = np.array("gru")
    np.savez(project / "w.npz", **arrays)
    with pytest.raises(PolicyFormatError, match="unknown kind 'gru', known kinds are lstm_window"):
        export.run("small", project / "w.npz", project / "small.zip", HOST_ONLY)
    assert not (project / "small.zip").exists()


def test_policy_stronger_than_the_device_is_refused(make_policy, project):
    save_policy(project / "w.npz", make_policy("mlp", torque_limit_Nm=15.0))
    settings = HOST_ONLY | {"exo": {"torque_limit_Nm": 8.0}}
    with pytest.raises(UserError, match="commands up to 15 Nm, which contradicts the device"):
        export.run("small", project / "w.npz", project / "small.zip", settings)


def test_skipped_controller_gives_a_valid_bundle_that_says_why(project):
    save_policy(project / "w.npz", PolicyWeights(status="skipped", reason="no gait at 2.5 m/s"))
    export.run("fast_seed1", project / "w.npz", project / "fast_seed1.zip")
    result = json.loads((project / "fast_seed1.json").read_text())
    assert (result["status"], result["reason"]) == ("skipped", "no gait at 2.5 m/s")
    with zipfile.ZipFile(project / "fast_seed1.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["fast_seed1/README.md"]
        assert "no gait at 2.5 m/s" in archive.read("fast_seed1/README.md").decode()


def test_too_short_a_walk_is_refused(make_policy, project):
    with pytest.raises(PolicyFormatError, match=r"golden_inputs has 50 steps, .* at least 1000"):
        host_bundle(make_policy("mlp", n_steps=50), project)


def test_missing_compiler_is_one_line_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        find_compiler()
    assert str(caught.value) == (
        "export: no C compiler found (looked for cc, gcc, clang). "
        "Install gcc (Debian, Ubuntu: apt install gcc) or set CC to a C compiler."
    )


def test_cc_goes_before_the_setting_and_must_exist(monkeypatch):
    monkeypatch.setenv("CC", "no-such-cc -m32")
    with pytest.raises(UserError, match=r"the C compiler 'no-such-cc -m32' .* is not on the PATH"):
        find_compiler("gcc")


def test_compiler_that_fails_is_reported_in_one_line(make_policy, monkeypatch, project):
    if shutil.which("false") is None:
        pytest.skip("no `false` command to stand in for a broken compiler")
    monkeypatch.setenv("CC", "false")
    with pytest.raises(UserError, match=r"^export: false cannot compile the controller"):
        host_bundle(make_policy("mlp"), project)


@pytest.mark.parametrize("name", ["", "../x", "a b", 'x"y', "/root"])
def test_name_must_be_safe_as_folder_and_in_c(name, project):
    save_policy(project / "w.npz", PolicyWeights(status="skipped", reason="none"))
    with pytest.raises(UserError, match="Use letters, digits"):
        export.run(name, project / "w.npz", project / "x.zip")


def test_io_description_tells_everything_needed_to_feed_it(make_policy, c_compiler, project):
    weights = make_policy("lstm_window", mirrored=True)
    files, _ = host_bundle(weights, project, "level/seed1")
    io = yaml.safe_load(text_of(files, "level_seed1/policy_io.yaml"))
    assert io["inputs"][3] == {
        "index": 3,
        "name": "hip_velocity_l",
        "unit": "rad/s",
        "sign": "flexion positive",
        "scale": 0.2,
    }
    assert io["leg_order"] == "right, left"
    assert io["rate_Hz"] == 100
    assert io["history"]["ticks"] == 10
    assert io["history"]["order"] == "oldest_first"
    assert io["mirrored"] is True
    assert io["torque_limit_Nm"] == 8.0
    assert io["reset"].startswith("policy_reset at the start of every walk")


def test_golden_csv_restores_every_single(make_policy, c_compiler, project):
    weights = make_policy("mlp")
    files, _ = host_bundle(weights, project)
    header, *rows = text_of(files, "small/golden/walk.csv").splitlines()
    assert header == (
        "tick,hip_r,hip_l,hip_velocity_r,hip_velocity_l,torque_r,torque_l,command_r_Nm,command_l_Nm"
    )
    table = np.array([row.split(",") for row in rows], np.float32)
    np.testing.assert_array_equal(table[:, 1:7], weights.golden_inputs)
    np.testing.assert_array_equal(table[:, 7:], weights.golden_outputs)


def test_report_and_notice_claim_nothing_that_was_not_measured(make_policy, c_compiler, project):
    files, result = host_bundle(make_policy("mlp"), project)
    report = text_of(files, "small/EXPORT_REPORT.md")
    notice = text_of(files, "small/NOTICE")
    assert report.count("not measured on hardware") == 3
    assert result["compiler"] in report
    for text in (report, notice, text_of(files, "small/policy.h")):
        assert "research use only" in text.lower()
        assert "no certification" in text.lower()
    assert "does\nnot replace a hardware emergency stop" in notice


def test_zip_is_written_whole_over_an_old_one(project):
    path = project / "x.zip"
    write_bundle(path, {"x/b": b"2", "x/a": b"1"})
    write_bundle(path, {"x/a": b"3"})
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["x/a"]
    assert sorted(entry.name for entry in project.iterdir()) == ["x.zip"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "stored_as"),
    [("lstm_carried", "float32"), ("mlp", "float16"), ("tcn", "int8"), ("lstm_window", "int8")],
)
def test_checker_of_misra_rules_finds_nothing_but_the_listed_deviations(
    make_policy, c_compiler, project, kind, stored_as
):
    missing = [tool for tool in ("make", "cppcheck") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    save_policy(project / "w.npz", make_policy(kind))
    settings = {"export": {"targets": ["host"], "weights": stored_as}}
    export.run("small", project / "w.npz", project / "small.zip", settings)
    with zipfile.ZipFile(project / "small.zip") as archive:
        archive.extractall(project)
    done = subprocess.run(["make", "-C", "small/test", "misra"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "misra: nothing but the deviations of MISRA.md" in done.stdout
