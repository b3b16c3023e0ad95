"""After SIGKILL or a power cut: remove what a dead run left, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from exoflow.errors import UserError
from exoflow.ledgers import run_lock, slurm_jobs
from exoflow.ledgers.dvc_lock import LOCK, read_dvc_lock
from exoflow.ledgers.late_results import note_late_results
from exoflow.ledgers.processes import (
    Worker,
    has_ancestor,
    is_alive,
    now,
    stop,
    wait_for,
    workers_of,
)
from exoflow.ledgers.stage_guard import STAGE
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.layout import RESULTS
from exoflow.records.prune import SCRATCH_OF_KILLED

KEPT = SCRATCH / "recovered"
# DVC keeps one list of readers and writers for the folder and one for its experiments.
DVC_LOCKS = (run_lock.RWLOCK, Path(".dvc/tmp/exps/rwlock"))
HARDLINK_LOCK = Path(".dvc/tmp/lock")
STOP_ROUNDS = 3


def recover(
    root: str | Path = ".",
    *,
    stop_workers: bool = False,
    wait: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> list[str]:
    """Make a folder usable again for both engines after a run was killed.

    Results, checkpoints and Snakemake's marks of incomplete outputs stay: the next
    run needs them to know what to do again.

    Parameters
    ----------
    root
        Folder of the project.
    stop_workers
        First end the processes that are still at work in this folder, and cancel its jobs
        under SLURM.
    wait
        First wait until what is still at work has ended by itself.
    tell
        Is told what is waited for.

    Returns
    -------
    list of str
        What was done, one line each.

    Raises
    ------
    UserError
        If a living process or a job under SLURM is at work here, or SLURM cannot be asked;
        nothing has been removed then.
    """
    root = Path(root)
    refuse_while_a_run_goes_on(root)
    done = stopped_workers(root) if stop_workers else []
    if wait:
        wait_for_workers(root, tell)
    refuse_while_alive(root)
    try:
        done += remove_snakemake_locks(root)
        done += remove_dvc_locks(root)
        done += remove_git_lock(root)
        done += remove_half_written(root)
        done += set_dvc_lock_aside(root)
        done += note_late_results(root)
    finally:
        run_lock.release(root)
    return done


def refuse_while_a_run_goes_on(root: Path) -> None:
    """Take the lock of the folder, or refuse if a run has it that nobody killed."""
    holder = run_lock.take(root, "exoflow recover")
    if holder is not None and not outlived_dvc(holder):
        raise UserError(
            f"A run is going on here: {holder}. It needs no recovery; to stop it: "
            f"kill -INT {holder.pid}"
        )


def outlived_dvc(holder: run_lock.Holder) -> bool:
    """Whether a stage holds the lock that no DVC waits for: nobody will record it."""
    return (
        holder.command.startswith(STAGE)
        and holder.host == socket.gethostname()
        and not has_ancestor(holder.pid, "dvc")
    )


def stopped_workers(root: Path) -> list[str]:
    """End what is still at work; a Snakemake may begin another job before it hears of it."""
    stopped = []
    for _ in range(STOP_ROUNDS):
        workers = living(root)
        if not workers:
            break
        stop(workers)
        stopped += [f"stopped {worker}" for worker in workers]
    try:
        return stopped + [f"cancelled {job}" for job in slurm_jobs.cancel_jobs(root)]
    except UserError:
        run_lock.release(root)
        raise


def wait_for_workers(root: Path, tell: Callable[[str], None]) -> None:
    """Return when what outlived its run has ended."""
    try:
        for worker in living(root):
            tell(f"waiting for {worker}")
            wait_for(worker)
        slurm_jobs.wait_for_jobs(root, tell=tell)
    except UserError:
        run_lock.release(root)
        raise


def living(root: Path) -> list[Worker]:
    """Everything that is at work in a folder: runs, their jobs, and DVC."""
    found = {worker.pid: worker for worker in workers_of(root)}
    for pid, command in run_lock.writers(root).items():
        if is_alive(pid, "dvc"):
            found[pid] = Worker(pid, command)
    # It marks its children as of this folder, which its own environment does not show.
    holder = run_lock.take(root, "exoflow recover")
    if holder is not None:
        found[holder.pid] = Worker(holder.pid, holder.command)
    return list(found.values())


def refuse_while_alive(root: Path) -> None:
    """Have the lock of the folder, or say what a killed run left at work."""
    workers = living(root)
    if workers:
        run_lock.release(root)
        more = f" and {len(workers) - 1} more" if len(workers) > 1 else ""
        raise UserError(
            f"The killed run left {workers[0]}{more} at work here. Wait for the end, "
            "or stop it with: exoflow recover --stop"
        )
    try:
        slurm_jobs.refuse_jobs_left(root)
    except UserError:
        run_lock.release(root)
        raise


def remove_snakemake_locks(root: Path) -> list[str]:
    """Snakemake's locks of its inputs and outputs."""
    locks = run_lock.stale_snakemake_locks(root)
    for lock in locks:
        lock.unlink(missing_ok=True)
    return [f"removed {len(locks)} locks of Snakemake"] if locks else []


