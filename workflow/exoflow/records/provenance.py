"""Run records: which code, settings and inputs made a result, on what, in how long.

A record is written beside the results, in results/runs/<phase>/<name>.run.json.
It holds wall times, so it is never an input of a rule nor tracked by DVC.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from exoflow.records.hashing import content_hash
from exoflow.records.json_io import write_json

RUNS = Path("results/runs")
# What decides a result; notes, tests and figures in the docs do not make a tree dirty.
TRACKED = {
    "code": ("workflow", "Snakefile", "rules", "pyproject.toml"),
    "params": ("params.yaml",),
    "data": ("data",),
}
PACKAGES = (
    "exoflow",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "numba",
    "mujoco",
    "cma",
    "torch",
    "stable-baselines3",
    "onnx",
    "statsmodels",
    "matplotlib",
    "snakemake",
    "dvc",
)


def write_run_record(
    phase: str,
    name: str,
    *,
    settings: Mapping[str, Any],
    inputs: Iterable[str | Path],
    outputs: Iterable[str | Path],
    seed: int | None = None,
    wall_time_s: float,
    device: str = "cpu",
    root: str | Path = ".",
) -> Path:
    """Write the provenance of one job.

    Parameters
    ----------
    phase, name
        The record is results/runs/<phase>/<name>.run.json; a name such as
        `level/seed1` makes a folder.
    settings
        The settings the job ran with.
    inputs, outputs
        Files or folders, relative to root or absolute; stored with their
        content hash. One that does not exist is stored with null.
    seed
        Random seed of the job, None where there is none.
    wall_time_s
        Wall time of the job, s. With a resumed job, of its last part.
    device
        What computed the numbers: "cpu", or the name of the GPU.
    root
        Folder of the project; it need not be under Git.

    Returns
    -------
    Path
        The record.
    """
    root = Path(root)
    record = {
        "phase": phase,
        "name": name,
        "commit": git(root, "rev-parse", "--verify", "HEAD"),
        "dirty": {part: is_dirty(root, paths) for part, paths in TRACKED.items()},
        "versions": versions(),
        "settings": settings,
        "seed": seed,
        "inputs": hashes(root, inputs),
        "outputs": hashes(root, outputs),
        "device": {"computed_on": device, **computer()},
        "wall_time_s": round(float(wall_time_s), 3),
        "finished_utc": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    return write_json(root / RUNS / phase / f"{name}.run.json", record)


def git(root: Path, *arguments: str) -> str | None:
    """Output of a git command, None outside a repository or without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def is_dirty(root: Path, paths: Iterable[str]) -> bool | None:
    """Whether files below these paths differ from the commit; None outside Git."""
    status = git(root, "status", "--porcelain", "--", *paths)
    return None if status is None else bool(status)


def versions() -> dict[str, str | None]:
    """Versions of Python and of the packages that decide numbers, None if not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def hashes(root: Path, paths: Iterable[str | Path]) -> dict[str, str | None]:
    """Content hash by path, paths below root written relative to it."""
    found = {}
    for path in paths:
        file = root / path
        name = file.relative_to(root) if file.is_relative_to(root) else file
        found[name.as_posix()] = content_hash(file) if file.exists() else None
    return dict(sorted(found.items()))


def computer() -> dict[str, Any]:
    """Processor, core count and operating system."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }


def cpu_name() -> str:
    """Model name of the processor; its architecture where none is told."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
