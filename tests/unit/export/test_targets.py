"""export/targets.py: emulated processors give the bits of this computer, or say why not."""

import shutil

import pytest

from exoflow.control.policy_format import save_policy
from exoflow.export.bundle import Source, build_bundle
from exoflow.export.documents import tick_verdict
from exoflow.export.printed import read_printed
from exoflow.export.verify import ParityError

TOOLS = {
    "a53": ("aarch64-linux-gnu-gcc", "qemu-aarch64", "qemu-system-aarch64"),
    "m7": ("arm-none-eabi-gcc", "qemu-system-arm"),
}


def exported(policy, folder, **settings):
    """The export JSON."""
    save_policy(folder / "w.npz", policy)
    _, result = build_bundle(Source(policy, "small", folder / "w.npz", settings))
    return result


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "stored_as", "bytes_a_weight"),
    [("a53", "float32", 4), ("m7", "float32", 4), ("a53", "float16", 2), ("m7", "int8", 1)],
)
def test_emulated_processor_gives_the_same_bits_and_counts(
    make_policy, c_compiler, tmp_path, target, stored_as, bytes_a_weight
):
    missing = [tool for tool in ("make", *TOOLS[target]) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: the emulated {target} is left out")
    result = exported(
        make_policy("lstm_carried", mirrored=True),
        tmp_path,
        targets=[target],
        emulated_steps=20,
        weights=stored_as,
    )
    run = result["targets"][target]
    assert run["bit_identical"] is result["bit_identical"] is True
    assert run["n_steps"] == 8 * 20  # five golden walks and three faults
    assert result["max_abs_error_Nm"][target] <= 1e-5
    # 2 x (4 x 12 x 72 + 12 x 10 + 10) multiply-adds take some instructions each.
    assert 2 * 3586 < run["instructions_per_step"] < 20 * 2 * 3586
    assert run["instructions_per_step"] < run["instructions_per_controller_tick"]
    assert 0 < run["stack_bytes"] <= run["controller_stack_bytes"] <= 4096
    assert run["data_bytes"] == run["bss_bytes"] == 0
    # Biases, scales and tables are the rest.
    assert 0 < run["constant_bytes"] - bytes_a_weight * 3586 < 2000
    assert run["meets_tick"] == "yes"


def test_missing_tool_is_recorded_by_name(make_policy, c_compiler, tmp_path, monkeypatch):
    if shutil.which("make") is None:
        pytest.skip("no make on this computer")
    monkeypatch.setenv("M7_CC", "no-such-gcc")
    result = exported(make_policy("mlp"), tmp_path, targets=["host", "m7", "onnx"])
    assert result["targets"]["m7"] == {"not_run": "tool no-such-gcc missing"}
    assert result["targets"]["onnx"] == {"not_run": "no policy.onnx beside the weights"}
    assert set(result["max_abs_error_Nm"]) == {"host"}
    assert result["bit_identical"] is None


def test_tool_that_is_there_but_fails_is_no_missing_tool(
    make_policy, c_compiler, tmp_path, monkeypatch
):
    missing = [tool for tool in ("make", "false", *TOOLS["m7"]) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    monkeypatch.setenv("M7_CC", "false")
    with pytest.raises(ParityError, match=r"Cortex-M7 \(QEMU\) could not be checked: it failed: "):
        exported(make_policy("mlp"), tmp_path, targets=["m7"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lstm_window", "mlp", "tcn"])
def test_every_kind_is_counted_on_a_bare_cortex_a53(make_policy, c_compiler, tmp_path, kind):
    missing = [tool for tool in ("make", *TOOLS["a53"]) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: the emulated a53 is left out")
    # Widths at which the compiler turns loops into calls of memmove.
    policy = make_policy(kind, mirrored=kind != "tcn", hidden=32, width=16)
    run = exported(policy, tmp_path, targets=["a53"], emulated_steps=5)["targets"]["a53"]
    assert run["bit_identical"] is True
    assert run["instructions_per_step"] > 1000


def test_graph_that_is_not_the_policy_is_refused(make_policy, c_compiler, tmp_path):
    pytest.importorskip("onnxruntime")
    from exoflow.learning.onnx_export import actor_onnx
    from exoflow.learning.policy_weights import load_actor

    weights, other = make_policy("mlp"), make_policy("mlp", seed=2)
    graph = actor_onnx(load_actor(other), other.torque_limit_Nm)
    save_policy(tmp_path / "w.npz", weights)
    source = Source(weights, "small", tmp_path / "w.npz", {"targets": ["onnx"]}, graph=graph)
    with pytest.raises(
        ParityError, match=r"on policy\.onnx \(onnxruntime\) the controller differs"
    ):
        build_bundle(source)


@pytest.mark.parametrize("kind", ["tcn", "lstm_window"])
def test_graph_of_a_policy_is_run_and_agrees(make_policy, c_compiler, tmp_path, kind):
    pytest.importorskip("onnxruntime")
    weights = make_policy(kind)
    save_policy(tmp_path / "w.npz", weights)
    source = Source(
        weights, "small", tmp_path / "w.npz", {"targets": ["onnx"]}, graph=graph_of(weights)
    )
    _, result = build_bundle(source)
    run = result["targets"]["onnx"]
    assert run["not_run"] is None
    assert run["max_abs_error_Nm"] <= 1e-5
    # A tcn of kernels of 3 taps, 1, 2 and 4 ticks apart, sees 14 ticks before the current one.
    assert run["n_steps"] == 1000 - (14 if kind == "tcn" else 0)


def graph_of(weights):
    """policy.onnx, as the phases policy and student write it."""
    import torch

    from exoflow.learning.onnx_export import actor_onnx, onnx_bytes
    from exoflow.learning.policy_weights import load_actor
    from exoflow.learning.tcn import Tcn

    if weights.kind != "tcn":
        return actor_onnx(load_actor(weights), weights.torque_limit_Nm)
    student = Tcn(channels=12, layers=3)
    names = {f"convs.{n}.weight": f"conv{n}_w" for n in range(3)}
    names |= {f"convs.{n}.bias": f"conv{n}_b" for n in range(3)}
    names |= {"out.weight": "out_w", "out.bias": "out_b"}
    state = {name: torch.tensor(weights.arrays[array]) for name, array in names.items()}
    student.load_state_dict(state | {"input_scale": torch.tensor(weights.input_scale)})
    example = torch.zeros(1, student.receptive_field, 2)
    return onnx_bytes(student, example, "thigh_gyro", weights.torque_limit_Nm)


@pytest.mark.parametrize(
    ("target", "instructions", "expected"),
    [
        ("m7", 2_000_000, "yes"),  # 2 cycles at 480 MHz: 8.3 ms
        ("m7", 4_000_000, "to be measured"),  # 6.7 ms at best, 16.7 ms at worst
        ("m7", 6_500_000, "no"),  # 10.8 ms even with 1 cycle at 600 MHz
        ("a53", 5_000_000, "yes"),  # 2 cycles at 1200 MHz: 8.3 ms
    ],
)
def test_tick_is_judged_by_the_stated_clocks(target, instructions, expected):
    assert tick_verdict(target, instructions, 100.0)["meets_tick"] == expected


def test_nan_is_the_worst_error_of_all():
    text = "file a.csv\nn_steps 3\nmax_abs_error_Nm nan\nfile b.csv\nn_steps 4\n"
    printed = read_printed(text + "max_abs_error_Nm 2.5\ntotal\ngolden_crc32 0a\n")
    assert (printed.worst.name, printed.n_steps, printed.crc32) == ("a", 7, ("0a", None))
    assert not printed.max_abs_error_Nm <= 1e-5
