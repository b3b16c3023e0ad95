"""A folder runs its own code, also where another one is installed.

DVC runs queued experiments in copies of the project (.dvc/tmp/exps), and a replay runs in
one too. The environment has the package of the folder it was made for.
"""

from __future__ import annotations

import os
from pathlib import Path

from exoflow.records.checkpoints import PACKAGE

CODE = Path("workflow")
VARIABLE = "PYTHONPATH"


def is_installed_here(root: str | Path, package: Path = PACKAGE) -> bool:
    """Whether a folder holds the package that runs; one without a package needs no other."""
    own = Path(root).resolve() / CODE / package.name
    return not own.is_dir() or own == package


def environment_of(root: str | Path) -> dict[str, str]:
    """Variables with which commands import the package of a folder: it stands before all others."""
    others = [
        place
        for place in os.environ.get(VARIABLE, "").split(os.pathsep)
        if place and not (Path(place) / PACKAGE.name).is_dir()
    ]
    own = str(Path(root).resolve() / CODE)
    return {**os.environ, VARIABLE: os.pathsep.join([own, *others])}
