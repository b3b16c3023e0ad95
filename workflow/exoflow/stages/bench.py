"""`exoflow bench`: how fast the parts are on this computer, as figures of one run."""

import json
import os
import platform
import time
from pathlib import Path

REPEATS = 5
DURATION_S = 10.0
PYTHON_LOOP_S = 2.0
N_WALKERS = 64
ENVIRONMENT_STEPS = 50
COLD_SEEDS = (1, 2, 3)
COLD_EVALUATIONS = 600


def run(what: str, as_json: bool = False) -> None:
    """Measure one part.

    Parameters
    ----------
    what : str
        engine: simulated time per wall time of the reflex walk, where the time of a step goes,
        steps of the learning environment, and the same walker stepped from Python; best of five
        in one process. search: wall time of the gait search of every condition in params.yaml.
        train: steps per second of learning, see `bench_training`.
    as_json : bool
        Print JSON instead of a table.
    """
    from exoflow.errors import UserError
    from exoflow.stages.bench_training import training_figures, training_table

    benchmarks = {
        "engine": (engine_figures, _table),
        "search": (search_figures, _search_table),
        "train": (training_figures, training_table),
    }
    if what not in benchmarks:
        raise UserError(f"bench {what!r} is unknown. Benchmarks: {', '.join(benchmarks)}.")
    figures, table = benchmarks[what]
    result = {**figures(), "cpu": _cpu()}
    print(json.dumps(result, sort_keys=True) if as_json else table(result))


def search_figures() -> dict:
    """Wall time of gait searches, s: to the first walk that does not fall, and to the end.

    A cold start counts to its first 10 s walk on its own slope, over COLD_SEEDS; the search of
    each condition in params.yaml runs as the `reflex` phase runs it, without checkpoints.
    """
    from exoflow.config import load_params, phase_settings
    from exoflow.optimization.gait_search import GaitSearch
    from exoflow.simulation.model_data import DATA
    from exoflow.simulation.walker import load_start_values

    params = load_params()
    result: dict = {"benchmark": "search", "cpu": _cpu(), "cold": {}, "conditions": {}}
    conditions = list(params.conditions)
    # Compiling is no part of a search.
    GaitSearch(phase_settings(params, "reflex", conditions[0]), "").variants(0.001)[0].rollout(
        load_start_values(DATA / "reflexes" / "start_level.csv"), 0.1
    )
    for seed in COLD_SEEDS:
        settings = phase_settings(params, "reflex", conditions[0])
        settings["reflex"] |= {
            "seed": seed, "cold_evaluations": COLD_EVALUATIONS, "cold_restarts": 1,
            "evaluations": 1, "duration_s": DURATION_S,
        }  # fmt: skip
        result["cold"][f"seed{seed}"] = _timed_search(GaitSearch, settings, None, f"cold {seed}")
    for name in conditions:
        settings = phase_settings(params, "reflex", name)
        start = settings["condition"]["warm_start"]
        values = None if start == "cold" else load_start_values(Path(start))
        result["conditions"][name] = _timed_search(GaitSearch, settings, values, name)
    return result


def _timed_search(search_class: type, settings: dict, values: dict | None, label: str) -> dict:
    first: list[float] = []
    begin = time.perf_counter()

    def watch(_stage: str) -> None:
        if not first:
            first.append(time.perf_counter() - begin)

    found = search_class(settings, label, watch).run(values, None)
    return {
        "first_walk_s": first[0] if first else None,
        "wall_s": time.perf_counter() - begin,
        "evaluations": found.evaluations,
        "score": found.score,
        "threads": settings["reflex"]["threads"],
    }


def _search_table(result: dict) -> str:
    lines = [f"gait search, {result['cpu']}", f"  {'':<28}{'first walk':>12}{'whole':>12}"]
    for group in ("cold", "conditions"):
        for name, found in result[group].items():
            first = found["first_walk_s"]
            shown = f"{first:.1f} s" if first is not None else "none"
            lines.append(
                f"  {name:<28}{shown:>12}{found['wall_s']:>10.1f} s"
                f"  {found['evaluations']} evaluations, score {found['score']:.2f}"
            )
    return "\n".join(lines)


