"""A trial's figure: every subject, the mean and its interval, and the difference."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exoflow.figures.style import (
    INK,
    SERIES,
    Drawing,
    drawing,
    house_style,
    new_figure,
    zero_line,
)

MOST_TOLD_APART = 16
# Seven colours and four dashes repeat together only after 28 subjects.
SUBJECT_DASHES = ("-", "--", "-.", ":")
SUBJECT_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def trial_figure(result: Mapping[str, Any]) -> Drawing:
    """Reductions of every subject with mean and interval, and the difference likewise.

    Left: the reduction of every subject with every controller, joined by a line
    per subject, and beside it the mean with its 95 % interval. Right, if the
    study declares one: the difference of two controllers.

    Parameters
    ----------
    result : mapping
        A result of the trial phase (``results/trial/{study}.json``).

    Returns
    -------
    Drawing
        The caption says how many subjects there are.
    """
    difference = result["difference"]
    with house_style():
        figure = new_figure(7.2, 4.2)
        widths = [len(result["conditions"]), 1.1] if difference else [1]
        # One scale for both: a point of difference is as high as a point of reduction.
        axes = figure.subplots(1, len(widths), width_ratios=widths, squeeze=False, sharey=True)[0]
        _draw_conditions(axes[0], result)
        if difference:
            _draw_difference(axes[1], result)
        legend_of_subjects(figure, axes[0])
        figure.suptitle(f"{result['title']} (n = {result['n_subjects']})", color=INK, fontsize=9.5)
        figure.supxlabel(_caption(result), color=INK, fontsize=8.5)
        return drawing(figure)


def _draw_conditions(axes: Axes, result: Mapping[str, Any]) -> None:
    conditions = [result["conditions"][name] for name in result["controllers"]]
    last = len(conditions) - 1
    for i, subject in enumerate(result["subjects"]):
        values = [c["per_subject_pct"][subject["id"]] for c in conditions]
        axes.plot(
            range(len(values)),
            values,
            label=f"subject {subject['id']}",
            **subject_style(i, len(result["subjects"])),
        )
    for position, condition in enumerate(conditions):
        side = -1 if position == 0 and last > 0 else 1
        _draw_mean(axes, position + 0.16 * side, condition)
    axes.set_xlim(-0.4, last + 0.4)
    axes.set_xticks(range(len(conditions)), [c["label"] for c in conditions])
    axes.set_ylabel("Reduction of the net metabolic rate (%)")
    zero_line(axes)


def _draw_difference(axes: Axes, result: Mapping[str, Any]) -> None:
    difference = result["difference"]
    first, second = (
        result["conditions"][difference[side]]["label"] for side in ("first", "second")
    )
    for i, subject in enumerate(result["subjects"]):
        axes.plot(
            [0],
            [difference["per_subject_pct"][subject["id"]]],
            **subject_style(i, len(result["subjects"])),
        )
    _draw_mean(axes, 0.16, difference)
    axes.set_xlim(-0.4, 0.4)
    axes.set_xticks([0], [f"{first} minus {second}"])
    axes.tick_params(labelleft=True)
    axes.set_ylabel("Difference (percentage points)")
    zero_line(axes)


def subject_style(index: int, n_subjects: int) -> dict[str, Any]:
    """Line of one subject; thin and without markers where there are too many to tell apart."""
    if n_subjects > MOST_TOLD_APART:
        return {"color": SERIES[0][0], "linewidth": 0.7, "marker": ".", "markersize": 3}
    return {
        "color": SERIES[index % len(SERIES)][0],
        "linestyle": SUBJECT_DASHES[index % len(SUBJECT_DASHES)],
        "marker": SUBJECT_MARKERS[index % len(SUBJECT_MARKERS)],
        "markersize": 5,
        "linewidth": 1.2,
    }


def legend_of_subjects(figure: Figure, axes: Axes) -> None:
    """Names beside the axes, as long as subjects can be told apart."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) <= MOST_TOLD_APART:
        figure.legend(handles, labels, loc="outside right center")


def mean_marker() -> dict[str, Any]:
    """How means are drawn."""
    return {
        "color": INK,
        "marker": "_",
        "markersize": 22,
        "markeredgewidth": 2.5,
        "zorder": 4,
    }


def _draw_mean(axes: Axes, x: float, record: Mapping[str, Any]) -> None:
    low, high = record["ci95_pct"]
    mean = record["mean_pct"]
    axes.errorbar(
        [x],
        [mean],
        yerr=[[mean - low], [high - mean]],
        color=INK,
        marker="_",
        markersize=12,
        markeredgewidth=2.5,
        linewidth=1.8,
        capsize=3,
    )


def _caption(result: Mapping[str, Any]) -> str:
    n = result["n_subjects"]
    lines = [f"Coloured: the {n} subjects. Black: mean and 95 % confidence interval (Student's t)."]
    if result["small_sample"]:
        smallest = f"{result['smallest_exact_p']:.3f}".removeprefix("0")
        lines.append(
            f"n = {n} is too few for an exact test: its smallest possible p is {smallest}."
        )
    return "\n".join(lines)
