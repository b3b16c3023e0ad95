"""`exoflow plan`: jobs, core-hours and an ETA before anything runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exoflow.figures.numbers import duration

if TYPE_CHECKING:
    from exoflow.config import Params
    from exoflow.config.workload import PhasePlan, Speeds

WALK_S = 4.0
REPEATS = 3
GAIT = Path("data/reference/level.json")


def run(params_file: Path, cores: int, as_json: bool) -> None:
    """Measure this computer for some seconds, then say what a parameter file takes.

    Raises
    ------
    ParamsError
        If the parameter file is not valid.
    """
    from dataclasses import asdict

    from exoflow.config import load_params
    from exoflow.config.workload import plan
    from exoflow.records import layout

    params = load_params(params_file)
    speeds = measured(params)
    plans = plan(params, speeds, cores)
    done = {
        phase: sum(Path(file).exists() for file in layout.results_of(params, phase))
        for phase in plans
    }
    if as_json:
        phases: dict[str, Any] = {
            phase: asdict(one) | {"with_results": done[phase]} for phase, one in plans.items()
        }
        total = {
            "core_hours": sum(one.core_hours for one in plans.values()),
            "wall_s": sum(one.wall_s for one in plans.values()),
        }
        result = {"cores": cores, "speeds": asdict(speeds), "phases": phases, **total}
        print(json.dumps(result, sort_keys=True))
    else:
        print(table(plans, done, speeds, cores, str(params_file)))


def measured(params: Params) -> Speeds:
    """Speeds of this computer, each the best of a few short runs."""
    from dataclasses import replace

    from exoflow.config import phase_settings
    from exoflow.config.workload import Speeds
    from exoflow.gait.training_walkers import training_walkers
    from exoflow.learning.stopwatch import time_student, time_training
    from exoflow.records.json_io import read_json
    from exoflow.simulation import Walker

    gait = read_json(GAIT)
    condition = next(iter(params.conditions))
    settings = phase_settings(params, "policy", condition, 1)
    settings["condition"] = {**settings["condition"], "slope_deg": 0.0, "impairment": None}
    walker = Walker.for_gait(gait, settings["model"], settings["condition"], 0.001)
    walker.rollout(gait["parameters"], 0.1)
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        walker.rollout(gait["parameters"], WALK_S)
        seconds.append(time.perf_counter() - begin)
    kinds = {params.policy.kind} | ({params.teacher.kind} if params.teacher.enabled else set())
    policy = replace(params.policy, steps=1)
    make_batch = training_walkers(gait, settings, replace(policy, slopes_deg=(0.0,)))
    limit = params.exo.torque_limit_Nm
    ticks = {
        kind: 1e6
        / time_training(make_batch, replace(policy, kind=kind), limit, 1).us_per_step["whole"]
        for kind in sorted(kinds)
    }
    return Speeds(WALK_S / 0.001 / min(seconds), ticks, time_student(params.student, REPEATS))


def table(
    plans: dict[str, PhasePlan], done: dict[str, int], speeds: Speeds, cores: int, source: str
) -> str:
    """The plan in words, 80 columns."""
    learning = ", ".join(f"{kind} {rate:,.0f}" for kind, rate in speeds.ticks.items())
    lines = [
        f"{source} on {cores} cores",
        f"measured: {speeds.physics_steps:,.0f} steps of one walker a second on one core; "
        f"training {learning} ticks a second",
        f"{'phase':<12}{'jobs':>6}{'with results':>14}{'longest job':>14}"
        f"{'core-hours':>12}{'wall time':>12}",
    ]
    for phase, one in plans.items():
        lines.append(
            f"{phase:<12}{one.jobs:>6}{done[phase]:>14}{duration(one.job_s):>14}"
            f"{one.core_hours:>12.2f}{duration(one.wall_s):>12}"
        )
    hours = sum(one.core_hours for one in plans.values())
    wall = sum(one.wall_s for one in plans.values())
    jobs = sum(one.jobs for one in plans.values())
    lines.append(
        f"{'all':<12}{jobs:>6}{sum(done.values()):>14}{'':>14}{hours:>12.2f}{duration(wall):>12}"
    )
    lines.append("Jobs with results may have to run again: snakemake -n knows which.")
    return "\n".join(lines)
