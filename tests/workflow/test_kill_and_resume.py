"""`kill -9` in a long phase: the same command goes on and ends with the same result."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exoflow.config import load_params, phase_settings
from exoflow.records.hashing import content_hash

REPOSITORY = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def settings(phase, changes, seed=None):
    """Settings of one small job as the rules would pass them."""
    made = phase_settings(load_params(REPOSITORY / "config" / "toy.yaml"), phase, "level", seed)
    for key, value in changes.items():
        made[phase][key] = value
    return json.dumps(made)


@pytest.fixture
def folder(tmp_path):
    """Makes project folders that share the shipped data."""

    def make(name):
        place = tmp_path / name
        place.mkdir()
        (place / "data").symlink_to(REPOSITORY / "data")
        return place

    return make


def command(*arguments):
    return [sys.executable, "-m", "exoflow", *arguments]


def run(place, arguments):
    subprocess.run(command(*arguments), cwd=place, check=True, capture_output=True)


def kill_after_first_checkpoint(place, arguments):
    """Start the job and send SIGKILL as soon as it has saved itself once."""
    job = subprocess.Popen(command(*arguments), cwd=place, stderr=subprocess.DEVNULL)
    scratch = place / ".exoflow" / "checkpoints"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and job.poll() is None:
        if any(file.is_file() for file in scratch.rglob("*")):
            break
        time.sleep(0.01)
    assert job.poll() is None, "the job ended before it could be killed"
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    assert any(file.is_file() for file in scratch.rglob("*"))


def test_killed_reflex_search_ends_with_the_same_hash(folder):
    small = {
        "evaluations": 64,
        "population": 8,
        "duration_s": 4.0,
        "checkpoint_every_s": 0.0,
        "threads": 1,
    }
    arguments = ["reflex", "--condition", "level", "--settings", settings("reflex", small)]
    whole, killed = folder("whole"), folder("killed")
    run(whole, arguments)
    kill_after_first_checkpoint(killed, arguments)
    assert not (killed / "results" / "reflex" / "level.json").exists()
    run(killed, arguments)
    for name in ("level.json", "level.parquet", "level.svg"):
        result = Path("results", "reflex", name)
        assert content_hash(killed / result) == content_hash(whole / result), name


@pytest.mark.long
def test_killed_training_ends_with_the_same_hash(folder):
    reflex = ["reflex", "--condition", "level", "--settings", settings("reflex", {})]
    small = {"steps": 3072, "buffer": 512, "evaluate_every": 1024, "checkpoint_every_s": 0.0}
    arguments = ["policy", "--condition", "level", "--settings", settings("policy", small, 1)]
    whole, killed = folder("whole"), folder("killed")
    for place in (whole, killed):
        run(place, reflex)
    run(whole, arguments)
    kill_after_first_checkpoint(killed, arguments)
    run(killed, arguments)
    for name in ("seed1.npz", "seed1.csv", "seed1.json"):
        result = Path("results", "policy", "level", name)
        assert content_hash(killed / result) == content_hash(whole / result), name
