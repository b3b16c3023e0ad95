"""Published sets of Hill-muscle curves, exact and as tables for the compiled kernel.

Fibre lengths are per optimal fibre length, fibre velocities per maximum shortening
velocity (positive = lengthening), tendon strains per slack length, forces per maximum
isometric force. The exact curves are written for clarity, not for speed; the engine
reads cubic Hermite tables of them (`tabulate`, `table_value`, `table_value_slope`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from exoflow.compiled import compiled
from exoflow.physiology import curves

Curve = Callable[[np.ndarray], np.ndarray]

# Rows of the tables.
ACTIVE_FORCE_LENGTH = 0
PASSIVE_FORCE_LENGTH = 1
FORCE_VELOCITY = 2
TENDON_FORCE_STRAIN = 3

TABLE_NODES = 2049
# First node and spacing of every row: lengths 0..2, velocities -2..2, strains -0.125..0.375.
# Powers of two put the kinks of the curves (length 1, velocities -1 and 0, strain 0) exactly
# on nodes, where they cannot spoil the cells beside them.
_TABLE_LOW = (0.0, 0.0, -2.0, -0.125)
_TABLE_STEP = (2.0**-10, 2.0**-10, 2.0**-9, 2.0**-12)
# Step of the one-sided differences that give the slopes at the nodes.
_DIFFERENCE = 2.0**-20

# Halvings of the Bezier parameter: down to the spacing of doubles.
_BISECTIONS = 60


@dataclass(frozen=True)
class CurveSet:
    """The four curves of one published muscle model; each maps an array to an array.

    Attributes
    ----------
    active_force_length, passive_force_length : callable
        Force multiplier for a fibre length per optimal length.
    force_velocity : callable
        Force multiplier for a fibre velocity per maximum shortening velocity.
    tendon_force_strain : callable
        Tendon force for a tendon strain.
    fiber_damping : float
        Force of the parallel damper at maximum shortening velocity.
    shortest_fiber : float
        Lower limit of the fibre length per optimal length.
    """

    active_force_length: Curve
    passive_force_length: Curve
    force_velocity: Curve
    tendon_force_strain: Curve
    fiber_damping: float
    shortest_fiber: float

    @property
    def isometric_force_velocity(self) -> float:
        """Force-velocity multiplier at rest: 1, but 1.0021 in De Groote's fit."""
        return float(self.force_velocity(np.zeros(1))[0])


# Hyfydy m2012fast: the scalars that the kernel uses are the definition.
_M2012FAST = CurveSet(
    active_force_length=np.vectorize(curves.active_force_length, otypes=[float]),
    passive_force_length=np.vectorize(curves.passive_force_length, otypes=[float]),
    force_velocity=np.vectorize(curves.force_velocity, otypes=[float]),
    tendon_force_strain=np.vectorize(curves.tendon_force_strain, otypes=[float]),
    fiber_damping=curves.FIBER_DAMPING,
    shortest_fiber=curves.ACTIVE_LENGTH_MIN,
)


def _bezier(ends: tuple[float, float], mids: tuple[float, float], s: np.ndarray) -> np.ndarray:
    """Quintic Bezier coordinate with each inner control point doubled."""
    r = 1.0 - s
    return (
        ends[0] * r**5
        + mids[0] * (5.0 * s * r**4 + 10.0 * s**2 * r**3)
        + mids[1] * (10.0 * s**3 * r**2 + 5.0 * s**4 * r)
        + ends[1] * s**5
    )


