"""`policy`: the gait of a condition -> a trained controller of the exo."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.control.policy_format import PolicyWeights
    from exoflow.learning.training import TrainedPolicy
    from exoflow.simulation import Dofc
    from exoflow.simulation.batch import WalkerBatch

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
    from exoflow.control.policy_format import save_policy
    from exoflow.learning import checkpoint
    from exoflow.learning.onnx_export import actor_onnx
    from exoflow.learning.training import CURVE_COLUMNS
    from exoflow.records.checkpoints import SCRATCH, checkpoint_path
    from exoflow.records.files import write_bytes, write_text
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record

    started = time.monotonic()
    name = f"{condition}/seed{seed}"
    output, walk = Path(output), read_json(gait)
    files = {suffix: output.with_suffix(suffix) for suffix in (".npz", ".onnx", ".csv", ".json")}
    make_batch, reason = _walkers(walk, settings, seed)
    if reason:
        _skip(files, condition, seed, f"no policy for {condition}: {reason}", CURVE_COLUMNS)
    else:
        state = checkpoint_path("policy", f"{condition}-seed{seed}", settings, [gait], ".pt")
        trained, weights = train(
            make_batch, settings, condition, seed, state, SCRATCH / "training" / name,
            start=_law_adapted_to(walk),
        )  # fmt: skip
        graph = actor_onnx(trained.actor, settings["exo"]["torque_limit_Nm"])
        save_policy(files[".npz"], weights)
        write_bytes(files[".onnx"], graph)
        write_text(files[".csv"], curve_csv(CURVE_COLUMNS, trained.curve))
        write_json(files[".json"], _summary(condition, seed, trained))
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


def _law_adapted_to(walk: Mapping[str, Any]) -> Path | Dofc | None:
    """The law that the human of a gait has adapted to, if there is one to go on from."""
    from exoflow.gait.training_walkers import law_of_gait
    from exoflow.simulation import Dofc, Policy

    law = law_of_gait(walk)
    if isinstance(law, Policy):
        return Path(walk["adaptation"]["weights"])
    return law if isinstance(law, Dofc) else None


def train(
    make_batch: Callable[[int], WalkerBatch],
    settings: Mapping[str, Any],
    condition: str,
    seed: int,
    state: Path,
    log_folder: Path | None = None,
    start: Path | Dofc | None = None,
) -> tuple[TrainedPolicy, PolicyWeights]:
    """Train a controller on some walkers and record a walk of it.

    Parameters
    ----------
    make_batch
        As `gait.training_walkers.training_walkers` makes it.
    settings : mapping
        `exo` and `policy`.
    condition, seed
        Named in the weights and the progress line.
    state : Path
        Checkpoint of the training; the caller removes it once the weights are safe.
    log_folder : Path, optional
        Where the files of TensorBoard and DVCLive go.
    start : Path or Dofc, optional
        A controller that is imitated first, weights or a law.
    """
    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.control.policy_format import load_policy
    from exoflow.learning.policy_weights import load_actor, policy_weights
    from exoflow.learning.training import train_policy

    policy = build(PolicySettings, settings["policy"], "policy", "settings")
    exo = settings["exo"]
    shown = load_actor(load_policy(start)) if isinstance(start, Path) else start
    trained = train_policy(
        make_batch, policy, exo["torque_limit_Nm"], seed, state, log_folder,
        f"policy {condition}/seed{seed}", shown,
    )  # fmt: skip
    source = {
        "condition": condition,
        "seed": seed,
        "steps": trained.steps,
        "best_step": trained.best_step,
        "change_cot_pct": number(trained.best.change_cot_pct),
    }
    weights = policy_weights(
        trained.actor, trained.evaluation_gait, exo["slew_Nm_s"], source, GOLDEN_SEED + seed
    )
    return trained, weights


def _summary(condition: str, seed: int, trained: TrainedPolicy) -> dict[str, Any]:
    best = trained.best
    return {
        "phase": "policy",
        "status": "ok",
        "reason": None,
        "condition": condition,
        "seed": seed,
        "kind": trained.actor.kind,
        "mirrored": trained.actor.mirrored,
        "steps": trained.steps,
        "best_step": trained.best_step,
        "best_change_cot_pct": number(best.change_cot_pct),
        "best_speed_m_s": number(best.speed_m_s),
        "best_fall_fraction": best.fall_fraction,
        "best_is_valid": best.is_valid,
    }


def _walkers(walk: Mapping[str, Any], settings: Mapping[str, Any], seed: int):
    """How to make a batch of walkers with this gait that wear the exo; or why there is none."""
    from exoflow.errors import SimulationError

    if walk["status"] != "ok":
        return None, walk["reason"]
    try:
        # Nothing was worn in the gait search: its walker may not carry the exo's mass.
        return walkers(walk, settings, seed), None
    except SimulationError as problem:
        return None, str(problem).rstrip(".")


def walkers(
    walk: Mapping[str, Any], settings: Mapping[str, Any], seed: int
) -> Callable[[int], WalkerBatch]:
    """How to make a batch of walkers with this gait that wear the exo.

    Raises
    ------
    SimulationError
        If they do not stand without the controller that is to be trained.
    """
    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.gait.training_walkers import training_walkers

    policy = build(PolicySettings, settings["policy"], "policy", "settings")
    return training_walkers(walk, settings, policy, seed)


def _skip(
    files: Mapping[str, Path], condition: str, seed: int, reason: str, columns: tuple[str, ...]
) -> None:
    """Outputs that say why there is no controller."""
    from exoflow.control.policy_format import PolicyWeights, save_policy
    from exoflow.records.files import write_text
    from exoflow.records.json_io import write_json

    save_policy(files[".npz"], PolicyWeights(status="skipped", reason=reason))
    files[".onnx"].unlink(missing_ok=True)
    write_text(files[".csv"], curve_csv(columns, []))
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


def number(value: float) -> float | None:
    """A number as JSON has it: None for NaN."""
    return None if math.isnan(value) else value


def curve_csv(columns: tuple[str, ...], rows: list[dict[str, float]]) -> str:
    """A learning curve as comma-separated text; what is not known is left empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if math.isnan(v) else v for name, v in row.items()} for row in rows)
    return stream.getvalue()
