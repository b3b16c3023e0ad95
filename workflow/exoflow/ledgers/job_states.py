"""Where every job stands, from what runs said, Snakemake's records and the files.

DVC asks Snakemake once per phase. Calls that follow each other are one picture.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from exoflow.config import Params
from exoflow.ledgers.content import Contents
from exoflow.ledgers.processes import shortened
from exoflow.ledgers.snakemake_records import (
    DamagedRecord,
    Record,
    is_incomplete,
    read_record,
    record_place,
)
from exoflow.ledgers.time_left import expected_times, left_of_job, time_left
from exoflow.records.file_memory import FileMemory
from exoflow.records.job_graph import Job, jobs_of
from exoflow.records.run_events import Event, last_sign_of_life
from exoflow.records.run_status import (
    CURRENT,
    DONE,
    FAILED,
    MISSING,
    RUNNING,
    STALE,
    STOPPED,
    WAITING,
    CallStatus,
    JobStatus,
    RunStatus,
)

# Between two stages DVC compares files; a user types the next command later than that.
FOLLOWS_S = 120.0
# Clocks of files and of processes run in steps.
STEP_S = 2.0
# A run at work leaves word every ten seconds.
SILENT_S = 60.0
AHEAD = (WAITING, RUNNING, FAILED, STOPPED, MISSING, STALE)
LOG_TAIL_LINES = 30
LOG_TAIL_BYTES = 8000


@dataclass
class Try:
    """One time that a job was started."""

    began_s: float
    outcome: str = RUNNING
    ended_s: float | None = None


@dataclass
class Call:
    """One call of Snakemake, as far as it was heard of."""

    run: str
    command: str = "snakemake"
    pid: int = 0
    born_s: float = 0.0
    host: str = ""
    began_s: float = 0.0
    last_s: float = 0.0
    planned: tuple[str, ...] = ()
    at_once: int = 1
    """Cores, or jobs on a cluster."""
    on_cluster: bool = False
    ended: bool = False
    error: str = ""
    tries: dict[str, Try] = field(default_factory=dict)
    """The last try by main file."""
    took_s: dict[str, float] = field(default_factory=dict)
    """Seconds by main file of jobs that ended well."""
    _numbers: dict[int, str] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Take up one event."""
        time_s, kind = float(event["time_s"]), event["kind"]
        self.last_s = max(self.last_s, time_s)
        if kind == "began":
            self.began_s = time_s
            self.command = str(event.get("command") or self.command)
            self.pid, self.host = int(event.get("pid", 0)), str(event.get("host", ""))
            self.born_s = float(event.get("born_s", 0.0))
        elif kind == "planned":
            self.planned = tuple(event.get("outputs", ()))
        elif kind == "resources":
            self.on_cluster = "nodes" in event
            self.at_once = max(1, int(event.get("nodes") or event.get("cores") or 1))
        elif kind == "started" and event.get("output"):
            self._numbers[event["job"]] = event["output"]
            self.tries[event["output"]] = Try(time_s)
        elif kind in ("finished", "failed"):
            self._end_try(event, DONE if kind == "finished" else FAILED, time_s)
        elif kind == "ended":
            self.ended, self.error = True, str(event.get("error") or "")

    def _end_try(self, event: Event, outcome: str, time_s: float) -> None:
        path = self._numbers.get(event["job"], event.get("output") or "")
        if path:
            one = self.tries.setdefault(path, Try(time_s))
            one.outcome, one.ended_s = outcome, time_s
            if outcome == DONE:
                self.took_s[path] = time_s - one.began_s


def calls_of(events: Sequence[Event]) -> list[Call]:
    """Calls in the order in which they were first heard of."""
    calls: dict[str, Call] = {}
    for event in events:
        run = str(event["run"])
        call = calls.setdefault(run, Call(run, began_s=float(event["time_s"])))
        call.hear(event)
    return list(calls.values())


