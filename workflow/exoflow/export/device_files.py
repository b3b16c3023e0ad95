"""Files of a bundle for its tests and for devices: test/, arduino/, openexo/, linux/."""

from __future__ import annotations

from exoflow.control.policy_format import PolicyWeights, layer_count
from exoflow.export.c_code import STRICT_FLAGS, read_template
from exoflow.export.weight_storage import constant_bytes

PLAIN_TEST_FILES = (
    "bench.c", "count_steps.c", "misra_deviations.txt", "platform.h", "report.h", "scene.h",
    "semihosting.h", "test_fuzz.c", "test_safety.c", "a53/platform.c", "m7/platform.c",
    "m7/startup.c",
)  # fmt: skip
# Templates whose own suffix no packaging rule knows.
RENAMED_TEST_FILES = ("a53/memory.ld", "a53/startup.S", "m7/memory.ld")
OPENEXO_SLICES = 4
OPENEXO_SIDES = {"r": "right_side", "l": "left_side"}


def test_files(walks: list[str], faults: list[str], gate_Nm: float) -> dict[str, str]:
    """test/: programs, emulated processors and their Makefile.

    Parameters
    ----------
    walks, faults : list of str
        Names of the golden walks and of the fault scenarios.
    gate_Nm : float
        Largest allowed error.
    """
    files = {name: read_template(f"test/{name}").template for name in PLAIN_TEST_FILES}
    files |= {name: read_template(f"test/{name}.txt").template for name in RENAMED_TEST_FILES}
    files["test_golden.c"] = read_template("test/test_golden.c").substitute(
        gate=repr(gate_Nm), files=_file_list(walks)
    )
    files["test_faults.c"] = read_template("test/test_faults.c").substitute(
        files=_file_list([f"fault_{name}" for name in faults])
    )
    files["Makefile"] = read_template("test/Makefile.txt").substitute(strict=" ".join(STRICT_FLAGS))
    return {f"test/{name}": text for name, text in files.items()}


def bench_files(
    weights: PolicyWeights, gate_Nm: float, stored_as: str = "float32"
) -> dict[str, str]:
    """arduino/: the bench sketch and the script that replays a walk through it."""
    return {
        "arduino/README.md": read_template("arduino/README.md").substitute(
            weights_bytes=constant_bytes(weights, stored_as)
        ),
        "arduino/exo_policy.ino": read_template("arduino/exo_policy.ino.txt").template,
        "arduino/replay.py": read_template("arduino/replay.py.txt").substitute(
            n_features=weights.n_features, gate=repr(gate_Nm), rate=f"{weights.io['rate_Hz']:g}"
        ),
    }


def openexo_files(weights: PolicyWeights, stored_as: str = "float32") -> dict[str, str]:
    """openexo/: the policy as a controller class of OpenExo."""
    names = [entry["name"] for entry in weights.io["inputs"]]
    gyro = any(name.startswith("thigh_gyro") for name in names)
    declarations = (
        "// OpenExo has no thigh gyroscopes: write these two for your sensors, rad/s, flexion\n"
        "// positive.\nfloat exoflow_thigh_gyro_r();\nfloat exoflow_thigh_gyro_l();\n"
        if gyro
        else ""
    )
    note = (
        "This policy is fed by thigh gyroscopes, which OpenExo does not read: write "
        "`exoflow_thigh_gyro_r` and `exoflow_thigh_gyro_l` for your sensors."
        if gyro
        else "Measured torque is taken to be the torque asked for in the tick before."
    )
    readings = ",\n".join(f"      {_openexo_reading(name)}" for name in names)
    return {
        "openexo/README.md": read_template("openexo/README.md").substitute(
            gyro_note=note,
            slices=OPENEXO_SLICES,
            weights_bytes=constant_bytes(weights, stored_as),
        ),
        "openexo/ExoflowPolicy.h": read_template("openexo/ExoflowPolicy.h.txt").template,
        "openexo/ExoflowPolicy.cpp": read_template("openexo/ExoflowPolicy.cpp.txt").substitute(
            declarations=declarations, readings=readings, slices=OPENEXO_SLICES
        ),
    }


def runner_files(weights: PolicyWeights) -> dict[str, str]:
    """linux/: the runner of policy.onnx."""
    return {
        "linux/run_policy.py": read_template("linux/run_policy.py.txt").substitute(
            rate=f"{weights.io['rate_Hz']:g}",
            n_features=weights.n_features,
            history=_seen_by_graph(weights),
            spacing=weights.history_spacing_ticks,
            warm_up=_seen_by_graph(weights) - 1 if weights.kind == "tcn" else 0,
        )
    }


def _seen_by_graph(weights: PolicyWeights) -> int:
    """Samples that the ONNX graph takes at one call: a tcn sees its whole past."""
    if weights.kind != "tcn":
        return weights.history
    kernels = [
        weights.arrays[f"conv{index}_w"].shape[2]
        for index in range(layer_count(weights.arrays, "conv"))
    ]
    reach = sum((kernel - 1) * d for kernel, d in zip(kernels, weights.dilation, strict=True))
    return 1 + reach


def _openexo_reading(name: str) -> str:
    """Where OpenExo has an input of this name."""
    stem, side = name[:-2], OPENEXO_SIDES[name[-1]]
    leg = "POLICY_OUT_RIGHT" if name.endswith("_r") else "POLICY_OUT_LEFT"
    return {
        "hip": f"data.{side}.hip.position",
        "hip_velocity": f"data.{side}.hip.velocity",
        "torque": f"both.appliedNm[{leg}]",
        "thigh_gyro": f"exoflow_{name}()",
    }[stem]


def _file_list(names: list[str]) -> str:
    return ",\n".join(f'    "../golden/{name}.csv"' for name in names)
