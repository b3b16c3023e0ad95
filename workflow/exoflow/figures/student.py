"""How well the student copies its teachers: training history and fidelity."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from exoflow.figures.numbers import known, signed
from exoflow.figures.style import (
    GREEN,
    GREY,
    INK,
    VERMILLION,
    house_style,
    log_axis,
    new_figure,
    svg_text,
    zero_line,
)


def student_history_figure(student: Mapping[str, Any]) -> str | None:
    """Training and validation loss against epoch; None without a history."""
    history = [row for row in student.get("history") or [] if len(row) >= 3]
    if not history:
        return None
    epoch, train, validation = np.array([row[:3] for row in history], dtype=float).T
    with house_style():
        figure = new_figure(5.0, 2.7)
        axes = figure.subplots()
        axes.plot(epoch, train, color=GREY, linestyle="--", label="training")
        axes.plot(epoch, validation, color=GREEN, label="validation")
        if np.nanmin([train, validation]) > 0:
            log_axis(axes)
        axes.set_xlabel("Epoch")
        axes.set_ylabel("Loss")
        axes.set_title("Distillation")
        axes.legend()
        return svg_text(figure)


def student_fidelity_figure(student: Mapping[str, Any]) -> str | None:
    """Change of cost of transport with teacher and student; None without a condition."""
    rows = {
        name: values["closed_loop"]
        for name, values in (student.get("per_condition") or {}).items()
        if values.get("closed_loop")
    }
    if not rows:
        return None
    sides = [
        ("teacher_change_cot_pct", "teacher (policy)", VERMILLION, -0.2),
        ("change_cot_pct", "student, closed loop", GREEN, 0.2),
    ]
    with house_style():
        figure = new_figure(5.4, 2.7)
        axes = figure.subplots()
        for key, label, color, offset in sides:
            for index, values in enumerate(rows.values()):
                fell = key == "change_cot_pct" and bool(values.get("fell"))
                change = None if fell else known(values.get(key))
                height = change or 0.0
                axes.bar(
                    index + offset,
                    height,
                    width=0.36,
                    color=color,
                    label=label if index == 0 else None,
                )
                axes.annotate(
                    signed(change) if change is not None else "fell" if fell else "no value",
                    (index + offset, height),
                    xytext=(0, -3 if height < 0 else 3),
                    textcoords="offset points",
                    ha="center",
                    va="top" if height < 0 else "bottom",
                    fontsize=7.5,
                    color=INK,
                )
        axes.set_xticks(range(len(rows)), list(rows))
        axes.tick_params(axis="x", length=0)
        axes.margins(y=0.18)
        axes.set_ylabel("Change of CoT (%)")
        axes.set_title("Closed loop")
        zero_line(axes)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return svg_text(figure)
