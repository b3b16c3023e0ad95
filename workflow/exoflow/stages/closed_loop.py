"""`exoflow closed-loop`: a bundle's compiled C walks in place of the network it came from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from exoflow.export.compiled import CompiledController
    from exoflow.records.rollout import Rollout
    from exoflow.simulation import External, Policy

# A controller whose C walks like its network costs the same within this, %.
ALLOWED_COT_CHANGE_PCT = 0.5
HEADINGS = ("walk", "stands", "m/s", "J/kg/m", "steps", "change of cost", "guards")


@dataclass(frozen=True)
class Walked:
    """A walk, and what the guards of the safety layer did in it."""

    rollout: Rollout
    guards: dict[str, int]
    torque_error: dict[str, float] | None = None  # of the C, against the network


def run(
    bundle: Path,
    policy: Path,
    gait: Path,
    duration_s: float = 30.0,
    extra_delay_ms: int = 10,
    seed: int = 1,
    output: Path | None = None,
) -> dict[str, Any]:
    """Walk with the network and with the bundle, print a table, and return it.

    Parameters
    ----------
    bundle : Path
        Zip or unpacked folder; it is verified first.
    policy : Path
        The weights it came from.
    gait : Path
        Result of the reflex phase.
    duration_s : float
        Of each walk.
    extra_delay_ms : int
        Added to the exo's delay in the last walk.
    seed : int
        Of the sensor noise.
    output : Path, optional
        JSON with the same content.

    Raises
    ------
    UserError
        If the bundle is not whole or not of this policy.
    """
    from exoflow.export.compiled import CompiledController, write_sources
    from exoflow.export.verify import find_compiler
    from exoflow.records.bundle_manifest import read_bundle, verify_bundle
    from exoflow.records.gait_file import read_gait
    from exoflow.records.json_io import write_json
    from exoflow.simulation import External, Policy, SensorNoise

    law = Policy.load(policy)
    whole = verify_bundle(bundle)
    _require_same_policy(law, policy, bundle, whole.chain)
    files = {
        name: content.decode("utf-8")
        for name, content in read_bundle(bundle).items()
        if name.endswith((".c", ".h")) and "/" not in name
    }
    found = read_gait(gait)
    noise, delay_s = SensorNoise(), 1e-3 * extra_delay_ms
    with tempfile.TemporaryDirectory(prefix="exoflow-closed-loop-") as scratch:
        write_sources(files, Path(scratch))
        c = CompiledController(Path(scratch), find_compiler())
        walks: dict[str, Walked] = {}

        def walk(name: str, law: Policy | External, **how: Any) -> None:
            rollout = _walk(found, law, duration_s, seed, **how)
            counts = c.counts() if isinstance(law, External) else {}
            walks[name] = Walked(rollout, {what: n for what, n in counts.items() if n})

        walk("network", law)
        seen: list[tuple[np.ndarray, np.ndarray]] = []
        walk("C alone", _commands(c, law, seen))
        walks["C alone"] = replace(walks["C alone"], torque_error=_torque_error(law, seen))
        walk("C and safety", _behind_safety(c, law))
        walk("network, noise", law, noise=noise)
        walk("C and safety, noise", _behind_safety(c, law), noise=noise)
        late = f"C and safety, noise, +{extra_delay_ms} ms"
        walk(late, _behind_safety(c, law), noise=noise, extra_delay_s=delay_s)
    result = _result(walks, whole.name, whole.id, duration_s)
    print(_table(result["walks"]))
    print(_in_words(result["c_against_float32_network"]))
    if output is not None:
        write_json(output, result)
    return result


def _require_same_policy(law: Policy, policy: Path, bundle: Path, chain: Mapping[str, Any]) -> None:
    from exoflow.errors import UserError

    found, expected = law.weights.digest(), chain["policy"]["weights_sha256"]
    if found != expected:
        raise UserError(
            f"{policy}: has weights {found[:16]}, the bundle {bundle} was made from "
            f"{expected[:16]}. Give the policy that it was exported from."
        )


def _walk(
    found: Mapping[str, Any],
    law: Any,
    duration_s: float,
    seed: int,
    noise: Any = None,
    extra_delay_s: float = 0.0,
) -> Rollout:
    """One walk from the start pose, wearing the exo of params.yaml."""
    from exoflow.config import load_params, to_plain
    from exoflow.config.exo import ExoSettings
    from exoflow.simulation import External, Walker

    exo = to_plain(load_params().exo if Path("params.yaml").is_file() else ExoSettings())
    exo["delay_s"] += extra_delay_s
    if isinstance(law, External) and law.loop_rate_Hz > exo["control_rate_Hz"]:
        exo["soft_start_s"] = 0.0  # the safety layer fades the torque in
    settings = found["settings"]
    walker = Walker.for_gait(
        found, settings["model"], settings["condition"], settings["reflex"]["timestep_s"], exo
    )
    return walker.rollout(found["parameters"], duration_s, law, noise=noise, noise_seed=seed)


def _commands(
    controller: CompiledController, law: Policy, seen: list[tuple[np.ndarray, np.ndarray]]
) -> External:
    """The exported policy without its safety layer, at its own rate.

    `seen` gathers inputs and commands of every tick.
    """
    from exoflow.simulation import External

    def command(inputs: np.ndarray, taken_us: int, now_us: int) -> np.ndarray:
        commands = controller.command(inputs)
        seen.append((inputs.copy(), commands))
        return commands

    controller.boot()
    rate_Hz = int(law.weights.io["rate_Hz"])
    return External(command, gyro=law.weights.kind == "tcn", loop_rate_Hz=rate_Hz)


def _torque_error(law: Policy, seen: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Commands of the C in a walk against the trained network's on the same inputs."""
    import numpy as np

    from exoflow.control.policy_format import NumpyPolicy
    from exoflow.export.weight_storage import error_summary

    inputs, commands = (np.array(column) for column in zip(*seen, strict=True))
    error = commands - NumpyPolicy(law.weights).run(inputs.astype(np.float32))
    return error_summary(error) | {"largest_command_Nm": float(np.abs(commands).max())}


