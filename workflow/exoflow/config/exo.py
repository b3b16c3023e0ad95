"""The exoskeleton that is worn: `exo:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class ExoSettings:
    """Bilateral hip exoskeleton: its masses and its actuator."""

    name: str = setting("hip", doc="Joint pair the exo drives.", choices=("hip",))
    torque_limit_Nm: float = setting(
        8.0, doc="Largest torque of one side, Nm.", above=0, maximum=60
    )
    slew_Nm_s: float = setting(
        160.0, doc="Fastest change of torque the actuator follows, Nm/s.", above=0
    )
    lag_s: float = setting(
        0.005, doc="Time constant of the actuator's first-order lag, s.", minimum=0, maximum=0.1
    )
    control_rate_Hz: int = setting(
        100, doc="Rate at which the controller is called, Hz.", choices=(100,)
    )
    mass_pelvis_kg: float = setting(
        2.0, doc="Mass of the exo carried by the pelvis, kg.", minimum=0, maximum=20
    )
    mass_thigh_kg: float = setting(
        0.45, doc="Mass of the exo carried by each thigh, kg.", minimum=0, maximum=10
    )
