"""Results of jobs under SLURM that ended when the run that waited for them was dead.

Such a job clears Snakemake's mark of its incomplete outputs, but only the run would
have noted what made them. Without that note they are worth nothing, after hours of work.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from exoflow.config import Params, load_params
from exoflow.ledgers import slurm_jobs
from exoflow.ledgers.planned_params import PARAMS, as_planned
from exoflow.ledgers.proof import LATE_VARIABLE, read_ledgers, unproven_results
from exoflow.ledgers.slurm_jobs import Mark
from exoflow.ledgers.snakemake_plan import reason
from exoflow.ledgers.sources import sources_of_jobs
from exoflow.records import layout

# Clocks and caches of network file systems.
DATE_STEP_S = 2.0
SLURM_LOGS = Path(".snakemake/slurm_logs")


def note_late_results(root: str | Path = ".") -> list[str]:
    """Let Snakemake note the results of jobs that ended well after their run was killed.

    The mark of the run goes when nothing of it is left to be noted.

    Returns
    -------
    list of str
        What was noted, or why not, one line each.

    Raises
    ------
    UserError
        If params.yaml cannot be read.
    """
    root = Path(root)
    mark = slurm_jobs.read_mark(root)
    if mark is None:
        return []
    params = load_params(root / PARAMS)
    late = late_results(root, params, mark)
    if late:
        problem = edited_since(root, params, mark) or noting_problem(root, late)
        if problem:
            return [
                f"not noted: {named(late)} of jobs that ended after their run was killed: "
                f"{problem} exoflow prune --unproven moves them away"
            ]
    slurm_jobs.unmark_run(root)
    return [f"noted {named(late)} of jobs that ended after their run was killed"] if late else []


def late_results(root: Path, params: Params, mark: Mark) -> list[str]:
    """Unproven results that jobs of the run have written, and nobody since.

    An output of a job that did not end well is gone, or marked as incomplete.
    """
    return [
        path
        for path in unproven_results(read_ledgers(root, params))
        if mark.begun_s < (root / path).stat().st_mtime < end_of_job_s(root, params, path)
    ]


def end_of_job_s(root: Path, params: Params, path: str) -> float:
    """When the last job of an output ended at the latest, s since 1970; 0 if SLURM ran none.

    It is the date of what SLURM wrote about the job, where the executor plugin puts it.
    """
    job = layout.job_of(params, path)
    if job is None:
        return 0.0
    phase, condition, seed = job
    words = [str(word) for word in (condition, seed, layout.main_name(path)) if word]
    folder = root / SLURM_LOGS / f"rule_{phase}" / "_".join(words).replace("/", "_")
    dates = [log.stat().st_mtime for log in folder.glob("*.log")]
    return max(dates) + DATE_STEP_S if dates else 0.0


def edited_since(root: Path, params: Params, mark: Mark) -> str | None:
    """What keeps the settings and sources of now from being those of the killed run."""
    if not as_planned(root):
        return f"{PARAMS} was edited since; put it back and type exoflow recover again, or"
    if sources_of_jobs(params) != mark.sources:
        return "code or data were edited since; put them back and type exoflow recover again, or"
    return None


def noting_problem(root: Path, late: list[str]) -> str | None:
    """Let Snakemake note outputs as made; what it says if it cannot."""
    command = ["snakemake", "--touch", "--cores", "1", "--force", "--", *late]
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, LATE_VARIABLE: "\n".join(late)},
        capture_output=True,
        text=True,
    )
    return f"snakemake says: {reason(done.stderr)}" if done.returncode else None


def named(paths: list[str]) -> str:
    """Some results in a few words."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