def engine_figures(repeats: int = REPEATS) -> dict:
    """All figures of `bench engine`; factors are simulated seconds per wall second.

    The walk is the closed loop with one metabolic model, as a search runs it; keys that end in
    `both_costs` compute Uchida 2016 beside it, as reported walks do.
    """
    from exoflow.config import to_plain
    from exoflow.config.model import ModelSettings
    from exoflow.simulation import Walker
    from exoflow.simulation.model_data import DATA
    from exoflow.simulation.timing import python_loop_factor, time_parts
    from exoflow.simulation.walker import load_start_values

    values = load_start_values(DATA / "reflexes" / "start_level.csv")
    model = to_plain(ModelSettings())

    def walker(timestep_s: float, with_uchida: bool) -> Walker:
        return Walker.create(
            model, reflexes="h0918_rs3", timestep_s=timestep_s, with_uchida=with_uchida
        )

    result: dict = {"benchmark": "engine", "cpu": _cpu(), "cores": os.cpu_count()}
    for name, step in (("1ms", 0.001), ("2ms", 0.002)):
        one = walker(step, False)
        result[f"real_time_factor_{name}_per_core"] = _factor([one], values, repeats)
        result[f"real_time_factor_{name}_both_costs"] = _factor(
            [walker(step, True)], values, repeats
        )
    threads = [walker(0.001, False) for _ in range(max(2, os.cpu_count() or 2))]
    # One core and two in turns, so that a slow spell of the computer meets both.
    pairs = [
        (_factor(threads[:1], values, 1), _factor(threads[:2], values, 1)) for _ in range(repeats)
    ]
    result["thread_scaling_2"] = max(two for _, two in pairs) / max(one for one, _ in pairs)
    result["real_time_factor_1ms_all_cores"] = _factor(threads, values, repeats)
    result["env_steps_per_s_per_core"] = _environment_steps(model, values, repeats)
    result["python_loop_real_time_factor_1ms"] = max(
        python_loop_factor(threads[0], values, PYTHON_LOOP_S) for _ in range(repeats)
    )
    parts = time_parts(walker(0.001, True), values, repeats)
    floor = parts.pop("mj_step")
    step_us = 1e3 / result["real_time_factor_1ms_per_core"]
    result["us_per_step"] = {**parts, "whole_step": step_us, "bare_mj_step": floor}
    result["whole_step_per_bare_mj_step"] = step_us / floor
    return result


def _factor(walkers: list, values: dict, repeats: int) -> float:
    """Simulated seconds per wall second of all walkers together, one thread each."""
    from concurrent.futures import ThreadPoolExecutor

    best = 0.0
    with ThreadPoolExecutor(len(walkers)) as threads:
        for _ in range(repeats):
            begin = time.perf_counter()
            jobs = [threads.submit(w.rollout, values, DURATION_S) for w in walkers]
            walked = sum(job.result().measures.reached_s for job in jobs)
            best = max(best, walked / (time.perf_counter() - begin))
    return best


def _environment_steps(model: dict, values: dict, repeats: int) -> float:
    """Ticks of 10 ms (ten steps of physics), observations included, per second on one core."""
    import numpy as np

    from exoflow.config import to_plain
    from exoflow.config.exo import ExoSettings
    from exoflow.gait.environment import AssistedGait, EnvironmentSettings
    from exoflow.simulation import Walker

    walker = Walker.create(
        model, reflexes="h0918_rs3", timestep_s=0.001, exo=to_plain(ExoSettings()),
        with_uchida=False,
    )  # fmt: skip
    gait = AssistedGait(walker.batch(values, N_WALKERS), EnvironmentSettings(episode_s=1e6))
    gait.reset()
    action = np.zeros((N_WALKERS, 2))
    best = 0.0
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(ENVIRONMENT_STEPS):
            gait.step(action)
        best = max(best, N_WALKERS * ENVIRONMENT_STEPS / (time.perf_counter() - begin))
    return best


def _table(result: dict) -> str:
    def row(text: str, value: float, unit: str, digits: int = 0) -> str:
        return f"  {text:<46} {value:>9,.{digits}f} {unit}"

    us = result["us_per_step"]
    lines = [
        f"closed-loop reflex walk with metabolic rate, {result['cpu']}, best of {REPEATS}",
        "simulated seconds per second",
        row("1 ms steps, one core", result["real_time_factor_1ms_per_core"], "x"),
        row("2 ms steps, one core", result["real_time_factor_2ms_per_core"], "x"),
        row("1 ms, two metabolic models", result["real_time_factor_1ms_both_costs"], "x"),
        row("2 ms, two metabolic models", result["real_time_factor_2ms_both_costs"], "x"),
        row(f"1 ms, all {result['cores']} cores", result["real_time_factor_1ms_all_cores"], "x"),
        row("two threads against one", result["thread_scaling_2"], "x", 2),
        row("1 ms, stepped from Python", result["python_loop_real_time_factor_1ms"], "x"),
        "learning environment (10 ms ticks, 1 ms physics)",
        row("steps with observations, one core", result["env_steps_per_s_per_core"], "per s"),
        "microseconds of one physics step",
        *(row(name.replace("_", " "), value, "us", 2) for name, value in us.items()),
        row("whole step / bare mj_step", result["whole_step_per_bare_mj_step"], "", 2),
    ]
    return "\n".join(lines)


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
