"""What a DVC stage runs: prune, ask Snakemake, and fail if anything was edited meanwhile.

DVC reads params.yaml and the code again after a stage has run (treeverse/dvc issue
11058). What was edited in between would be recorded as what made the old results.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, read_yaml
from exoflow.errors import ExoflowError, UserError
from exoflow.ledgers.content import read_contents
from exoflow.ledgers.dvc_engine import refuse_links
from exoflow.ledgers.own_code import environment_of
from exoflow.ledgers.programs import ask
from exoflow.ledgers.run_lock import claim_run
from exoflow.ledgers.snakemake_records import METADATA

# DVC tells its stages that they are part of an experiment.
EXPERIMENT_VARIABLE = "DVC_EXP_BASELINE_REV"

# How a stage is called in the lock: by what people type.
STAGE = "dvc repro"


def run_stage(phase: str, command: Sequence[str], root: str | Path = ".") -> None:
    """Run the command of a DVC stage and hold its inputs to what they were.

    Parameters
    ----------
    phase
        The phase; its entry in config/phases.py and dvc.yaml says what it reads.
    command
        Words of the command that makes the results.
    root
        Folder of the project.

    Raises
    ------
    ExoflowError
        If the command fails.
    UserError
        If another run is going on, or an input was edited while the command ran:
        the stage then fails, and dvc.lock stays as it was.
    """
    root = Path(root)
    claim_run([STAGE, phase], root)
    refuse_links(root)
    before = snapshot(root, phase)
    done = subprocess.run(list(command), cwd=root, env=environment_of(root))
    if done.returncode:
        raise ExoflowError(f"{phase}: {command[0]} ended with exit code {done.returncode}.")
    changed = differences(before, snapshot(root, phase))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UserError(
            f"{changed[0]}{more} was edited while {phase} ran. The results are kept, dvc.lock is "
            "as it was: DVC would have noted the new value for them. Type dvc repro again."
        )
    if EXPERIMENT_VARIABLE in os.environ:
        hand_over_records(root)


def hand_over_records(root: Path) -> None:
    """Put new records of Snakemake into Git's index: DVC keeps nothing else of an experiment.

    Without them, results of a new condition or seed would be unproven once applied.

    Raises
    ------
    ExoflowError
        If Git refuses.
    """
    records = METADATA.as_posix()
    ignored = ask(root, "git", "check-ignore", "--quiet", records).returncode == 0
    if ignored or not (root / METADATA).is_dir():
        return
    done = ask(root, "git", "add", "--", records)
    if done.returncode:
        raise ExoflowError(f"git add {records}: {done.stderr.strip()}")


def snapshot(root: Path, phase: str) -> dict[str, Any]:
    """Everything DVC notes about the inputs of a stage: settings by key, files by path."""
    params = read_yaml(root / "params.yaml")
    found = {
        f"params.yaml: {key}": value
        for section in PHASES[phase].sections
        for key, value in flat(params.get(section), section).items()
    }
    contents = read_contents(root)
    for dep in read_yaml(root / "dvc.yaml")["stages"][phase]["deps"]:
        if (root / dep).is_dir():
            found |= {f"{dep}/{name}": md5 for name, md5 in contents.files(dep).items()}
        else:
            found[dep] = contents.md5(dep)
    contents.remember()
    return found


def flat(value: Any, key: str) -> dict[str, Any]:
    """Values by dotted key."""
    if not isinstance(value, Mapping) or not value:
        return {key: value}
    return {
        inner: leaf
        for name, item in value.items()
        for inner, leaf in flat(item, f"{key}.{name}").items()
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names whose values differ, or that only one side has."""
    absent = object()
    names = [*before, *(name for name in after if name not in before)]
    return [name for name in names if before.get(name, absent) != after.get(name, absent)]
