"""What each controller costs, and when it pushes: bars, torque and the muscles' moment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.numbers import fixed, known, signed
from exoflow.figures.results import condition_title
from exoflow.figures.style import (
    GREY,
    INK,
    controller_color,
    controller_label,
    house_style,
    message_figure,
    new_figure,
    save_svg,
    svg_text,
    zero_line,
)
from exoflow.figures.timing import has_timing, timing_panels

_MEASURES = [
    ("cot_wang2012_J_kg_m", "change_cot_pct", "Cost of transport", "J/kg/m, Wang 2012"),
    ("metabolic_power_W_kg", "change_power_pct", "Metabolic power", "W/kg, Wang 2012"),
]


def walking_controllers(result: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Controllers of a metabolics result whose level walk stands: those with costs."""
    controllers = (result or {}).get("controllers") or {}
    return {
        name: values for name, values in in_order(controllers).items() if not why_no_value(values)
    }


def in_order(controllers: Mapping[str, Any]) -> dict[str, Any]:
    """Controllers from no exo to the policies; a file sorts them by name."""
    known_first = ["none", "control", "off", "zero_torque", "dofc"]
    names = [name for name in known_first if name in controllers]
    return {name: controllers[name] for name in [*names, *sorted(set(controllers) - set(names))]}


def why_no_value(controller: Mapping[str, Any]) -> str:
    """Why a controller has no costs; empty when it has, be it that it fell in some walk."""
    if controller.get("skipped"):
        return f"skipped: {controller['skipped']}"
    if known(controller.get("cot_wang2012_J_kg_m")) is not None:
        return ""
    if controller.get("fell"):
        time = known(controller.get("fall_time_s"))
        return "fell" if time is None else f"fell at {fixed(time, 1)} s"
    strides = known(controller.get("n_strides"))
    return "no cost recorded" if strides is None else f"only {strides:.0f} whole strides"


def fall_words(controller: Mapping[str, Any]) -> str:
    """`fell 2/6`, walks that end in a fall of all walks; empty where none does."""
    if not controller.get("fell"):
        return ""
    walks = controller.get("walks") or []
    falls = sum(bool(walk.get("fell")) for walk in walks)
    return f"fell {falls}/{len(walks)}" if walks else "fell"


def group_words(result: Mapping[str, Any] | None, change: str) -> str:
    """`−6.0 [−8.0, −4.0]`, mean and 95 % interval over the policies; empty for fewer than two."""
    group = ((result or {}).get("groups") or {}).get("policy") or {}
    found = group.get(change) or {}
    mean, interval = known(found.get("mean")), found.get("ci95") or []
    if mean is None or len(interval) != 2:
        return ""
    return f"{signed(mean)} [{signed(interval[0])}, {signed(interval[1])}]"


def group_size(result: Mapping[str, Any] | None) -> int:
    """Policies in the group."""
    return int((((result or {}).get("groups") or {}).get("policy") or {}).get("n") or 0)


def metabolics_figure(
    result: Mapping[str, Any], *, heading: bool = True, timing: bool = True
) -> str:
    """Cost of transport and power of one condition, a bar per controller, and torques in time.

    Parameters
    ----------
    result : mapping
        A result of the metabolics phase (``results/metabolics/{condition}.json``).
    heading : bool
        Write the condition above the panels (off inside the report).
    timing : bool
        Draw torque and the muscles' hip moment below the bars, where there is a torque.

    Returns
    -------
    str
        SVG. The numbers over a bar are its value on the level walk, the mean change against
        walking without an exo, and the walks that fell; the speed stands under its name. A
        level walk that fell has no bar.
    """
    controllers = result.get("controllers") or {}
    if result.get("status") != "ok" or not controllers:
        reason = result.get("reason") or "no controller was evaluated"
        return message_figure(f"{condition_title(result)}: not evaluated ({reason})")
    shown = walking_controllers(result)
    timing = timing and has_timing(shown)
    with house_style():
        width = max(7.2 if timing else 5.6, 2.4 + 0.8 * len(controllers))
        figure = new_figure(width, 5.8 if timing else 3.0)
        panels = figure.subplots(2 if timing else 1, 2, squeeze=False)
        for axes, measure in zip(panels[0], _MEASURES, strict=True):
            _bars(axes, controllers, *measure)
            seeds = group_words(result, measure[1])
            if seeds:
                axes.set_xlabel(f"Policy, {group_size(result)} seeds: {seeds} %", fontsize=7.5)
        if timing:
            timing_panels(panels[1][0], panels[1][1], shown)
            handles, labels = panels[1][1].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5))
        if heading:
            figure.suptitle(
                condition_title(result), x=0.01, ha="left", color=INK, fontweight="bold"
            )
        return svg_text(figure)


def save_metabolics_figure(result: Mapping[str, Any], path: Path | str) -> None:
    """Write `metabolics_figure` of a metabolics result to an SVG file."""
    save_svg(metabolics_figure(result), path)


