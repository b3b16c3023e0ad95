"""Do the baselines repeat? Bland-Altman plots of standing and free walking."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from exoflow.figures.style import (
    BLUE,
    GREY,
    INK,
    OUTSIDE,
    Drawing,
    drawing,
    house_style,
    message_drawing,
    new_figure,
    zero_line,
)

WORDS = {"stand": "Standing", "free": "Free walking"}


def baselines_figure(result: Mapping[str, Any]) -> Drawing:
    """Last minus first bout of each baseline against their mean, gross, W/kg.

    Parameters
    ----------
    result : mapping
        A result of the trial phase with recordings.
    """
    shown = [name for name in WORDS if result["baselines"][name]["pairs"]]
    if not shown:
        return message_drawing("Each baseline was measured once: nothing to compare.")
    with house_style():
        figure = new_figure(3.7 * len(shown), 3.6)
        axes = figure.subplots(1, len(shown), squeeze=False)[0]
        for place, activity in zip(axes, shown, strict=True):
            _draw(place, WORDS[activity], result["baselines"][activity])
        figure.suptitle(f"{result['title']}: baselines", color=INK, fontsize=9.5)
        figure.supxlabel(
            "One point per session, red where first and last differ too much.\n"
            "Line: mean difference. Dashed: 95 % limits of agreement.",
            color=INK,
            fontsize=8.5,
        )
        return drawing(figure)


def _draw(axes: Axes, title: str, found: Mapping[str, Any]) -> None:
    pairs = found["pairs"]
    middle = np.array([(pair["first_W_kg"] + pair["last_W_kg"]) / 2 for pair in pairs])
    change = np.array([pair["last_W_kg"] - pair["first_W_kg"] for pair in pairs])
    colors = [OUTSIDE if pair["drifts"] else BLUE for pair in pairs]
    zero_line(axes)
    axes.axhline(found["bias_W_kg"], color=INK, linewidth=1.4)
    for limit in found["limits_W_kg"] or ():
        axes.axhline(limit, color=GREY, linewidth=1.0, linestyle="--")
    axes.scatter(middle, change, s=28, c=colors, zorder=3)
    if len(pairs) <= 20:
        for pair, x, y in zip(pairs, middle, change, strict=True):
            axes.annotate(
                pair["subject"],
                (x, y),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7.5,
                zorder=4,
                # White around it: a name may lie on a line.
                path_effects=[withStroke(linewidth=2.0, foreground="white")],
            )
    axes.margins(x=0.12, y=0.15)
    axes.set_title(title)
    axes.set_xlabel("Mean of first and last bout (W/kg)")
    axes.set_ylabel("Last minus first (W/kg)")
