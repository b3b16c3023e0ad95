"""Gaits that stages start from."""

import json
from pathlib import Path

import pytest

from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values


@pytest.fixture
def level_gait(tmp_path, monkeypatch) -> Path:
    """A gait file in an empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "results/reflex/level.json"
    path.parent.mkdir(parents=True)
    found = {
        "status": "ok", "reason": None, "condition": "level", "reflexes": "h0918_rs3",
        "parameters": load_start_values(DATA / "reflexes" / "start_level.csv"),
    }  # fmt: skip
    path.write_text(json.dumps(found))
    return path
