"""Stick figure of the planar walker: joint positions from the coordinates of a trajectory.

x forward, y up; rotations counter-clockwise as seen from the right. The axes of a
trajectory lie along the ground: a slope is added when drawing, by turning the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from exoflow.figures.style import GREEN, INK, LEFT_LEG, NORM_BAND, RIGHT_LEG

# Lengths of the H0918 walker, m. The pelvis frame lies at the pelvis' centre of mass.
HIP_BELOW_PELVIS_M = 0.0661
THIGH_M = 0.396
SHANK_M = 0.430
HEEL_IN_FOOT_M = (-0.0338, -0.057)
TOE_IN_FOOT_M = (0.136, -0.057)
TRUNK_M = 0.60
HEAD_RADIUS_M = 0.10

# Rows of `stick_points`; each limb is a chain of rows.
TRUNK_TOP, PELVIS, HIP = 0, 1, 2
LEG_ROWS = {"r": (3, 4, 5, 6), "l": (7, 8, 9, 10)}
"""Knee, ankle, heel and toe of a leg."""
N_POINTS = 11

# A foot whose heel and toe differ less than this in height stands flat.
_FLAT_M = 0.012
_CONTACT_N = 20.0
# Length of an arrow of one body weight, m.
FORCE_SCALE_M = 0.5
_GRAVITY_M_S2 = 9.81
_BODY_MASS_KG = 74.53


@dataclass(frozen=True)
class StickFrames:
    """A walk as points; equally spaced in time."""

    points: np.ndarray
    """Shape (n_frames, 11, 2), m; x is the distance walked since the first frame."""
    forces: np.ndarray
    """Shape (n_frames, 2, 4): right and left foot; x, y of the point of application (m),
    then x and y of the force in body weights. Zero force: no contact."""
    interval_s: float
    advance_m: float
    """Distance walked when the frames start over; 0 when they do not form a loop."""


def stick_points(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Joint positions of every stored step.

    Parameters
    ----------
    columns : mapping
        ``pelvis_tilt``, ``pelvis_tx``, ``pelvis_ty``, ``hip_flexion_r``,
        ``knee_angle_r``, ``ankle_angle_r`` and the same with ``_l``; rad and m,
        shape (n_steps,). Flexion of the knee is negative.

    Returns
    -------
    ndarray, shape (n_steps, 11, 2)
        Trunk top, pelvis, hip, then knee, ankle, heel, toe of the right and of the
        left leg, m.

    Raises
    ------
    KeyError
        If a coordinate is missing.
    """
    tilt = _column(columns, "pelvis_tilt")
    points = np.empty((len(tilt), N_POINTS, 2))
    pelvis = np.stack([_column(columns, "pelvis_tx"), _column(columns, "pelvis_ty")], axis=1)
    hip = pelvis + _turned((0.0, -HIP_BELOW_PELVIS_M), tilt)
    points[:, TRUNK_TOP] = pelvis + _turned((0.0, TRUNK_M), tilt)
    points[:, PELVIS] = pelvis
    points[:, HIP] = hip
    for side, (knee_row, ankle_row, heel_row, toe_row) in LEG_ROWS.items():
        thigh = tilt + _column(columns, f"hip_flexion_{side}")
        shank = thigh + _column(columns, f"knee_angle_{side}")
        foot = shank + _column(columns, f"ankle_angle_{side}")
        points[:, knee_row] = hip + _turned((0.0, -THIGH_M), thigh)
        points[:, ankle_row] = points[:, knee_row] + _turned((0.0, -SHANK_M), shank)
        points[:, heel_row] = points[:, ankle_row] + _turned(HEEL_IN_FOOT_M, foot)
        points[:, toe_row] = points[:, ankle_row] + _turned(TOE_IN_FOOT_M, foot)
    return points


