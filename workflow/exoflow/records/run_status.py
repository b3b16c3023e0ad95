"""Where the jobs of a project stand: what `ledgers` finds out and `figures` draws."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.records.job_graph import Job

FAILED, STOPPED, RUNNING, WAITING = "failed", "stopped", "running", "waiting"
STALE, MISSING, DONE, CURRENT = "stale", "missing", "done", "up to date"
# The first that applies is the state of several jobs together.
STATES = (FAILED, RUNNING, STOPPED, WAITING, STALE, MISSING, DONE, CURRENT)
WORDS = {
    FAILED: "failed",
    RUNNING: "running",
    STOPPED: "stopped: its run ended first",
    WAITING: "waiting",
    STALE: "older than what it is made from",
    MISSING: "not made yet",
    DONE: "done in this run",
    CURRENT: "up to date",
}


@dataclass(frozen=True)
class JobStatus:
    """One job: its state, its times and what it said."""

    job: Job
    state: str
    began_s: float | None = None
    """When it was last started, s since 1970."""
    took_s: float | None = None
    """How long it ran, s; of a running job, until now."""
    left_s: float | None = None
    """Expected time until it has ended once it runs, s; None where nothing is known."""
    said: str = ""
    """Last line of progress of a running job; end of the log of a failed one."""


@dataclass(frozen=True)
class CallStatus:
    """One call of Snakemake."""

    command: str
    began_s: float
    last_s: float
    """When it was last heard of, s since 1970."""
    alive: bool
    ended: bool
    """Whether it said that it ended; if not and not alive, it was killed."""
    planned: int = 0
    error: str = ""

    @property
    def was_killed(self) -> bool:
        """Whether it ended without saying so."""
        return not self.alive and not self.ended


@dataclass(frozen=True)
class RunStatus:
    """Everything there is to see."""

    jobs: tuple[JobStatus, ...]
    calls: tuple[CallStatus, ...]
    """The last call and those that it followed at once, as under `dvc repro`."""
    written_s: float
    left_s: float | None = None
    """Expected time until the running call ends, s."""
    all_left_s: float | None = None
    """Expected time for all that is not up to date, s."""
    unknown: tuple[str, ...] = ()
    """Phases with jobs ahead of which no time is known."""

    @property
    def alive(self) -> bool:
        """Whether a call is at work."""
        return bool(self.calls) and self.calls[-1].alive

    def of_state(self, *states: str) -> list[JobStatus]:
        """Jobs in one of some states."""
        return [one for one in self.jobs if one.state in states]

    def of_phase(self, phase: str) -> list[JobStatus]:
        """Jobs of one phase."""
        return [one for one in self.jobs if one.job.phase == phase]

    def phases(self) -> list[str]:
        """Phases that have jobs, in order."""
        return list(dict.fromkeys(one.job.phase for one in self.jobs))


def state_of_all(states: list[str]) -> str:
    """The state of several jobs together; done before up to date."""
    return next((state for state in STATES if state in states), CURRENT)
