"""`exoflow replay`: one condition again in a clean folder, against what was recorded."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exoflow.errors import ExoflowError, UserError

if TYPE_CHECKING:
    from exoflow.config import Params
    from exoflow.ledgers.snapshots import Snapshot
    from exoflow.records.drift import Drift
    from exoflow.records.seeds import Key, Sample

TRAINING_KEYS = ("best_change_cot_pct", "best_speed_m_s", "best_fall_fraction")


def run(condition: str, phases: Sequence[str], experiment: str, cores: str, as_json: bool) -> None:
    """Run a condition again and say how far every metric lies from the recorded one.

    Parameters
    ----------
    condition : str
        Id of the condition.
    phases : sequence of str
        Phases to compare; what they need is run again too.
    experiment : str
        `workspace`, a Git revision or a DVC experiment.
    cores : str
        For Snakemake: a number or `all`.
    as_json : bool
        Print JSON instead of a table.

    Raises
    ------
    UserError
        If there is no such condition or nothing was recorded of it.
    ExoflowError
        If the replay is another result: exit code 1.
    """
    from exoflow.figures.drift_text import drift_text
    from exoflow.ledgers.replay_folder import clean_folder, run_again
    from exoflow.ledgers.snapshots import link_results, read_snapshot
    from exoflow.records.drift import drifts

    snapshot = read_snapshot(Path(), experiment)
    params = known_condition(snapshot, condition)
    targets = targets_of(params, condition, phases)
    refuse_unrecorded(snapshot, targets)
    folder = clean_folder(Path(), snapshot, condition)
    run_again(folder, targets, cores)
    with tempfile.TemporaryDirectory(prefix="exoflow-") as scratch:
        recorded = link_results(snapshot, Path(scratch))
        files = file_hashes(params, condition, phases, recorded, folder / "results")
        found = drifts(
            metrics_of(params, condition, phases, recorded),
            metrics_of(params, condition, phases, folder / "results"),
            spreads(params, condition, phases, recorded),
        )
        found += status_drifts(targets, recorded.parent, folder)
        other = other_computer(targets, recorded, folder / "results")
    different = sorted(path for path, (old, new) in files.items() if old != new)
    print(
        as_text(files, found, other)
        if as_json
        else drift_text(condition, len(files), different, found, other)
    )
    refuse_another_result(different, len(files), found, other)


def refuse_another_result(
    different: Sequence[str], n_files: int, found: Sequence[Drift], other: str | None
) -> None:
    """End with exit code 1 if the replay is not the recorded result.

    Parameters
    ----------
    different : sequence of str
        Files that say something else, of `n_files`.
    found : sequence of Drift
        Every metric.
    other : str or None
        Why equal files are not to be expected; then metrics have tolerances.

    Raises
    ------
    ExoflowError
        Naming the first file or metric.
    """
    if other is None and different:
        raise ExoflowError(
            f"{len(different)} of {n_files} files say something else than recorded, on the "
            f"same kind of computer: {different[0]}."
        )
    beyond = [one for one in found if one.beyond]
    if other is not None and beyond:
        raise ExoflowError(
            f"{len(beyond)} of {len(found)} metrics lie beyond their tolerance: "
            f"{' '.join(beyond[0].key)}."
        )


def known_condition(snapshot: Snapshot, condition: str) -> Params:
    """The parameters of a snapshot, which must have the condition."""
    from exoflow.config.build import did_you_mean

    params = snapshot.params
    if params is None:
        raise UserError(f"{snapshot.name}: {snapshot.notes[0]}; only that version can replay it.")
    if condition not in params.conditions:
        raise UserError(
            f"--condition {condition}: {snapshot.name} has no such condition."
            f"{did_you_mean(condition, params.conditions)} "
            f"Conditions: {', '.join(list(params.conditions)[:12])}."
        )
    return params


def targets_of(params: Params, condition: str, phases: Sequence[str]) -> list[str]:
    """The main results of a condition."""
    from exoflow.records import layout

    targets = [
        path
        for phase in phases
        for path in layout.results_of(params, phase)
        if (job := layout.job_of(params, path)) is not None and job[1] == condition
    ]
    if not targets:
        raise UserError(f"--phase {' '.join(phases)}: switched off in params.yaml.")
    return targets


def refuse_unrecorded(snapshot: Snapshot, targets: Sequence[str]) -> None:
    """Without a result that can be trusted there is nothing to compare with."""
    from exoflow.ledgers.proof import read_ledgers
    from exoflow.ledgers.snapshots import is_current

    missing = [path for path in targets if path not in snapshot.files]
    if missing:
        raise UserError(
            f"{missing[0]} has not been recorded in {snapshot.name}: there is nothing to compare "
            f"a replay with. Make it first: snakemake --cores all {missing[0]}"
        )
    if snapshot.commit is None:
        ledgers = read_ledgers(Path(), snapshot.params)
        stale = [path for path in targets if not is_current(ledgers, path)]
        if stale:
            raise UserError(
                f"{stale[0]} is not of today's settings and code, by which a replay would go. "
                f"What changed: exoflow why {stale[0]}"
            )


def file_hashes(
    params: Params, condition: str, phases: Sequence[str], recorded: Path, replayed: Path
) -> dict[str, tuple[str | None, str | None]]:
    """`exoflow hash` of every file of the condition, recorded and replayed."""
    from exoflow.records import layout

    found: dict[str, tuple[str | None, str | None]] = {}
    for phase in phases:
        names = {
            file.relative_to(results).as_posix()
            for results in (recorded, replayed)
            for file in (results / phase).rglob("*")
            if file.is_file()
        }
        for name in sorted(names):
            job = layout.job_of(params, f"results/{name}")
            if job is not None and job[1] == condition:
                found[f"results/{name}"] = (said_by(recorded / name), said_by(replayed / name))
    return found


def said_by(file: Path) -> str | None:
    """`exoflow hash` of a file, None where there is none; a damaged one is like no other."""
    from exoflow.records.hashing import HASH_LENGTH, content_hash

    if not file.exists():
        return None
    try:
        return content_hash(file)
    except UserError:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:HASH_LENGTH]


def metrics_of(
    params: Params, condition: str, phases: Sequence[str], results: Path
) -> dict[Key, Sample]:
    """Metrics of one condition: those of metrics.json, and how the training ended."""
    from exoflow.records.seeds import samples
    from exoflow.records.summary import metrics, picked, result

    seeds = params.conditions[condition].seeds
    tree: dict[str, Any] = {}
    summary = metrics(results, {"conditions": {condition: {}}}).get(condition, {})
    for name, values in summary.items():
        if ("reflex" if name == "gait" else "metabolics") in phases:
            tree[name] = values
    if "policy" in phases:
        tree["training"] = {
            f"policy_seed{seed}": picked(
                result(results / f"policy/{condition}/seed{seed}.json"), TRAINING_KEYS
            )
            for seed in seeds
        }
    return samples(tree)


def spreads(
    params: Params, condition: str, phases: Sequence[str], results: Path
) -> dict[Key, list[Sample]]:
    """Recorded samples of seeds of all conditions by metric."""
    found: dict[Key, list[Sample]] = {}
    for name in params.conditions:
        for key, sample in metrics_of(params, name, phases, results).items():
            if sample.seeded:
                found.setdefault(key, []).append(sample)
    return found


def status_drifts(targets: Sequence[str], recorded: Path, replayed: Path) -> list[Drift]:
    """Results that say `no_gait` or `skipped` on one side only."""
    from exoflow.records.drift import Drift
    from exoflow.records.json_io import read_json

    found = []
    for target in targets:
        path = Path(target).with_suffix(".json")
        if read_json(recorded / path).get("status") != read_json(replayed / path).get("status"):
            found.append(Drift(("status of", path.as_posix()), None, None, None))
    return found


def other_computer(targets: Sequence[str], recorded: Path, replayed: Path) -> str | None:
    """Why equal hashes are not to be expected; None where they are."""
    from exoflow.records.computers import difference

    for target in targets:
        before = run_record(target, Path("results"), recorded)
        differs = difference(before, run_record(target, replayed, replayed))
        if differs:
            return differs
    return None


def run_record(target: str, runs: Path, results: Path) -> Mapping[str, Any] | None:
    """What results/runs says of a result, if it is about this content of it."""
    from exoflow.records.hashing import content_hash
    from exoflow.records.json_io import read_json

    inner = Path(target).relative_to("results")
    file = runs / "runs" / inner.with_suffix(".run.json")
    record = read_json(file) if file.exists() else {}
    about = (record.get("outputs") or {}).get(target)
    return record if about == content_hash(results / inner) else None


def as_text(
    files: Mapping[str, tuple[str | None, str | None]], found: Sequence[Drift], other: str | None
) -> str:
    """The same as JSON."""
    hashes = {path: {"recorded": old, "replayed": new} for path, (old, new) in files.items()}
    return json.dumps(
        {
            "same_kind_of_computer": other is None,
            "difference": other,
            "files": hashes,
            "metrics": {
                ".".join(one.key): {
                    "recorded": one.recorded.mean if one.recorded else None,
                    "replayed": one.replayed.mean if one.replayed else None,
                    "drift": one.difference,
                    "tolerance": one.tolerance.value if one.tolerance else None,
                    "tolerance_from": one.tolerance.source if one.tolerance else None,
                    "beyond": one.beyond,
                }
                for one in found
            },
        },
        indent=1,
    )
