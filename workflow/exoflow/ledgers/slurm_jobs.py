"""Jobs that a run handed to SLURM: they live on elsewhere when the run is killed.

A run that submits jobs leaves a mark, and only where there is a mark is SLURM asked.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import UserError
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.files import write_text

EXECUTOR = "slurm"
MARK = SCRATCH / "slurm_run"
# The executor plugin comments a job so; other jobs of the folder, such as the one
# in which Snakemake itself may run, are none of its jobs.
COMMENTS = ("rule_", "group_")
ANSWER_WAIT_S = 60.0
# SLURM gives a cancelled job 30 s to end, unless the cluster is set up otherwise.
CANCEL_WAIT_S = 180.0
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class SlurmJob:
    """A job that SLURM holds: waiting, running, or ending."""

    number: str
    state: str
    comment: str

    def __str__(self) -> str:
        rule, _, wildcards = self.comment.partition("_")[2].partition("_wildcards_")
        name = f"{rule} {wildcards.replace('_', ' ')}".strip()
        return f"SLURM job {self.number} ({name}, {self.state.lower()})"


@dataclass(frozen=True)
class Mark:
    """The last run here that submitted jobs."""

    begun_s: float
    """Date, s since 1970."""
    sources: Mapping[str, str]
    """Hashes of code and data by job, see `sources`."""


def mark_run(sources: Mapping[str, str], root: str | Path = ".") -> None:
    """Note that jobs of this folder are in SLURM's hands, until this process has seen them end."""
    write_text(Path(root) / MARK, json.dumps(dict(sources)))
    atexit.register(settle, Path(root).resolve())


def settle(root: Path) -> None:
    """Take the mark away when a run ends by itself and no job is left."""
    try:
        if not jobs_left(root):
            unmark_run(root)
    except UserError:  # the next run asks again
        return


def read_mark(root: str | Path = ".") -> Mark | None:
    """The mark of the last run; None if it did not use SLURM, or all is settled."""
    place = Path(root) / MARK
    try:
        return Mark(place.stat().st_mtime, json.loads(place.read_text()))
    except FileNotFoundError:
        return None
    except ValueError:  # cut short; what the run was planned with cannot be told
        return Mark(place.stat().st_mtime, {})


def unmark_run(root: str | Path = ".") -> None:
    """Note that nothing of this folder is in SLURM's hands any more."""
    (Path(root) / MARK).unlink(missing_ok=True)


def jobs_left(root: str | Path = ".") -> list[SlurmJob]:
    """Jobs of a folder that have not ended; SLURM is asked only if the last run used it.

    Raises
    ------
    UserError
        If SLURM cannot be asked.
    """
    root = Path(root).resolve()
    if not (root / MARK).exists():
        return []
    found = []
    for line in ask_slurm("squeue", "--noheader", "--format=%i\t%T\t%k\t%Z").splitlines():
        fields = line.strip().split("\t")
        if len(fields) != 4:  # the heading of a cluster, where several are asked
            continue
        number, state, comment, folder = fields
        if comment.startswith(COMMENTS) and Path(folder).resolve() == root:
            found.append(SlurmJob(number, state, comment))
    return found


def refuse_jobs_left(root: str | Path = ".") -> None:
    """Refuse to go on beside jobs of a killed run: they write what would be made again.

    Raises
    ------
    UserError
        Naming one of them, and the commands that wait for them or cancel them.
    """
    jobs = jobs_left(root)
    if jobs:
        raise UserError(
            f"The last run left {named(jobs)} at work here. Wait for the end with: "
            "exoflow recover --wait; or cancel with: exoflow recover --stop"
        )


def cancel_jobs(root: str | Path = ".") -> list[SlurmJob]:
    """Cancel the jobs of a folder and return when SLURM has ended them.

    Raises
    ------
    UserError
        If SLURM refuses, as for a job of someone else, or takes more than three minutes.
    """
    jobs = jobs_left(root)
    if jobs:
        ask_slurm("scancel", *(job.number for job in jobs))
        wait_for_jobs(root, CANCEL_WAIT_S)
    return jobs


def wait_for_jobs(
    root: str | Path = ".",
    limit_s: float = float("inf"),
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Return when no job of a folder is left.

    Parameters
    ----------
    root
        Folder of the project.
    limit_s
        Longest time to wait, s.
    tell
        Is told what is waited for, whenever that changes.

    Raises
    ------
    UserError
        If one is left after `limit_s`, or SLURM cannot be asked.
    """
    begun, pause_s, told = time.monotonic(), 0.5, ""
    while jobs := jobs_left(root):
        if named(jobs) != told:
            told = named(jobs)
            tell(f"waiting for {told}")
        if time.monotonic() - begun > limit_s:
            raise UserError(f"{jobs[0]} has not ended within {limit_s:.0f} s. Type it again later.")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def named(jobs: Sequence[SlurmJob]) -> str:
    """Some jobs in a few words."""
    return f"{jobs[0]} and {len(jobs) - 1} more" if len(jobs) > 1 else str(jobs[0])


def ask_slurm(*words: str) -> str:
    """What a program of SLURM prints.

    Raises
    ------
    UserError
        If there is no such program here, or it fails or does not answer.
    """
    remedy = f"Type the same on the login node; if no job can be left: rm {MARK}"
    if shutil.which(words[0]) is None:
        raise UserError(
            f"Jobs of the last run here may still be at work under SLURM, and there is no "
            f"{words[0]} here to ask. {remedy}"
        )
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=ANSWER_WAIT_S)
    except subprocess.TimeoutExpired:
        raise UserError(unanswered(words, f"no answer in {ANSWER_WAIT_S:.0f} s")) from None
    if done.returncode:
        raise UserError(unanswered(words, first_line(done.stderr)))
    return done.stdout


def unanswered(words: Sequence[str], problem: str) -> str:
    """One line about a program of SLURM that failed."""
    return (
        "Jobs of the last run here may still be at work under SLURM, but "
        f"{words[0]} failed: {problem}. Try again when squeue answers; if no job can be left: "
        f"rm {MARK}"
    )


def first_line(text: str) -> str:
    """The first line of an error message, without the full stop at its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else "no reason given"
