"""Fibre-tendon equilibrium of one Hill muscle-tendon unit with an elastic tendon.

Balance along the tendon: fT(strain) = cos(pennation) (a fL fV + fP + beta v), with
fixed fibre width (sin(pennation) l = sin(pennation at optimal length)).
All lengths here are per optimal fibre length unless the name says metres. `curves` is
`FastCurves()` or the tables of another set: its type decides at compile time which code runs.
"""

import math

import numpy as np
from numba.extending import overload

from exoflow.compiled import compiled, inlined
from exoflow.physiology import curve_sets
from exoflow.physiology.curve_sets import CurveTables, table_value_slope, tabulate
from exoflow.physiology.curves import (
    MAX_SHORTENING_VELOCITY,
    FastCurves,
    active_force_length,
    active_force_length_slope,
    force_velocity_and_slope,
    passive_force_length,
    passive_force_length_slope,
    tendon_force_strain,
    tendon_force_strain_slope,
)

Curves = FastCurves | CurveTables

FIBER_LENGTH_MAX = 1.9
# Pennation is limited to acos(0.1), as in OpenSim: the fibre cannot get shorter than this.
_SIN_PENNATION_MAX = math.sqrt(1.0 - 0.1**2)
_TOLERANCE = 1e-9
# Newton doubles the digits: one more change after this residual leaves less than _TOLERANCE.
_LAST_CHANGE = 1e-6
_NEWTON_ITERATIONS = 12
_BISECTIONS = 60


def choose_curves(name: str) -> Curves:
    """The curves of a set by its name in `curve_sets.CURVE_SETS`."""
    return FastCurves() if name == "m2012fast" else tabulate(name)


def shortest_fiber(curves: Curves, sin_pennation: float) -> float:
    """Lower limit of the fibre length: end of the curves or of the pennation range."""
    return max(curves.shortest_fiber, sin_pennation / _SIN_PENNATION_MAX)


def active_curve(curves, length):
    """Active force-length multiplier and its slope; called from compiled code only."""
    raise NotImplementedError


def passive_curve(curves, length):
    """Passive force multiplier and its slope; called from compiled code only."""
    raise NotImplementedError


def velocity_curve(curves, velocity):
    """Force-velocity multiplier and its slope; called from compiled code only."""
    raise NotImplementedError


def tendon_curve(curves, strain):
    """Tendon force multiplier and its slope; called from compiled code only."""
    raise NotImplementedError


def _is_fast(curves) -> bool:
    return curves.instance_class is FastCurves


@overload(active_curve, inline="always")
def _active_curve(curves, length):
    if _is_fast(curves):
        return lambda curves, length: (
            active_force_length(length), active_force_length_slope(length)
        )  # fmt: skip
    row = curve_sets.ACTIVE_FORCE_LENGTH
    return lambda curves, length: table_value_slope(curves, row, length)


@overload(passive_curve, inline="always")
def _passive_curve(curves, length):
    if _is_fast(curves):
        return lambda curves, length: (
            passive_force_length(length), passive_force_length_slope(length)
        )  # fmt: skip
    row = curve_sets.PASSIVE_FORCE_LENGTH
    return lambda curves, length: table_value_slope(curves, row, length)


@overload(velocity_curve, inline="always")
def _velocity_curve(curves, velocity):
    if _is_fast(curves):
        return lambda curves, velocity: force_velocity_and_slope(velocity)
    row = curve_sets.FORCE_VELOCITY
    return lambda curves, velocity: table_value_slope(curves, row, velocity)


@overload(tendon_curve, inline="always")
def _tendon_curve(curves, strain):
    if _is_fast(curves):
        return lambda curves, strain: (
            tendon_force_strain(strain), tendon_force_strain_slope(strain)
        )  # fmt: skip
    row = curve_sets.TENDON_FORCE_STRAIN
    return lambda curves, strain: table_value_slope(curves, row, strain)