def foot_forces(columns: Mapping[str, np.ndarray], points: np.ndarray) -> np.ndarray:
    """Ground reaction of each foot with a drawn point of application.

    The trajectory stores no centre of pressure. The arrow starts at the heel or toe,
    whichever is lower, or under the middle of a flat foot: a drawing aid only.

    Returns
    -------
    ndarray, shape (n_steps, 2, 4)
        As `StickFrames.forces`.
    """
    forces = np.zeros((len(points), 2, 4))
    body_weight = _BODY_MASS_KG * _GRAVITY_M_S2
    for leg, (side, rows) in enumerate(LEG_ROWS.items()):
        names = [f"leg_{side}.grf_x", f"leg_{side}.grf_y"]
        if not all(name in columns for name in names):
            continue
        heel, toe = points[:, rows[2]], points[:, rows[3]]
        lift = (toe[:, 1] - heel[:, 1])[:, None]
        start = np.where(np.abs(lift) < _FLAT_M, (heel + toe) / 2, np.where(lift > 0, heel, toe))
        force = np.stack([_column(columns, name) for name in names], axis=1)
        touching = force[:, 1] > _CONTACT_N
        forces[touching, leg, :2] = start[touching]
        forces[touching, leg, 2:] = force[touching] / body_weight
    return forces


