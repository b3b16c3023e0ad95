"""`teacher`: the gaits of all conditions -> one controller that is told speed and slope."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.simulation.batch import Subject

TOLD = ("speed", "slope")


def run(settings: Mapping[str, Any], gaits: Sequence[Path], output: Path) -> None:
    """Train one controller on the walkers of all conditions.

    Speed and slope are privileged: no device measures them. What is exported is the teacher's
    student.

    Parameters
    ----------
    settings : mapping
        `conditions`, `model`, `exo`, `policy` and `teacher`.
    gaits : sequence of Path
        Results of the reflex phase.
    output : Path
        teacher.npz; teacher.json and teacher.csv (learning curve) are written beside it.

    Raises
    ------
    CheckpointError
        If a gait or a checkpoint cannot be read.
    SimulationError
        If a walker leaves the finite numbers.
    """
    from exoflow.control.policy_format import PolicyWeights, save_policy
    from exoflow.learning import checkpoint
    from exoflow.learning.training import CURVE_COLUMNS
    from exoflow.records.checkpoints import SCRATCH, checkpoint_path
    from exoflow.records.files import write_text
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record
    from exoflow.stages.policy import curve_csv, number, train

    started = time.monotonic()
    output, seed = Path(output), settings["teacher"]["seed"]
    files = {suffix: output.with_suffix(suffix) for suffix in (".npz", ".json", ".csv")}
    walks = {walk["condition"]: walk for walk in map(read_json, gaits)}
    subjects, left_out = _subjects(settings, walks)
    result: dict[str, Any] = {"phase": "teacher", "seed": seed, "left_out": left_out}
    if not subjects:
        reason = "no condition has a walker to train on"
        save_policy(files[".npz"], PolicyWeights(status="skipped", reason=reason))
        write_text(files[".csv"], curve_csv(CURVE_COLUMNS, []))
        result |= {"status": "skipped", "reason": reason}
    else:
        own = training_settings(settings, sum(map(len, subjects.values())))
        state = checkpoint_path("teacher", f"seed{seed}", settings, gaits, ".pt")
        trained, weights = train(
            _batches(subjects, own), own, "teacher", seed, state, SCRATCH / "training" / "teacher"
        )
        result |= {
            "status": "ok",
            "reason": None,
            "steps": trained.steps,
            "best_step": trained.best_step,
            "conditions": list(subjects),
            "best_change_cot_pct": number(trained.best.change_cot_pct),
            "best_fall_fraction": trained.best.fall_fraction,
        }
        save_policy(files[".npz"], weights)
        write_text(files[".csv"], curve_csv(CURVE_COLUMNS, trained.curve))
        checkpoint.discard(state)
    write_json(files[".json"], result)
    write_run_record(
        "teacher",
        output.stem,
        settings=settings,
        inputs=gaits,
        outputs=list(files.values()),
        seed=seed,
        wall_time_s=time.monotonic() - started,
    )


def training_settings(settings: Mapping[str, Any], n_subjects: int) -> dict[str, Any]:
    """Settings of the training: those of the policies with the teacher's own on top."""
    own = {name: settings["teacher"][name] for name in ("kind", "hidden", "width", "steps")}
    own |= {
        # Everybody walks, and everybody is evaluated.
        "n_walkers": settings["teacher"]["n_walkers"],
        "buffer": settings["teacher"]["buffer"],
        "evaluation_walkers": n_subjects,
        "told": list(TOLD),
    }
    return {**settings, "policy": {**settings["policy"], **own}}


def _subjects(
    settings: Mapping[str, Any], walks: Mapping[str, Mapping]
) -> tuple[dict[str, list[Subject]], dict[str, str]]:
    """Who is trained on, by condition; and why the other conditions are left out."""
    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.errors import SimulationError
    from exoflow.gait.training_walkers import training_subjects

    policy = build(PolicySettings, settings["policy"], "policy", "settings")
    subjects: dict[str, list[Subject]] = {}
    left_out: dict[str, str] = {}
    for name, condition in settings["conditions"].items():
        walk = walks.get(name, {"status": "missing", "reason": "no gait"})
        if walk["status"] != "ok":
            left_out[name] = walk["reason"]
            continue
        try:
            subjects[name] = training_subjects(
                walk, {**settings, "condition": condition}, policy, settings["teacher"]["seed"]
            )
        except SimulationError as problem:
            left_out[name] = str(problem)
    return subjects, left_out


def _batches(subjects: Mapping[str, Sequence[Subject]], settings: Mapping[str, Any]):
    from exoflow.errors import ParamsError
    from exoflow.gait.training_walkers import batches

    everybody = [one for some in subjects.values() for one in some]
    n_walkers, threads = settings["policy"]["n_walkers"], settings["policy"]["threads"]
    if n_walkers < len(everybody):
        raise ParamsError(
            f"teacher.n_walkers = {n_walkers} are less than the {len(everybody)} walkers of all "
            "conditions and slopes. Each needs one: raise it."
        )

    return batches(everybody, threads)
