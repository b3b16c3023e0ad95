"""What people read in a bundle: the input table, reports, checklists and notices."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml

from exoflow import __version__
from exoflow.control.policy_format import PolicyWeights
from exoflow.export.c_code import read_template

# Stated in every report, until somebody measures them and writes the numbers in.
NOT_MEASURED = (
    "time of a step on any microcontroller: not measured on hardware",
    "torque on a real actuator, or with a person: not measured on hardware",
    "the safety layer with real sensors and motors: not measured on hardware",
)

# Clocks that step times are worked out for, MHz: a Raspberry Pi 3 class A53; Portenta H7
# and Teensy 4.1.
CLOCKS_MHZ = {"a53": (1200,), "m7": (480, 600)}
# Cycles per instruction: one is good going for these in-order cores, two is slow memory.
CYCLES_PER_INSTRUCTION = (1.0, 2.0)
TARGET_NAMES = {
    "host": "this computer",
    "a53": "Cortex-A53 (QEMU)",
    "m7": "Cortex-M7 (QEMU)",
    "onnx": "policy.onnx (onnxruntime)",
}

NOTICE = f"""\
Controller exported by exoflow {__version__}

Research use only. No certification or fitness for any purpose is claimed; this is
not a medical device. Nothing in this folder has been measured on hardware.

The safety layer (exo_safety.c) checks inputs and limits torque in software. It does
not replace a hardware emergency stop, and nobody has tested it with your sensors and
motors: work through BENCH_CHECKLIST.md before a person wears the device.

