"""Real walkers with the shipped level gait."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from exoflow.simulation import Walker

START = Path(__file__).parents[2] / "data" / "reflexes" / "start_level.csv"
MODEL = {
    "id": "h0918v3",
    "activation": "opensim",
    "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.60,
}
EXO = {
    "torque_limit_Nm": 8.0,
    "slew_Nm_s": 160.0,
    "lag_s": 0.005,
    "control_rate_Hz": 100,
    "mass_pelvis_kg": 2.0,
    "mass_thigh_kg": 0.45,
    "soft_start_s": 0.0,
}


@pytest.fixture(scope="session")
def parameters() -> dict[str, float]:
    with START.open(newline="") as stream:
        return {row["parameter"]: float(row["value"]) for row in csv.DictReader(stream)}


@pytest.fixture(scope="session")
def walker() -> Walker:
    return Walker.create(MODEL, reflexes="h0918_rs3", timestep_s=0.002, exo=EXO)