def changes_figure(results: Sequence[Mapping[str, Any]]) -> str | None:
    """Change of cost of transport and of power against no exo, all conditions.

    Returns
    -------
    str or None
        SVG; None when no condition was evaluated with an exo.
    """
    rows = {str(result["condition"]): result.get("controllers") or {} for result in results}
    names = list(in_order({name: 0 for row in rows.values() for name in row if name != "none"}))
    if not names:
        return None
    with house_style():
        figure = new_figure(10.4, 2.9)
        for axes, (_, change, title, _) in zip(figure.subplots(1, 2), _MEASURES, strict=True):
            _grouped_bars(axes, rows, names, change)
            _group_means(axes, results, names, change)
            axes.set_title(f"{title} (Wang 2012)")
            axes.set_ylabel("Change against no exo (%)")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        return svg_text(figure)


def _bars(
    axes: Axes, controllers: Mapping[str, Mapping], key: str, change: str, title: str, unit: str
) -> None:
    names = list(in_order(controllers))
    shown = [
        0.0 if why_no_value(controllers[name]) else known(controllers[name].get(key)) or 0.0
        for name in names
    ]
    places = np.arange(len(names))
    axes.bar(places, shown, width=0.62, color=[controller_color(name) for name in names])
    for place, name, height in zip(places, names, shown, strict=True):
        axes.annotate(
            _bar_text(controllers[name], height, change),
            (place, height),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=INK,
            linespacing=1.15,
        )
    axes.set_xticks(places, [_tick_text(name, controllers[name]) for name in names])
    axes.tick_params(axis="x", length=0, labelsize=7.0)
    axes.set_ylim(0.0, 1.38 * max([*shown, 1e-9]))
    axes.set_title(title)
    axes.set_ylabel(unit)


def _bar_text(values: Mapping[str, Any], height: float, change: str) -> str:
    reason = why_no_value(values)
    if reason:
        # The whole reason stands in the table; here there is room for its first words.
        return reason.partition(":")[0].replace(" at ", " at\n").replace(" whole ", "\nwhole ")
    if not height:
        return "no value"
    percent = known(values.get(change))
    lines = [f"{height:.2f}", f"{signed(percent)} %" if percent else "", fall_words(values)]
    return "\n".join(line for line in lines if line)


def _tick_text(name: str, values: Mapping[str, Any]) -> str:
    label = controller_label(name).replace(" (", "\n(")
    speed = known(values.get("speed_m_s"))
    return label if speed is None or why_no_value(values) else f"{label}\n{speed:.2f} m/s"


def _grouped_bars(
    axes: Axes, rows: Mapping[str, Mapping], names: Sequence[str], change: str
) -> None:
    width = 0.8 / len(names)
    seeds = 0
    for index, name in enumerate(names):
        seeds += name.startswith("policy")
        places = np.arange(len(rows)) + (index - (len(names) - 1) / 2) * width
        values = [
            None if why_no_value(row.get(name, {})) else known(row[name].get(change))
            for row in rows.values()
        ]
        heights = [np.nan if value is None else value for value in values]
        axes.bar(
            places,
            heights,
            width=0.9 * width,
            color=controller_color(name),
            alpha=0.6 if name.startswith("policy") and seeds > 1 else 1.0,
            label=controller_label(name),
        )
        for place, value, row in zip(places, values, rows.values(), strict=True):
            if name in row:
                fell = fall_words(row[name])
                if value is None:
                    _label(axes, place, value, fell or "no value")
                else:
                    _label(axes, place, value, "\n".join(filter(None, [signed(value), fell])))
    for place, row in enumerate(rows.values()):
        if not row:
            _label(axes, place, None, "skipped")
    axes.set_xticks(np.arange(len(rows)), list(rows))
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.22)
    zero_line(axes)


def _group_means(
    axes: Axes, results: Sequence[Mapping[str, Any]], names: Sequence[str], change: str
) -> None:
    """A black point with its interval over the bars of several policies."""
    policies = [index for index, name in enumerate(names) if name.startswith("policy")]
    if len(policies) < 2:
        return
    offset = (sum(policies) / len(policies) - (len(names) - 1) / 2) * 0.8 / len(names)
    for place, result in enumerate(results):
        found = ((result.get("groups") or {}).get("policy") or {}).get(change) or {}
        mean, interval = known(found.get("mean")), found.get("ci95") or []
        if mean is None or len(interval) != 2:
            continue
        axes.errorbar(
            [place + offset],
            [mean],
            [[mean - interval[0]], [interval[1] - mean]],
            fmt="D",
            color=INK,
            markersize=3.5,
            capsize=3.0,
            linewidth=1.0,
        )


def _label(axes: Axes, place: float, value: float | None, text: str) -> None:
    below = value is not None and value < 0
    axes.annotate(
        text,
        (place, value or 0.0),
        xytext=(0, -3 if below else 3),
        textcoords="offset points",
        ha="center",
        va="top" if below else "bottom",
        fontsize=7.0 if value is None else 8.0,
        color=GREY if value is None else INK,
    )
