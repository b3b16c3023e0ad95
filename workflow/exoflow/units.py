"""Unit conversions at the boundaries. Inside, everything is SI and radians."""

import math

GRAVITY_M_S2 = 9.81


def radians(angle_deg: float) -> float:
    """Degrees to radians."""
    return math.radians(angle_deg)


def degrees(angle_rad: float) -> float:
    """Radians to degrees."""
    return math.degrees(angle_rad)


def km_per_hour(speed_m_s: float) -> float:
    """Metres per second to kilometres per hour."""
    return 3.6 * speed_m_s
