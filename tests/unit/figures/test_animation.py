"""The animated walk: muscles, forces, exo torque, and the same bytes every time."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from exoflow.errors import UserError
from exoflow.figures.animation import (
    ACTIVATION_COLORS,
    HEIGHT_PX,
    WIDTH_PX,
    activation_color,
    torque_arc,
    write_gif,
)
from exoflow.simulation.model_data import MUSCLE_NAMES, load_model


def columns_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns of a trajectory as arrays."""
    return {name: table[name].to_numpy() for name in table}


def test_gif_shows_the_walk_and_repeats_byte_for_byte(
    tmp_path: Path, trajectory: pd.DataFrame
) -> None:
    columns = columns_of(trajectory[trajectory["time"] < 1.0])
    first = write_gif(columns, tmp_path / "a.gif", fps=10, slope_deg=3)
    second = write_gif(columns, tmp_path / "b.gif", fps=10, slope_deg=3)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as image:
        assert image.size == (WIDTH_PX, HEIGHT_PX)
        # 0.99 s at 0.1 s: moments 0.0 to 0.9.
        assert image.n_frames == 10
        assert image.info["duration"] == 100
        frame = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for color in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0xFF, 0xFF, 0xFF)):
        assert (frame == color).all(axis=1).any()


def test_gif_of_nothing_is_refused(tmp_path: Path, trajectory: pd.DataFrame) -> None:
    one = {name: values[:1] for name, values in columns_of(trajectory).items()}
    with pytest.raises(UserError, match="at least 2 stored steps; the trajectory has 1"):
        write_gif(one, tmp_path / "a.gif")
    with pytest.raises(UserError, match=r"fps = 0 is outside 1\.\.50"):
        write_gif(columns_of(trajectory), tmp_path / "a.gif", fps=0)


def colors_of(path: Path) -> set[tuple[int, int, int]]:
    """Colours of the first frame below the words and legend."""
    with Image.open(path) as image:
        frame = np.asarray(image.convert("RGB"))[60:]
    return {tuple(int(c) for c in color) for color in np.unique(frame.reshape(-1, 3), axis=0)}


def near(color: tuple[int, int, int], colors: set[tuple[int, int, int]]) -> bool:
    """Whether a colour is there but for the rounding of the palette."""
    return any(max(abs(a - b) for a, b in zip(color, other, strict=True)) <= 2 for other in colors)


def test_muscles_are_drawn_in_the_colour_of_their_activation(
    tmp_path: Path, trajectory: pd.DataFrame
) -> None:
    columns = columns_of(trajectory[trajectory["time"] < 0.2])
    model = load_model("h0918v3")
    rest, full = ACTIVATION_COLORS[0], ACTIVATION_COLORS[-1]
    for activation, there, absent in ((0.0, rest, full), (1.0, full, rest)):
        columns |= {
            f"{name}.activation": np.full_like(columns["time"], activation) for name in MUSCLE_NAMES
        }
        found = colors_of(write_gif(columns, tmp_path / "m.gif", fps=10, model=model))
        assert near(there, found) and not near(absent, found)
    assert not near(full, colors_of(write_gif(columns, tmp_path / "none.gif", fps=10)))


def test_activation_colors_run_from_rest_to_full_and_stay_there() -> None:
    assert activation_color(0.0) == activation_color(-1.0) == ACTIVATION_COLORS[0]
    assert activation_color(1.0) == activation_color(2.0) == ACTIVATION_COLORS[-1]


def test_arc_turns_the_thigh_the_way_of_the_torque() -> None:
    # A hanging thigh points down; a flexion torque at its limit ends 110 deg forward of it,
    # at (sin 110, -cos 110) = (0.940, 0.342); extension the same backward.
    forward, backward = torque_arc(0.0, 1.0), torque_arc(0.0, -1.0)
    assert forward[0] == pytest.approx([0.0, -1.0])
    assert forward[-1] == pytest.approx([0.940, 0.342], abs=1e-3)
    assert backward[-1] == pytest.approx([-0.940, 0.342], abs=1e-3)


def test_exo_torque_is_drawn_only_when_an_exo_is_worn(
    tmp_path: Path, trajectory: pd.DataFrame
) -> None:
    columns = columns_of(trajectory[trajectory["time"] < 0.2])
    columns |= {f"exo.hip_{side}.torque": np.full_like(columns["time"], 4.0) for side in "rl"}
    purple = (0xCC, 0x79, 0xA7)
    assert near(purple, colors_of(write_gif(columns, tmp_path / "a.gif", torque_limit_Nm=8.0)))
    assert not near(purple, colors_of(write_gif(columns, tmp_path / "b.gif")))
