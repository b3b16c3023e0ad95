"""A run being watched: events are written down as they come, the page now and then."""

from __future__ import annotations

import logging
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from logging import LogRecord
from pathlib import Path
from typing import Any

import psutil
from snakemake_interface_logger_plugins.common import LogEvent

from exoflow.records.run_events import add_event, set_old_events_aside

# Not more often than this after news, and this often without any: trainings go on.
NEWS_S = 2.0
QUIET_S = 10.0
# Drawing takes at most this share of the time of one core.
SHARE = 0.05
LAST_WAIT_S = 5.0
LONGEST_ERROR = 200


class Watch:
    """Writes what a run says to .exoflow/status/ and keeps its page fresh."""

    def __init__(self, warn: Callable[[Exception], None], root: Path | None = None) -> None:
        self.root = root or Path.cwd()
        process = psutil.Process()
        self.run = f"{process.pid}-{process.create_time():.2f}"
        self._error = ""
        self._keeper = PageKeeper(self._write_page, warn)
        self._page: Any = None
        set_old_events_aside(self.root)
        self.add(
            "began",
            time.time(),
            command=shlex.join(sys.argv),
            pid=process.pid,
            born_s=process.create_time(),
            host=socket.gethostname(),
        )
        self._keeper.start()

    def take(self, record: LogRecord) -> None:
        """Write down one event, if it is one of a job or of the run."""
        if record.levelno >= logging.ERROR and not self._error:
            self._error = " ".join(str(record.msg).split())[:LONGEST_ERROR] or "an error"
        kind, facts = facts_of(record)
        if kind:
            self.add(kind, record.created, **facts)
            self._keeper.tell()

    def add(self, kind: str, time_s: float, **facts: Any) -> None:
        """Add one line to the events."""
        add_event({"kind": kind, "run": self.run, "time_s": round(time_s, 3), **facts}, self.root)

    def end(self) -> None:
        """Note the end and write the page a last time."""
        self._keeper.stop()
        self.add("ended", time.time(), **({"error": self._error} if self._error else {}))
        self._write_page(living=False)

    def _write_page(self, living: bool = True) -> None:
        if self._page is None:
            from exoflow.stages.status import StatusPage

            self._page = StatusPage(self.root)
        self._page.write(self.run if living else None)


def facts_of(record: LogRecord) -> tuple[str, dict[str, Any]]:
    """Kind of an event and what is kept of it; no kind for what is not kept."""
    said: Mapping[str, Any] = record.__dict__
    event = said.get("event")
    if "planned_outputs" in said:  # from the Snakefile, see onstart
        return "planned", {"outputs": [str(path) for path in said["planned_outputs"]]}
    if event == LogEvent.RESOURCES_INFO:
        kept = {name: int(said[name]) for name in ("cores", "nodes") if said.get(name)}
        return ("resources", kept) if kept else ("", {})
    if event == LogEvent.JOB_INFO:
        return "started", {"job": said["jobid"], **files_of(said)}
    if event == LogEvent.JOB_ERROR:
        return "failed", {"job": said["jobid"], **files_of(said)}
    if event == LogEvent.JOB_FINISHED:
        return "finished", {"job": said["job_id"]}
    return "", {}


def files_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """First output of a job, by which it is known; none of a rule that only gathers."""
    outputs = list(said.get("output") or ())
    return {"output": str(outputs[0])} if outputs else {}


class PageKeeper:
    """A thread that writes the page after news and now and then, never more than its share.

    Parameters
    ----------
    write
        Writes the page.
    warn
        Told of the first problem; nothing is written any more then.
    """

    def __init__(self, write: Callable[[], None], warn: Callable[[Exception], None]) -> None:
        self._write, self._warn = write, warn
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="exoflow-status", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def tell(self) -> None:
        """There is news."""
        self._news.set()

    def stop(self) -> None:
        """Come to an end; a page that is being written is finished first."""
        self._stop.set()
        self._news.set()
        self._thread.join(LAST_WAIT_S)

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._news.wait(QUIET_S)
            self._news.clear()
            if self._stop.is_set():
                return
            begin, begin_cpu = time.monotonic(), time.thread_time()
            try:
                self._write()
            except Exception as problem:
                self._warn(problem)
                return
            took_s, cpu_s = time.monotonic() - begin, time.thread_time() - begin_cpu
            self._stop.wait(max(NEWS_S, took_s, cpu_s / SHARE))
