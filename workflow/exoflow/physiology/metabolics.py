"""Metabolic rate of one muscle, W, after Wang 2012 and Uchida 2016 as SCONE computes them.

Fibre velocities are positive when lengthening. Basal rates are added per body, not per muscle.
"""

import math

from exoflow.compiled import compiled, inlined
from exoflow.physiology.curves import MAX_SHORTENING_VELOCITY

# Whole-body basal rates, W per kg of body mass.
WANG2012_BASAL = 1.51
UCHIDA2016_BASAL = 1.2
MUSCLE_DENSITY = 1059.7

_HALF_PI = 0.5 * math.pi
_AEROBIC = 1.5
_ALPHA_FAST = 153.0 / MAX_SHORTENING_VELOCITY
_ALPHA_SLOW = 100.0 / (MAX_SHORTENING_VELOCITY / 2.5)


@inlined
def quarter_sine(x: float) -> float:
    """sin(pi/2 x) for x in 0..1, to 1e-11: a polynomial, so that loops become vector code."""
    y = _HALF_PI * x
    z = y * y
    series = 1.0 - z / 156.0 * (1.0 - z / 210.0)
    series = 1.0 - z / 42.0 * (1.0 - z / 72.0 * (1.0 - z / 110.0 * series))
    return y * (1.0 - z / 6.0 * (1.0 - z / 20.0 * series))


@inlined
def quarter_cosine(x: float) -> float:
    """cos(pi/2 x) for x in 0..1, to 1e-12."""
    y = _HALF_PI * x
    z = y * y
    series = 1.0 - z / 132.0 * (1.0 - z / 182.0 * (1.0 - z / 240.0))
    series = 1.0 - z / 30.0 * (1.0 - z / 56.0 * (1.0 - z / 90.0 * series))
    return 1.0 - z / 2.0 * (1.0 - z / 12.0 * series)


@inlined
def wang2012_rate(
    mass: float,
    slow_twitch: float,
    excitation: float,
    activation: float,
    length: float,
    velocity_m_s: float,
    active_force: float,
    mtu_force: float,
) -> float:
    """Activation, maintenance and shortening heat plus positive fibre work, W.

    Parameters
    ----------
    mass : float
        Muscle mass, kg.
    slow_twitch : float
        Fraction of slow-twitch fibres, 0..1.
    excitation, activation : float
        0..1. Activation heat follows u, maintenance heat follows a.
    length : float
        Fibre length per optimal length.
    velocity_m_s : float
        Fibre velocity, m/s, positive = lengthening.
    active_force, mtu_force : float
        Active fibre force (no passive, no damping) and tendon force, N.

    References
    ----------
    Wang et al. (2012), ACM Trans. Graph. 31(4); form as in SCONE's EffortMeasure.
    """
    fast = 1.0 - slow_twitch
    rising = length if length > 0.5 else 0.5
    falling = 3.0 - 2.0 * length if length < 1.5 else 0.0
    g = rising if rising < falling else falling
    activation_heat = 40.0 * slow_twitch * quarter_sine(excitation)
    activation_heat += 133.0 * fast * (1.0 - quarter_cosine(excitation))
    maintenance_heat = 74.0 * slow_twitch * quarter_sine(activation)
    maintenance_heat += 111.0 * fast * (1.0 - quarter_cosine(activation))
    shortening = -velocity_m_s if velocity_m_s < 0.0 else 0.0
    pulling = active_force if active_force > 0.0 else 0.0
    return (
        mass * (activation_heat + g * maintenance_heat) + (0.25 * mtu_force + pulling) * shortening
    )


@compiled
def uchida2016_rate(
    mass: float,
    slow_twitch: float,
    excitation: float,
    activation: float,
    length: float,
    velocity: float,
    optimal_length: float,
    active_force: float,
    active_force_length: float,
) -> float:
    """Umberger's heat model with orderly fibre recruitment, W; negative work is kept.

    Parameters
    ----------
    velocity : float
        Fibre velocity, optimal lengths per second, positive = lengthening.
    optimal_length : float
        m.
    active_force_length : float
        Active force-length multiplier at `length`.
    mass, slow_twitch, excitation, activation, length, active_force
        As in `wang2012_rate`.

    References
    ----------
    Umberger et al. (2003), Uchida et al. (2016), as in SCONE's EffortMeasure: the
    total is kept non-negative first, then heat is floored at 1 W/kg of muscle.
    """
    recruited = excitation if excitation > activation else 0.5 * (excitation + activation)
    slow = 1.0
    if excitation > 0.0:
        sin_u = math.sin(_HALF_PI * excitation)
        slow_part = slow_twitch * sin_u
        fast_part = (1.0 - slow_twitch) * (1.0 - math.sqrt(max(0.0, 1.0 - sin_u * sin_u)))
        slow = slow_part / (slow_part + fast_part)
    maintenance = 128.0 * (1.0 - slow) + 25.0
    if length > 1.0:
        maintenance *= 0.4 + 0.6 * active_force_length
    heat = _AEROBIC * recruited**0.6 * maintenance
    if velocity <= 0.0:
        shortening = (
            _AEROBIC
            * recruited
            * recruited
            * (min(100.0, -_ALPHA_SLOW * velocity) * slow - _ALPHA_FAST * velocity * (1.0 - slow))
        )
    else:
        shortening = _AEROBIC * recruited * 4.0 * _ALPHA_SLOW * velocity
    if length > 1.0:
        shortening *= active_force_length
    work = -max(active_force, 0.0) * velocity * optimal_length / mass
    if heat + shortening + work < 0.0:
        shortening = -heat - work
    return mass * (max(1.0, heat + shortening) + work)
