"""A walk as an animated GIF."""

from collections.abc import Mapping
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
from exoflow.figures.style import GREEN, GREY, INK, LEFT_LEG, NORM_BAND, RIGHT_LEG

WIDTH_PX, HEIGHT_PX = 480, 360
_METER_PX = 160
# Drawn at twice the size and averaged down: PIL draws lines without smoothing.
_OVERSAMPLING = 2
_GROUND_FROM_TOP = 0.86
_TICK_M = 0.5


def write_gif(
    trajectory_columns: Mapping[str, np.ndarray],
    path: Path | str,
    fps: float = 25.0,
    slope_deg: float = 0.0,
) -> Path:
    """Draw a trajectory as a stick figure with ground, slope and ground reactions.

    Parameters
    ----------
    trajectory_columns : mapping
        ``time`` (s) and the coordinates of `stick_points` (rad, m); the ground
        reactions ``leg_r.grf_x`` ... (N) are drawn when present. Shape (n_steps,) each.
    path : path
        The GIF to write.
    fps : float
        Frames a second, 1 to 50 (GIF counts in hundredths of a second).
    slope_deg : float
        Slope of the ground, uphill positive.

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
    }
    points = stick_points(columns)
    forces = foot_forces(columns, points)
    palette = _palette()
    frames = [
        _draw(points[index], forces[index], moment, slope_deg).quantize(
            palette=palette, dither=Image.Dither.NONE
        )
        for index, moment in enumerate(moments)
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


def _draw(points: np.ndarray, forces: np.ndarray, time_s: float, slope_deg: float) -> Image.Image:
    scale = _OVERSAMPLING
    image = Image.new("RGB", (WIDTH_PX * scale, HEIGHT_PX * scale), "white")
    pen = ImageDraw.Draw(image)
    camera = points[PELVIS, 0]
    slope = np.radians(slope_deg)
    turn = np.array([[np.cos(slope), -np.sin(slope)], [np.sin(slope), np.cos(slope)]])

    def pixels(meters: np.ndarray) -> list[tuple[float, float]]:
        seen = (np.atleast_2d(meters) - [camera, 0.0]) @ turn.T * _METER_PX
        x = WIDTH_PX / 2 + seen[:, 0]
        y = HEIGHT_PX * _GROUND_FROM_TOP - seen[:, 1]
        return [(scale * a, scale * b) for a, b in zip(x, y, strict=True)]

    def line(meters: np.ndarray, color: str, width: float) -> None:
        pen.line(pixels(meters), fill=color, width=round(width * scale), joint="curve")

    half = WIDTH_PX / _METER_PX
    if slope_deg:
        here, flat = np.array([camera, 0.0]), turn.T @ np.array([half, 0.0])
        line(np.stack([here - flat, here + flat]), NORM_BAND, 1.5)
    line(np.array([[camera - half, 0.0], [camera + half, 0.0]]), INK, 2)
    for tick in np.arange(np.ceil((camera - half) / _TICK_M), (camera + half) / _TICK_M):
        line(np.array([[tick * _TICK_M, 0.0], [tick * _TICK_M - 0.04, -0.06]]), GREY, 1.5)
    for side, color, width in (("l", LEFT_LEG, 4), ("r", RIGHT_LEG, 5)):
        knee, ankle, heel, toe = LEG_ROWS[side]
        line(points[[HIP, knee, ankle, heel, toe, ankle]], color, width)
    trunk = points[TRUNK_TOP] - points[PELVIS]
    head = points[TRUNK_TOP] + trunk / max(np.hypot(*trunk), 1e-9) * HEAD_RADIUS_M
    line(points[[HIP, TRUNK_TOP]], INK, 6)
    center_x, center_y = pixels(head)[0]
    radius = HEAD_RADIUS_M * _METER_PX * scale
    pen.ellipse(
        (center_x - radius, center_y - radius, center_x + radius, center_y + radius),
        outline=INK,
        width=4 * scale,
        fill="white",
    )
    for x, y, force_x, force_y in forces:
        if force_x or force_y:
            start = np.array([x, y])
            tip = start + FORCE_SCALE_M * np.array([force_x, force_y])
            line(np.stack([start, tip]), GREEN, 3)
    small = image.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX)
    text = f"{time_s:5.2f} s   {camera:6.2f} m"
    if slope_deg:
        text += f"   slope {slope_deg:+.1f} deg"
    ImageDraw.Draw(small).text((10, 8), text, fill=GREY)
    return small


def _palette() -> Image.Image:
    """Every colour used, the strong ones in steps toward white for smoothed edges."""
    # White first and nothing close to it: the quantizer takes the nearest it meets.
    colors = [255, 255, 255]
    for color, steps in (
        *((c, 6) for c in (INK, RIGHT_LEG, LEFT_LEG, GREEN, GREY)),
        (NORM_BAND, 1),
    ):
        channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
        for step in range(steps):
            colors += [round(c + (255 - c) * step / 6) for c in channels]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colors)
    return palette
