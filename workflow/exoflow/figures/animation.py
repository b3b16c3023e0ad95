"""A walk as an animated GIF: skeleton, muscles by activation, ground reactions, exo torque."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from exoflow.errors import UserError
from exoflow.figures.stick_figure import (
    FORCE_SCALE_M,
    HEAD_RADIUS_M,
    HIP,
    LEG_ROWS,
    PELVIS,
    TRUNK_TOP,
    foot_forces,
    stick_points,
)
from exoflow.figures.style import GREEN, GREY, INK, LEFT_LEG, NORM_BAND, PURPLE, RIGHT_LEG
from exoflow.simulation.model_data import MUSCLE_NAMES, WalkerModel
from exoflow.simulation.poses import coordinates, muscle_points

WIDTH_PX, HEIGHT_PX = 640, 480
_METER_PX = 230
# Drawn at twice the size and averaged down: PIL draws lines without smoothing.
_OVERSAMPLING = 2
_GROUND_FROM_TOP = 0.9
_TICK_M = 0.5

# A resting muscle is pale blue, a fully active one dark red; no colour of a leg between.
ACTIVATION_COLORS = ((178, 203, 232), (238, 205, 90), (214, 30, 45), (120, 0, 20))
_N_ACTIVATION_STEPS = 24
# Widths of the weakest and strongest muscle, pixels.
_THINNEST_PX, _THICKEST_PX = 2.0, 5.0

# The arc of an exo torque: its radius at the right hip and, smaller, at the left, and the
# angle drawn for the torque limit.
_ARC_RADIUS_M = {"r": 0.21, "l": 0.17}
_ARC_AT_LIMIT = np.radians(110.0)
_CUFF_BELOW_HIP_M = 0.2
# Less torque than this share of the limit is drawn as none.
_LEAST_TORQUE = 0.03


@dataclass(frozen=True)
class _Scene:
    """What one frame shows; m along the ground, body weights, Nm over the limit."""

    points: np.ndarray
    forces: np.ndarray
    muscles: tuple[np.ndarray, ...]
    activation: np.ndarray
    torque: Mapping[str, float]


def write_gif(
    trajectory_columns: Mapping[str, np.ndarray],
    path: Path | str,
    fps: float = 25.0,
    slope_deg: float = 0.0,
    model: WalkerModel | None = None,
    torque_limit_Nm: float | None = None,
) -> Path:
    """Draw a trajectory as a stick figure with muscles, ground, slope and ground reactions.

    Parameters
    ----------
    trajectory_columns : mapping
        ``time`` (s) and the coordinates of `stick_points` (rad, m); ground reactions
        ``leg_r.grf_x`` ... (N) are drawn when present. Shape (n_steps,) each.
    path : path
        The GIF to write.
    fps : float
        Frames a second, 1 to 50 (GIF counts in hundredths of a second).
    slope_deg : float
        Slope of the ground, uphill positive.
    model : WalkerModel, optional
        Draw its muscles along their paths, coloured by ``soleus_r.activation`` ... (0..1).
    torque_limit_Nm : float, optional
        An exo is worn: draw its thigh parts and ``exo.hip_r.torque`` ... (Nm, flexion
        positive) as an arc that turns the thigh its way; this torque spans 110 degrees.

    Returns
    -------
    Path
        The file written; the same trajectory always gives the same bytes.

    Raises
    ------
    UserError
        If `fps` is out of range or fewer than two steps are stored.
    """
    if not 1 <= fps <= 50:
        raise UserError(f"fps = {fps} is outside 1..50, the range of a GIF.")
    time = np.asarray(trajectory_columns["time"], dtype=float)
    if len(time) < 2:
        raise UserError(f"A video needs at least 2 stored steps; the trajectory has {len(time)}.")
    delay_cs = round(100 / fps)
    moments = np.arange(time[0], time[-1] + 1e-9, delay_cs / 100)
    columns = {
        name: np.interp(moments, time, np.asarray(values, dtype=float))
        for name, values in trajectory_columns.items()
        if name.startswith(("pelvis_t", "hip_flexion_", "knee_angle_", "ankle_angle_", "leg_"))
        or name.endswith((".activation", ".torque"))
    }
    widths = _muscle_widths(model)
    palette = _palette()
    frames = [
        _draw(scene, moment, slope_deg, widths, torque_limit_Nm is not None).quantize(
            palette=palette, dither=Image.Dither.NONE
        )
        for scene, moment in zip(_scenes(columns, model, torque_limit_Nm), moments, strict=True)
    ]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        path,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=10 * delay_cs,
        loop=0,
        disposal=1,
        optimize=False,
    )
    return path


def activation_color(activation: float) -> tuple[int, int, int]:
    """Colour of a muscle, red, green and blue 0..255; one of a few steps that GIF can hold."""
    step = round(float(np.clip(activation, 0.0, 1.0)) * (_N_ACTIVATION_STEPS - 1))
    place = step / (_N_ACTIVATION_STEPS - 1) * (len(ACTIVATION_COLORS) - 1)
    stops = np.array(ACTIVATION_COLORS, dtype=float)
    at = np.arange(len(ACTIVATION_COLORS))
    red, green, blue = (round(float(np.interp(place, at, stops[:, k]))) for k in range(3))
    return red, green, blue


def torque_arc(thigh_rad: float, share: float) -> np.ndarray:
    """Directions along the arc of a torque, from the thigh the way it turns the thigh.

    Parameters
    ----------
    thigh_rad : float
        Angle of the thigh, 0 hanging down, forward positive.
    share : float
        Torque over its limit, flexion positive.

    Returns
    -------
    ndarray, shape (n, 2)
        Unit vectors, x forward and y up. The first points along the thigh.
    """
    angles = thigh_rad + np.linspace(0.0, share * _ARC_AT_LIMIT, 16)
    return np.stack([np.sin(angles), -np.cos(angles)], axis=1)


def _scenes(
    columns: Mapping[str, np.ndarray], model: WalkerModel | None, torque_limit_Nm: float | None
) -> list[_Scene]:
    points = stick_points(columns)
    forces = foot_forces(columns, points)
    n = len(points)
    paths: list[np.ndarray] = []
    activation = np.zeros((n, 0))
    if model is not None:
        paths = muscle_points(model, coordinates(columns))
        activation = np.stack([columns[f"{name}.activation"] for name in MUSCLE_NAMES], axis=1)
    torque = {
        side: columns[f"exo.hip_{side}.torque"] / torque_limit_Nm
        if torque_limit_Nm
        else np.zeros(n)
        for side in "rl"
    }
    return [
        _Scene(
            points[k],
            forces[k],
            tuple(path[k] for path in paths),
            activation[k],
            {side: float(shares[k]) for side, shares in torque.items()},
        )
        for k in range(n)
    ]


def _muscle_widths(model: WalkerModel | None) -> list[float]:
    """Line widths by strength, pixels."""
    if model is None:
        return []
    forces = np.sqrt([muscle.max_force for muscle in model.muscles])
    share = (forces - forces.min()) / (forces.max() - forces.min())
    return [float(width) for width in _THINNEST_PX + share * (_THICKEST_PX - _THINNEST_PX)]


def _draw(
    scene: _Scene, time_s: float, slope_deg: float, widths: list[float], worn: bool
) -> Image.Image:
    scale = _OVERSAMPLING
    image = Image.new("RGB", (WIDTH_PX * scale, HEIGHT_PX * scale), "white")
    pen = ImageDraw.Draw(image)
    points = scene.points
    camera = points[PELVIS, 0]
    slope = np.radians(slope_deg)
    turn = np.array([[np.cos(slope), -np.sin(slope)], [np.sin(slope), np.cos(slope)]])

    def pixels(meters: np.ndarray) -> list[tuple[float, float]]:
        seen = (np.atleast_2d(meters) - [camera, 0.0]) @ turn.T * _METER_PX
        x = WIDTH_PX / 2 + seen[:, 0]
        y = HEIGHT_PX * _GROUND_FROM_TOP - seen[:, 1]
        return [(scale * a, scale * b) for a, b in zip(x, y, strict=True)]

    def line(meters: np.ndarray, color: str | tuple[int, int, int], width: float) -> None:
        pen.line(pixels(meters), fill=color, width=round(width * scale), joint="curve")

    def arrow(meters: np.ndarray, color: str, width: float, head_m: float) -> None:
        line(meters, color, width)
        along = meters[-1] - meters[-2]
        along = along / max(np.hypot(*along), 1e-9) * head_m
        aside = 0.5 * np.array([-along[1], along[0]])
        pen.polygon(
            pixels(np.stack([meters[-1] + along, meters[-1] + aside, meters[-1] - aside])),
            fill=color,
        )

    half = WIDTH_PX / _METER_PX
    if slope_deg:
        here, flat = np.array([camera, 0.0]), turn.T @ np.array([half, 0.0])
        line(np.stack([here - flat, here + flat]), NORM_BAND, 1.5)
    line(np.array([[camera - half, 0.0], [camera + half, 0.0]]), INK, 2)
    for tick in np.arange(np.ceil((camera - half) / _TICK_M), (camera + half) / _TICK_M):
        line(np.array([[tick * _TICK_M, 0.0], [tick * _TICK_M - 0.04, -0.06]]), GREY, 1.5)
    trunk = points[TRUNK_TOP] - points[PELVIS]
    # The far leg first, the trunk between the legs: nearer things cover farther ones.
    for leg, (side, color, width) in enumerate((("l", LEFT_LEG, 4), ("r", RIGHT_LEG, 4.5))):
        if leg == 1:
            line(points[[HIP, TRUNK_TOP]], INK, 6)
        knee, ankle, heel, toe = LEG_ROWS[side]
        line(points[[HIP, knee, ankle, heel, toe, ankle]], color, width)
        thigh = points[knee] - points[HIP]
        if worn:
            cuff = points[HIP] + thigh / np.hypot(*thigh) * _CUFF_BELOW_HIP_M
            line(np.stack([points[HIP], cuff]), GREY, 8 if side == "r" else 7)
        # The model lists the muscles of the right leg first.
        first = 0 if side == "r" else len(MUSCLE_NAMES) // 2
        for index, path in list(enumerate(scene.muscles))[first : first + len(MUSCLE_NAMES) // 2]:
            line(path, activation_color(scene.activation[index]), widths[index])
        share = scene.torque[side]
        if worn and abs(share) > _LEAST_TORQUE:
            arc = torque_arc(float(np.arctan2(thigh[0], -thigh[1])), share)
            arrow(
                points[HIP] + _ARC_RADIUS_M[side] * arc, PURPLE if side == "r" else color, 3, 0.05
            )
    head = points[TRUNK_TOP] + trunk / max(np.hypot(*trunk), 1e-9) * HEAD_RADIUS_M
    center_x, center_y = pixels(head)[0]
    radius = HEAD_RADIUS_M * _METER_PX * scale
    pen.ellipse(
        (center_x - radius, center_y - radius, center_x + radius, center_y + radius),
        outline=INK,
        width=4 * scale,
        fill="white",
    )
    for x, y, force_x, force_y in scene.forces:
        if force_x or force_y:
            start = np.array([x, y])
            arrow(
                np.stack([start, start + FORCE_SCALE_M * np.array([force_x, force_y])]),
                GREEN, 3, 0.05,
            )  # fmt: skip
    small = image.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX)
    _write_words(small, scene, time_s, camera, slope_deg, worn)
    return small


def _write_words(
    image: Image.Image, scene: _Scene, time_s: float, x_m: float, slope_deg: float, worn: bool
) -> None:
    pen = ImageDraw.Draw(image)
    text = f"{time_s:5.2f} s   {x_m:6.2f} m"
    if slope_deg:
        text += f"   slope {slope_deg:+.1f} deg"
    pen.text((10, 8), text, fill=GREY)
    if scene.muscles:
        left, top, width = WIDTH_PX - 150, 10, 5
        for step in range(_N_ACTIVATION_STEPS):
            color = activation_color(step / (_N_ACTIVATION_STEPS - 1))
            x = left + width * step
            pen.rectangle((x, top, x + width - 1, top + 8), fill=color)
        pen.text((left, top + 11), "0    activation", fill=GREY)
        pen.text((left + width * _N_ACTIVATION_STEPS - 6, top + 11), "1", fill=GREY)
    if worn:
        pen.text((WIDTH_PX - 150, 38), "arc: exo torque", fill=GREY)


def _palette() -> Image.Image:
    """Every colour used, the strong ones in steps toward white for smoothed edges."""
    # White first and nothing close to it: the quantizer takes the nearest it meets.
    colors = [255, 255, 255]
    for color, steps in (
        *((c, 6) for c in (INK, RIGHT_LEG, LEFT_LEG, GREEN, GREY, PURPLE)),
        (NORM_BAND, 1),
    ):
        channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
        for step in range(steps):
            colors += [round(c + (255 - c) * step / 6) for c in channels]
    for step in range(_N_ACTIVATION_STEPS):
        channels = list(activation_color(step / (_N_ACTIVATION_STEPS - 1)))
        for faded in (0.0, 0.35, 0.7):
            colors += [round(c + (255 - c) * faded) for c in channels]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors)
    return palette
