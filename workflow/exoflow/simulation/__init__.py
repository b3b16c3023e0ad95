"""Models and their editing, and the engines behind one contract."""

from exoflow.simulation.variation import Variation
from exoflow.simulation.walker import (
    Dofc,
    ExoLaw,
    External,
    NoExo,
    Policy,
    Push,
    SensorNoise,
    Walker,
    ZeroTorque,
)

__all__ = [
    "Dofc",
    "ExoLaw",
    "External",
    "NoExo",
    "Policy",
    "Push",
    "SensorNoise",
    "Variation",
    "Walker",
    "ZeroTorque",
]
