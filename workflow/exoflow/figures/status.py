"""The page to watch a run with: one HTML file that needs no network.

It is drawn every few seconds inside Snakemake, so nothing here draws with matplotlib.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from exoflow.figures.numbers import duration, signed
from exoflow.figures.status_conditions import (
    ConditionStatus,
    condition_statuses,
    is_grid,
    map_svg,
)
from exoflow.figures.status_curves import curves_svg, legend, read_curves
from exoflow.figures.status_graph import graph_svg, state_class
from exoflow.records.file_memory import FileMemory
from exoflow.records.run_status import (
    CURRENT,
    DONE,
    FAILED,
    RUNNING,
    STATES,
    WORDS,
    CallStatus,
    JobStatus,
    RunStatus,
)

_TEMPLATES = Path(__file__).parent / "templates"
# An open window reads the page again this often: quickly in a run, slowly after it.
REFRESH_S, IDLE_REFRESH_S = 5, 60
# A page of a run at work that is older than this is suspicious.
SILENT_S = 60
MOST_LOGS = 12
BLOCK_ROWS = 40


def render_status(
    status: RunStatus,
    fields: Mapping[str, Mapping[str, Any]],
    root: Path,
    memory: FileMemory | None = None,
) -> str:
    """The page as one HTML text.

    Parameters
    ----------
    status
        Where the jobs stand.
    fields
        speed_m_s, slope_deg and impairment of every condition, by id.
    root
        Folder of the project, where results and curves lie.
    memory
        What was read for the page before.

    Returns
    -------
    str
        HTML without any reference to another file or address.
    """
    memory = memory or FileMemory()
    conditions = condition_statuses(status, fields, root, memory)
    curves = read_curves(status, root, memory)
    failed = status.of_state(FAILED)
    named = legend(curves)
    return _template().render(
        style=_style(),
        headline=headline(status),
        kind=_kind(status),
        left=words_of_time_left(status),
        written=clock(status.written_s),
        written_s=f"{status.written_s:.0f}",
        alive=status.alive,
        refresh_s=REFRESH_S if status.alive else IDLE_REFRESH_S,
        silent_s=SILENT_S,
        killed=words_of_killed(status),
        states=[
            (state_class(state), WORDS[state], len(status.of_state(state)))
            for state in STATES
            if status.of_state(state)
        ],
        running=[_job_row(one) for one in status.of_state(RUNNING)],
        failed=[_job_row(one) for one in failed[:MOST_LOGS]],
        failed_more=max(0, len(failed) - MOST_LOGS),
        graph=graph_svg(status),
        map=map_svg(conditions) if is_grid(conditions) else "",
        blocks=_blocks([_condition_row(one) for one in conditions]),
        several_walkers=len({one.walker for one in conditions}) > 1,
        curves=curves_svg(curves) if curves else "",
        legend=named,
        grey=len(curves) - len(named),
        calls=[_call_row(one) for one in status.calls],
    )


@functools.lru_cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("status.html.j2")


@functools.lru_cache
def _style() -> Markup:
    # Ours, not data: written into the page as it is.
    return Markup((_TEMPLATES / "status.css").read_text(encoding="utf-8"))


def headline(status: RunStatus) -> str:
    """One sentence: how far, and whether it goes on."""
    done, n_jobs = len(status.of_state(DONE, CURRENT)), len(status.jobs)
    far = f"{done} of {n_jobs} jobs done"
    failed = len(status.of_state(FAILED))
    if failed:
        far += f", {failed} failed"
    if status.alive:
        return f"Running: {far}"
    if status.calls and status.calls[-1].was_killed:
        return f"Ended without saying so: {far}"
    if failed or (status.calls and status.calls[-1].error):
        return f"Ended with an error: {far}"
    return f"Nothing runs: {far}"


def _kind(status: RunStatus) -> str:
    if status.alive:
        return "running"
    if status.calls and status.calls[-1].was_killed:
        return "killed"
    if status.of_state(FAILED) or (status.calls and status.calls[-1].error):
        return "failed"
    return "done" if len(status.of_state(DONE, CURRENT)) == len(status.jobs) else "idle"


def words_of_time_left(status: RunStatus) -> str:
    """When the run will have ended, and what is left beyond it."""
    words = ""
    if status.alive:
        if status.left_s is None:
            words = "The time left is known once a first job has ended."
        else:
            end = clock(status.written_s + status.left_s)
            words = f"About {duration(status.left_s)} left, until {end}."
    rest = status.all_left_s
    if rest is not None and rest > (status.left_s or 0.0) * 1.01 + 1.0:
        words += f" All that is not up to date takes about {duration(rest)}."
    if status.unknown and (status.left_s is not None or rest is not None):
        words += f" Not counted: {', '.join(status.unknown)}."
    if not words and len(status.of_state(DONE, CURRENT)) == len(status.jobs):
        words = "Nothing is left to do."
    return words.strip()


def words_of_killed(status: RunStatus) -> str:
    """What to do about a run that was killed; empty where none was."""
    killed = [call for call in status.calls if call.was_killed]
    if not killed:
        return ""
    last = killed[-1]
    if last is not status.calls[-1]:
        return ""
    return (
        f"The run ended without saying so: it was killed, or the computer went off. It was last "
        f"heard of {clock(last.last_s)}. Type: exoflow recover, then the same command again."
    )


def clock(time_s: float) -> str:
    """Date and time of day of the place where the page is written."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_s))


def _job_row(one: JobStatus) -> dict[str, str]:
    return {
        "name": str(one.job),
        "took": "" if one.took_s is None else duration(one.took_s),
        "left": "not known yet" if one.left_s is None else duration(one.left_s),
        "said": one.said,
        "log": one.job.log,
    }


def _condition_row(one: ConditionStatus) -> dict[str, Any]:
    change = "" if one.change_pct is None else signed(one.change_pct)
    return {
        "name": one.name,
        "speed": f"{one.speed_m_s:g}",
        "slope": f"{signed(one.slope_deg)}°",
        "walker": one.walker,
        "jobs": [
            {"state": state_class(job.state), "words": f"{job.job}: {WORDS[job.state]}"}
            for job in one.jobs
        ],
        "change": one.reason or change,
    }


def _blocks(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows of a long table in blocks that stand side by side."""
    return [rows[k : k + BLOCK_ROWS] for k in range(0, len(rows), BLOCK_ROWS)]


def _call_row(call: CallStatus) -> dict[str, Any]:
    if call.alive:
        how = "at work"
    elif call.was_killed:
        how = "without saying so"
    else:
        how = call.error or "well"
    return {
        "since": clock(call.began_s),
        "until": "" if call.alive else clock(call.last_s),
        "planned": call.planned,
        "how": how,
        "command": call.command,
    }