def quintic_corners(
    points: Sequence[tuple[float, float, float]], curviness: Sequence[float]
) -> Curve:
    """Curve through points with given slopes, a quintic Bezier corner between each two.

    Parameters
    ----------
    points : sequence of (x, y, slope)
        In the order of x. Outside of them the curve goes on straight.
    curviness : sequence of float, one shorter than `points`
        0 = nearly straight between the points, 1 = sharp corner where the end lines meet.

    References
    ----------
    Millard et al. (2013), J. Biomech. Eng. 135(2), 021005, and OpenSim's
    SmoothSegmentedFunctionFactory, which maps the curviness to 0.1 + 0.8 curviness.
    """
    segments = []
    for ((x0, y0, d0), (x1, y1, d1)), bend in zip(pairwise(points), curviness, strict=True):
        c = 0.1 + 0.8 * bend
        x_corner = (y1 - y0 - x1 * d1 + x0 * d0) / (d0 - d1)
        y_corner = y0 + d0 * (x_corner - x0)
        x_mids = (x0 + c * (x_corner - x0), x1 + c * (x_corner - x1))
        y_mids = (y0 + c * (y_corner - y0), y1 + c * (y_corner - y1))
        segments.append(((x0, x1), x_mids, (y0, y1), y_mids))
    first, last = points[0], points[-1]

    def curve(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, dtype=float)
        y = np.where(
            x <= first[0],
            first[1] + first[2] * (x - first[0]),
            last[1] + last[2] * (x - last[0]),
        )
        for x_ends, x_mids, y_ends, y_mids in segments:
            inside = (x >= x_ends[0]) & (x < x_ends[1])
            # x(s) rises from one end to the other, so bisection cannot miss.
            low, high = np.zeros(inside.sum()), np.ones(inside.sum())
            for _ in range(_BISECTIONS):
                s = 0.5 * (low + high)
                before = _bezier(x_ends, x_mids, s) < x[inside]
                low, high = np.where(before, s, low), np.where(before, high, s)
            y[inside] = _bezier(y_ends, y_mids, 0.5 * (low + high))
        return y

    return curve


def _millard_active_force_length() -> Curve:
    shortest, transition, longest = 0.4441, 0.73, 1.8123
    shallow_slope = 0.8616
    # Half width of the shoulder in OpenSim 4; 0.0259 in older releases.
    shoulder = 0.05
    plateau = 1.0 - shoulder
    y_transition = 1.0 - shallow_slope * (plateau - transition)
    steep_slope = 1.25 * y_transition / (transition - shortest)
    descending_slope = -1.0 / ((longest - shoulder) - (1.0 + shoulder))
    return quintic_corners(
        [
            (shortest, 0.0, 0.0),
            (0.5 * (shortest + transition), 0.5 * y_transition, steep_slope),
            (0.5 * (transition + plateau), 0.5 * (1.0 + y_transition), shallow_slope),
            (1.0, 1.0, 0.0),
            (0.5 * (1.0 + shoulder + longest), 0.5, descending_slope),
            (longest, 0.0, 0.0),
        ],
        [1.0] * 5,
    )


def _millard_passive_force_length() -> Curve:
    strain, low_stiffness, stiffness = 0.7, 0.2, 2.0 / 0.7
    foot = min(0.1 / stiffness, 0.1 * strain)
    return quintic_corners(
        [
            (1.0, 0.0, 0.0),
            (1.0 + foot, 0.5 * low_stiffness * foot, low_stiffness),
            (1.0 + strain, 1.0, stiffness),
        ],
        [0.75, 0.75],
    )


def _millard_force_velocity() -> Curve:
    maximum, concentric_slope, isometric_slope, eccentric_slope = 1.4, 0.25, 5.0, 0.15
    return quintic_corners(
        [
            (-1.0, 0.0, 0.0),
            (-0.9, 0.5 * concentric_slope * 0.1, concentric_slope),
            (0.0, 1.0, isometric_slope),
            (0.9, maximum - 0.5 * eccentric_slope * 0.1, eccentric_slope),
            (1.0, maximum, 0.0),
        ],
        [0.6, 0.6, 0.9, 0.9],
    )


def _millard_tendon_force_strain() -> Curve:
    strain, toe_force = 0.049, 2.0 / 3.0
    stiffness = 1.375 / strain
    toe = strain - (1.0 - toe_force) / stiffness
    # The toe's line must meet the axis right of zero strain, or the toe would bend too sharply.
    foot = 0.1 * toe
    toe_middle = strain - (1.0 - 0.5 * toe_force) / stiffness
    toe_slope = 0.5 * toe_force / (toe_middle - foot)
    control = 0.5 * (foot + toe_middle)
    return quintic_corners(
        [
            (0.0, 0.0, 0.0),
            (control, toe_slope * (control - foot), toe_slope),
            (toe, toe_force, stiffness),
        ],
        [0.5, 0.5],
    )


