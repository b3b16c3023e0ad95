"""`exoflow bench`: speeds of the engine, as ratios within one run."""

import json
import platform
import time
from pathlib import Path

DURATION_S = 10.0
REPEATS = 5


def run(what: str = "engine", as_json: bool = False) -> None:
    """Measure simulated seconds per wall second of the closed-loop reflex gait.

    Prints the best of five for 1 and 2 ms steps and their ratio; with `as_json` one JSON object.
    """
    from exoflow.config import to_plain
    from exoflow.config.model import ModelSettings
    from exoflow.errors import UserError
    from exoflow.simulation import Walker
    from exoflow.simulation.model_data import DATA
    from exoflow.simulation.walker import load_start_values

    if what != "engine":
        raise UserError(f"bench {what!r} is unknown. Benchmarks: engine.")
    values = load_start_values(DATA / "reflexes" / "h0918v3_rs2_warm_start.csv")
    model = to_plain(ModelSettings())
    result: dict = {"benchmark": what, "cpu": _cpu(), "real_time_factor": {}}
    for step in (0.001, 0.002):
        walker = Walker.create(model, reflexes="h0918_rs2v3", timestep_s=step)
        best = 0.0
        for _ in range(REPEATS):
            begin = time.perf_counter()
            walk = walker.rollout(values, DURATION_S)
            best = max(best, walk.measures.reached_s / (time.perf_counter() - begin))
        result["real_time_factor"][f"{step * 1e3:g}_ms"] = best
        result["walked_s"] = walk.measures.reached_s
    factors = result["real_time_factor"]
    result["ratio_2_ms_to_1_ms"] = factors["2_ms"] / factors["1_ms"]
    if as_json:
        print(json.dumps(result, sort_keys=True))
        return
    print(f"closed-loop reflex walk, one thread, {result['cpu']}, best of {REPEATS}")
    for step, factor in factors.items():
        print(f"  {step.replace('_', ' '):>6}: {factor:6.0f} simulated s per s")
    print(f"  2 ms / 1 ms: {result['ratio_2_ms_to_1_ms']:.2f}")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
