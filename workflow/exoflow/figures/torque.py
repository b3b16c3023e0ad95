"""Torque, the muscles' hip moment, power and hip motion over the gait cycle, by controller."""

from collections.abc import Mapping
from typing import Any

from exoflow.figures.metabolics import walking_controllers
from exoflow.figures.results import series
from exoflow.figures.style import house_style, new_figure, svg_text
from exoflow.figures.timing import WITHOUT_TORQUE, cycle_lines, timing_panels


def torque_figure(result: Mapping[str, Any]) -> str | None:
    """Mean stride of every controller of one condition.

    Parameters
    ----------
    result : mapping
        A result of the metabolics phase.

    Returns
    -------
    str or None
        SVG with torque (Nm), the muscles' hip moment (Nm), exo power (W) and hip angle (deg) of
        the right leg from heel strike to heel strike, peaks and lags marked; None when no
        controller has a mean stride.
    """
    controllers = {
        name: values
        for name, values in walking_controllers(result).items()
        if series(values.get("cycle") or {}, "gait_pct") is not None
    }
    if not controllers:
        return None
    cycles = {name: values["cycle"] for name, values in controllers.items()}
    with house_style():
        figure = new_figure(10.4, 4.9)
        (torque, moment), (power, angle) = figure.subplots(2, 2)
        timing_panels(torque, moment, controllers)
        pushing = {name: cycle for name, cycle in cycles.items() if name not in WITHOUT_TORQUE}
        cycle_lines(power, pushing, "exo_power_r_W")
        power.set_title("Exo power, right hip")
        power.set_ylabel("Power (W)")
        cycle_lines(angle, cycles, "hip_r_deg")
        angle.set_title("Hip flexion, right")
        angle.set_ylabel("Angle (deg)")
        handles, labels = angle.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=max(len(labels), 1))
        return svg_text(figure)
