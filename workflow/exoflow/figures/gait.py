"""Gait over the cycle against the norms: hip, knee, ankle and ground reaction force."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.results import condition_title, series
from exoflow.figures.style import (
    INK,
    LEFT_LEG,
    NORM_BAND,
    RIGHT_LEG,
    cycle_axis,
    house_style,
    message_figure,
    new_figure,
    save_svg,
    svg_text,
    zero_line,
)
from exoflow.gait.norms import (
    BAND_SPEED_M_S,
    JOINT_VARIABLE,
    NormCurve,
    band_for_speed,
    load_norms,
)

# Least range of each axis, so that conditions can be compared by eye.
_LEAST_RANGE = {"hip": (-20.0, 50.0), "knee": (-5.0, 75.0), "ankle": (-35.0, 20.0)}
_LEAST_PEAK_BW = 1.4

_JOINT_TITLE = {
    "hip": "Hip flexion",
    "knee": "Knee flexion",
    "ankle": "Ankle dorsiflexion",
}


def gait_figure(result: Mapping[str, Any], *, heading: bool = True) -> str:
    """Four panels over the gait cycle: hip, knee, ankle (deg) and vertical GRF (BW).

    Parameters
    ----------
    result : mapping
        A result of the reflex phase (``results/reflex/{condition}.json``).
    heading : bool
        Write condition and speed above the panels (off inside the report).

    Returns
    -------
    str
        SVG. A result without a gait gives a sentence with its reason instead.
    """
    cycle = result.get("cycle") or {}
    if result.get("status") != "ok" or series(cycle, "gait_pct") is None:
        reason = result.get("reason") or "no gait cycle was recorded"
        return message_figure(f"{condition_title(result)}: no gait ({reason})")

    norms = load_norms()[norm_band(result)]
    with house_style():
        figure = new_figure(10.4, 2.75)
        panels = figure.subplots(1, 4)
        for axes, joint in zip(panels, _JOINT_TITLE, strict=False):
            _joint_panel(axes, joint, cycle, norms[JOINT_VARIABLE[joint]], result["gait"])
        _grf_panel(panels[3], cycle)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        if heading:
            speed = result["gait"].get("speed_m_s")
            shown = f", {speed:.2f} m/s" if speed is not None else ""
            figure.suptitle(
                f"{condition_title(result)}{shown}",
                x=0.01,
                ha="left",
                color=INK,
                fontsize=10.5,
                fontweight="bold",
            )
        return svg_text(figure)


def save_gait_figure(result: Mapping[str, Any], path: Path | str) -> None:
    """Write `gait_figure` of a reflex result to an SVG file."""
    save_svg(gait_figure(result), path)


def norm_band(result: Mapping[str, Any]) -> str:
    """Speed band the gait is compared with: the recorded one, else by its speed."""
    gait = result.get("gait") or {}
    recorded = gait.get("norm_speed_band")
    if recorded in BAND_SPEED_M_S:
        return recorded
    return band_for_speed(float(gait.get("speed_m_s", BAND_SPEED_M_S["Free"])))


def _joint_panel(
    axes: Axes, joint: str, cycle: Mapping, norm: NormCurve, gait: Mapping[str, Any]
) -> None:
    axes.fill_between(
        norm.gait_pct, norm.lower, norm.upper, color=NORM_BAND, linewidth=0, label="norm ± 1 SD"
    )
    _leg(axes, cycle, f"{joint}_deg", f"{joint}_sd_deg", RIGHT_LEG, "-", "right leg ± 1 SD")
    _leg(axes, cycle, f"{joint}_l_deg", f"{joint}_l_sd_deg", LEFT_LEG, "--", "left leg")
    correlation = gait.get(f"{joint}_r")
    shown = f", r = {correlation:.2f}" if correlation is not None else ""
    axes.set_title(f"{_JOINT_TITLE[joint]}{shown}")
    axes.set_ylabel("Angle (deg)")
    bottom, top = axes.get_ylim()
    least, most = _LEAST_RANGE[joint]
    axes.set_ylim(min(bottom, least), max(top, most))
    cycle_axis(axes)
    zero_line(axes)


def _grf_panel(axes: Axes, cycle: Mapping) -> None:
    _leg(axes, cycle, "grf_y_BW", "grf_y_sd_BW", RIGHT_LEG, "-", "right leg")
    _leg(axes, cycle, "grf_y_l_BW", "grf_y_l_sd_BW", LEFT_LEG, "--", "left leg")
    axes.axhline(1.0, color=NORM_BAND, linewidth=0.9, zorder=0)
    axes.set_title("Vertical ground reaction")
    axes.set_ylabel("Force (body weights)")
    axes.set_ylim(0.0, max(axes.get_ylim()[1], _LEAST_PEAK_BW))
    cycle_axis(axes)


def _leg(
    axes: Axes, cycle: Mapping, name: str, sd_name: str, color: str, dash: str, label: str
) -> None:
    gait_pct, mean = series(cycle, "gait_pct"), series(cycle, name)
    if gait_pct is None or mean is None or mean.shape != gait_pct.shape:
        return
    sd = series(cycle, sd_name)
    if sd is not None and sd.shape == mean.shape:
        low, high = mean - sd, mean + sd
        finite = np.isfinite(low) & np.isfinite(high)
        axes.fill_between(gait_pct, low, high, where=finite, color=color, alpha=0.18, linewidth=0)
    axes.plot(gait_pct, mean, color=color, linestyle=dash, label=label)
