"""`exoflow bench train`: steps per second of learning, where the time goes, and the floor."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GAIT = Path("data/reference/level.json")
KINDS = ("lstm_window", "lstm_carried", "mlp")
CYCLES = 5
BASELINE_PROCESSES = 8
BASELINE_TICKS = 2048
GEMM = (512, 200, 512)
GEMM_REPEATS = 200


def training_figures(cycles: int = CYCLES) -> dict[str, Any]:
    """Figures of every kind of controller with the settings of params.yaml.

    A cycle is one rollout and one update; the best of `cycles` counts, after one that is not
    counted. Evaluations and checkpoints come on top of it in a real run: their share is what
    `policy.evaluate_every` makes it.

    Returns
    -------
    dict
        `train_steps_per_s`, `subproc_baseline_steps_per_s` and `ratio` are those of the kind in
        params.yaml; `kinds` holds all of them, in microseconds per environment step.
    """
    from exoflow.config import load_params, phase_settings

    params = load_params()
    condition = next(iter(params.conditions))
    settings = phase_settings(params, "policy", condition, 1)
    result: dict[str, Any] = {
        "benchmark": "train",
        "cores": os.cpu_count(),
        "threads": settings["policy"]["threads"],
        "kind": settings["policy"]["kind"],
        "gemm_GFLOP_s": _gemm_rate(settings["policy"]["threads"]) / 1e9,
        "kinds": {},
    }
    for kind in KINDS:
        result["kinds"][kind] = _kind_figures(kind, settings, cycles, result["gemm_GFLOP_s"] * 1e9)
    baseline = _baseline_steps_per_s(settings)
    chosen = result["kinds"][result["kind"]]["train_steps_per_s"]
    return result | {
        "train_steps_per_s": chosen,
        "subproc_baseline_steps_per_s": baseline,
        "ratio": chosen / baseline,
    }


def _kind_figures(kind: str, settings: Mapping, cycles: int, flops_per_s: float) -> dict[str, Any]:
    from exoflow.learning.stopwatch import time_training

    policy, make_batch = _policy(settings, kind), _make_batch(settings)
    timed = time_training(make_batch, policy, settings["exo"]["torque_limit_Nm"], cycles)
    parts = timed.us_per_step
    floor = parts["physics"] + 1e6 * timed.flop_per_step / flops_per_s
    return {
        "train_steps_per_s": 1e6 / parts["whole"],
        "us_per_step": parts,
        "floor_us_per_step": floor,
        "whole_per_floor": parts["whole"] / floor,
    }


def _baseline_steps_per_s(settings: Mapping) -> float:
    """The same learner on single environments, each in a process of its own."""
    from exoflow.learning.stopwatch import time_subprocesses

    policy = _policy(settings, settings["policy"]["kind"])
    limit = settings["exo"]["torque_limit_Nm"]
    return time_subprocesses(
        _make_batch(settings, threads=1), policy, limit, BASELINE_PROCESSES, BASELINE_TICKS
    )


def _policy(settings: Mapping, kind: str):
    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings

    return build(PolicySettings, {**settings["policy"], "kind": kind}, "policy", "params.yaml")


def _make_batch(settings: Mapping, threads: int | None = None):
    from dataclasses import replace

    from exoflow.gait.training_walkers import training_walkers
    from exoflow.records.json_io import read_json

    policy = _policy(settings, settings["policy"]["kind"])
    level = {**settings["condition"], "slope_deg": 0.0, "impairment": None}
    return training_walkers(
        read_json(GAIT),
        {**settings, "condition": level},
        replace(policy, threads=threads or policy.threads),
    )


def _gemm_rate(threads: int) -> float:
    """Floating-point operations per second of matrix products in cache, all threads together."""
    from concurrent.futures import ThreadPoolExecutor

    from exoflow.learning.stopwatch import multiply

    m, k, n = GEMM
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(CYCLES):
            begin = time.perf_counter()
            for job in [pool.submit(multiply, m, k, n, GEMM_REPEATS) for _ in range(threads)]:
                job.result()
            elapsed = time.perf_counter() - begin
            best = max(best, 2.0 * m * k * n * GEMM_REPEATS * threads / elapsed)
    return best


def training_table(result: Mapping[str, Any]) -> str:
    """The figures in words, 80 columns."""
    parts = ("physics", "acting", "learning", "whole")
    lines = [
        f"learning with the settings of params.yaml, {result['threads']} threads, "
        f"best of {CYCLES} cycles",
        f"matrix products in cache: {result['gemm_GFLOP_s']:.0f} GFLOP/s",
        f"{'':<14}{'steps/s':>9}" + "".join(f"{part:>10}" for part in parts) + f"{'floor':>10}",
        f"{'':<14}{'':>9}" + f"{'us per environment step':>48}",
    ]
    for kind, figures in result["kinds"].items():
        us = figures["us_per_step"]
        lines.append(
            f"{kind:<14}{figures['train_steps_per_s']:>9,.0f}"
            + "".join(f"{us[part]:>10.1f}" for part in parts)
            + f"{figures['floor_us_per_step']:>10.1f}"
        )
    lines.append(
        f"{result['kind']} on {BASELINE_PROCESSES} processes of one walker each (SubprocVecEnv): "
        f"{result['subproc_baseline_steps_per_s']:,.0f} steps/s, ratio {result['ratio']:.2f}"
    )
    return "\n".join(lines)