# Millard et al. (2013) with OpenSim's defaults.
_MILLARD = CurveSet(
    active_force_length=_millard_active_force_length(),
    passive_force_length=_millard_passive_force_length(),
    force_velocity=_millard_force_velocity(),
    tendon_force_strain=_millard_tendon_force_strain(),
    fiber_damping=0.1,
    shortest_fiber=0.4441,
)


def _degroote_active_force_length(length: np.ndarray) -> np.ndarray:
    length = np.asarray(length, dtype=float)
    force = np.zeros_like(length)
    for height, centre, width, width_slope in (
        (0.814483478343008, 1.055033428970575, 0.162384573599574, 0.063303448465465),
        (0.433004984392647, 0.716775413397760, -0.029947116970696, 0.200356847296188),
        (0.1, 1.0, 0.353553390593274, 0.0),
    ):
        # The second width passes zero near 0.15, where its term has long vanished.
        deviation = (length - centre) / np.maximum(np.abs(width + width_slope * length), 1e-6)
        force += height * np.exp(-0.5 * deviation**2)
    return force


def _degroote_passive_force_length(length: np.ndarray) -> np.ndarray:
    shape, strain, shortest = 4.0, 0.6, 0.2
    offset = math.exp(shape * (shortest - 1.0) / strain)
    rise = np.exp(shape * (np.asarray(length, dtype=float) - 1.0) / strain)
    return (rise - offset) / (math.exp(shape) - offset)


def _degroote_force_velocity(velocity: np.ndarray) -> np.ndarray:
    d1, d2, d3, d4 = -0.318323436899127, -8.149156043475250, -0.374121508647863, 0.885644059915004
    return d1 * np.arcsinh(d2 * np.asarray(velocity, dtype=float) + d3) + d4


def _degroote_tendon_force_strain(strain: np.ndarray) -> np.ndarray:
    stiffness = 35.0
    return 0.2 * np.exp(stiffness * (np.asarray(strain, dtype=float) + 1.0 - 0.995)) - 0.25


# De Groote et al. (2016), Ann. Biomed. Eng. 44(10), as in PredSim. Smooth everywhere, so
# some values that others fix at 0 or 1 are only near: slack tendons pull with -0.012 F0.
_DEGROOTE = CurveSet(
    active_force_length=_degroote_active_force_length,
    passive_force_length=_degroote_passive_force_length,
    force_velocity=_degroote_force_velocity,
    tendon_force_strain=_degroote_tendon_force_strain,
    # PredSim's value, from memory.
    fiber_damping=0.01,
    # Where the passive curve is anchored at zero; the active curve has no lower end.
    shortest_fiber=0.2,
)


def _thelen_active_force_length(length: np.ndarray) -> np.ndarray:
    return np.exp(-((np.asarray(length, dtype=float) - 1.0) ** 2) / 0.45)


def _thelen_passive_force_length(length: np.ndarray) -> np.ndarray:
    shape, strain = 4.0, 0.6
    stretch = np.maximum(np.asarray(length, dtype=float) - 1.0, 0.0)
    return np.expm1(shape * stretch / strain) / math.expm1(shape)


def _thelen_force_velocity(velocity: np.ndarray) -> np.ndarray:
    """Curve of full activation: 0 at -1, towards 1.4 when lengthening.

    Thelen scales the velocity with 0.25 + 0.75 a. A table in velocity alone has no such
    argument; the curve of a = 1 is used for every activation.
    """
    shape, maximum = 0.25, 1.4
    velocity = np.asarray(velocity, dtype=float)
    shortening = np.clip(velocity, -1.0, 0.0)
    stretch = (2.0 + 2.0 / shape) * np.maximum(velocity, 0.0) / (maximum - 1.0)
    return np.where(
        velocity <= 0.0,
        (1.0 + shortening) / (1.0 - shortening / shape),
        (1.0 + maximum * stretch) / (1.0 + stretch),
    )


