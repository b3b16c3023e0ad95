"""One run at a time in a folder, whichever engine was typed.

The lock is the kernel's: it is gone with the process that holds it, also after SIGKILL.
What Snakemake and DVC leave behind then is the business of `recovery`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from exoflow.errors import UserError
from exoflow.ledgers.processes import family, is_alive, mark_children, now, shortened
from exoflow.ledgers.slurm_jobs import refuse_jobs_left
from exoflow.records.checkpoints import SCRATCH

RUN_LOCK = SCRATCH / "run.lock"
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
RWLOCK = Path(".dvc/tmp/rwlock")

# Calls of Snakemake that only read.
DRY_RUN = {"-n", "--dry-run", "--dryrun"}
READING = {
    *DRY_RUN, "-S", "--summary", "-D", "--detailed-summary", "--lint", "--dag",
    "--rulegraph", "--filegraph", "--d3dag", "--report", "-l", "--list", "--list-rules",
    "--list-target-rules", "--list-changes", "--list-input-changes", "--list-params-changes",
    "--list-untracked", "--print-compilation",
}  # fmt: skip
UNLOCKING = "--unlock"

# Open for as long as this process lives, by path: closing a file gives its lock back.
_held: dict[Path, int] = {}


@dataclass(frozen=True)
class Holder:
    """Who holds the lock of a folder."""

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        place = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"process {self.pid}{place} ({shortened(self.command)}), since {self.since}"


def plans(arguments: Sequence[str]) -> bool:
    """Whether a call of Snakemake decides what runs, really or as a dry run."""
    words = {word.partition("=")[0] for word in arguments}
    return not words & (READING - DRY_RUN | {UNLOCKING})


def writes(arguments: Sequence[str]) -> bool:
    """Whether a call of Snakemake may change the folder; short options may be joined (-np)."""
    return not any(
        word.partition("=")[0] in READING or re.fullmatch(r"-[npqFR]*n[npqFR]*", word)
        for word in arguments
    )


def claim_run(command: Sequence[str], root: str | Path = ".") -> None:
    """Make this process the one run of a folder, until it ends.

    What an ancestor of this process holds counts as held: DVC's stage calls Snakemake.

    Parameters
    ----------
    command
        The words that were typed; Snakemake's `--unlock` is let through after a crash.
    root
        Folder of the project.

    Raises
    ------
    UserError
        If another run is going on, one was killed, jobs of one are left under SLURM, or
        the folder cannot be written.
    """
    root = Path(root)
    holder = take(root, " ".join(command))
    if holder is not None:
        if holder.pid in family() and holder.host == socket.gethostname():
            return
        raise UserError(
            f"Another run is going on here: {holder}. Wait for it, or stop it with: "
            f"kill -INT {holder.pid}"
        )
    refuse_beside_dvc(root)
    if stale_snakemake_locks(root) and UNLOCKING not in command:
        release(root)
        raise UserError("The last run here was killed and left its locks. Type: exoflow recover")
    try:
        refuse_jobs_left(root)
    except UserError:
        release(root)
        raise
    mark_children(root)


def take(root: Path, command: str) -> Holder | None:
    """Take the lock; None when it is ours now, else who has it."""
    path = (root / RUN_LOCK).resolve()
    if path in _held:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise cannot_write(problem) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return holder_of(root)
    _held[path] = file
    holder = Holder(os.getpid(), socket.gethostname(), command, now())
    try:
        os.ftruncate(file, 0)
        os.write(file, json.dumps(asdict(holder)).encode())
    except OSError as problem:
        release(root)
        raise cannot_write(problem) from None
    return None


def cannot_write(problem: OSError) -> UserError:
    """A full disk, or a folder of someone else."""
    return UserError(
        f"{RUN_LOCK}: {problem.strerror}. A run must be able to write in this folder: "
        "free some space, or mend its permissions."
    )


def release(root: str | Path = ".") -> None:
    """Give the lock back before the process ends."""
    file = _held.pop((Path(root) / RUN_LOCK).resolve(), None)
    if file is not None:
        os.close(file)


def holder_of(root: Path) -> Holder:
    """Who wrote the lock file last."""
    try:
        return Holder(**json.loads((root / RUN_LOCK).read_text()))
    except (OSError, ValueError, TypeError):
        return Holder(0, socket.gethostname(), "unknown", "unknown")


def refuse_beside_dvc(root: Path) -> None:
    """Refuse to run while a `dvc` that this process does not belong to writes results."""
    own = family()
    for pid, command in writers(root).items():
        if pid not in own and is_alive(pid, "dvc"):
            release(root)
            raise UserError(
                f"DVC is at work here: process {pid} ({shortened(command)}). Wait for it."
            )


def writers(root: Path) -> dict[int, str]:
    """Processes that DVC has noted as writing results, living or not: command by number."""
    try:
        noted = json.loads((root / RWLOCK).read_text()).get("write", {})
        return {int(one["pid"]): str(one["cmd"]) for one in noted.values() if one}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def stale_snakemake_locks(root: Path) -> list[Path]:
    """Snakemake's locks; to be asked by a process that holds the lock of the folder."""
    return sorted((root / SNAKEMAKE_LOCKS).glob("*.lock"))
