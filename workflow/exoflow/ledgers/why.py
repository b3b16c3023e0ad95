"""Why an output is stale, which jobs would make it, and how long they take."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exoflow.config import PHASES
from exoflow.config.build import did_you_mean
from exoflow.errors import UserError
from exoflow.ledgers.audit import STALE, pending_reason, states_of
from exoflow.ledgers.proof import Ledgers, read_ledgers
from exoflow.ledgers.snakemake_plan import Planned, planned_outputs
from exoflow.ledgers.snakemake_records import Record
from exoflow.ledgers.sources import (
    file_hash,
    job_sources,
    parts,
    read_sources,
    remembered_files,
    shown,
)
from exoflow.ledgers.stage_guard import differences, flat
from exoflow.records import layout
from exoflow.records.provenance import RUNS


@dataclass(frozen=True)
class Answer:
    """What is known about one output."""

    path: str
    state: str
    reasons: tuple[str, ...]
    jobs: tuple[str, ...]
    """Main files of the jobs that would run to make it, first to last."""
    seconds: float | None
    """Expected time of these jobs one after another, s; None where no job of a phase has run."""
    shortest_s: float | None
    """The same if jobs of a phase run side by side, s."""
    unknown: tuple[str, ...]
    """Phases without a past run."""


def why(path: str, root: str | Path = ".") -> Answer:
    """Find what made an output stale, down to the setting, the file or the input.

    Raises
    ------
    UserError
        If no job makes the file, or an engine cannot plan.
    """
    root = Path(root)
    path = Path(path).as_posix()
    ledgers = read_ledgers(root)
    plan = planned_outputs(root)
    if path not in plan:
        raise UserError(f"{path}: no job makes this file.{did_you_mean(path, list(plan))}")
    states = states_of(ledgers, plan)
    state = states[path]
    jobs = jobs_behind(path, ledgers, plan)
    past = past_times(root)
    times = {job: past.get(job, past.get(layout.phase_of(job))) for job in jobs}
    unknown = tuple(
        dict.fromkeys(layout.phase_of(job) for job, time in times.items() if time is None)
    )
    known = [time for time in times.values() if time is not None]
    ledgers.contents.remember()
    return Answer(
        path,
        state.state,
        tuple(reasons(path, ledgers, plan)) if state.state == STALE else (state.reason,),
        tuple(jobs),
        sum(known) if known or not jobs else None,
        longest(times) if known or not jobs else None,
        unknown,
    )


def reasons(path: str, ledgers: Ledgers, plan: Mapping[str, Planned]) -> list[str]:
    """What differs between the record of an output and now; then the same of what it needs."""
    found = [] if plan[path].exists else ["it is not made yet"]
    found += own_changes(path, ledgers)
    for need in pending_needs(path, ledgers, plan):
        found += [f"{need}: {change}" for change in own_changes(need, ledgers)]
    return found or [pending_reason(plan[path])]


def own_changes(path: str, ledgers: Ledgers) -> list[str]:
    """What differs between the record of one output and now."""
    record = ledgers.record(path)
    if record is None:
        return []
    return [
        *changed_settings(path, record, ledgers),
        *changed_sources(path, record, ledgers),
        *(f"input {one} has changed" for one in ledgers.changed_inputs(record)),
    ]


def pending_needs(path: str, ledgers: Ledgers, plan: Mapping[str, Planned]) -> list[str]:
    """Stale outputs that an output is made from, near and far; one for each job."""
    found: dict[object, str] = {}
    left = [path]
    while left:
        record = ledgers.record(left.pop())
        for need in record.inputs if record else ():
            job = layout.job_of(ledgers.params, need) or need
            if need in plan and plan[need].pending and job not in found:
                found[job] = need
                left.append(need)
    return sorted(found.values())


def changed_settings(path: str, record: Record, ledgers: Ledgers) -> list[str]:
    """Settings of a job with their old and new values."""
    job = layout.job_of(ledgers.params, path)
    if job is None:
        return []
    old, new = flat_json(record.settings), flat_json(ledgers.settings(ledgers.params, job))
    return [
        f"{name}: {json.dumps(old.get(name))} -> {json.dumps(new.get(name))}"
        for name in differences(old, new)
    ]


def flat_json(text: str) -> dict[str, object]:
    """Values by dotted key of settings as JSON."""
    settings = json.loads(text or "{}")
    return {key: value for name, one in settings.items() for key, value in flat(one, name).items()}


def changed_sources(path: str, record: Record, ledgers: Ledgers) -> list[str]:
    """Code and data of a job that were edited: the files where they are known, else the room."""
    job = layout.job_of(ledgers.params, path)
    if job is None:
        return []
    old = read_sources(record.sources)
    new = read_sources(job_sources(ledgers.params, job[0], layout.study_of(path)))
    files = parts(job[0], layout.data_files(ledgers.params, job[0]))
    found = []
    for part in differences(old, new):
        before = remembered_files(old.get(part, ""), ledgers.root)
        now = {shown(file): file_hash(file) for file in files.get(part, ())}
        names = differences(before, now) if before is not None and now else []
        found += [f"{name} was edited" for name in names] or [f"{part} was edited"]
    return found


def jobs_behind(path: str, ledgers: Ledgers, plan: Mapping[str, Planned]) -> list[str]:
    """Main files of the jobs that would run to make an output, in the order of the phases."""
    if not plan[path].pending:
        return []
    behind = planned_outputs(ledgers.root, path)
    mains = [one for phase in PHASES for one in layout.results_of(ledgers.params, phase)]
    return [main for main in mains if main in behind and behind[main].pending]


def past_times(root: Path) -> dict[str, float]:
    """Wall time of every job that has run here, by the stem of its main file and by phase, s."""
    times: dict[str, float] = {}
    by_phase: dict[str, list[float]] = {}
    for file in (root / RUNS).rglob("*.run.json"):
        try:
            run = json.loads(file.read_text())
            phase, name, time_s = run["phase"], run["name"], float(run["wall_time_s"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        by_phase.setdefault(phase, []).append(time_s)
        for suffix in (".json", ".npz", ".zip", ".html"):
            times[f"results/{phase}/{name}{suffix}"] = time_s
    return times | {phase: statistics.median(found) for phase, found in by_phase.items()}


def longest(times: Mapping[str, float | None]) -> float:
    """Time of the slowest job of each phase, added up, s."""
    slowest: dict[str, float] = {}
    for job, time in times.items():
        phase = layout.phase_of(job)
        slowest[phase] = max(slowest.get(phase, 0.0), time or 0.0)
    return sum(slowest.values())
