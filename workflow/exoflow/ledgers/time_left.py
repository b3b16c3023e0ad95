"""When a run will have ended, from the times of jobs that have and the work of those ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exoflow.config import Params
from exoflow.config.workload import Speeds, Work
from exoflow.config.workload import jobs_of as work_by_phase
from exoflow.records import layout
from exoflow.records.run_status import JobStatus

# Orders of magnitude of one core, to compare jobs of different phases with each other; how much
# faster or slower a computer is, its finished jobs say. `exoflow plan` measures these.
TYPICAL = Speeds(60_000.0, {"mlp": 2500.0, "lstm_window": 900.0, "lstm_carried": 900.0}, 250.0)
# A job that takes longer than expected is taken to be nearly done.
LEAST_SHARE_LEFT = 0.1


def works_of(params: Params) -> dict[str, Work]:
    """What each job computes, by main file."""
    return {
        path: work
        for phase, works in work_by_phase(params).items()
        for path, work in zip(layout.results_of(params, phase), works, strict=True)
    }


def expected_times(params: Params, measured: Mapping[str, float]) -> dict[str, float | None]:
    """Expected wall time of every job, s, by main file.

    A job is compared with those of its phase that have ended, by their work; in a phase
    where none has, with all that have.

    Parameters
    ----------
    measured
        Wall time of jobs that have ended, s, by main file; others are passed over.

    Returns
    -------
    dict
        None for all where no job has ended.
    """
    typical = {path: TYPICAL.seconds(work) for path, work in works_of(params).items()}
    known = {path: time_s for path, time_s in measured.items() if path in typical}
    overall = ratio(known, typical)
    by_phase = {}
    for phase in {layout.phase_of(path) for path in known}:
        own = {path: time_s for path, time_s in known.items() if layout.phase_of(path) == phase}
        by_phase[phase] = ratio(own, typical)
    found: dict[str, float | None] = {}
    for path, time_s in typical.items():
        slower = by_phase.get(layout.phase_of(path), overall)
        found[path] = None if slower is None else slower * time_s
    return found


def ratio(measured: Mapping[str, float], typical: Mapping[str, float]) -> float | None:
    """Measured time over typical time of the same jobs; None without jobs."""
    return sum(measured.values()) / sum(typical[path] for path in measured) if measured else None


def left_of_job(expected_s: float | None, took_s: float | None) -> float | None:
    """Expected time until a job has ended, s; `took_s` is None if it is still to begin."""
    if expected_s is None:
        return None
    return max(expected_s - (took_s or 0.0), LEAST_SHARE_LEFT * expected_s if took_s else 0.0)


def time_left(
    params: Params, ahead: Iterable[JobStatus], at_once: int, threads_count: bool = True
) -> float | None:
    """Expected time until some jobs have ended, s; a phase waits for the one before.

    Parameters
    ----------
    ahead
        Jobs that run or are to run.
    at_once
        Cores, of which each job takes its threads; or, if `threads_count` is False, jobs.

    Returns
    -------
    float or None
        None where nothing is known of any of them.
    """
    works = works_of(params)
    by_phase: dict[str, list[tuple[float, int]]] = {}
    for one in ahead:
        if one.left_s is not None:
            threads = min(works[one.job.path].threads, at_once) if threads_count else 1
            by_phase.setdefault(one.job.phase, []).append((one.left_s, threads))
    if not by_phase:
        return None
    total = 0.0
    for jobs in by_phase.values():
        side_by_side = max(1, at_once // max(threads for _, threads in jobs))
        times = [time_s for time_s, _ in jobs]
        total += max(sum(times) / side_by_side, max(times))
    return total
