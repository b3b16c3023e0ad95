"""Both ledgers against each other and against the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exoflow.config import PHASES
from exoflow.ledgers.dvc_engine import stage_needs, stage_status
from exoflow.ledgers.dvc_lock import LOCK
from exoflow.ledgers.proof import OTHER_CONTENT, OTHER_ORIGIN, Ledgers, read_ledgers
from exoflow.ledgers.snakemake_plan import Planned, planned_outputs
from exoflow.records import layout
from exoflow.records.prune import stale_results

CURRENT, STALE, UNPROVEN, ORPHANED = "current", "stale", "unproven", "orphaned"
STATES = (CURRENT, STALE, UNPROVEN, ORPHANED)
OTHER_INPUT = "was made from another content of"
# Doubts that contradict a record. A missing record claims nothing.
CLAIMS = (OTHER_CONTENT, OTHER_ORIGIN, OTHER_INPUT)


@dataclass(frozen=True)
class State:
    """One output: what it is worth, and why."""

    path: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Audit:
    """All outputs and what the ledgers get wrong about them."""

    outputs: Mapping[str, State]
    lies: list[str] = field(default_factory=list)
    recorded: tuple[str, ...] = ()
    """Phases that DVC takes for up to date."""

    def count(self, state: str) -> int:
        """How many outputs are in a state."""
        return sum(one.state == state for one in self.outputs.values())


def audit(root: str | Path = ".") -> Audit:
    """Compare Snakemake's plan and records, dvc.lock, and the files.

    Raises
    ------
    UserError
        If params.yaml or dvc.lock cannot be read, or an engine cannot plan.
    """
    root = Path(root)
    ledgers = read_ledgers(root)
    _ = ledgers.lock  # a damaged one is to be named before DVC stumbles over it
    plan = planned_outputs(root)
    states = states_of(ledgers, plan)
    recorded = up_to_date_for_dvc(root) if (root / LOCK).exists() else ()
    lies = [
        *false_trust(ledgers, plan, states),
        *false_calm(plan, recorded),
        *false_origin(ledgers, states),
    ]
    ledgers.contents.remember()
    return Audit(states, lies, recorded)


def states_of(ledgers: Ledgers, plan: Mapping[str, Planned]) -> dict[str, State]:
    """Every output that is planned, and files of results/ that nothing plans."""
    states: dict[str, State] = {}
    for path in plan:
        state_of(path, ledgers, plan, states)
    for path in orphans(ledgers, plan):
        states[path] = State(path, ORPHANED, "no job of params.yaml makes it")
    return states


def state_of(
    path: str, ledgers: Ledgers, plan: Mapping[str, Planned], states: dict[str, State]
) -> State:
    """The state of one output; it is no better than that of what it was made from."""
    if path not in states:
        one = plan[path]
        if not one.exists:
            states[path] = State(path, STALE, "not made yet")
        elif one.pending:
            states[path] = State(path, STALE, pending_reason(one))
        else:
            states[path] = proven_state(path, ledgers, plan, states)
    return states[path]


def pending_reason(one: Planned) -> str:
    """Why Snakemake would renew an existing output."""
    return "what it is made from is stale" if one.status == "ok" else one.status


def proven_state(
    path: str, ledgers: Ledgers, plan: Mapping[str, Planned], states: dict[str, State]
) -> State:
    """The state of an output that Snakemake takes for current."""
    doubt = ledgers.doubt(path)
    if doubt:
        return State(path, UNPROVEN, doubt)
    record = ledgers.record(path)
    for source in record.inputs if record else ():
        if source in plan and state_of(source, ledgers, plan, states).state != CURRENT:
            return State(path, UNPROVEN, f"was made from {source}, which is not proven")
    changed = ledgers.changed_inputs(record) if record else []
    if changed:
        return State(path, UNPROVEN, f"{OTHER_INPUT} {changed[0]}")
    return State(path, CURRENT)


def orphans(ledgers: Ledgers, plan: Mapping[str, Planned]) -> list[str]:
    """Results of deleted conditions."""
    found = []
    for phase in PHASES:
        for file in stale_results(ledgers.params, phase, ledgers.root):
            found.append(file.relative_to(ledgers.root).as_posix())
    return [path for path in found if path not in plan]


def up_to_date_for_dvc(root: Path) -> tuple[str, ...]:
    """Phases in dvc.lock that `dvc repro` would pass over, ancestors included."""
    changed = set(stage_status(root))
    current: list[str] = []
    for phase, needs in stage_needs(root).items():  # in the order in which they depend
        if phase not in changed and all(need in current for need in needs):
            current.append(phase)
    return tuple(current)


def false_trust(
    ledgers: Ledgers, plan: Mapping[str, Planned], states: Mapping[str, State]
) -> list[str]:
    """Outputs that Snakemake takes for current although their content is another."""
    return [
        f"Snakemake takes {path} for current, but it {states[path].reason}"
        for path, one in plan.items()
        if not one.pending
        and states[path].state == UNPROVEN
        and states[path].reason.startswith(CLAIMS)
    ]


def false_calm(plan: Mapping[str, Planned], recorded: tuple[str, ...]) -> list[str]:
    """Phases that DVC takes for up to date although Snakemake would run jobs of them."""
    lies = []
    for phase in recorded:
        pending = [one for one in plan.values() if one.rule == phase and one.pending]
        if pending:
            lies.append(
                f"dvc.lock takes {phase} for current, but Snakemake would renew "
                f"{pending[0].path} ({pending_reason(pending[0])})"
            )
    return lies


def false_origin(ledgers: Ledgers, states: Mapping[str, State]) -> list[str]:
    """Jobs to whose files dvc.lock gives other settings than their records do.

    One file may come out alike under two settings; all files of a job do not.
    """
    jobs: dict[object, list[str]] = {}
    for path, state in states.items():
        job = layout.job_of(ledgers.params, path)
        if job is not None and state.state in (CURRENT, STALE) and ledgers.locked_md5(path):
            jobs.setdefault((job, layout.main_name(path)), []).append(path)
    return [
        f"dvc.lock gives {paths[0]} other settings than Snakemake's record of it"
        for paths in jobs.values()
        if has_other_settings(ledgers, paths[0])
        and all(ledgers.contents.md5(path) == ledgers.locked_md5(path) for path in paths)
    ]


def has_other_settings(ledgers: Ledgers, path: str) -> bool:
    """Whether dvc.lock and a record name different settings for an output."""
    record, locked = ledgers.record(path), ledgers.locked_settings(path)
    return record is not None and locked is not None and locked != record.settings
