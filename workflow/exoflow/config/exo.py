"""The exoskeleton that is worn: `exo:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting
from exoflow.errors import ParamsError


@dataclass(frozen=True)
class Device:
    """What a hip exo can do, and who says so."""

    torque_limit_Nm: float
    source: str


DEVICES = {
    "barati": Device(15.0, "Barati et al.: hip exo of 2.9 kg, controlled at 100 Hz"),
    "qdd": Device(42.0, "Yu et al. (2020): quasi-direct-drive hip actuator, gear 8:1, peak torque"),
    "luo": Device(36.0, "Luo et al. (2024): RMD-X8 9:1, 54 Nm at its peak, capped by the authors"),
}


@dataclass(frozen=True)
class ExoSettings:
    """Bilateral hip exoskeleton: its masses and its actuator."""

    name: str = setting(
        "barati",
        doc="Hip exo that is worn; says how high torque_limit_Nm may be.",
        choices=tuple(DEVICES),
        extend="config/exo.py",
    )
    torque_limit_Nm: float = setting(
        8.0,
        doc="Largest torque of one side, Nm; up to "
        + ", ".join(f"{device.torque_limit_Nm:g} ({name})" for name, device in DEVICES.items())
        + ".",
        above=0,
    )
    slew_Nm_s: float = setting(
        160.0, doc="Fastest change of torque the actuator follows, Nm/s.", above=0
    )
    lag_s: float = setting(
        0.005, doc="Time constant of the actuator's first-order lag, s.", minimum=0, maximum=0.1
    )
    delay_s: float = setting(
        0.01,
        doc="Time from sampling to the command's arrival at the actuator, s, in whole time steps.",
        minimum=0,
        maximum=0.04,
    )
    sensor_delay_s: float = setting(
        0.0,
        doc="Age of everything the sensors tell, s; adds to delay_s, since both act on one loop.",
        minimum=0,
        maximum=0.04,
    )
    torque_gain: float = setting(
        1.0,
        doc="Torque that comes out for 1 Nm commanded, Nm; 1 is a perfectly calibrated motor.",
        above=0,
        maximum=2,
    )
    transmission: float = setting(
        1.0,
        doc="Share of the torque that reaches the leg; at 0 it is felt but does not act, the "
        "control that tells a cue from help.",
        minimum=0,
        maximum=1,
    )
    soft_start_s: float = setting(
        3.0,
        doc="Commands fade in over this time while the wearer sets off, s; 0: full at once.",
        minimum=0,
        maximum=30,
    )
    friction_Nm: float = setting(
        0.4, doc="Torque that turns the unpowered actuator, Nm.", minimum=0, maximum=5
    )
    friction_velocity_rad_s: float = setting(
        0.3, doc="Hip velocity at which 76 % of the friction is there, rad/s.", above=0, maximum=5
    )
    inertia_kg_m2: float = setting(
        0.0055, doc="Rotor inertia felt at the hip, kg m2.", minimum=0, maximum=0.5
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


def check_exo(exo: ExoSettings, source: str) -> None:
    """No exo gives more torque than its device can.

    Raises
    ------
    ParamsError
        Naming the device, the value and the device's maximum.
    """
    most = DEVICES[exo.name].torque_limit_Nm
    if exo.torque_limit_Nm > most:
        raise ParamsError(
            f"{source}: exo.torque_limit_Nm = {exo.torque_limit_Nm:g} Nm is more than the device "
            f"{exo.name} gives, {most:g} Nm. Lower it, or choose another exo.name."
        )