def _thelen_tendon_force_strain(strain: np.ndarray) -> np.ndarray:
    strain_at_maximum, toe_force, toe_shape = 0.033, 0.33, 3.0
    toe = 0.609 * strain_at_maximum
    strain = np.maximum(np.asarray(strain, dtype=float), 0.0)
    return np.where(
        strain <= toe,
        toe_force * np.expm1(toe_shape * np.minimum(strain, toe) / toe) / math.expm1(toe_shape),
        toe_force + 1.712 / strain_at_maximum * (strain - toe),
    )


# Thelen (2003), J. Biomech. Eng. 125(1), with OpenSim's defaults.
_THELEN = CurveSet(
    active_force_length=_thelen_active_force_length,
    passive_force_length=_thelen_passive_force_length,
    force_velocity=_thelen_force_velocity,
    tendon_force_strain=_thelen_tendon_force_strain,
    # From memory: the model has no damper of its own, and without one an inactive fibre under
    # a slack tendon has no equilibrium. The value of the other sets is used.
    fiber_damping=0.1,
    # The active curve is a Gaussian without a lower end; OpenSim accepts fibres from 0.2.
    shortest_fiber=0.2,
)


def _gh2010_active_force_length(length: np.ndarray) -> np.ndarray:
    width, residual = 0.56, 0.05
    deviation = np.abs((np.asarray(length, dtype=float) - 1.0) / width)
    return np.exp(math.log(residual) * deviation**3)


def _gh2010_passive_force_length(length: np.ndarray) -> np.ndarray:
    """Parallel spring above optimal length, minus the buffer spring that pushes below 0.44."""
    width = 0.56
    length = np.asarray(length, dtype=float)
    pull = np.maximum(length - 1.0, 0.0) / width
    push = np.maximum((1.0 - width) - length, 0.0) / (0.5 * width)
    return pull**2 - push**2


def _gh2010_force_velocity(velocity: np.ndarray) -> np.ndarray:
    """Hill's hyperbolas, and below -1 the tangent.

    Without a damper a curve that stayed at zero there would leave the velocity of an
    unloaded fibre undetermined. With the tangent it is -1, as long as there is activation.
    """
    shape, maximum = 5.0, 1.5
    velocity = np.asarray(velocity, dtype=float)
    shortening = np.clip(velocity, -1.0, 0.0)
    stretch = np.maximum(velocity, 0.0)
    return np.where(
        velocity <= 0.0,
        (1.0 + shortening) / (1.0 - shape * shortening)
        + np.minimum(velocity + 1.0, 0.0) / (1.0 + shape),
        maximum + (maximum - 1.0) * (stretch - 1.0) / (1.0 + 7.56 * shape * stretch),
    )


def _gh2010_tendon_force_strain(strain: np.ndarray) -> np.ndarray:
    return (np.maximum(np.asarray(strain, dtype=float), 0.0) / 0.04) ** 2


# Geyer and Herr (2010), IEEE Trans. Neural Syst. Rehabil. Eng. 18(3), with the numbers of its
# common re-implementations; the paper was not at hand. There is no damper, so the balance
# needs an activation above zero (0.01 is usual).
_GH2010 = CurveSet(
    active_force_length=_gh2010_active_force_length,
    passive_force_length=_gh2010_passive_force_length,
    force_velocity=_gh2010_force_velocity,
    tendon_force_strain=_gh2010_tendon_force_strain,
    fiber_damping=0.0,
    # Here the buffer spring pushes with the whole maximum isometric force.
    shortest_fiber=0.16,
)

CURVE_SETS: dict[str, CurveSet] = {
    "m2012fast": _M2012FAST,
    "millard": _MILLARD,
    "degroote": _DEGROOTE,
    "thelen": _THELEN,
    "gh2010": _GH2010,
}


class CurveTables(NamedTuple):
    """Cubic Hermite tables of one curve set, on uniform grids.

    Attributes
    ----------
    value : ndarray, shape (4, TABLE_NODES, 2)
        Value and slope at the nodes; first axis ACTIVE_FORCE_LENGTH, PASSIVE_FORCE_LENGTH,
        FORCE_VELOCITY, TENDON_FORCE_STRAIN.
    low, step, step_inverse : ndarray, shape (4,)
        First node, spacing of the nodes and its inverse.
    damping : float
        Force of the parallel damper at maximum shortening velocity.
    shortest_fiber : float
        Lower limit of the fibre length per optimal length.
    """

    value: np.ndarray
    low: np.ndarray
    step: np.ndarray
    step_inverse: np.ndarray
    damping: float
    shortest_fiber: float


