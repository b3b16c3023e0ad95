"""Torque, power and hip motion over the gait cycle, one line per controller."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from exoflow.figures.metabolics import walking_controllers
from exoflow.figures.results import series
from exoflow.figures.style import (
    controller_color,
    controller_label,
    cycle_axis,
    house_style,
    new_figure,
    svg_text,
    zero_line,
)

_PANELS = [
    ("torque_r_Nm", "Exo torque, right hip", "Torque (Nm, flexion +)"),
    ("exo_power_r_W", "Exo power, right hip", "Power (W)"),
    ("hip_r_deg", "Hip flexion, right", "Angle (deg)"),
]
_DASHES = {"none": (0, (4, 2)), "off": (0, (1.5, 1.5)), "zero_torque": (0, (1.5, 3))}
# Without a command, torque and power are zero by definition, not measured.
_WITHOUT_TORQUE = ("none", "off", "zero_torque")


def torque_figure(result: Mapping[str, Any]) -> str | None:
    """Mean stride of every controller of one condition.

    Parameters
    ----------
    result : mapping
        A result of the metabolics phase.

    Returns
    -------
    str or None
        SVG with torque (Nm), exo power (W) and hip angle (deg) of the right leg from
        heel strike to heel strike; None when no controller has a mean stride.
    """
    cycles = {
        name: values["cycle"]
        for name, values in walking_controllers(result).items()
        if series(values.get("cycle") or {}, "gait_pct") is not None
    }
    if not cycles:
        return None
    with house_style():
        figure = new_figure(10.4, 2.7)
        panels = figure.subplots(1, 3)
        for axes, (key, title, label) in zip(panels, _PANELS, strict=True):
            shown = {
                name: cycle
                for name, cycle in cycles.items()
                if key == "hip_r_deg" or name not in _WITHOUT_TORQUE
            }
            _panel(axes, shown, key)
            axes.set_title(title)
            axes.set_ylabel(label)
        handles, labels = panels[2].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=max(len(labels), 1))
        return svg_text(figure)


def _panel(axes: Axes, cycles: Mapping[str, Mapping], key: str) -> None:
    seeds = 0
    for name, cycle in cycles.items():
        gait_pct, values = series(cycle, "gait_pct"), series(cycle, key)
        if gait_pct is None or values is None or values.shape != gait_pct.shape:
            continue
        seeds += name.startswith("policy")
        axes.plot(
            gait_pct,
            values,
            color=controller_color(name),
            linestyle=_DASHES.get(name, "-"),
            alpha=1.0 if seeds < 2 or not name.startswith("policy") else 0.5,
            label=controller_label(name),
        )
    cycle_axis(axes)
    zero_line(axes)
