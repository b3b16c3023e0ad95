"""Walkers for the tests of the engine."""

from dataclasses import fields

import pytest

from exoflow.config.model import ModelSettings
from exoflow.simulation import Walker
from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values

MODEL = {
    "id": "h0918v3",
    "activation": "opensim",
    "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.6,
    "contact_stiffness_N_m15": 408247.0,
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
def gait():
    """The shipped warm start."""
    return load_start_values(DATA / "reflexes" / "start_level.csv")


@pytest.fixture
def make_walker():
    """Factory of walkers; keywords are model settings or go to Walker.create."""

    def make(timestep_s=0.001, reflexes="h0918_rs3", **changes):
        known = {field.name for field in fields(ModelSettings)}
        model = MODEL | {name: changes.pop(name) for name in known & set(changes)}
        return Walker.create(model, reflexes=reflexes, timestep_s=timestep_s, **changes)

    return make


@pytest.fixture
def model():
    """Settings of the model."""
    return dict(MODEL)


@pytest.fixture
def exo():
    """Settings of the worn exo."""
    return dict(EXO)
