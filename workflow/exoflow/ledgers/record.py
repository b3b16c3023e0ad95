"""The gated `dvc commit`: dvc.lock gets only what Snakemake vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, load_params
from exoflow.errors import UserError
from exoflow.ledgers.audit import CURRENT, ORPHANED, Audit, State, audit
from exoflow.ledgers.dvc_engine import ask_dvc, refuse_links, stage_needs
from exoflow.ledgers.dvc_lock import LOCK
from exoflow.ledgers.run_lock import claim_run, release
from exoflow.ledgers.stage_guard import differences, snapshot
from exoflow.records.files import write_bytes
from exoflow.records.prune import prune_results


@dataclass(frozen=True)
class Recorded:
    """What came of it."""

    stages: tuple[str, ...]
    """Phases whose results were put into dvc.lock now."""
    kept: tuple[str, ...]
    """Phases that dvc.lock had already."""
    refused: Mapping[str, str]
    """Reason by phase."""
    outputs: tuple[State, ...]
    """Outputs that did not pass."""


def record(root: str | Path = ".") -> Recorded:
    """Put the results that are proven current into dvc.lock.

    A phase is recorded if all its outputs and all phases before it pass: dvc.lock holds
    one state per phase, and a state with one false file is false.

    Raises
    ------
    UserError
        If a run is going on, DVC's links are in use, DVC refuses, or settings or code
        were edited meanwhile; dvc.lock is as it was then.
    """
    root = Path(root)
    claim_run(["exoflow", "record"], root)
    try:
        refuse_links(root)
        for phase in PHASES:
            prune_results(load_params(root / "params.yaml"), phase, root)
        before = {phase: snapshot(root, phase) for phase in PHASES}
        found = audit(root)
        refused = refused_phases(root, found)
        kept = tuple(phase for phase in found.recorded if phase not in refused)
        stages = tuple(phase for phase in PHASES if phase not in refused and phase not in kept)
        if stages:
            commit(root, stages, before)
    finally:
        release(root)
    outputs = tuple(state for state in found.outputs.values() if state.state != CURRENT)
    return Recorded(stages, kept, refused, outputs)


def refused_phases(root: Path, found: Audit) -> dict[str, str]:
    """Phases with an output that does not pass, and those that build on one."""
    refused: dict[str, str] = {}
    for phase, needs in stage_needs(root).items():
        bad = [one for one in found.outputs.values() if fails(one, phase)]
        before = [need for need in needs if need in refused]
        if bad:
            refused[phase] = f"{len(bad)} of its outputs did not pass"
        elif before:
            refused[phase] = f"it builds on {before[0]}"
    return refused


def fails(state: State, phase: str) -> bool:
    """Whether an output keeps its phase out of dvc.lock."""
    return state.path.startswith(f"results/{phase}/") and state.state not in (CURRENT, ORPHANED)


def commit(root: Path, stages: tuple[str, ...], before: Mapping[str, Mapping[str, Any]]) -> None:
    """Let DVC write dvc.lock; take it back if what it read is not what was checked."""
    lock = root / LOCK
    old = lock.read_bytes() if lock.exists() else None
    try:
        ask_dvc(root, "commit", "--force", *stages)
        changed = [
            name for phase in stages for name in differences(before[phase], snapshot(root, phase))
        ]
        if changed:
            raise UserError(
                f"{changed[0]} was edited while results were recorded: dvc.lock is as it was. "
                "Type exoflow record again."
            )
    except UserError:
        put_back(lock, old)
        raise


def put_back(lock: Path, content: bytes | None) -> None:
    """dvc.lock as it was."""
    if content is None:
        lock.unlink(missing_ok=True)
    elif lock.read_bytes() != content:
        write_bytes(lock, content)
