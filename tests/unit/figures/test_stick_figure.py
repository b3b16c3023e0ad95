"""Geometry, loop and pictures of the stick figure."""

import numpy as np
import pandas as pd
import pytest

from exoflow.figures.stick_figure import (
    HIP,
    LEG_ROWS,
    N_POINTS,
    PELVIS,
    animation_data,
    foot_forces,
    stick_frames,
    stick_points,
    stride_starts,
    stride_strip,
)


def pose(tilt: float, hip: float, knee: float, ankle: float) -> dict[str, np.ndarray]:
    """One pose of the right leg, degrees; the left leg hangs straight."""
    names = ["pelvis_tilt", "hip_flexion_r", "knee_angle_r", "ankle_angle_r"]
    columns = {
        name: np.radians([value])
        for name, value in zip(names, (tilt, hip, knee, ankle), strict=True)
    }
    zero = ["pelvis_tx", "pelvis_ty", "hip_flexion_l", "knee_angle_l", "ankle_angle_l"]
    return columns | {name: np.zeros(1) for name in zero}


def columns_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of a trajectory as arrays."""
    return {name: table[name].to_numpy() for name in table}


def test_straight_leg_hangs_below_the_pelvis() -> None:
    points = stick_points(pose(0, 0, 0, 0))[0]
    knee, ankle, heel, toe = LEG_ROWS["r"]
    # 0.0661 + 0.396 = 0.4621; + 0.430 = 0.8921; + 0.057 = 0.9491: the pelvis height standing.
    assert points[HIP] == pytest.approx([0, -0.0661])
    assert points[knee] == pytest.approx([0, -0.4621])
    assert points[ankle] == pytest.approx([0, -0.8921])
    assert points[heel] == pytest.approx([-0.0338, -0.9491])
    assert points[toe] == pytest.approx([0.136, -0.9491])


@pytest.mark.parametrize(
    ("angles", "foot_com"),
    [
        ((-6, 30, -60, 10), (-0.05778, -0.80858)),
        ((-6, -8, -40, -15), (-0.44338, -0.75483)),
    ],
)
def test_ankle_agrees_with_the_model_tables(angles: tuple, foot_com: tuple) -> None:
    # Published poses of the foot's centre of mass, which lies 0.05123 m in front of the
    # ankle and 0.01195 m below it in the frame of the foot (pelvis at the origin).
    points = stick_points(pose(*angles))[0]
    ankle = points[LEG_ROWS["r"][1]]
    turn = np.radians(sum(angles))
    forward, down = 0.05123, -0.01195
    x = ankle[0] + forward * np.cos(turn) - down * np.sin(turn)
    y = ankle[1] + forward * np.sin(turn) + down * np.cos(turn)
    assert (x, y) == pytest.approx(foot_com, abs=1e-4)


def test_flexed_hip_swings_forward_and_flexed_knee_back() -> None:
    knee, ankle = LEG_ROWS["r"][:2]
    assert stick_points(pose(0, 30, 0, 0))[0][knee, 0] > 0.1
    assert stick_points(pose(0, 0, -60, 0))[0][ankle, 0] < -0.3


def test_loop_is_whole_strides_and_goes_on_where_it_ended(trajectory: pd.DataFrame) -> None:
    columns = columns_of(trajectory)
    # The right foot lands every 1.1 s from 0.01 s on, six times in 6 s.
    assert columns["time"][stride_starts(columns)] == pytest.approx(0.01 + 1.1 * np.arange(6))
    frames = stick_frames(columns, fps=25, n_strides=3)
    # Strides of 1.1 s at 1.3 m/s: 3.3 s, 82 frames, 4.29 m.
    assert len(frames.points) == 82
    assert frames.advance_m == pytest.approx(3 * 1.1 * 1.3, abs=0.02)
    assert frames.points[0, PELVIS, 0] == 0
    step = np.abs(np.diff(frames.points, axis=0)).max()
    seam = frames.points[0] + [frames.advance_m, 0] - frames.points[-1]
    assert np.abs(seam).max() < 1.5 * step


def test_walk_without_a_stride_shows_its_last_seconds(trajectory: pd.DataFrame) -> None:
    columns = columns_of(trajectory[trajectory["time"] < 0.5])
    frames = stick_frames(columns)
    assert frames.advance_m == 0
    assert stick_frames({name: values[:1] for name, values in columns.items()}) is None


def test_a_fall_is_shown_to_its_end(trajectory: pd.DataFrame) -> None:
    columns = columns_of(trajectory)
    frames = stick_frames(columns, last_s=2.0, loop=False)
    last = stick_points({name: values[-1:] for name, values in columns.items()})[0]
    assert frames.points[-1, :, 1] == pytest.approx(last[:, 1])
    assert frames.interval_s * (len(frames.points) - 1) == pytest.approx(2.0)


def test_force_starts_at_the_foot_that_carries(trajectory: pd.DataFrame) -> None:
    columns = columns_of(trajectory)
    points = stick_points(columns)
    forces = foot_forces(columns, points)
    touching = forces[:, 0, 3] > 0
    assert (touching == (columns["leg_r.grf_y"] > 20)).all()
    heel, toe = points[:, LEG_ROWS["r"][2]], points[:, LEG_ROWS["r"][3]]
    lower, upper = np.minimum(heel, toe)[:, 0] - 1e-9, np.maximum(heel, toe)[:, 0] + 1e-9
    start = forces[touching, 0, 0]
    assert ((start >= lower[touching]) & (start <= upper[touching])).all()
    assert not foot_forces({}, points).any()


def test_page_numbers_are_whole_and_complete(trajectory: pd.DataFrame) -> None:
    data = animation_data(stick_frames(columns_of(trajectory)), slope_deg=3)
    assert {len(row) for row in data["points"]} == {2 * N_POINTS}
    assert {len(row) for row in data["forces"]} == {8}
    assert all(isinstance(number, int) for number in data["points"][0])
    assert data["interval_ms"] == pytest.approx(40, abs=0.5)


def test_strip_shows_ground_and_slope(trajectory: pd.DataFrame) -> None:
    strip = stride_strip(columns_of(trajectory), slope_deg=3, label='a "b"')
    assert strip.startswith("<svg") and "rotate(3.000)" in strip
    assert "stroke-dasharray" in strip
    assert 'aria-label="a &quot;b&quot;"' in strip
