"""Breath by breath: gross power over every session, windows shaded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.style import (
    BLUE,
    GREY,
    INK,
    NORM_BAND,
    OUTSIDE,
    VERMILLION,
    Drawing,
    drawing,
    house_style,
    new_figure,
)

# More would be too small to read; the tables hold all.
MOST_SESSIONS = 12
COLUMNS = 2


@dataclass(frozen=True)
class WindowOfBout:
    """A shaded window: its label, span (min), mean (W/kg) and whether a check failed."""

    label: str
    bout_start_min: float
    start_min: float
    end_min: float
    mean_W_kg: float
    flagged: bool


@dataclass(frozen=True)
class SessionTrace:
    """Breaths of one session.

    Attributes
    ----------
    time_min, power_W_kg : ndarray, shape (n_breaths,)
    """

    title: str
    time_min: np.ndarray
    power_W_kg: np.ndarray
    windows: tuple[WindowOfBout, ...]


def timeline_figure(title: str, sessions: Sequence[SessionTrace]) -> Drawing:
    """Every session's breaths over time; of many sessions the first MOST_SESSIONS."""
    shown = sessions[:MOST_SESSIONS]
    columns = min(COLUMNS, len(shown))
    rows = math.ceil(len(shown) / columns)
    with house_style():
        figure = new_figure(4.6 * columns, 1.0 + 1.9 * rows)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for axes, session in zip(grid.flat, shown, strict=False):
            _draw(axes, session)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        top = max(float(np.nanpercentile(s.power_W_kg, 99.5)) for s in shown)
        grid.flat[0].set_ylim(0, 1.25 * top)
        for k in range(len(shown)):
            axes = grid.flat[k]
            # The lowest of each column carries the axis.
            if k + columns >= len(shown):
                axes.set_xlabel("Time (min)")
                axes.tick_params(labelbottom=True)
            if k % columns == 0:
                axes.set_ylabel("Gross rate (W/kg)")
        left_out = len(sessions) - len(shown)
        more = f" The first {len(shown)} of {len(sessions)} sessions." if left_out else ""
        figure.suptitle(f"{title}: gross metabolic rate, breath by breath", color=INK, fontsize=9.5)
        figure.supxlabel(
            "Shaded: the windows, with their means. Red: a check failed in that window." + more,
            color=INK,
            fontsize=8.5,
        )
        return drawing(figure)


def _draw(axes: Axes, session: SessionTrace) -> None:
    for k, window in enumerate(session.windows):
        color = OUTSIDE if window.flagged else BLUE
        axes.axvspan(window.start_min, window.end_min, color=NORM_BAND, linewidth=0, zorder=0)
        axes.axvline(window.bout_start_min, color=GREY, linewidth=0.5, linestyle=":", zorder=0)
        # Short names side by side would touch: every other one stands lower.
        axes.text(
            (window.bout_start_min + window.end_min) / 2,
            0.99 if k % 2 == 0 else 0.91,
            window.label,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            fontsize=6.5,
            color=color if window.flagged else INK,
        )
    axes.plot(
        session.time_min,
        session.power_W_kg,
        linestyle="",
        marker=".",
        markersize=2,
        color=BLUE,
        alpha=0.6,
        markeredgewidth=0,
        rasterized=True,
    )
    for window in session.windows:
        axes.plot(
            [window.start_min, window.end_min],
            [window.mean_W_kg] * 2,
            color=OUTSIDE if window.flagged else VERMILLION,
            linewidth=2.2,
            solid_capstyle="butt",
        )
    axes.set_title(session.title, fontsize=8.5)
