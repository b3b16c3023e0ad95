"""Asking DVC, which is a program of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, read_yaml
from exoflow.errors import ExoflowError, UserError
from exoflow.ledgers.programs import ask, said_lines

# A link in results/ is the cache itself: a job that writes into it changes every version.
SAFE_LINKS = {"reflink", "copy"}
NOT_SET = 251
CACHE = Path(".dvc/cache/files/md5")


def ask_dvc(root: Path, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
    """Output of a `dvc` command.

    Raises
    ------
    UserError
        If DVC is missing, this is no project of it, or it refuses; with its reason.
    """
    done = ask(root, "dvc", *arguments)
    if done.returncode not in allowed:
        raise UserError(f"dvc {arguments[0]} failed: {reason(done.stderr or done.stdout)}")
    return done.stdout


def reason(output: str) -> str:
    """The line in which DVC says what is wrong, with what to do about it."""
    lines = said_lines(output)
    said = next((line for line in lines if line.startswith("ERROR")), lines[0] if lines else "")
    said = said.removeprefix("ERROR:").strip()
    if "not a git repository" in said:
        return f"{said}. Results are recorded beside a commit: git init, or clone the project."
    return said


def refuse_links(root: Path) -> None:
    """Refuse DVC's hardlinks and symlinks; its default, copies, is safe with Snakemake.

    Raises
    ------
    UserError
        Naming the setting and the command that takes it back.
    """
    chosen = ask_dvc(root, "config", "cache.type", allowed=(0, NOT_SET)).strip()
    unsafe = {kind.strip() for kind in chosen.split(",") if kind.strip()} - SAFE_LINKS
    if unsafe:
        raise UserError(
            f"DVC's cache.type is {chosen}: Snakemake would write through such links into the "
            "cache. Type: dvc config --unset cache.type (with --local or --global where it was "
            "set), then dvc checkout --relink"
        )


def cache_folder(root: Path) -> Path:
    """Where DVC keeps contents by MD5; its usual place where DVC cannot say."""
    try:
        return Path(root, ask_dvc(root, "cache", "dir").strip(), "files/md5")
    except UserError:
        return root / CACHE


def stage_needs(root: Path) -> dict[str, list[str]]:
    """The phases whose results each phase of dvc.yaml reads, in the order of the phases."""
    stages = read_yaml(root / "dvc.yaml")["stages"]
    return {
        phase: [Path(dep).name for dep in stages[phase]["deps"] if dep.startswith("results/")]
        for phase in PHASES
    }


def stage_status(root: Path) -> dict[str, Any]:
    """What `dvc status` says: by stage, a list of changes; a stage without changes is not there."""
    text = ask_dvc(root, "status", "--json")
    try:
        return json.loads(text)
    except ValueError:
        raise ExoflowError(f"dvc status --json answered with no JSON: {text[:80]}") from None
