"""How one walk differs from the walk that the settings describe: body, ground and device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings


@dataclass(frozen=True)
class Variation:
    """Changes of a human, of the ground and of the exo. The defaults change nothing.

    Attributes
    ----------
    mass : float
        Factor of all segment masses and inertias; a worn exo keeps its own.
    strength : float
        Factor of all muscles' largest force.
    ground_friction : float
        Factor of the friction coefficient under both feet.
    slope_deg : float
        Added to the slope, uphill positive.
    torque_gain : float
        Factor of the torque that comes out for a command.
    sensor_delay_s, actuator_delay_s : float
        Added to the exo's delays.
    exo_mass : float
        Factor of both masses of the exo.
    """

    mass: float = 1.0
    strength: float = 1.0
    ground_friction: float = 1.0
    slope_deg: float = 0.0
    torque_gain: float = 1.0
    sensor_delay_s: float = 0.0
    actuator_delay_s: float = 0.0
    exo_mass: float = 1.0

    def of_exo(self, exo: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Settings of the exo with the changes, None where nothing is worn.

        Parameters
        ----------
        exo : mapping or None
            Keys of config/exo.py; those left out have their default there.
        """
        if exo is None:
            return None
        worn = to_plain(ExoSettings()) | dict(exo)
        return worn | {
            "torque_gain": worn["torque_gain"] * self.torque_gain,
            "sensor_delay_s": max(0.0, worn["sensor_delay_s"] + self.sensor_delay_s),
            "delay_s": max(0.0, worn["delay_s"] + self.actuator_delay_s),
            "mass_pelvis_kg": worn["mass_pelvis_kg"] * self.exo_mass,
            "mass_thigh_kg": worn["mass_thigh_kg"] * self.exo_mass,
        }


AS_DESCRIBED = Variation()
