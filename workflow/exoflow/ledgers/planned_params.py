"""The settings that a run was planned with, for its jobs that start later.

Under SLURM every job reads the Snakefile again when its turn comes, hours after it was
planned. With a params.yaml edited meanwhile it would compute with other settings than
those that Snakemake then notes for its outputs.
"""

from __future__ import annotations

from pathlib import Path

from exoflow.config import Params, load_params
from exoflow.errors import UserError
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.files import write_text

PARAMS = Path("params.yaml")
PLANNED = SCRATCH / "planned_params.yaml"


def params_of_run(root: str | Path = ".") -> Params:
    """Settings for a run that begins; they are kept aside for its jobs.

    Raises
    ------
    UserError
        If the file is edited at this moment; ParamsError if it is wrong.
    """
    root = Path(root)
    params = load_params(root / PARAMS)
    text = (root / PARAMS).read_text()
    write_text(root / PLANNED, text)
    if load_params(root / PLANNED) != params:
        raise UserError(f"{PARAMS} was edited while it was read. Type the same again.")
    return params


def params_of_job(root: str | Path = ".") -> Params:
    """Settings for a job: those of the run that planned it."""
    planned = Path(root) / PLANNED
    return load_params(planned if planned.exists() else Path(root) / PARAMS)


def as_planned(root: str | Path = ".") -> bool:
    """Whether params.yaml still says what the last run was planned with."""
    root = Path(root)
    return (root / PLANNED).exists() and load_params(root / PARAMS) == load_params(root / PLANNED)
