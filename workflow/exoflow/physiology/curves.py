"""Hill-muscle curves `m2012fast`: Hyfydy's polynomial fits of Millard 2012.

Lengths are per optimal fibre length, velocities per maximum shortening velocity
(positive = lengthening), forces per maximum isometric force.
"""

from typing import NamedTuple

from exoflow.compiled import inlined

ACTIVE_LENGTH_MIN = 0.46899
ACTIVE_LENGTH_MAX = 1.80528
FIBER_DAMPING = 0.1
# Maximum shortening velocity, optimal fibre lengths per second.
MAX_SHORTENING_VELOCITY = 10.0


class FastCurves(NamedTuple):
    """Choice of these curves for the fibre balance; see `curve_sets.CurveTables` for the others."""

    damping: float = FIBER_DAMPING
    shortest_fiber: float = ACTIVE_LENGTH_MIN


# Force-velocity: b (v + 1) / (b - v) shortening, (1.6 v + c) / (c + v) lengthening.
_SHORTENING = 0.227
_LENGTHENING = 0.110
_ECCENTRIC_MAX = 1.6
_AT_REST = _LENGTHENING
_LENGTHENING_SLOPE = _LENGTHENING * (_ECCENTRIC_MAX - 1.0)


# Every curve is one expression without branches, so that a loop over muscles that calls it
# becomes vector code.


@inlined
def active_force_length(length: float) -> float:
    """Active force-length multiplier; zero outside 0.469..1.805."""
    x = length - 1.0
    inside = (length > ACTIVE_LENGTH_MIN) & (length < ACTIVE_LENGTH_MAX)
    return (1.5 * x - 2.75) * x * x + 1.0 if inside else 0.0


@inlined
def active_force_length_slope(length: float) -> float:
    """Derivative of `active_force_length`."""
    x = length - 1.0
    inside = (length > ACTIVE_LENGTH_MIN) & (length < ACTIVE_LENGTH_MAX)
    return (4.5 * x - 5.5) * x if inside else 0.0


@inlined
def passive_force_length(length: float) -> float:
    """Passive force multiplier; zero below optimal length, 1 at 1.70."""
    x = length - 1.0
    return (1.08027 * x + 1.27368) * x * x if x > 0.0 else 0.0


@inlined
def passive_force_length_slope(length: float) -> float:
    """Derivative of `passive_force_length`."""
    x = length - 1.0
    return (3.24081 * x + 2.54736) * x if x > 0.0 else 0.0


@inlined
def tendon_force_strain(strain: float) -> float:
    """Tendon force multiplier; 1 at a strain of 0.0485, zero when slack."""
    return (260.972 * strain + 7.9706) * strain if strain > 0.0 else 0.0


@inlined
def tendon_force_strain_slope(strain: float) -> float:
    """Derivative of `tendon_force_strain`."""
    return 521.944 * strain + 7.9706 if strain > 0.0 else 0.0


@inlined
def force_velocity(velocity: float) -> float:
    """Force-velocity multiplier; 0 at -1, 1 at rest, towards 1.6 when lengthening."""
    return force_velocity_and_slope(velocity)[0]


@inlined
def force_velocity_slope(velocity: float) -> float:
    """Derivative of `force_velocity`."""
    return force_velocity_and_slope(velocity)[1]


@inlined
def force_velocity_and_slope(velocity: float) -> tuple[float, float]:
    """`force_velocity` and its derivative with one division."""
    shortening = velocity <= 0.0
    top = _SHORTENING * (velocity + 1.0) if shortening else _AT_REST + _ECCENTRIC_MAX * velocity
    top_slope = _SHORTENING * (_SHORTENING + 1.0) if shortening else _LENGTHENING_SLOPE
    inverse = 1.0 / (_SHORTENING - velocity if shortening else _LENGTHENING + velocity)
    force, slope = top * inverse, top_slope * inverse * inverse
    faster_than_maximum = velocity <= -1.0
    return 0.0 if faster_than_maximum else force, 0.0 if faster_than_maximum else slope
