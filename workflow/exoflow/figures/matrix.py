"""The matrix: what the policies save, over speed and slope, one map for each kind of walker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.figures.numbers import known, signed
from exoflow.figures.results import Results
from exoflow.figures.style import GREY, INK, NORM_BAND, house_style, new_figure, svg_text

CHANGE = "change_cot_pct"
# Least range of the colours, so that noise is not painted as a landscape, %.
LEAST_SPAN_PCT = 2.0
# The colours end beyond the values, so that black numbers can be read on all of them.
PALE = 1.7


@dataclass(frozen=True)
class Place:
    """One cell: where it stands, what was saved (%), or why nothing is known."""

    condition: str
    speed_m_s: float
    slope_deg: float
    walker: str
    change_pct: float | None
    interval: tuple[float, float] | None
    n: int
    reason: str


def places(results: Results) -> list[Place]:
    """Every condition as a cell of the matrix, in the order of the conditions."""
    found = []
    for condition in results.conditions:
        fields = results.fields(condition)
        speed, slope = known(fields["speed_m_s"]), known(fields["slope_deg"])
        if speed is None or slope is None:
            continue
        reason = results.why_no_metabolics(condition)
        group = ((results.metabolics.get(condition) or {}).get("groups") or {}).get("policy") or {}
        change = group.get(CHANGE) or {}
        value = known(change.get("iqm", change.get("mean")))
        interval = change.get("iqm_ci95") or change.get("ci95")
        if value is None and not reason:
            reason = "no policy walked"
        found.append(
            Place(
                condition, speed, slope, _walker_words(fields["impairment"]), value,
                (interval[0], interval[1]) if interval else None, int(group.get("n", 0)), reason,
            )
        )  # fmt: skip
    return found


def _walker_words(impairment: Any) -> str:
    if not isinstance(impairment, Mapping):
        return "unimpaired"
    muscles = " and ".join(str(muscle) for muscle in impairment.get("muscles", []))
    return f"{impairment.get('side')} {muscles} at {100 * impairment['excitation_ceiling']:.0f} %"


def is_matrix(cells: list[Place]) -> bool:
    """Whether there are several speeds and several slopes to draw a map of."""
    return len({one.speed_m_s for one in cells}) > 1 and len({one.slope_deg for one in cells}) > 1


def matrix_figure(cells: list[Place]) -> str | None:
    """Heat maps over speed and slope.

    Returns
    -------
    str or None
        SVG; None where no cell has a value. Cells without one are hatched.
    """
    values = [one.change_pct for one in cells if one.change_pct is not None]
    if not values:
        return None
    walkers = list(dict.fromkeys(one.walker for one in cells))
    speeds = sorted({one.speed_m_s for one in cells})
    slopes = sorted({one.slope_deg for one in cells}, reverse=True)
    span = max(LEAST_SPAN_PCT, max(abs(value) for value in values))
    width = 1.2 + len(walkers) * (0.6 + 0.78 * len(speeds))
    with house_style():
        figure = new_figure(width, 1.4 + 0.62 * len(slopes))
        panels = figure.subplots(1, len(walkers), squeeze=False)[0]
        for axes, walker in zip(panels, walkers, strict=True):
            grid = np.full((len(slopes), len(speeds)), np.nan)
            for one in cells:
                if one.walker != walker:
                    continue
                row, column = slopes.index(one.slope_deg), speeds.index(one.speed_m_s)
                _write(axes, column, row, one)
                if one.change_pct is not None:
                    grid[row, column] = one.change_pct
            image = axes.imshow(
                grid, cmap="PuOr", vmin=-PALE * span, vmax=PALE * span, aspect="auto"
            )
            axes.set_xticks(range(len(speeds)), labels=[f"{speed:g}" for speed in speeds])
            axes.set_yticks(range(len(slopes)), labels=[signed(slope) for slope in slopes])
            axes.set_xlabel("Speed (m/s)")
            axes.set_title(walker)
        panels[0].set_ylabel("Slope (°)")
        figure.colorbar(image, ax=list(panels), label="Cost of transport (%)", shrink=0.85)
        return svg_text(figure)


def _write(axes: Any, column: int, row: int, one: Place) -> None:
    if one.change_pct is None:
        axes.fill_between(
            [column - 0.5, column + 0.5], row - 0.5, row + 0.5,
            facecolor="none", edgecolor=NORM_BAND, hatch="////", linewidth=0.0,
        )  # fmt: skip
        axes.text(column, row, "–", ha="center", va="center", color=GREY)
        return
    axes.text(column, row - 0.1, signed(one.change_pct), ha="center", va="center", color=INK)
    if one.interval:
        text = f"{signed(one.interval[0])}..{signed(one.interval[1])}"
        axes.text(column, row + 0.25, text, ha="center", va="center", color=INK, fontsize=6)
