"""Metabolic rate of one muscle, W: Wang 2012 and Uchida 2016 as SCONE, others as OpenSim.

Fibre velocities are positive when lengthening. Basal rates are added per body, not per muscle.
"""

import math

from exoflow.compiled import compiled, inlined
from exoflow.physiology.curves import MAX_SHORTENING_VELOCITY

# Whole-body basal rates, W per kg of body mass.
WANG2012_BASAL = 1.51
UCHIDA2016_BASAL = 1.2
# Default of OpenSim's metabolic probes, which serves all three.
OPENSIM_BASAL = 1.2

WANG2012 = 0
UCHIDA2016 = 1
UMBERGER2010 = 2
BHARGAVA2004 = 3
UMBERGER2003 = 4
MODELS = {
    "wang2012": WANG2012,
    "uchida2016": UCHIDA2016,
    "umberger2010": UMBERGER2010,
    "bhargava2004": BHARGAVA2004,
    "umberger2003": UMBERGER2003,
}
# Basal rate of every model, W per kg of body mass, in the order of the numbers in MODELS.
BASAL = (WANG2012_BASAL, UCHIDA2016_BASAL, OPENSIM_BASAL, OPENSIM_BASAL, OPENSIM_BASAL)

MUSCLE_DENSITY = 1059.7

_HALF_PI = 0.5 * math.pi
_AEROBIC = 1.5
_ALPHA_FAST = 153.0 / MAX_SHORTENING_VELOCITY
_ALPHA_SLOW = 100.0 / (MAX_SHORTENING_VELOCITY / 2.5)
# Heat of lengthening per slow-twitch heat of shortening: where the work absorbed is taken off
# the metabolic rate, and where it is not.
_LENGTHENING_WITH_NEGATIVE_WORK = 4.0
_LENGTHENING_WITHOUT_NEGATIVE_WORK = 0.3
_HEAT_FLOOR = 1.0


@inlined
def _maintenance_length_factor(length: float) -> float:
    """Dependence of the maintenance heat on fibre length: 1 at optimal length, 0 from 1.5 on."""
    rising = length if length > 0.5 else 0.5
    falling = 3.0 - 2.0 * length if length < 1.5 else 0.0
    return rising if rising < falling else falling


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
    g = _maintenance_length_factor(length)
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
def _recruited(slow_twitch: float, excitation: float) -> tuple[float, float]:
    """Slow and fast fibres that an excitation recruits, as shares of all; slow ones come first."""
    sin_u = math.sin(_HALF_PI * excitation)
    slow = slow_twitch * sin_u
    fast = (1.0 - slow_twitch) * (1.0 - math.sqrt(max(0.0, 1.0 - sin_u * sin_u)))
    return slow, fast


@compiled
def _umberger_heat(
    slow: float,
    lengthening_factor: float,
    excitation: float,
    activation: float,
    length: float,
    velocity: float,
    active_force_length: float,
) -> tuple[float, float]:
    """Activation and maintenance heat, and shortening or lengthening heat, W/kg of muscle.

    `slow` is the share of slow fibres among those at work.
    """
    recruited = excitation if excitation > activation else 0.5 * (excitation + activation)
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
        shortening = _AEROBIC * recruited * lengthening_factor * _ALPHA_SLOW * velocity
    if length > 1.0:
        shortening *= active_force_length
    return heat, shortening


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
    slow = 1.0
    if excitation > 0.0:
        slow_part, fast_part = _recruited(slow_twitch, excitation)
        slow = slow_part / (slow_part + fast_part)
    heat, shortening = _umberger_heat(
        slow,
        _LENGTHENING_WITH_NEGATIVE_WORK,
        excitation,
        activation,
        length,
        velocity,
        active_force_length,
    )
    work = -max(active_force, 0.0) * velocity * optimal_length / mass
    if heat + shortening + work < 0.0:
        shortening = -heat - work
    return mass * (max(_HEAT_FLOOR, heat + shortening) + work)