@inlined
def _residual(
    curves: Curves,
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
    fl, fl_slope = active_curve(curves, length)
    fv, fv_slope = velocity_curve(curves, velocity)
    passive, passive_slope = passive_curve(curves, length)
    pull, pull_slope = tendon_curve(curves, strain)
    fiber_force = activation * fl * fv + passive + curves.damping * velocity
    residual = pull - cos_phi * fiber_force
    fiber_slope = (
        activation * (fl_slope * fv + fl * fv_slope * rate) + passive_slope + curves.damping * rate
    )
    slope = (
        -pull_slope * optimal_length / (slack_length * cos_phi)
        - sin_phi * sin_phi / (length * cos_phi) * fiber_force
        - cos_phi * fiber_slope
    )
    return residual, slope


@inlined
def tendon_force(
    curves: Curves,
    length: float,
    mtu_length: float,
    optimal_length: float,
    slack_length: float,
    sin_pennation: float,
) -> float:
    """Tendon force per maximum isometric force for a given fibre length."""
    sin_phi = sin_pennation / length
    cos_phi = math.sqrt(1.0 - sin_phi * sin_phi)
    strain = (mtu_length - optimal_length * length * cos_phi) / slack_length - 1.0
    return tendon_curve(curves, strain)[0]


@compiled
def fiber_step(
    curves: Curves,
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
    curves : Curves
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
    low = max(curves.shortest_fiber, sin_pennation / _SIN_PENNATION_MAX)
    length = min(FIBER_LENGTH_MAX, max(low, guess))
    if dt > 0.0:
        for _ in range(_NEWTON_ITERATIONS):
            residual, slope = _residual(
                curves,
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
            curves,
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


@compiled
def fiber_steps(
    curves: Curves,
    previous: np.ndarray,
    velocity: np.ndarray,
    dt: float,
    activation: np.ndarray,
    mtu_length: np.ndarray,
    optimal_length: np.ndarray,
    slack_length: np.ndarray,
    sin_pennation: np.ndarray,
    shortest: np.ndarray,
    length: np.ndarray,
    residual: np.ndarray,
) -> None:
    """`fiber_step` for all muscles at once: one vector Newton step serves several of them.

    Every muscle takes the steps that the slowest one needs; a muscle that does not settle is
    left to `fiber_step`.

    Parameters
    ----------
    curves : Curves
    previous : ndarray, shape (n,)
        Fibre lengths at the start of the step, per optimal length.
    velocity : ndarray, shape (n,)
        Last fibre velocities, optimal lengths per second; Newton starts where they lead.
    dt : float
        Step, s, above zero.
    activation, mtu_length, optimal_length, slack_length, sin_pennation : ndarray, shape (n,)
        As in `fiber_step`.
    shortest : ndarray, shape (n,)
        `shortest_fiber` of each muscle.
    length : ndarray, shape (n,)
        Out: fibre lengths at the end of the step.
    residual : ndarray, shape (n,)
        Scratch.
    """
    n = length.shape[0]
    rate = 1.0 / (dt * MAX_SHORTENING_VELOCITY)
    for m in range(n):
        guess = previous[m] + dt * velocity[m]
        guess = shortest[m] if guess < shortest[m] else guess
        length[m] = FIBER_LENGTH_MAX if guess > FIBER_LENGTH_MAX else guess
    for _ in range(_NEWTON_ITERATIONS):
        for m in range(n):
            error, slope = _residual(
                curves,
                length[m],
                previous[m],
                rate,
                activation[m],
                mtu_length[m],
                optimal_length[m],
                slack_length[m],
                sin_pennation[m],
            )
            change = -error / slope
            change = 0.5 if change > 0.5 else change
            change = -0.5 if change < -0.5 else change
            new = length[m] + change
            new = shortest[m] if new < shortest[m] else new
            length[m] = FIBER_LENGTH_MAX if new > FIBER_LENGTH_MAX else new
            residual[m] = abs(error)
        worst = 0.0
        for m in range(n):
            worst = residual[m] if residual[m] > worst else worst
        if worst < _LAST_CHANGE:
            return
    for m in range(n):
        if not residual[m] < _LAST_CHANGE:
            length[m] = fiber_step(
                curves,
                previous[m],
                previous[m],
                dt,
                activation[m],
                mtu_length[m],
                optimal_length[m],
                slack_length[m],
                sin_pennation[m],
            )