The C sources come from templates of the exoflow project and carry its licence,
Apache-2.0 (https://www.apache.org/licenses/LICENSE-2.0). The folder openexo/ is made to
be compiled into OpenExo, whose licence is the GNU LGPL; see its README. The weights
belong to whoever trained them.
"""

MISRA_ROWS = (
    ("2.2", "policy.c", "a multiplication by a spacing of 1 in controllers without gaps"),
    ("2.4, 2.5", "policy.h", "names and sizes for the caller, which this code does not all use"),
    ("12.1", "policy_layers.h", "all operands are in brackets; the checker asks for more"),
    ("modulo of one", "policy.c", "a history of one sample is a ring of one row"),
    ("19.2", "policy_math.h", "a power of two is made from its bits through a union"),
)


def describe_io(weights: PolicyWeights) -> str:
    """policy_io.yaml: everything needed to feed the controller correctly."""
    io = weights.io
    document = {
        "kind": weights.kind,
        "rate_Hz": io["rate_Hz"],
        "leg_order": "right, left",
        "inputs": [
            {
                "index": index,
                "name": entry["name"],
                "unit": entry["unit"],
                "sign": entry["sign"],
                "scale": float(np.format_float_positional(weights.input_scale[index])),
            }
            for index, entry in enumerate(io["inputs"])
        ],
        "scaling": "policy_step takes raw SI values and multiplies them by scale itself",
        "history": {
            "ticks": weights.history,
            "spacing_ticks": weights.history_spacing_ticks,
            "order": io["history_order"],
            "kept_by": "the state",
            "before_the_first_tick": "zeros",
        },
        "mirrored": weights.mirrored,
        "mirroring": "one network call per leg, the pairs of inputs swapped for the left"
        if weights.mirrored
        else "none: one network call gives both torques",
        "outputs": [
            {"index": 0, "name": "command_r", "unit": "Nm", "sign": "flexion positive"},
            {"index": 1, "name": "command_l", "unit": "Nm", "sign": "flexion positive"},
        ],
        "torque_limit_Nm": float(np.format_float_positional(np.float32(weights.torque_limit_Nm))),
        "slew_Nm_s": io["slew_Nm_s"],
        "slew": "of the actuator it was trained with; policy_step does not apply it",
        "reset": "policy_reset at the start of every walk: zero history and recurrent state",
        "weights_sha256": weights.digest(),
        "source": io.get("source", {}),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=88)
    return "# How to feed this controller. SI units, radians, hip flexion positive.\n" + text


def golden_readme(stored_as: str) -> str:
    """golden/README.md: what the golden files compare."""
    return read_template("golden_README.md").substitute(answered_by=_answered_by(stored_as))


def _answered_by(stored_as: str) -> str:
    """Whose commands the golden walks hold."""
    if stored_as == "float32":
        return (
            "`walk` was answered by torch, the others by the double-precision definition of the "
            "format"
        )
    return (
        f"all were answered by the double-precision definition of the format with the {stored_as} "
        "weights of this bundle, not by the float32 network that was trained: its distance is "
        'under "What storing the weights in fewer bits costs" of EXPORT_REPORT.md'
    )


def misra_deviations() -> str:
    """MISRA.md."""
    rows = "\n".join(f"| {rule} | {where} | {why} |" for rule, where, why in MISRA_ROWS)
    return read_template("MISRA.md").substitute(rows=rows)


def readme(
    weights: PolicyWeights,
    name: str,
    identity: str,
    state_bytes: int,
    onnx: bool,
    stored_as: str = "float32",
) -> str:
    """README.md: check it, use it, what is here."""
    row = (
        "| `policy.onnx` `linux/` | the same network for a Linux device, and its 100 Hz runner |\n"
    )
    return read_template("README.md").substitute(
        name=name,
        kind=weights.kind,
        stored_as=stored_as,
        identity=identity[:16],
        state_bytes=state_bytes,
        rate=f"{weights.io['rate_Hz']:g}",
        period_ms=f"{1000 / weights.io['rate_Hz']:g}",
        onnx_row=row if onnx else "",
    )


def bench_checklist(name: str, identity: str, limits: Mapping[str, Any]) -> str:
    """BENCH_CHECKLIST.md: what to measure before anybody wears it."""
    return read_template("BENCH_CHECKLIST.md").substitute(
        name=name,
        identity=identity[:16],
        first_input=limits["inputs"][0]["name"],
        torque_Nm=f"{limits['torque_limit_Nm']['right']:g}",
        stale_ms=f"{limits['stale_ms']:g}",
    )


def tick_verdict(target: str, instructions: int, rate_Hz: float) -> dict[str, Any]:
    """Whether a target meets the tick, by counted instructions and stated clocks.

    Returns
    -------
    dict
        `step_ms` by clock, [fastest, slowest] of `CYCLES_PER_INSTRUCTION`; `meets_tick` is
        yes if the slowest time on the slowest clock does, no if the fastest on the fastest
        clock does not, and "to be measured" in between.
    """
    times = {
        f"{clock}_MHz": [
            round(1e-3 * instructions * cycles / clock, 3) for cycles in CYCLES_PER_INSTRUCTION
        ]
        for clock in CLOCKS_MHZ[target]
    }
    tick_ms = 1000.0 / rate_Hz
    slowest = max(time for pair in times.values() for time in pair)
    fastest = min(time for pair in times.values() for time in pair)
    verdict = "yes" if slowest <= tick_ms else "no" if fastest > tick_ms else "to be measured"
    return {"step_ms": times, "meets_tick": verdict}


def export_report(result: Mapping[str, Any], weights: PolicyWeights) -> str:
    """EXPORT_REPORT.md from the export JSON: what was checked, what it costs, what is unknown."""
    io = weights.io
    legs = "one call per leg (mirrored)" if weights.mirrored else "one call for both legs"
    ulp = float(np.spacing(np.float32(weights.torque_limit_Nm)))
    golden = "\n".join(
        f"| {name} | {file['n_steps']} | {file['max_abs_error_Nm']:.3g} | "
        f"{file['max_abs_error_Nm'] / ulp:.3g} |"
        for name, file in result["golden"].items()
    )
    targets = "\n".join(_target_row(name, run) for name, run in result["targets"].items())
    sizes = "\n".join(f"| {key} | {value} |" for key, value in result["sizes_bytes"].items())
    not_measured = "\n".join(f"- {line}" for line in result["not_measured"])
    return f"""\
# Export report: {result["name"]}

{weights.kind}, {legs}, {len(io["inputs"])} inputs, history of {weights.history} samples, \
{io["rate_Hz"]:g} Hz, +-{weights.torque_limit_Nm:g} Nm.
Weights SHA-256 `{result["weights_sha256"]}`, exoflow {__version__}.

Research use only, no certification claimed. Read NOTICE before connecting an actuator.

## The C computes what was trained

Golden vectors on this computer; {_answered_by(result["weights"]["stored_as"])}. \
Gate {result["gate_Nm"]:g} Nm: \
{"passed" if result["passed"] else "FAILED"}.

| golden | ticks | largest error, Nm | ulp of the torque limit |
|---|---|---|---|
{golden}

Same bits after policy_reset: {"yes" if result["reset_reproduces"] else "NO"}. Fault scenarios \
(NaN, stale, frozen) keep the torque finite and within its limits.

{_storage_section(result)}## On every target

| target | ticks | largest error, Nm | same bits as this computer | instructions per step | \
step, ms | meets {1000 / io["rate_Hz"]:g} ms | stack, bytes | code, constants, bytes |
|---|---|---|---|---|---|---|---|---|
{targets}

Emulated targets repeat the first {result["emulated_steps"]} ticks of each golden file; \
`make -C test a53-qemu m7-qemu` repeats all. Instructions are counted by QEMU (-icount), means of \
20 steps. Times are worked out, not measured: instructions x {CYCLES_PER_INSTRUCTION[0]:g} to \
{CYCLES_PER_INSTRUCTION[1]:g} cycles at the clocks named, \
with weights in fast memory (from a Teensy's external flash they take longer). "Yes" means: \
even at {CYCLES_PER_INSTRUCTION[1]:g} cycles on the slowest clock. Stack: deepest use \
found by painting it, policy_step alone and the whole controller tick.

## Sizes, bytes

| | |
|---|---|
{sizes}

host_text holds code and weights; host_data, if not 0, addresses inside constant tables. Without \
heap and mutable globals, the state is all the memory a controller needs beside its stack.

{result["multiply_adds_per_tick"]} multiply-adds per tick, both legs; activations not counted.

## Made with

{result["compiler"]}, `{result["compiler_flags"]}`.

## Not measured

{not_measured}
"""


def _storage_section(result: Mapping[str, Any]) -> str:
    """What fewer bits cost; nothing for weights that are stored as trained."""
    weights = result["weights"]
    errors = weights["error_against_float32_network"]
    if errors is None:
        return ""
    rows = "\n".join(
        f"| {name} | {error['n_steps']} | {error['max_abs_error_Nm']:.3g} | "
        f"{error['rms_error_Nm']:.3g} |"
        for name, error in errors.items()
    )
    return f"""\
## What storing the weights in fewer bits costs

Matrices as {weights["stored_as"]}, biases and scales as float32: {weights["bytes"]} bytes in \
place of {weights["bytes_as_float32"]}. Commands of the network with these weights against those \
of the float32 network that was trained, on the same inputs ("walk" is the recorded walk, "all" \
every golden file):

| golden | ticks | largest error, Nm | rms error, Nm |
|---|---|---|---|
{rows}

No gate applies to this: whether it matters shows in walking (`exoflow closed-loop`).

"""


def skipped_readme(name: str, reason: str) -> str:
    """The only file of a bundle whose controller was never made."""
    return f"# {name}: no controller\n\nThe export was skipped: {reason}\n"


def _target_row(name: str, run: Mapping[str, Any]) -> str:
    title = TARGET_NAMES[name]
    if run["not_run"]:
        return f"| {title} | not run: {run['not_run']} | | | | | | | |"
    same = {True: "yes", False: "NO", None: ""}[run["bit_identical"]]
    times = "; ".join(
        f"{low:g}-{high:g} at {clock.removesuffix('_MHz')} MHz"
        for clock, (low, high) in run.get("step_ms", {}).items()
    )
    stack = memory = ""
    if run.get("stack_bytes") is not None:
        stack = f"{run['stack_bytes']}, {run['controller_stack_bytes']}"
        memory = f"{run['code_bytes']}, {run['constant_bytes']}"
    return (
        f"| {title} | {run['n_steps']} | {run['max_abs_error_Nm']:.3g} | {same} | "
        f"{run.get('instructions_per_step') or ''} | {times} | {run.get('meets_tick', '')} | "
        f"{stack} | {memory} |"
    )
