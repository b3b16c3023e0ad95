"""A trial's figure: every subject, the mean and its interval, and the difference."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from exoflow.figures.style import INK, SERIES, house_style, new_figure, svg_text, zero_line

SUBJECT_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def trial_figure(result: Mapping[str, Any]) -> str:
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
    str
        SVG; the caption says how many subjects there are.
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
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
        figure.suptitle(f"{result['title']} (n = {result['n_subjects']})", color=INK, fontsize=9.5)
        figure.supxlabel(_caption(result), color=INK, fontsize=8.5)
        return svg_text(figure)


def _draw_conditions(axes: Axes, result: Mapping[str, Any]) -> None:
    conditions = [result["conditions"][name] for name in result["controllers"]]
    last = len(conditions) - 1
    for i, subject in enumerate(result["subjects"]):
        values = [c["per_subject_pct"][subject["id"]] for c in conditions]
        axes.plot(range(len(values)), values, label=f"subject {subject['id']}", **_subject_style(i))
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
        axes.plot([0], [difference["per_subject_pct"][subject["id"]]], **_subject_style(i))
    _draw_mean(axes, 0.16, difference)
    axes.set_xlim(-0.4, 0.4)
    axes.set_xticks([0], [f"{first} minus {second}"])
    axes.tick_params(labelleft=True)
    axes.set_ylabel("Difference (percentage points)")
    zero_line(axes)


def _subject_style(index: int) -> dict[str, Any]:
    color, dashes = SERIES[index % len(SERIES)]
    marker = SUBJECT_MARKERS[index % len(SUBJECT_MARKERS)]
    return {
        "color": color,
        "linestyle": dashes,
        "marker": marker,
        "markersize": 5,
        "linewidth": 1.2,
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
