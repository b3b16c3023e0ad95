"""Curves of several experiments over each other: learning and mean strides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.results import Results, series
from exoflow.figures.style import SERIES, cycle_axis, house_style, new_figure, svg_text, zero_line

LEARNING = (
    ("change_cot_pct", "Cost of transport, evaluation", "Change against no exo (%)"),
    ("reward_mean", "Reward", "Mean per step"),
    ("speed_m_s", "Speed, evaluation", "Speed (m/s)"),
)
ANGLES = (("hip_deg", "Hip"), ("knee_deg", "Knee"), ("ankle_deg", "Ankle"))


def learning_curves(experiments: Mapping[str, Results], condition: str) -> str | None:
    """Learning of one condition in every experiment: mean over seeds, and from lowest to highest.

    Parameters
    ----------
    experiments
        Results by name of the experiment.
    condition
        Id of the condition.

    Returns
    -------
    str or None
        SVG, x in million control steps; None when no policy left a curve.
    """
    curves = {
        name: [policy.curve for policy in results.policies_of(condition) if "step" in policy.curve]
        for name, results in experiments.items()
    }
    if not any(curves.values()):
        return None
    with house_style():
        figure = new_figure(10.4, 2.9)
        for axes, (key, title, label) in zip(figure.subplots(1, 3), LEARNING, strict=True):
            for index, (name, seeds) in enumerate(curves.items()):
                draw_seeds(axes, seeds, key, index, f"{name} ({len(seeds)} seeds)")
            axes.set_title(title)
            axes.set_ylabel(label)
            axes.set_xlabel("Control steps (million)")
            axes.set_xlim(left=0.0)
        zero_line(figure.axes[0])
        _legend(figure, len(curves))
        return svg_text(figure)


def draw_seeds(
    axes: Axes, seeds: Sequence[Mapping[str, np.ndarray]], key: str, index: int, label: str
) -> None:
    """Mean of the curves of some seeds with a band from the lowest to the highest."""
    summary = over_seeds(seeds, key)
    if summary is None:
        return
    step, mean, lowest, highest = summary
    color, dash = SERIES[index % len(SERIES)]
    # Evaluations are rare: mark them, or a single one would be invisible.
    marker = "o" if len(step) <= 25 else None
    axes.fill_between(step / 1e6, lowest, highest, color=color, alpha=0.15, linewidth=0)
    axes.plot(
        step / 1e6, mean, color=color, linestyle=dash, marker=marker, markersize=3, label=label
    )


def over_seeds(
    seeds: Sequence[Mapping[str, np.ndarray]], key: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Steps, mean, lowest and highest value where all seeds have one; None where none has.

    Parameters
    ----------
    seeds
        Learning curves: columns of shape (n_updates,), NaN between evaluations.
    key
        The column.

    Returns
    -------
    tuple of ndarray or None
        Four times shape (n_steps,); between its own evaluations a seed counts on the line.
    """
    known = []
    for curve in seeds:
        values = curve.get(key)
        if values is not None and np.isfinite(values).any():
            there = np.isfinite(values)
            known.append((curve["step"][there], values[there]))
    if not known:
        return None
    begin, end = max(steps[0] for steps, _ in known), min(steps[-1] for steps, _ in known)
    step = np.unique(np.concatenate([steps for steps, _ in known]))
    step = step[(step >= begin) & (step <= end)]
    if not len(step):
        return None
    values = np.array([np.interp(step, steps, ones) for steps, ones in known])
    return step, values.mean(axis=0), values.min(axis=0), values.max(axis=0)


def strides(experiments: Mapping[str, Results], condition: str) -> str | None:
    """Mean joint angles of one condition in every experiment, right leg.

    Returns
    -------
    str or None
        SVG, x in % of the gait cycle; None when no experiment holds a cycle.
    """
    cycles = {
        name: (results.reflex.get(condition) or {}).get("cycle") or {}
        for name, results in experiments.items()
    }
    if not any(series(cycle, "gait_pct") is not None for cycle in cycles.values()):
        return None
    with house_style():
        figure = new_figure(10.4, 2.9)
        for axes, (key, title) in zip(figure.subplots(1, 3), ANGLES, strict=True):
            for index, (name, cycle) in enumerate(cycles.items()):
                gait_pct, angle = series(cycle, "gait_pct"), series(cycle, key)
                if gait_pct is not None and angle is not None:
                    color, dash = SERIES[index % len(SERIES)]
                    axes.plot(gait_pct, angle, color=color, linestyle=dash, label=name)
            cycle_axis(axes)
            axes.set_title(title)
            axes.set_ylabel("Angle (deg)")
        _legend(figure, len(cycles))
        return svg_text(figure)


def _legend(figure, count: int) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(count, 4))
