"""Fibre-tendon equilibrium of one Hill muscle-tendon unit with an elastic tendon.

Balance along the tendon: fT(strain) = cos(pennation) (a fL fV + fP + beta v), with
fixed fibre width (sin(pennation) l = sin(pennation at optimal length)).
All lengths here are per optimal fibre length unless the name says metres.
"""

import math

from exoflow.compiled import compiled
from exoflow.physiology.curves import (
    ACTIVE_LENGTH_MIN,
    FIBER_DAMPING,
    MAX_SHORTENING_VELOCITY,
    active_force_length,
    active_force_length_slope,
    force_velocity,
    force_velocity_slope,
    passive_force_length,
    passive_force_length_slope,
    tendon_force_strain,
    tendon_force_strain_slope,
)

FIBER_LENGTH_MAX = 1.9
# Pennation is limited to acos(0.1), as in OpenSim: the fibre cannot get shorter than this.
_SIN_PENNATION_MAX = math.sqrt(1.0 - 0.1**2)
_TOLERANCE = 1e-9
_NEWTON_ITERATIONS = 12
_BISECTIONS = 60


@compiled
def shortest_fiber(sin_pennation: float) -> float:
    """Lower limit of the fibre length: end of the active curve or of the pennation range."""
    return max(ACTIVE_LENGTH_MIN, sin_pennation / _SIN_PENNATION_MAX)


@compiled
def _residual(
    length: float,
    previous: float,
    rate: float,
    activation: float,
    mtu_length: float,
    optimal_length: float,
    slack_length: float,
    sin_pennation: float,
) -> tuple[float, float]:
    """Residual of the balance and its slope in `length`; `rate` = 1 / (dt v_max), 0 = isometric."""
    sin_phi = sin_pennation / length
    cos_phi = math.sqrt(1.0 - sin_phi * sin_phi)
    strain = (mtu_length - optimal_length * length * cos_phi) / slack_length - 1.0
    velocity = (length - previous) * rate
    fl = active_force_length(length)
    fv = force_velocity(velocity)
    fiber_force = activation * fl * fv + passive_force_length(length) + FIBER_DAMPING * velocity
    residual = tendon_force_strain(strain) - cos_phi * fiber_force
    fiber_slope = (
        activation
        * (active_force_length_slope(length) * fv + fl * force_velocity_slope(velocity) * rate)
        + passive_force_length_slope(length)
        + FIBER_DAMPING * rate
    )
    slope = (
        -tendon_force_strain_slope(strain) * optimal_length / (slack_length * cos_phi)
        - sin_phi * sin_phi / (length * cos_phi) * fiber_force
        - cos_phi * fiber_slope
    )
    return residual, slope


@compiled
def tendon_force(
    length: float,
    mtu_length: float,
    optimal_length: float,
    slack_length: float,
    sin_pennation: float,
) -> float:
    """Tendon force per maximum isometric force for a given fibre length."""
    sin_phi = sin_pennation / length
    cos_phi = math.sqrt(1.0 - sin_phi * sin_phi)
    return tendon_force_strain(
        (mtu_length - optimal_length * length * cos_phi) / slack_length - 1.0
    )


@compiled
def fiber_step(
    previous: float,
    guess: float,
    dt: float,
    activation: float,
    mtu_length: float,
    optimal_length: float,
    slack_length: float,
    sin_pennation: float,
) -> float:
    """Fibre length after one backward-Euler step (`dt` > 0), or at isometric rest (`dt` = 0).

    The end-of-step length solves the force balance with v = (l - previous) / (dt v_max).
    Newton from `guess`, bisection between the length limits if it does not settle.

    Parameters
    ----------
    previous : float
        Fibre length at the start of the step, per optimal length.
    guess : float
        Where Newton starts; the last velocity carried on saves half of its steps.
    dt : float
        Step, s; 0 solves the isometric balance instead.
    activation : float
        In 0..1, end of the step.
    mtu_length, optimal_length, slack_length : float
        m.
    sin_pennation : float
        Sine of the pennation angle at optimal length.

    Returns
    -------
    float
        Fibre length per optimal length.
    """
    rate = 1.0 / (dt * MAX_SHORTENING_VELOCITY) if dt > 0.0 else 0.0
    low = shortest_fiber(sin_pennation)
    length = min(FIBER_LENGTH_MAX, max(low, guess))
    if dt > 0.0:
        for _ in range(_NEWTON_ITERATIONS):
            residual, slope = _residual(
                length,
                previous,
                rate,
                activation,
                mtu_length,
                optimal_length,
                slack_length,
                sin_pennation,
            )
            if abs(residual) < _TOLERANCE:
                return length
            change = min(0.5, max(-0.5, -residual / slope))
            length = min(FIBER_LENGTH_MAX, max(low, length + change))
    high = FIBER_LENGTH_MAX
    for _ in range(_BISECTIONS):
        length = 0.5 * (low + high)
        residual, _slope = _residual(
            length,
            previous,
            rate,
            activation,
            mtu_length,
            optimal_length,
            slack_length,
            sin_pennation,
        )
        if residual > 0.0:
            low = length
        else:
            high = length
    return length
