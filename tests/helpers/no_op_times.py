"""Times of commands that have nothing to do, in a project of many conditions.

    python tests/helpers/no_op_times.py FOLDER --conditions 100

Jobs are played by the stand-in of tests/workflow/conftest.py; the Snakefile, rules, profiles,
records and DVC are the project's own. FOLDER must not exist yet.
"""

import argparse
import importlib.util
import sys
import time
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "workflow" / "conftest.py"
CALLS = 3


def stand_in_project():
    """The module that copies the project and plays its jobs."""
    spec = importlib.util.spec_from_file_location("workflow_conftest", CONFTEST)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def condition(number: int, faster_m_s: float = 0.0) -> str:
    """Name and speed of a condition as params.yaml has them, up to its other fields."""
    return f"c{number:03d}: {{speed_m_s: {0.8 + 0.01 * number + faster_m_s:.3f}"


def make_project(folder: Path, n_conditions: int):
    """A finished run of `n_conditions` conditions with one seed each, under Git."""
    module = stand_in_project()
    project = module.copy_project(folder)
    lines = "".join(
        f"  {condition(k)}, seeds: [1], warm_start: cold}}\n" for k in range(n_conditions)
    )
    settings = module.PARAMS[module.PARAMS.index("model: {}") :]
    settings = settings.replace("fast/seed1", "c000/seed1")
    (folder / "params.yaml").write_text(f"conditions:\n{lines}{settings}")
    project.start_repository()
    project.snakemake("--cores", "2")
    return project


def main() -> None:
    """Make the project, then print the wall times of a few calls each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--conditions", type=int, default=100)
    asked = options.parse_args()
    project = make_project(asked.folder, asked.conditions)

    def timed(*command: str, calls: int = CALLS) -> None:
        walls = []
        for _ in range(calls):
            begin = time.perf_counter()
            done = project.run(*command)
            walls.append(time.perf_counter() - begin)
            if done.returncode:
                sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}")
        print(f"{' '.join(command):30} {min(walls):6.2f} to {max(walls):6.2f} s", flush=True)

    timed("snakemake", "--version")
    timed("snakemake", "-n")
    timed("exoflow", "record", calls=1)
    for command in (("snakemake", "-n"), ("dvc", "status"), ("exoflow", "audit")):
        timed(*command)
    project.commit("recorded")
    middle = asked.conditions // 2
    project.edit("params.yaml", condition(middle), condition(middle, faster_m_s=0.005))
    timed("dvc", "repro", calls=1)


if __name__ == "__main__":
    main()
