"""A clean copy of a project in which one condition is run again."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from exoflow.errors import ExoflowError, UserError
from exoflow.ledgers.own_code import environment_of
from exoflow.ledgers.programs import ask
from exoflow.ledgers.recovery import recover
from exoflow.ledgers.run_lock import stale_snakemake_locks
from exoflow.ledgers.snapshots import Snapshot
from exoflow.records.checkpoints import SCRATCH

REPLAYS = SCRATCH / "replay"
DONE = ".replayed"
HASH_LENGTH = 12
# Results, records and environments stay behind: nothing of them may reach the replay.
LEFT_BEHIND = {
    "results", ".snakemake", ".exoflow", ".git", ".dvc", "dvc.lock", ".venv", "tests", "docs",
}  # fmt: skip
CACHES = ("*_cache", "__pycache__", "*.egg-info")


def clean_folder(root: Path, snapshot: Snapshot, condition: str) -> Path:
    """A folder with the code, data and settings of a snapshot and without results.

    The folder of a replay that was stopped is used again, so that a long one goes on where
    it was; that of one that ended is made anew.

    Raises
    ------
    UserError
        If Git cannot give the files of the commit.
    """
    fresh = root / REPLAYS / f"new-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if snapshot.commit is None:
        shutil.copytree(
            root, fresh, ignore=left_behind(root), dirs_exist_ok=True, ignore_dangling_symlinks=True
        )
    else:
        unpack(root, snapshot.commit, fresh)
    folder = root / REPLAYS / f"{condition}-{tree_hash(fresh)}"
    if folder.exists() and not (folder / DONE).exists():
        shutil.rmtree(fresh)
        if stale_snakemake_locks(folder):
            recover(folder)
        return folder
    for ended in ended_replays(root, condition):
        shutil.rmtree(ended)
    fresh.rename(folder)
    return folder


def left_behind(root: Path) -> Callable[[str, list[str]], set[str]]:
    """What `shutil.copytree` leaves out: some names at the top, caches everywhere."""
    caches = shutil.ignore_patterns(*CACHES)

    def ignored(folder: str, names: list[str]) -> set[str]:
        top = LEFT_BEHIND if Path(folder) == root else set()
        return {*caches(folder, names), *(top & set(names))}

    return ignored


def ended_replays(root: Path, condition: str) -> list[Path]:
    """Folders of replays of a condition that ended; their results have been compared."""
    name = re.compile(rf"{re.escape(condition)}-[0-9a-f]{{{HASH_LENGTH}}}")
    ended = [mark.parent for mark in (root / REPLAYS).glob(f"*/{DONE}")]
    return [folder for folder in ended if name.fullmatch(folder.name)]


def unpack(root: Path, commit: str, folder: Path) -> None:
    """The files of a commit, without its records."""
    archive = folder.with_suffix(".tar")
    try:
        done = ask(root, "git", "archive", "--format=tar", f"--output={archive.resolve()}", commit)
        if done.returncode:
            raise UserError(f"git archive {commit}: {done.stderr.strip()}")
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
    finally:
        archive.unlink(missing_ok=True)
    for name in (".snakemake", "results"):
        shutil.rmtree(folder / name, ignore_errors=True)


def tree_hash(folder: Path) -> str:
    """Hash of the names and contents of all files."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:HASH_LENGTH]


def run_again(folder: Path, targets: Sequence[str], cores: str) -> None:
    """Let Snakemake make some results in a clean folder; what it says goes to stderr.

    Raises
    ------
    ExoflowError
        If a job fails.
    """
    command = ["snakemake", "--cores", cores, "--quiet", "host", "reason", "--", *targets]
    done = subprocess.run(command, cwd=folder, env=environment_of(folder), stdout=sys.stderr)
    if done.returncode:
        raise ExoflowError(
            f"The replay failed: snakemake ended with exit code {done.returncode}. Its folder: "
            f"{folder}. The same command goes on from there."
        )
    (folder / DONE).touch()