def _one_sided_slope(curve: Curve, x: np.ndarray, step: float) -> np.ndarray:
    """Second-order difference that looks to one side only; the sign of `step` chooses it."""
    return (4.0 * curve(x + step) - curve(x + 2.0 * step) - 3.0 * curve(x)) / (2.0 * step)


def tabulate(name: str) -> CurveTables:
    """Tables of one curve set for the compiled lookup.

    The interpolants are continuous with their slopes. They differ from the exact curves
    by less than 1e-5, except in the one or two cells that meet at a kink.

    Parameters
    ----------
    name : str
        A key of `CURVE_SETS`.

    Returns
    -------
    CurveTables
        New arrays; nothing is shared between calls.

    Raises
    ------
    ValueError
        If there is no such set (lists those there are).
    """
    if name not in CURVE_SETS:
        raise ValueError(f"no muscle curve set {name!r}; available: {', '.join(CURVE_SETS)}")
    curve_set = CURVE_SETS[name]
    value = np.empty((4, TABLE_NODES, 2))
    for row, curve in (
        (ACTIVE_FORCE_LENGTH, curve_set.active_force_length),
        (PASSIVE_FORCE_LENGTH, curve_set.passive_force_length),
        (FORCE_VELOCITY, curve_set.force_velocity),
        (TENDON_FORCE_STRAIN, curve_set.tendon_force_strain),
    ):
        x = _TABLE_LOW[row] + _TABLE_STEP[row] * np.arange(TABLE_NODES)
        left = _one_sided_slope(curve, x, -_DIFFERENCE)
        right = _one_sided_slope(curve, x, _DIFFERENCE)
        value[row, :, 0] = curve(x)
        # At a kink the flatter side: it keeps the interpolant monotone and its own cells exact.
        value[row, :, 1] = np.where(np.abs(left) < np.abs(right), left, right)
    step = np.array(_TABLE_STEP)
    return CurveTables(
        value=value,
        low=np.array(_TABLE_LOW),
        step=step,
        step_inverse=1.0 / step,
        damping=curve_set.fiber_damping,
        shortest_fiber=curve_set.shortest_fiber,
    )


@compiled
def table_value_slope(tables: CurveTables, which: int, x: float) -> tuple[float, float]:
    """Value of a tabulated curve and the exact slope of its interpolant.

    Parameters
    ----------
    tables : CurveTables
        From `tabulate`.
    which : int
        ACTIVE_FORCE_LENGTH, PASSIVE_FORCE_LENGTH, FORCE_VELOCITY or TENDON_FORCE_STRAIN.
    x : float
        Argument of the curve. Beyond the grid the curve goes on straight; NaN gives NaN.
    """
    last = tables.value.shape[1] - 1
    position = (x - tables.low[which]) * tables.step_inverse[which]
    # Written so that NaN leaves here: as an index it would be any number.
    if not position > 0.0:
        slope = tables.value[which, 0, 1]
        return tables.value[which, 0, 0] + slope * (x - tables.low[which]), slope
    step = tables.step[which]
    if position >= last:
        slope = tables.value[which, last, 1]
        return tables.value[which, last, 0] + slope * step * (position - last), slope
    # Unsigned, because the check for negative indices would double the time of a lookup.
    node = np.uint64(position)
    following = node + np.uint64(1)
    t = position - node
    y0 = tables.value[which, node, 0]
    m0 = tables.value[which, node, 1] * step
    rise = tables.value[which, following, 0] - y0
    m1 = tables.value[which, following, 1] * step
    c2 = 3.0 * rise - 2.0 * m0 - m1
    c3 = m0 + m1 - 2.0 * rise
    value = y0 + t * (m0 + t * (c2 + t * c3))
    slope = (m0 + t * (2.0 * c2 + 3.0 * t * c3)) * tables.step_inverse[which]
    return value, slope


@compiled
def table_value(tables: CurveTables, which: int, x: float) -> float:
    """Value of a tabulated curve; arguments as in `table_value_slope`."""
    return table_value_slope(tables, which, x)[0]
