"""Unit conversions at the boundaries. Inside, everything is SI and radians."""

import math

GRAVITY_M_S2 = 9.81


def radians(angle_deg: float) -> float:
    """Degrees to radians."""
    return math.radians(angle_deg)


def degrees(angle_rad: float) -> float:
    """Radians to degrees."""
    return math.degrees(angle_rad)
