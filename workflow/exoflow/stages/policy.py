"""`policy`: the gait of a condition -> a trained controller of the exo."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GOLDEN_SEED = 20_000


def run(condition: str, seed: int, settings: Mapping[str, Any], gait: Path, output: Path) -> None:
    """Train one controller.

    Parameters
    ----------
    condition : str
        Condition id.
    seed : int
        Random seed of the training.
    settings : mapping
        `condition`, `model`, `exo` and `policy`, as `config.phase_settings` makes them.
    gait : Path
        Result of the reflex phase.
    output : Path
        seedN.npz; seedN.onnx, seedN.csv (learning curve) and seedN.json are written beside it.

    Raises
    ------
    CheckpointError
        If the gait or a checkpoint cannot be read.
    SimulationError
        If the walker leaves the finite numbers.
    """
    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.control.policy_format import save_policy
    from exoflow.learning import checkpoint
    from exoflow.learning.onnx_export import actor_onnx
    from exoflow.learning.policy_weights import policy_weights
    from exoflow.learning.training import CURVE_COLUMNS, train_policy
    from exoflow.records.checkpoints import SCRATCH, checkpoint_path
    from exoflow.records.files import write_bytes, write_text
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record

    started = time.monotonic()
    name = f"{condition}/seed{seed}"
    output, walk = Path(output), read_json(gait)
    policy = build(PolicySettings, settings["policy"], "policy", "settings")
    files = {suffix: output.with_suffix(suffix) for suffix in (".npz", ".onnx", ".csv", ".json")}
    make_batch, reason = _walkers(walk, settings, policy)
    if reason:
        _skip(files, condition, seed, f"no policy for {condition}: {reason}", CURVE_COLUMNS)
    else:
        state = checkpoint_path("policy", f"{condition}-seed{seed}", settings, [gait], ".pt")
        trained = train_policy(
            make_batch,
            policy,
            settings["exo"]["torque_limit_Nm"],
            seed,
            state,
            SCRATCH / "training" / name,
            f"policy {name}",
        )
        best = trained.best
        summary = {
            "phase": "policy",
            "status": "ok",
            "reason": None,
            "condition": condition,
            "seed": seed,
            "kind": policy.kind,
            "mirrored": policy.mirrored,
            "steps": trained.steps,
            "best_step": trained.best_step,
            "best_change_cot_pct": _number(best.change_cot_pct),
            "best_speed_m_s": _number(best.speed_m_s),
            "best_fall_fraction": best.fall_fraction,
            "best_is_valid": best.is_valid,
        }
        source = {key: summary[key] for key in ("condition", "seed", "steps", "best_step")}
        source["change_cot_pct"] = summary["best_change_cot_pct"]
        slew, limit = settings["exo"]["slew_Nm_s"], settings["exo"]["torque_limit_Nm"]
        weights = policy_weights(
            trained.actor, trained.evaluation_gait, slew, source, GOLDEN_SEED + seed
        )
        graph = actor_onnx(trained.actor, limit)
        save_policy(files[".npz"], weights)
        write_bytes(files[".onnx"], graph)
        write_text(files[".csv"], _as_csv(CURVE_COLUMNS, trained.curve))
        write_json(files[".json"], summary)
        checkpoint.discard(state)
    write_run_record(
        "policy",
        name,
        settings=settings,
        inputs=[gait],
        outputs=[file for file in files.values() if file.exists()],
        seed=seed,
        wall_time_s=time.monotonic() - started,
    )


def _walkers(walk: Mapping[str, Any], settings: Mapping[str, Any], policy: Any):
    """How to make a batch of walkers with this gait that wear the exo; or why there is none."""
    from exoflow.errors import SimulationError
    from exoflow.gait.training_walkers import training_walkers

    if walk["status"] != "ok":
        return None, walk["reason"]
    try:
        make_batch = training_walkers(walk, settings, policy)
        # Nothing was worn in the gait search: its walker may not carry the exo's mass.
        make_batch(len(policy.slopes_deg))
    except SimulationError as problem:
        return None, str(problem).rstrip(".")
    return make_batch, None


def _skip(
    files: Mapping[str, Path], condition: str, seed: int, reason: str, columns: tuple[str, ...]
) -> None:
    """Outputs that say why there is no controller."""
    from exoflow.control.policy_format import PolicyWeights, save_policy
    from exoflow.records.files import write_text
    from exoflow.records.json_io import write_json

    save_policy(files[".npz"], PolicyWeights(status="skipped", reason=reason))
    files[".onnx"].unlink(missing_ok=True)
    write_text(files[".csv"], _as_csv(columns, []))
    write_json(
        files[".json"],
        {
            "phase": "policy",
            "status": "skipped",
            "reason": reason,
            "condition": condition,
            "seed": seed,
        },
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _as_csv(columns: tuple[str, ...], rows: list[dict[str, float]]) -> str:
    """Comma-separated text; what is not known is left empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if math.isnan(v) else v for name, v in row.items()} for row in rows)
    return stream.getvalue()
