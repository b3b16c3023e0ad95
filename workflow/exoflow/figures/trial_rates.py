"""Net rates of every subject by condition, joined by a line per subject."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exoflow.figures.style import INK, Drawing, drawing, house_style, new_figure
from exoflow.figures.trial import legend_of_subjects, mean_marker, subject_style

NET_RATE = "net_metabolic_rate_W_kg"


def rates_figure(result: Mapping[str, Any]) -> Drawing:
    """Net metabolic rate of free walking and every controller, W/kg.

    Parameters
    ----------
    result : mapping
        A result of the trial phase with recordings.
    """
    conditions = ["free", *result["controllers"]]
    with house_style():
        figure = new_figure(1.9 + 1.5 * len(conditions), 4.0)
        axes = figure.subplots()
        per_subject = [result["rates"][name][NET_RATE]["per_subject"] for name in conditions]
        for i, subject in enumerate(per_subject[0]):
            values = [of_condition[subject] for of_condition in per_subject]
            axes.plot(
                range(len(values)),
                values,
                label=f"subject {subject}",
                **subject_style(i, len(per_subject[0])),
            )
        for position, rates in enumerate(per_subject):
            mean = float(np.mean(list(rates.values())))
            axes.plot([position], [mean], **mean_marker())
        axes.set_xlim(-0.4, len(conditions) - 0.6)
        labels = ["Free", *(result["conditions"][c]["label"] for c in result["controllers"])]
        axes.set_xticks(range(len(conditions)), labels)
        axes.set_ylabel("Net metabolic rate (W/kg)")
        legend_of_subjects(figure, axes)
        figure.suptitle(f"{result['title']} (n = {result['n_subjects']})", color=INK, fontsize=9.5)
        figure.supxlabel(
            "Coloured: the subjects. Black: means. Walking minus standing, per body mass.",
            color=INK,
            fontsize=8.5,
        )
        return drawing(figure)
