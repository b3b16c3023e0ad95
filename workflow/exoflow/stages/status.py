"""status: what runs said, records and results -> results/report/status.html and a summary."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exoflow.config import load_params, to_plain
from exoflow.errors import ExoflowError, UserError
from exoflow.figures.numbers import duration
from exoflow.figures.status import (
    clock,
    headline,
    render_status,
    words_of_killed,
    words_of_time_left,
)
from exoflow.ledgers.content import read_contents
from exoflow.ledgers.job_states import read_status
from exoflow.records.file_memory import FileMemory
from exoflow.records.files import write_text
from exoflow.records.run_events import EVENTS, give_sign_of_life, read_events
from exoflow.records.run_status import (
    CURRENT,
    DONE,
    FAILED,
    MISSING,
    RUNNING,
    STALE,
    STOPPED,
    WAITING,
)

if TYPE_CHECKING:
    from exoflow.config import Params
    from exoflow.records.run_status import JobStatus, RunStatus

# Left out by DVC (.dvcignore) and by `exoflow hash`: it says how a run goes, and is no result.
PAGE = Path("results/report/status.html")
WIDTH = 80
MOST_NAMED = 6
COLUMNS = {
    "done": (DONE, CURRENT),
    "running": (RUNNING,),
    "waiting": (WAITING,),
    "failed": (FAILED,),
    "stopped": (STOPPED,),
    "stale": (STALE,),
    "not made": (MISSING,),
}


class StatusPage:
    """The page of one project; what it reads is kept for the next time it is written."""

    def __init__(self, root: str | Path = "."):
        self.root = Path(root)
        self._memory = FileMemory()
        self._contents = read_contents(self.root)
        self._params: Params | None = None

    def write(self, living: str | None = None) -> RunStatus:
        """Write the page, whole or not at all.

        Parameters
        ----------
        living
            The run that asks; by default its process is looked for.

        Raises
        ------
        ParamsError
            If params.yaml is not valid.
        """
        params = self._read_params()
        events = self._memory.get(self.root / EVENTS, self._read_events) or []
        if living is not None:
            give_sign_of_life(living, self.root)
        status = read_status(params, events, self._contents, time.time(), living, self._memory)
        fields = {
            name: {
                "speed_m_s": one.speed_m_s,
                "slope_deg": one.slope_deg,
                "impairment": to_plain(one.impairment) if one.impairment else None,
            }
            for name, one in params.conditions.items()
        }
        write_text(self.root / PAGE, render_status(status, fields, self.root, self._memory))
        return status

    def _read_params(self) -> Params:
        try:
            self._params = self._memory.get(self.root / "params.yaml", load_params)
        except ExoflowError:
            # Being edited while jobs run, which goes on with what was planned.
            if self._params is None:
                raise
        if self._params is None:
            raise UserError(f"{self.root / 'params.yaml'}: no such file.")
        return self._params

    def _read_events(self, path: Path) -> list[dict[str, Any]]:
        return read_events(self.root)


def run(as_json: bool) -> None:
    """Write the page again and print what it says, in short.

    Raises
    ------
    ParamsError
        If params.yaml is missing or not valid.
    """
    load_params()  # names a missing file
    status = StatusPage().write()
    if as_json:
        print(json.dumps(plain(status), sort_keys=True))
    else:
        print(summary(status))


def summary(status: RunStatus) -> str:
    """The page in short, for a terminal of 80 columns."""
    lines = [headline(status)]
    for words in (words_of_time_left(status), words_of_killed(status)):
        lines += textwrap.wrap(words, WIDTH)
    if status.calls:
        call = status.calls[-1]
        until = "" if call.alive else f" until {clock(call.last_s)}"
        lines += textwrap.wrap(f"{clock(call.began_s)}{until}: {call.command}", WIDTH)
    widths = [max(8, len(word) + 2) for word in COLUMNS]
    lines.append(f"{'phase':<11}{'jobs':>5}" + aligned(COLUMNS, widths))
    for phase in status.phases():
        jobs = status.of_phase(phase)
        numbers = [sum(one.state in states for one in jobs) for states in COLUMNS.values()]
        lines.append(f"{phase:<11}{len(jobs):>5}" + aligned(numbers, widths))
    lines += named("running", status.of_state(RUNNING))
    lines += named("failed", status.of_state(FAILED))
    lines.append(f"page: {PAGE}")
    return "\n".join(lines)


def aligned(cells: Iterable[object], widths: Iterable[int]) -> str:
    """Cells to the right of their columns."""
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def named(word: str, jobs: list[JobStatus]) -> list[str]:
    """A line for each of the first jobs: how long, or where its log is."""
    lines = []
    for one in jobs[:MOST_NAMED]:
        line = f"{word}: {one.job}"
        if one.state == RUNNING and one.took_s is not None:
            line += f", for {duration(one.took_s)}"
            if one.left_s is not None:
                line += f", about {duration(one.left_s)} left"
        if one.state == FAILED:
            line += f", {one.job.log}"
        lines += textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    if len(jobs) > MOST_NAMED:
        lines.append(f"{word}: {len(jobs) - MOST_NAMED} more")
    return lines


def plain(status: RunStatus) -> dict[str, Any]:
    """The same for programs."""
    return {
        "alive": status.alive,
        "was_killed": bool(status.calls) and status.calls[-1].was_killed,
        "left_s": status.left_s,
        "all_left_s": status.all_left_s,
        "page": PAGE.as_posix(),
        "jobs": {
            one.job.path: {"state": one.state, "took_s": one.took_s, "left_s": one.left_s}
            for one in status.jobs
        },
    }
