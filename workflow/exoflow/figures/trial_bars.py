"""Reductions as bars: every subject with its own interval, and the mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Drawing,
    drawing,
    house_style,
    new_figure,
    zero_line,
)

CONTROLLER_COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
# Beyond, names under the bars would touch and single intervals blur.
MOST_NAMED = 24


def bars_figure(result: Mapping[str, Any]) -> Drawing:
    """Reduction of every subject and the mean, one bar per controller.

    Parameters
    ----------
    result : mapping
        A result of the trial phase; without recordings the subjects have no intervals.
    """
    subjects = [subject["id"] for subject in result["subjects"]]
    places = np.append(np.arange(len(subjects), dtype=float), len(subjects) + 0.8)
    with house_style():
        figure = new_figure(min(12.0, 3.6 + 0.55 * len(subjects)), 3.8)
        axes = figure.subplots()
        zero_line(axes)
        for i, name in enumerate(result["controllers"]):
            _draw_controller(axes, i, result["conditions"][name], subjects, places, result)
        axes.axvline(len(subjects) - 0.1, color=INK, linewidth=0.6, linestyle=":")
        named = len(subjects) <= MOST_NAMED
        ticks = places if named else places[-1:]
        axes.set_xticks(ticks, [*(subjects if named else []), "mean"])
        axes.set_xlim(-0.7, places[-1] + 0.7)
        axes.set_xlabel("Subject")
        axes.set_ylabel("Reduction of the net metabolic rate (%)")
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right center")
        figure.suptitle(f"{result['title']} (n = {result['n_subjects']})", color=INK, fontsize=9.5)
        figure.supxlabel(_caption(result), color=INK, fontsize=8.5)
        return drawing(figure)


def _draw_controller(
    axes: Axes,
    index: int,
    condition: Mapping[str, Any],
    subjects: list[str],
    places: np.ndarray,
    result: Mapping[str, Any],
) -> None:
    count = len(result["controllers"])
    width = 0.8 / count
    at = places + width * (index - (count - 1) / 2)
    values = np.array([*(condition["per_subject_pct"][s] for s in subjects), condition["mean_pct"]])
    intervals = condition.get("per_subject_ci95_pct")
    limits = np.array(
        [intervals[s] if intervals else (np.nan, np.nan) for s in subjects]
        + [condition["ci95_pct"]]
    )
    color = CONTROLLER_COLORS[index % len(CONTROLLER_COLORS)]
    axes.bar(at, values, width, color=color, label=condition["label"], zorder=2)
    known = np.isfinite(limits).all(axis=1)
    axes.errorbar(
        at[known],
        values[known],
        yerr=np.abs(limits[known] - values[known, None]).T,
        linestyle="",
        color=INK,
        linewidth=1.0,
        capsize=2 if len(subjects) <= MOST_NAMED else 0,
        zorder=3,
    )


def _caption(result: Mapping[str, Any]) -> str:
    mean = "Mean: 95 % confidence interval over subjects (Student's t)."
    if any(c.get("per_subject_ci95_pct") for c in result["conditions"].values()):
        return f"Subjects: 95 % intervals of their own breath noise.\n{mean}"
    return f"{mean}\nSingle subjects have no intervals: only their reductions are known."
