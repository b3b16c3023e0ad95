"""What was heard from runs of Snakemake: one JSON object per line, only ever added to.

A line has `kind`, `run` (which call of Snakemake) and `time_s` (since 1970). Kinds:
`began` (command, pid, host), `planned` (outputs: the first of every job that is to run),
`resources` (cores or nodes), `started` (job, output, log), `finished` (job), `failed` (job,
output, log), `ended` (error, if there was one). `job` is Snakemake's number within the run.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exoflow.records.checkpoints import SCRATCH

EVENTS = SCRATCH / "status" / "events.jsonl"
# Written anew while a run lives, also when there is nothing to say: a training takes hours.
SIGN_OF_LIFE = SCRATCH / "status" / "alive"
# A run of 300 jobs writes about 0.1 MB. Older runs only serve to know how long jobs take.
LONGEST_BYTES = 4_000_000

Event = dict[str, Any]


def add_event(event: Mapping[str, Any], root: str | Path = ".") -> None:
    """Add one line with a single write: lines of two processes never mix."""
    path = Path(root) / EVENTS
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def read_events(root: str | Path = ".") -> list[Event]:
    """All events, oldest first; none where no run was heard of.

    A line that was cut short, as by a full disk, is passed over.
    """
    try:
        lines = (Path(root) / EVENTS).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and {"kind", "run", "time_s"} <= event.keys():
                events.append(event)
    return events


def give_sign_of_life(run: str, root: str | Path = ".") -> None:
    """Leave word that a run is at work now."""
    (Path(root) / SIGN_OF_LIFE).write_text(run)


def last_sign_of_life(run: str, root: str | Path = ".") -> float:
    """When a run last left word, s since 1970; 0 where it did not."""
    path = Path(root) / SIGN_OF_LIFE
    try:
        return path.stat().st_mtime if path.read_text() == run else 0.0
    except OSError:
        return 0.0


def set_old_events_aside(root: str | Path = ".") -> None:
    """Begin a new file when the old one has grown long; one old file is kept."""
    path = Path(root) / EVENTS
    with contextlib.suppress(OSError):
        if path.stat().st_size > LONGEST_BYTES:
            os.replace(path, path.with_suffix(".old.jsonl"))
