"""Which processes work in the folder of a project."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

# Every run hands this to its jobs, so that a job can be known after its run was killed.
RUN_VARIABLE = "EXOFLOW_RUN_FOLDER"
STOP_WAIT_S = 10.0


@dataclass(frozen=True)
class Worker:
    """A living process."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({shortened(self.command)})"


def shortened(command: str, length: int = 70) -> str:
    """A command line without the folders of its programs, cut to a length."""
    words = [Path(word).name if word.startswith("/") else word for word in command.split()]
    line = " ".join(words)
    return line if len(line) <= length else line[: length - 3] + "..."


def mark_children(root: Path) -> None:
    """Let every process started from here on be known as one of this folder."""
    os.environ.setdefault(RUN_VARIABLE, str(root.resolve()))


def workers_of(root: Path) -> list[Worker]:
    """Living processes of the runs of a folder, without this one and what started it."""
    folder, own = str(root.resolve()), family()
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in own or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(RUN_VARIABLE) == folder:
                found.append(Worker(process.pid, " ".join(process.cmdline())))
        except psutil.Error:  # gone, or of another user
            continue
    return found


def family() -> set[int]:
    """This process and all that it descends from."""
    process = psutil.Process()
    return {process.pid, *(parent.pid for parent in process.parents())}


def has_ancestor(pid: int, program: str) -> bool:
    """Whether a process descends from a program, such as `dvc`, also as `python -m dvc`."""
    try:
        parents = psutil.Process(pid).parents()
    except psutil.Error:
        return False
    return any(program in (Path(word).name for word in words_of(parent)) for parent in parents)


def words_of(process: psutil.Process) -> list[str]:
    """The command line of a process, empty once it is gone."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def is_alive(pid: int, word: str = "") -> bool:
    """Whether a process lives whose command line has a word; a number can be given away again."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and word in " ".join(process.cmdline())
    except psutil.Error:
        return False


def stop(workers: Iterable[Worker]) -> None:
    """Ask processes to end; after ten seconds, end them."""
    processes = []
    for worker in workers:
        try:
            process = psutil.Process(worker.pid)
            process.terminate()
            processes.append(process)
        except psutil.Error:
            continue
    _, left = psutil.wait_procs(processes, timeout=STOP_WAIT_S)
    for process in left:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(left, timeout=STOP_WAIT_S)


def wait_for(worker: Worker) -> None:
    """Return when a process has ended by itself."""
    try:
        psutil.Process(worker.pid).wait()
    except psutil.Error:
        return


def now() -> str:
    """The time as people write it."""
    return time.strftime("%Y-%m-%d %H:%M:%S")