def remove_dvc_locks(root: Path) -> list[str]:
    """DVC's lists of readers and writers, where they name dead ones or are damaged."""
    done = []
    for name in DVC_LOCKS:
        if names_anyone(root / name):
            (root / name).unlink(missing_ok=True)
            done.append(f"removed {name}")
    if (root / HARDLINK_LOCK).is_file() and (root / HARDLINK_LOCK).stat().st_nlink > 1:
        (root / HARDLINK_LOCK).unlink()
        done.append(f"removed {HARDLINK_LOCK}")
    return done


def names_anyone(path: Path) -> bool:
    """Whether a list of readers and writers is not empty or cannot be read."""
    try:
        return any(json.loads(path.read_text()).values())
    except FileNotFoundError:
        return False
    except (ValueError, AttributeError):
        return True


def remove_git_lock(root: Path) -> list[str]:
    """The lock that a killed Git, or DVC in its place, leaves on the index."""
    place = git_path(root, "index.lock")
    if place is None or not place.exists() or git_is_alive(root):
        return []
    place.unlink()
    return ["removed the lock on Git's index"]


def git_path(root: Path, name: str) -> Path | None:
    """Where Git keeps a file of its own; None outside a repository."""
    command = ["git", "-C", str(root), "rev-parse", "--git-path", name]
    done = subprocess.run(command, capture_output=True, text=True)
    return root / done.stdout.strip() if done.returncode == 0 else None


def git_is_alive(root: Path) -> bool:
    """Whether a `git` works in the folder."""
    import psutil

    for process in psutil.process_iter():
        try:
            if process.name() == "git" and Path(process.cwd()).is_relative_to(root.resolve()):
                return True
        except psutil.Error:
            continue
    return False


def remove_half_written(root: Path) -> list[str]:
    """Files that were being written; nobody is left to put them in their place."""
    scratches = [file for file in (root / RESULTS).rglob(SCRATCH_OF_KILLED) if file.is_file()]
    for scratch in scratches:
        scratch.unlink(missing_ok=True)
    return [f"removed {len(scratches)} half-written files"] if scratches else []


def set_dvc_lock_aside(root: Path) -> list[str]:
    """A dvc.lock that was cut short: keep it aside and take the one of the last commit."""
    path = root / LOCK
    try:
        read_dvc_lock(root)
        return []
    except UserError:
        pass
    aside = root / KEPT / f"dvc.lock.{now().replace(' ', '_').replace(':', '')}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, aside)
    committed = subprocess.run(
        ["git", "-C", str(root), "show", "HEAD:./dvc.lock"], capture_output=True
    )
    if committed.returncode == 0:
        path.write_bytes(committed.stdout)
        kept = "that of the last commit is back"
    else:
        kept = "exoflow record writes it again"
    return [f"dvc.lock was damaged: moved to {aside.relative_to(root)}; {kept}"]
