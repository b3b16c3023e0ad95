"""The whole pipeline through a SLURM on this computer, and what each job asked for.

    PYTHONPATH=workflow:PLUGIN python tests/helpers/slurm_job_list.py FOLDER

Jobs are played by the stand-in of tests/workflow/conftest.py; SLURM, its executor plugin in
the folder PLUGIN, the Snakefile, rules and profile are the real ones. FOLDER must not exist yet.
"""

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from slurm_on_one_host import running_slurm

TESTS = Path(__file__).parents[1] / "workflow"


def module(name: str) -> ModuleType:
    """A module of the tests of whole runs."""
    spec = importlib.util.spec_from_file_location(f"workflow_{name}", TESTS / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    project = module("conftest").copy_project(parser.parse_args().folder)
    project.start_repository()
    with running_slurm() as slurm:
        module("test_slurm").through(slurm, project)
        project.snakemake()
        print(slurm.job_list())
    project.variables.clear()
    project.audit()
    assert "Nothing to be done" in project.snakemake("-n")
    print("exoflow audit: clean; snakemake -n: Nothing to be done")


if __name__ == "__main__":
    main()