def last_picture(calls: Sequence[Call]) -> list[Call]:
    """The last call and those that it followed at once."""
    picture: list[Call] = []
    for call in reversed(calls):
        if picture and picture[0].began_s - call.last_s > FOLLOWS_S:
            break
        picture.insert(0, call)
    return picture


def is_alive(call: Call, now_s: float) -> bool:
    """Whether the process of a call lives; on another computer, whether it lately left word."""
    if call.ended:
        return False
    if call.host != socket.gethostname():
        return now_s - call.last_s < SILENT_S
    try:
        return abs(psutil.Process(call.pid).create_time() - call.born_s) < STEP_S
    except psutil.Error:
        return False


def read_status(
    params: Params,
    events: Sequence[Event],
    contents: Contents,
    now_s: float,
    living: str | None = None,
    memory: FileMemory | None = None,
) -> RunStatus:
    """Put together what there is to see.

    Parameters
    ----------
    params
        Checked parameters; they say which jobs there are.
    events
        From `records.run_events`.
    contents
        Checksums of the files of the project.
    now_s
        Time of the picture, s since 1970.
    living
        The run that asks and is at work; by default, its process is looked for.
    memory
        Records that were read for the picture before.
    """
    root = contents.root
    calls = calls_of(events)
    if calls and not calls[-1].ended:
        calls[-1].last_s = max(calls[-1].last_s, last_sign_of_life(calls[-1].run, root))
    alive = bool(calls) and (calls[-1].run == living or is_alive(calls[-1], now_s))
    record_of = record_reader(root, memory or FileMemory())
    measured: dict[str, float] = {}
    for call in calls:
        settle_by_records(call, record_of)
        measured |= call.took_s
    graph = {job.path: job for job in jobs_of(params)}
    look = Look(graph, calls, alive, contents, record_of, expected_times(params, measured), now_s)
    jobs = tuple(look.status(path) for path in graph)
    ahead = [one for one in jobs if one.state in AHEAD]
    asked = [one for one in ahead if one.state in (WAITING, RUNNING)]
    at_once, threads_count = 1, True
    if calls:
        at_once, threads_count = calls[-1].at_once, not calls[-1].on_cluster
    return RunStatus(
        jobs,
        tuple(call_status(call, alive and call is calls[-1]) for call in look.picture),
        now_s,
        time_left(params, asked, at_once, threads_count) if alive else None,
        time_left(params, ahead, at_once, threads_count),
        tuple(dict.fromkeys(one.job.phase for one in ahead if one.left_s is None)),
    )


@dataclass(eq=False)
class Look:
    """One look at all jobs of a project."""

    graph: Mapping[str, Job]
    calls: Sequence[Call]
    alive: bool
    """Whether the last call is at work."""
    contents: Contents
    record_of: Callable[[str], Record | None]
    expected_s: Mapping[str, float | None]
    now_s: float
    _seen: dict[str, JobStatus] = field(default_factory=dict)

    @functools.cached_property
    def picture(self) -> list[Call]:
        """The calls that are shown."""
        return last_picture(self.calls)

    @functools.cached_property
    def tries(self) -> dict[str, tuple[Try, Call]]:
        """The last try of each job."""
        return {path: (one, call) for call in self.calls for path, one in call.tries.items()}

    @functools.cached_property
    def planned(self) -> set[str]:
        """What the call at work is going to make."""
        return set(self.calls[-1].planned) if self.alive else set()

    def status(self, path: str) -> JobStatus:
        """One job; what it needs is looked at first."""
        if path not in self._seen:
            job, root = self.graph[path], self.contents.root
            last, where = self.tries.get(path, (None, None))
            if path in self.planned and where is not self.calls[-1]:
                state, last = WAITING, None
            else:
                state = state_after(
                    last,
                    (root / path).exists(),
                    is_incomplete(root, path),
                    self.alive and where is self.calls[-1],
                    where in self.picture,
                )
            if state == CURRENT and self.is_stale(job):
                state = STALE
            self._seen[path] = job_status(job, state, last, self.expected_s[path], root, self.now_s)
        return self._seen[path]

    def is_stale(self, job: Job) -> bool:
        """Whether what a job needs is not there, or another content than when it ran."""
        needs = [self.status(path) for path in job.needs if path in self.graph]
        if any(one.state in AHEAD for one in needs):
            return True
        renewed = [one.job.path for one in needs if one.state == DONE]
        record = self.record_of(job.path) if renewed else None
        noted = record.checksums if record else {}
        return any(path in noted and self.contents.sha256(path) != noted[path] for path in renewed)


