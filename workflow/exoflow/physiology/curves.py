"""Hill-muscle curves `m2012fast`: Hyfydy's polynomial fits of Millard 2012.

Lengths are per optimal fibre length, velocities per maximum shortening velocity
(positive = lengthening), forces per maximum isometric force.
"""

from exoflow.compiled import compiled

ACTIVE_LENGTH_MIN = 0.46899
ACTIVE_LENGTH_MAX = 1.80528
FIBER_DAMPING = 0.1
# Maximum shortening velocity, optimal fibre lengths per second.
MAX_SHORTENING_VELOCITY = 10.0

_SHORTENING = 0.227
_LENGTHENING = 0.110
_ECCENTRIC_ASYMPTOTE = 1.6


@compiled
def active_force_length(length: float) -> float:
    """Active force-length multiplier; zero outside 0.469..1.805."""
    if length <= ACTIVE_LENGTH_MIN or length >= ACTIVE_LENGTH_MAX:
        return 0.0
    x = length - 1.0
    return (1.5 * x - 2.75) * x * x + 1.0


@compiled
def active_force_length_slope(length: float) -> float:
    """Derivative of `active_force_length`."""
    if length <= ACTIVE_LENGTH_MIN or length >= ACTIVE_LENGTH_MAX:
        return 0.0
    x = length - 1.0
    return (4.5 * x - 5.5) * x


@compiled
def passive_force_length(length: float) -> float:
    """Passive force multiplier; zero below optimal length, 1 at 1.70."""
    x = length - 1.0
    return (1.08027 * x + 1.27368) * x * x if x > 0.0 else 0.0


@compiled
def passive_force_length_slope(length: float) -> float:
    """Derivative of `passive_force_length`."""
    x = length - 1.0
    return (3.24081 * x + 2.54736) * x if x > 0.0 else 0.0


@compiled
def tendon_force_strain(strain: float) -> float:
    """Tendon force multiplier; 1 at a strain of 0.0485, zero when slack."""
    return (260.972 * strain + 7.9706) * strain if strain > 0.0 else 0.0


@compiled
def tendon_force_strain_slope(strain: float) -> float:
    """Derivative of `tendon_force_strain`."""
    return 521.944 * strain + 7.9706 if strain > 0.0 else 0.0


@compiled
def force_velocity(velocity: float) -> float:
    """Force-velocity multiplier; 0 at -1, 1 at rest, towards 1.6 when lengthening."""
    if velocity <= -1.0:
        return 0.0
    if velocity <= 0.0:
        return _SHORTENING * (velocity + 1.0) / (_SHORTENING - velocity)
    return (_ECCENTRIC_ASYMPTOTE * velocity + _LENGTHENING) / (_LENGTHENING + velocity)


@compiled
def force_velocity_slope(velocity: float) -> float:
    """Derivative of `force_velocity`."""
    if velocity <= -1.0:
        return 0.0
    if velocity <= 0.0:
        d = _SHORTENING - velocity
        return _SHORTENING * (_SHORTENING + 1.0) / (d * d)
    d = _LENGTHENING + velocity
    return _LENGTHENING * (_ECCENTRIC_ASYMPTOTE - 1.0) / (d * d)
