"""How the searches went: CMA-ES on the gait, PPO on the policy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.results import Policy
from exoflow.figures.style import (
    NORM_BAND,
    SERIES,
    house_style,
    log_axis,
    new_figure,
    svg_text,
    zero_line,
)

_PANELS = [
    ("change_cot_pct", "Cost of transport, evaluation", "Change against no exo (%)"),
    ("reward_mean", "Reward", "Mean per step"),
    ("episode_length_s", "Episode", "Length (s)"),
    ("fall_fraction", "Falls", "Fraction of episodes"),
]


def learning_figure(policies: Sequence[Policy]) -> str | None:
    """Learning curves of all policies: cost of transport, reward, episode, falls.

    Returns
    -------
    str or None
        SVG, x in million control steps; None when no policy left a curve.
    """
    learned = [policy for policy in policies if "step" in policy.curve]
    if not learned:
        return None
    several_seeds = len({policy.condition for policy in learned}) < len(learned)
    with house_style():
        figure = new_figure(10.4, 2.7)
        panels = figure.subplots(1, len(_PANELS))
        for axes, (key, title, label) in zip(panels, _PANELS, strict=True):
            for index, policy in enumerate(learned):
                name = f"{policy.condition}, seed {policy.seed}"
                _curve(axes, policy.curve, key, index, name if several_seeds else policy.condition)
            axes.set_title(title)
            axes.set_ylabel(label)
            axes.set_xlabel("Control steps (million)")
            axes.set_xlim(left=0.0)
        zero_line(panels[0])
        panels[3].set_ylim(-0.03, 1.03)
        _legend(figure, len(learned))
        return svg_text(figure)


def search_figure(results: Sequence[Mapping[str, Any]]) -> str | None:
    """Best objective of the gait search against evaluations, one line per condition.

    Returns
    -------
    str or None
        SVG; None when no result holds a history.
    """
    histories = {
        str(result["condition"]): np.array(result["history"], dtype=float)
        for result in results
        if len(result.get("history") or []) > 1
    }
    if not histories:
        return None
    with house_style():
        figure = new_figure(6.4, 2.7)
        axes = figure.subplots()
        for index, (name, history) in enumerate(histories.items()):
            color, dash = SERIES[index % len(SERIES)]
            axes.step(
                history[:, 0], history[:, 1], where="post", color=color, linestyle=dash, label=name
            )
        lowest = min(float(np.nanmin(history[:, 1])) for history in histories.values())
        # The first walkers fall within a second: their penalty would flatten the rest.
        if lowest > 0:
            log_axis(axes)
        axes.set_xlabel("Evaluations")
        axes.set_ylabel("Best objective")
        axes.set_xlim(left=0.0)
        axes.grid(axis="y", color=NORM_BAND, linewidth=0.6)
        axes.legend(loc="upper right")
        return svg_text(figure)


def _curve(axes: Axes, curve: Mapping[str, np.ndarray], key: str, index: int, label: str) -> None:
    steps, values = curve["step"] / 1e6, curve.get(key)
    if values is None:
        return
    known = np.isfinite(values)
    color, dash = SERIES[index % len(SERIES)]
    # Evaluations are rare: mark them, or a single one would be invisible.
    marker = "o" if known.sum() <= 25 else None
    axes.plot(
        steps[known],
        values[known],
        color=color,
        linestyle=dash,
        marker=marker,
        markersize=3,
        label=label,
    )


def _legend(figure, count: int) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(count, 6))
