"""What people read in a bundle: the input table, golden vectors, report and notice."""

import numpy as np
import yaml

from exoflow import __version__
from exoflow.control.policy_format import PolicyWeights
from exoflow.export.c_code import STRICT_FLAGS, count_multiply_adds
from exoflow.export.verify import HostVerification

# Stated in every report, until somebody measures them and writes the numbers in.
NOT_MEASURED = (
    "time of a step on any microcontroller: not measured on hardware",
    "torque on a real actuator, or with a person: not measured on hardware",
    "Cortex-A53 and Cortex-M7 builds, emulated or real: not run",
)

NOTICE = f"""\
Controller exported by exoflow {__version__}

Research use only. No certification or fitness for any purpose is claimed; this is
not a medical device. Nothing in this folder has been measured on hardware.

The controller has no safety layer: it neither checks its inputs nor limits the
rate of its torque, and it knows no emergency stop. Whoever connects it to an
actuator provides these, and tests them on the bench before a person wears it.

The C sources come from templates of the exoflow project and carry its licence,
Apache-2.0 (https://www.apache.org/licenses/LICENSE-2.0). The weights belong to
whoever trained them.
"""


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


def golden_csv(weights: PolicyWeights) -> str:
    """The recorded walk: tick, raw inputs, commands; nine digits restore every single."""
    names = [entry["name"] for entry in weights.io["inputs"]]
    lines = [",".join(["tick", *names, "command_r_Nm", "command_l_Nm"])]
    table = np.hstack([weights.golden_inputs, weights.golden_outputs])
    for tick, row in enumerate(table):
        lines.append(",".join([str(tick), *(f"{value:.9g}" for value in row)]))
    return "\n".join(lines) + "\n"


def export_report(weights: PolicyWeights, name: str, host: HostVerification) -> str:
    """EXPORT_REPORT.md: what was checked, what it costs, what nobody has measured."""
    io = weights.io
    ulp = float(np.spacing(np.float32(weights.torque_limit_Nm)))
    sizes = "\n".join(f"| {key} | {value} |" for key, value in host.sizes_bytes.items())
    not_measured = "\n".join(f"- {line}" for line in NOT_MEASURED)
    legs = "one call per leg (mirrored)" if weights.mirrored else "one call for both legs"
    return f"""\
# Export report: {name}

{weights.kind}, {legs}, {len(io["inputs"])} inputs, history of {weights.history} ticks at \
{io["rate_Hz"]:g} Hz, +-{weights.torque_limit_Nm:g} Nm.
Weights SHA-256 `{weights.digest()}`, exoflow {__version__}.

Research use only, no certification claimed. Read NOTICE before connecting an actuator.

## Checked on the host

| | |
|---|---|
| golden steps | {host.n_golden_steps} |
| largest error against torch | {host.max_abs_error_Nm:.3g} Nm = \
{host.max_abs_error_Nm / ulp:.3g} ulp of the limit \
(step {host.max_error_step}, {host.max_error_leg}) |
| gate | {host.gate_Nm:g} Nm: {"passed" if host.passed else "FAILED"} |
| same bits after policy_reset | {"yes" if host.reset_reproduces else "NO"} |
| compiler | {host.compiler} |
| flags | `{host.flags}` |

## Size on the host, bytes

| | |
|---|---|
{sizes}

host_text holds code and weights; host_data, if not 0, addresses inside constant tables.

{count_multiply_adds(weights)} multiply-adds per tick, both legs; activations not counted.

## Not measured

{not_measured}

## Use

    policy_state state;                       /* one per wearer */
    policy_init(&state);                      /* once */
    policy_reset(&state);                     /* at the start of every walk */
    policy_step(&state, in, out);             /* every {1000 / io["rate_Hz"]:g} ms */

Inputs and outputs: policy_io.yaml. Build with `{" ".join(STRICT_FLAGS[:1] + STRICT_FLAGS[-1:])}`.
Repeat the check with `make -C test host`.
"""


def skipped_readme(name: str, reason: str) -> str:
    """The only file of a bundle whose controller was never made."""
    return f"# {name}: no controller\n\nThe export was skipped: {reason}\n"