@compiled
def umberger2010_rate(
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
    """Umberger's heat model with a fixed share of slow fibres and no negative work, W.

    Lengthening costs little heat (factor 0.3) and the work absorbed is not given back.
    Parameters as in `uchida2016_rate`.

    References
    ----------
    Umberger (2010), J. R. Soc. Interface 7, as in OpenSim's Umberger2010MuscleMetabolicsProbe.
    """
    heat, shortening = _umberger_heat(
        slow_twitch,
        _LENGTHENING_WITHOUT_NEGATIVE_WORK,
        excitation,
        activation,
        length,
        velocity,
        active_force_length,
    )
    work = -max(active_force, 0.0) * min(velocity, 0.0) * optimal_length
    return mass * max(_HEAT_FLOOR, heat + shortening) + work


@compiled
def umberger2003_rate(
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
    """Umberger's first model: fixed share of slow fibres, negative work kept, W.

    Lengthening costs heat with a factor of 4. The rate of a muscle that absorbs much work
    is negative: the model of 2003 has no lower limit but that of the heat, 1 W/kg.
    Parameters as in `uchida2016_rate`.

    References
    ----------
    Umberger et al. (2003), Comput. Methods Biomech. Biomed. Engin. 6(2).
    """
    heat, shortening = _umberger_heat(
        slow_twitch,
        _LENGTHENING_WITH_NEGATIVE_WORK,
        excitation,
        activation,
        length,
        velocity,
        active_force_length,
    )
    work = -max(active_force, 0.0) * velocity * optimal_length
    return mass * max(_HEAT_FLOOR, heat + shortening) + work


@compiled
def bhargava2004_rate(
    mass: float,
    slow_twitch: float,
    excitation: float,
    activation: float,
    length: float,
    velocity: float,
    optimal_length: float,
    max_force: float,
    active_force: float,
    passive_force: float,
    active_force_length: float,
    negative_work: int,
) -> float:
    """Activation, maintenance and force-dependent shortening heat plus fibre work, W.

    Parameters
    ----------
    velocity : float
        Fibre velocity, optimal lengths per second, positive = lengthening.
    optimal_length : float
        m.
    max_force : float
        Maximum isometric force, N.
    active_force, passive_force : float
        Active fibre force (no damping) and passive elastic fibre force, along the fibre, N.
    active_force_length : float
        Active force-length multiplier at `length`.
    negative_work : int
        1 takes the work absorbed by a lengthening fibre off the rate, 0 leaves it out.
    mass, slow_twitch, excitation, activation, length
        As in `wang2012_rate`; here the maintenance heat, too, follows the excitation.

    References
    ----------
    Bhargava et al. (2004), J. Biomech. 37(1), as in OpenSim's
    Bhargava2004MuscleMetabolicsProbe with the force-dependent shortening constant: the
    total is kept non-negative first, then heat is floored at 1 W/kg of muscle.
    """
    slow, fast = _recruited(slow_twitch, excitation)
    heat = mass * (40.0 * slow + 133.0 * fast)
    heat += mass * _maintenance_length_factor(length) * (74.0 * slow + 111.0 * fast)
    velocity_m_s = velocity * optimal_length
    force = active_force + passive_force
    if velocity <= 0.0:
        isometric = activation * active_force_length * max_force
        heat -= (0.16 * isometric + 0.18 * force) * velocity_m_s
    else:
        # Negative: in this model a lengthening fibre takes heat up.
        heat -= 0.157 * force * velocity_m_s
    work = 0.0
    if velocity <= 0.0 or negative_work:
        work = -active_force * velocity_m_s
    if heat + work < 0.0:
        heat = -work
    return max(_HEAT_FLOOR * mass, heat) + work


@compiled
def metabolic_rate(
    model: int,
    mass: float,
    slow_twitch: float,
    excitation: float,
    activation: float,
    length: float,
    velocity_per_s: float,
    optimal_length: float,
    max_force: float,
    active_force: float,
    passive_force: float,
    mtu_force: float,
    active_force_length: float,
    negative_work: int,
) -> float:
    """Metabolic rate of one muscle by the model of a number in `MODELS`, W; NaN for any other.

    Parameters
    ----------
    model : int
        A value of `MODELS`.
    velocity_per_s : float
        Fibre velocity, optimal lengths per second, positive = lengthening.
    mtu_force : float
        Tendon force, N; only Wang 2012 reads it.
    max_force, passive_force, negative_work
        As in `bhargava2004_rate`, the only one that reads them. The other models fix what
        they do with negative work: Uchida 2016 and Umberger 2003 keep it, Wang 2012 and
        Umberger 2010 leave it out.
    mass, slow_twitch, excitation, activation, length, optimal_length, active_force,
    active_force_length
        As in `uchida2016_rate`.
    """
    if model == WANG2012:
        return wang2012_rate(
            mass,
            slow_twitch,
            excitation,
            activation,
            length,
            velocity_per_s * optimal_length,
            active_force,
            mtu_force,
        )
    if model == UCHIDA2016:
        return uchida2016_rate(
            mass,
            slow_twitch,
            excitation,
            activation,
            length,
            velocity_per_s,
            optimal_length,
            active_force,
            active_force_length,
        )
    if model == UMBERGER2010:
        return umberger2010_rate(
            mass,
            slow_twitch,
            excitation,
            activation,
            length,
            velocity_per_s,
            optimal_length,
            active_force,
            active_force_length,
        )
    if model == UMBERGER2003:
        return umberger2003_rate(
            mass,
            slow_twitch,
            excitation,
            activation,
            length,
            velocity_per_s,
            optimal_length,
            active_force,
            active_force_length,
        )
    if model == BHARGAVA2004:
        return bhargava2004_rate(
            mass,
            slow_twitch,
            excitation,
            activation,
            length,
            velocity_per_s,
            optimal_length,
            max_force,
            active_force,
            passive_force,
            active_force_length,
            negative_work,
        )
    return math.nan