def record_reader(root: Path, memory: FileMemory) -> Callable[[str], Record | None]:
    """What Snakemake noted about an output; a damaged record counts as none."""

    @functools.cache
    def record_of(path: str) -> Record | None:
        return memory.get(record_place(root, path), lambda _: undamaged_record(root, path))

    return record_of


def undamaged_record(root: Path, path: str) -> Record | None:
    """The record of an output, None if there is none that can be read."""
    try:
        return read_record(root, path)
    except DamagedRecord:
        return None


def settle_by_records(call: Call, record_of: Callable[[str], Record | None]) -> None:
    """Find out from Snakemake's records which jobs ended that were not said to have.

    With `--quiet progress`, as under DVC, Snakemake does not say that a job has ended; and
    of a killed run nobody may have heard the last.
    """
    for path, one in call.tries.items():
        if one.outcome == RUNNING:
            record = record_of(path)
            if record is not None and record.end_s >= one.began_s - STEP_S:
                one.outcome, one.ended_s = DONE, record.end_s
                call.took_s[path] = max(0.0, record.end_s - one.began_s)


def state_after(
    last: Try | None, exists: bool, is_half_made: bool, alive: bool, in_picture: bool
) -> str:
    """State of a job that is not to run, from its last try and its main file.

    Parameters
    ----------
    last
        Its last try, if there was one.
    exists
        Whether its main file is there.
    is_half_made
        Whether Snakemake marks the file as being made.
    alive, in_picture
        Whether the call of that try is at work, and is one of those that are shown.
    """
    if last is not None and last.outcome == RUNNING and alive:
        return RUNNING
    if last is not None and last.outcome == RUNNING and (is_half_made or not exists):
        return STOPPED
    if not exists:
        return FAILED if last is not None and last.outcome == FAILED else MISSING
    return DONE if last is not None and last.outcome == DONE and in_picture else CURRENT


def job_status(
    job: Job, state: str, last: Try | None, expected_s: float | None, root: Path, now_s: float
) -> JobStatus:
    """What is shown of a job in a state."""
    took_s = None
    if last is not None and state == RUNNING:
        took_s = max(0.0, now_s - last.began_s)
    elif last is not None and last.ended_s is not None:
        took_s = max(0.0, last.ended_s - last.began_s)
    said = ""
    if state == RUNNING:
        said = (log_tail(root / job.log).splitlines() or [""])[-1]
    elif state == FAILED:
        said = log_tail(root / job.log)
    left_s = left_of_job(expected_s, took_s if state == RUNNING else None)
    began_s = last.began_s if last else None
    return JobStatus(job, state, began_s, took_s, left_s if state in AHEAD else None, said)


def log_tail(path: Path) -> str:
    """The last lines of a log; nothing where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # A terminal would show only what stands behind the last carriage return.
    lines = [line.rpartition("\r")[2] for line in text.strip("\r\n").split("\n")]
    return "\n".join(lines[-LOG_TAIL_LINES:])


def call_status(call: Call, alive: bool) -> CallStatus:
    """What is shown of a call."""
    return CallStatus(
        shortened(call.command, 200), call.began_s, call.last_s, alive, call.ended,
        len(call.planned), call.error,
    )  # fmt: skip