def stride_starts(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Indices at which the right foot touches down; empty without ground reactions."""
    if "leg_r.grf_y" not in columns:
        return np.empty(0, dtype=int)
    touching = _column(columns, "leg_r.grf_y") > _CONTACT_N
    starts = np.flatnonzero(touching[1:] & ~touching[:-1]) + 1
    if not len(starts):
        return starts
    # A heel that bounces touches twice: a stride lasts longer than 0.4 s.
    time = _column(columns, "time")
    kept = [starts[0]]
    for start in starts[1:]:
        if time[start] - time[kept[-1]] > 0.4:
            kept.append(start)
    return np.array(kept)


def stick_frames(
    columns: Mapping[str, np.ndarray],
    fps: float = 25.0,
    n_strides: int = 3,
    last_s: float = 4.0,
    loop: bool = True,
) -> StickFrames | None:
    """The last strides of a walk, resampled for playing in a loop.

    Parameters
    ----------
    columns : mapping
        Columns of a trajectory, with ``time`` (s).
    fps : float
        Frames a second, about: the strides are cut into a whole number of frames.
    n_strides : int
        Strides shown, fewer when fewer were walked.
    last_s : float
        What is shown of a walk without a whole stride: its last seconds.
    loop : bool
        False: show the last seconds in any case, with the fall if there was one.

    Returns
    -------
    StickFrames or None
        None when fewer than two steps are stored.
    """
    time = _column(columns, "time")
    if len(time) < 2:
        return None
    starts = stride_starts(columns)
    loops = loop and len(starts) >= 2
    if loops:
        begin, end = time[starts[max(len(starts) - 1 - n_strides, 0)]], time[starts[-1]]
    else:
        begin, end = max(time[0], time[-1] - last_s), time[-1]
    n_frames = max(round((end - begin) * fps), 2)
    # The end of a loop is its beginning: do not show it twice.
    moments = np.linspace(begin, end, n_frames, endpoint=not loops)
    resampled = {
        name: np.interp(moments, time, _column(columns, name)) for name in columns if name in _DRAWN
    }
    points = stick_points(resampled)
    origin = points[0, PELVIS, 0]
    walked = np.interp([begin, end], time, _column(columns, "pelvis_tx"))
    points[..., 0] -= origin
    return StickFrames(
        points=points,
        forces=foot_forces(resampled, points),
        interval_s=float((end - begin) / (n_frames if loops else n_frames - 1)),
        advance_m=float(walked[1] - walked[0]) if loops else 0.0,
    )


def stride_strip(
    columns: Mapping[str, np.ndarray],
    slope_deg: float = 0.0,
    n_poses: int = 8,
    label: str = "",
    loop: bool = True,
) -> str | None:
    """The last stride as a row of poses, drawn apart so that they do not cover each other.

    Parameters
    ----------
    columns, loop
        As for `stick_frames`: without `loop` the poses come from the last seconds.
    slope_deg : float
        Slope of the ground, uphill positive.
    n_poses : int
        Poses, from left to right.
    label : str
        What the picture shows, for readers who do not see it.

    Returns
    -------
    str or None
        An ``<svg>`` element; None when fewer than two steps are stored.
    """
    frames = stick_frames(columns, n_strides=1, last_s=2.0, loop=loop)
    if frames is None:
        return None
    indices = np.linspace(0, len(frames.points) - 1, n_poses).round().astype(int)
    spacing = 0.95
    parts = []
    for place, index in enumerate(indices):
        shift = spacing * place - frames.points[index, PELVIS, 0]
        parts.append(_pose(frames.points[index], frames.forces[index], shift))
    left, right = -0.6, spacing * (n_poses - 1) + 0.6
    slope = np.radians(slope_deg)
    rise = (right - left) * abs(np.sin(slope))
    ground = f'<line x1="{left}" y1="0" x2="{right}" y2="0" stroke="{INK}" stroke-width=".012"/>'
    level = (
        f'<line x1="{left}" y1="0" x2="{right}" y2="0" stroke="{NORM_BAND}" '
        'stroke-width=".01" stroke-dasharray=".05 .05"/>'
        if slope_deg
        else ""
    )
    top = 1.85 + (rise if slope_deg > 0 else 0.0)
    bottom = 0.08 + (rise if slope_deg < 0 else 0.0)
    # SVG counts y downward: flip once, here.
    return (
        f'<svg viewBox="{left:.3f} {-top:.3f} {right - left:.3f} {top + bottom:.3f}" role="img" '
        f'aria-label="{escape(label, quote=True)}"><g transform="scale(1 -1)">{level}'
        f'<g transform="rotate({slope_deg:.3f})" fill="none" stroke-linecap="round" '
        f'stroke-linejoin="round">{ground}{"".join(parts)}</g></g></svg>'
    )


def animation_data(frames: StickFrames, slope_deg: float) -> dict:
    """Numbers for the page's player: whole millimetres and per mille of body weight.

    Returns
    -------
    dict
        ``interval_ms``, ``advance_mm``, ``slope_deg``, ``points`` (n_frames rows of 22
        numbers) and ``forces`` (n_frames rows of 8).
    """
    return {
        "interval_ms": round(1000 * frames.interval_s, 2),
        "advance_mm": round(1000 * frames.advance_m),
        "slope_deg": float(slope_deg),
        "points": _thousandths(frames.points),
        "forces": _thousandths(frames.forces),
    }


_DRAWN = {
    "pelvis_tilt",
    "pelvis_tx",
    "pelvis_ty",
    *(f"{name}_{side}" for name in ("hip_flexion", "knee_angle", "ankle_angle") for side in "rl"),
    *(f"leg_{side}.grf_{axis}" for side in "rl" for axis in "xy"),
}


def _pose(points: np.ndarray, forces: np.ndarray, shift: float) -> str:
    moved = points + np.array([shift, 0.0])
    parts = []
    for side, color, width in (("l", LEFT_LEG, 0.03), ("r", RIGHT_LEG, 0.04)):
        knee, ankle, heel, toe = LEG_ROWS[side]
        parts.append(_line(moved[[HIP, knee, ankle, heel, toe, ankle]], color, width))
    trunk = moved[TRUNK_TOP] - moved[PELVIS]
    head = moved[TRUNK_TOP] + trunk / max(np.hypot(*trunk), 1e-9) * HEAD_RADIUS_M
    parts.append(_line(moved[[HIP, TRUNK_TOP]], INK, 0.045))
    parts.append(
        f'<circle cx="{head[0]:.3f}" cy="{head[1]:.3f}" r="{HEAD_RADIUS_M}" stroke="{INK}" '
        'stroke-width=".036" fill="#fff"/>'
    )
    for x, y, force_x, force_y in forces:
        if force_x or force_y:
            start = np.array([x + shift, y])
            tip = start + FORCE_SCALE_M * np.array([force_x, force_y])
            parts.append(_line(np.stack([start, tip]), GREEN, 0.022))
    return "".join(parts)


def _thousandths(values: np.ndarray) -> list[list[int]]:
    return np.rint(1000 * values).astype(int).reshape(len(values), -1).tolist()


def _line(points: np.ndarray, color: str, width: float) -> str:
    path = " ".join(f"{x:.3f},{y:.3f}" for x, y in points)
    return f'<polyline points="{path}" stroke="{color}" stroke-width="{width}"/>'


def _turned(vector: tuple[float, float], angle: np.ndarray) -> np.ndarray:
    x, y = vector
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)


def _column(columns: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    return np.asarray(columns[name], dtype=float)
