"""What differs between the walkers of a training: `policy.randomization` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass, fields

from exoflow.config.setting import setting
from exoflow.errors import ParamsError

Range = tuple[float, ...]


@dataclass(frozen=True)
class RandomizationSettings:
    """Ranges [low, high], drawn evenly and independently; equal ends switch a range off."""

    humans: int = setting(
        0,
        doc="Walkers drawn from the ranges for one training; 0: none, only slopes_deg differ.",
        minimum=0,
        maximum=1024,
    )
    mass: Range = setting((0.95, 1.05), doc="Factor of the body's masses.", minimum=0.5, maximum=2)
    strength: Range = setting(
        (0.9, 1.1), doc="Factor of the muscles' largest forces.", minimum=0.1, maximum=5
    )
    ground_friction: Range = setting(
        (0.8, 1.2), doc="Factor of the friction coefficient of the ground.", minimum=0.1, maximum=5
    )
    slope_deg: Range = setting(
        (-1.0, 1.0), doc="Added to each of slopes_deg, deg.", minimum=-5, maximum=5
    )
    torque_gain: Range = setting(
        (0.85, 1.15), doc="Factor of the torque that a command gives.", minimum=0.1, maximum=2
    )
    sensor_delay_s: Range = setting(
        (0.0, 0.01), doc="Added to exo.sensor_delay_s, s.", minimum=0, maximum=0.04
    )
    actuator_delay_s: Range = setting(
        (-0.005, 0.01), doc="Added to exo.delay_s, s.", minimum=-0.04, maximum=0.04
    )
    exo_mass: Range = setting((0.8, 1.2), doc="Factor of the exo's masses.", minimum=0, maximum=5)


RANGES = tuple(field.name for field in fields(RandomizationSettings) if field.name != "humans")


def check_randomization(settings: RandomizationSettings, source: str) -> None:
    """Every range has a low and a high end, in this order.

    Raises
    ------
    ParamsError
        Naming the range that has not.
    """
    for name in RANGES:
        ends = getattr(settings, name)
        if len(ends) != 2 or ends[0] > ends[1]:
            raise ParamsError(
                f"{source}: policy.randomization.{name} = {list(ends)} is no range. Give "
                "[low, high]; equal ends switch it off."
            )