def _behind_safety(controller: CompiledController, law: Policy) -> External:
    """What firmware runs: the controller in a motor loop of 1 kHz."""
    from exoflow.simulation import External

    controller.boot()
    controller.start()
    return External(controller.tick, gyro=law.weights.kind == "tcn")


def _result(
    walks: Mapping[str, Walked],
    name: str,
    identity: str,
    duration_s: float,
) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = {}
    for what, walk in walks.items():
        measures = walk.rollout.measures
        reference = walks["network, noise" if "noise" in what else "network"].rollout.measures
        cot = measures.cost_of_transport(measures.wang2012_J)
        network_cot = reference.cost_of_transport(reference.wang2012_J)
        rows[what] = {
            "fell": measures.fell,
            "speed_m_s": measures.speed_m_s,
            "cot_wang2012_J_kg_m": cot,
            "n_steps": len(measures.steps),
            "change_cot_pct": 100.0 * (cot / network_cot - 1.0),
            "guards": walk.guards,
        }
    changes = [abs(rows[name]["change_cot_pct"]) for name in ("C alone", "C and safety")]
    return {
        "bundle": name,
        "bundle_id": identity,
        "duration_s": duration_s,
        "walks": rows,
        "c_against_float32_network": walks["C alone"].torque_error,
        "allowed_cot_change_pct": ALLOWED_COT_CHANGE_PCT,
        "passed": not any(row["fell"] for row in rows.values())
        and max(changes) <= ALLOWED_COT_CHANGE_PCT,
    }


def _in_words(error: Mapping[str, float]) -> str:
    return (
        f"C against the float32 network on the inputs of the walk with C alone: largest "
        f"{error['max_abs_error_Nm']:.3g} Nm, rms {error['rms_error_Nm']:.3g} Nm over "
        f"{error['n_steps']} ticks, commands up to {error['largest_command_Nm']:.3g} Nm"
    )


def _table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The walks as a Markdown table."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    for name, row in rows.items():
        guards = ", ".join(f"{guard} {count}" for guard, count in row["guards"].items())
        cells = (
            name,
            "no" if row["fell"] else "yes",
            f"{row['speed_m_s']:.3f}",
            f"{row['cot_wang2012_J_kg_m']:.4f}",
            str(row["n_steps"]),
            f"{row['change_cot_pct']:+.3f} %",
            guards,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
