"""One page per gait against the norms: angles, moments, powers, ground force and strides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exoflow.figures.numbers import fixed, known, signed
from exoflow.figures.results import condition_fields, condition_title, series
from exoflow.figures.style import (
    GREY,
    INK,
    LEFT_LEG,
    NORM_BAND,
    OUTSIDE,
    RIGHT_LEG,
    cycle_axis,
    house_style,
    message_figure,
    new_figure,
    save_svg,
    svg_text,
    zero_line,
)
from exoflow.gait.joints import JOINTS
from exoflow.gait.likeness import distance_sd
from exoflow.gait.measured_walking import compare_cost, compare_strides
from exoflow.gait.norms import (
    BAND_SPEED_M_S,
    JOINT_MOMENT,
    JOINT_POWER,
    JOINT_VARIABLE,
    NormCurve,
    band_for_speed,
    load_norms,
)

# Sizes and places, in.
_WIDTH_IN, _HEIGHT_IN = 10.4, 11.6
_FIRST_ROW_IN, _ROW_IN, _CURVE_IN, _STRIP_IN = 0.62, 2.55, 1.6, 0.42
_LEFT_IN, _PANEL_IN, _GAP_IN = 0.7, 2.76, 0.6
# Rows: key of the curve, unit in the key and on the axis, the norm's variable of each joint.
_ROWS = (
    ("{joint}", "deg", "Angle (deg)", JOINT_VARIABLE),
    ("{joint}_moment", "Nm_kg", "Moment (Nm/kg)", JOINT_MOMENT),
    ("{joint}_power", "W_kg", "Power (W/kg)", JOINT_POWER),
)
_TITLES = {
    "hip": ("Hip flexion", "Hip extension moment", "Hip power"),
    "knee": ("Knee flexion", "Knee extension moment", "Knee power"),
    "ankle": ("Ankle dorsiflexion", "Ankle plantarflexion moment", "Ankle power"),
}
# Least range of each axis, so that conditions can be compared by eye.
_LEAST_RANGE = {
    "hip": (-20.0, 50.0),
    "knee": (-5.0, 75.0),
    "ankle": (-35.0, 20.0),
    "hip_moment": (-1.0, 1.0),
    "knee_moment": (-1.0, 1.0),
    "ankle_moment": (-0.5, 1.75),
    "hip_power": (-1.5, 2.0),
    "knee_power": (-2.0, 1.5),
    "ankle_power": (-1.5, 4.0),
}
_LEAST_PEAK_BW = 1.4
# The strips under the panels end here, in SD of the norm; what lies beyond is cut off.
_STRIP_SD = 4.0


def gait_figure(result: Mapping[str, Any], *, heading: bool = True) -> str:
    """The page of one gait.

    Rows of panels over the gait cycle: angles, net moments and powers of hip, knee and ankle
    with the norm's band; under each a strip with the distance of the right leg from the norm's
    mean in SD, coloured where it leaves the band. Below: vertical ground force, and a table of
    stride and cost numbers beside measured ones.

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
    gait = result.get("gait") or {}
    with house_style():
        figure = new_figure(_WIDTH_IN, _HEIGHT_IN, layout=None)
        for row, (name, unit, label, variables) in enumerate(_ROWS):
            top = _FIRST_ROW_IN + row * _ROW_IN
            for column, joint in enumerate(JOINTS):
                left = _LEFT_IN + column * (_PANEL_IN + _GAP_IN)
                curve = _axes(figure, left, top, _PANEL_IN, _CURVE_IN)
                strip = _axes(figure, left, top + _CURVE_IN + 0.13, _PANEL_IN, _STRIP_IN)
                norm, key = norms[variables[joint]], name.format(joint=joint)
                _panel(curve, key, unit, cycle, norm)
                shown = known(gait.get(f"{key}_r"))
                correlation = f", r = {fixed(shown)}" if shown is not None else ""
                curve.set_title(f"{_TITLES[joint][row]}{correlation}")
                _strip(strip, cycle, f"{key}_{unit}", norm)
                if column == 0:
                    curve.set_ylabel(label)
                    strip.set_ylabel("SD")
                    strip.yaxis.set_label_coords(-0.16, 0.5)
                    curve.yaxis.set_label_coords(-0.16, 0.5)
                if row == len(_ROWS) - 1:
                    cycle_axis(strip)
                if row == column == 0:
                    named = [axes.get_legend_handles_labels() for axes in (curve, strip)]
        handles, labels = ([*first, *second] for first, second in zip(*named, strict=True))
        bottom = _FIRST_ROW_IN + 3 * _ROW_IN
        figure.legend(
            handles, labels, loc="center", ncols=len(labels),
            bbox_to_anchor=(0.5, 1.0 - (bottom + 0.32) / _HEIGHT_IN),
        )  # fmt: skip
        _grf_panel(_axes(figure, _LEFT_IN, bottom + 0.85, _PANEL_IN, 1.9), cycle)
        left = _LEFT_IN + _PANEL_IN + _GAP_IN
        _number_table(_axes(figure, left, bottom + 0.6, _WIDTH_IN - left - 0.1, 2.5), result)
        if heading:
            _heading(figure, result, gait)
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


def stride_rows(result: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Strides and cost of a gait, then those measured on people near its speed and grade.

    Returns
    -------
    list of (source, stride frequency, stride length, gross cost of transport)
        Words for a table; measured rows with the gait's deviation in brackets, the cost of the
        gait against it by Wang 2012. Net costs are named so and carry no deviation.
    """
    gait = result.get("gait") or {}
    speed, frequency, length = (
        known(gait.get(key)) for key in ("speed_m_s", "stride_frequency_Hz", "stride_length_m")
    )
    wang, uchida = (
        known(gait.get(key)) for key in ("cot_wang2012_J_kg_m", "cot_uchida2016_s060_J_kg_m")
    )
    costs = [f"{fixed(cost)} {name}" for cost, name in ((wang, "W"), (uchida, "U")) if cost]
    head = (
        f"this gait, {fixed(speed)} m/s" if speed is not None else "this gait",
        fixed(frequency) if frequency is not None else "–",
        fixed(length) if length is not None else "–",
        ", ".join(costs) or "–",
    )
    if speed is None or frequency is None or length is None:
        return [head]
    slope = float(condition_fields(result)["slope_deg"] or 0.0)
    strides = {m.source: m for m in compare_strides(speed, frequency, length, slope)}
    energy = {m.source: m for m in compare_cost(speed, wang, slope)} if wang else {}
    rows = [head]
    for source in dict.fromkeys([*strides, *energy]):
        measured, cost = strides.get(source), energy.get(source)
        at = measured.speed_m_s if measured else cost.speed_m_s if cost else speed
        rows.append(
            (
                f"{source}, {fixed(at)} m/s",
                _beside(measured.stride_frequency_Hz, measured.frequency_deviation_pct)
                if measured
                else "",
                _beside(measured.stride_length_m, measured.length_deviation_pct)
                if measured
                else "",
                ""
                if cost is None
                else f"{fixed(cost.cost_of_transport_J_kg_m)} net"
                if cost.deviation_pct is None
                else _beside(cost.cost_of_transport_J_kg_m, cost.deviation_pct),
            )
        )
    return rows


def _beside(measured: float, deviation_pct: float) -> str:
    return f"{fixed(measured)} ({signed(deviation_pct, 0)} %)"


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place counted in inches from the upper left corner."""
    return figure.add_axes(
        (
            left / _WIDTH_IN,
            1.0 - (top + height) / _HEIGHT_IN,
            width / _WIDTH_IN,
            height / _HEIGHT_IN,
        )
    )


def _heading(figure: Figure, result: Mapping[str, Any], gait: Mapping[str, Any]) -> None:
    speed = known(gait.get("speed_m_s"))
    shown = f", walks {fixed(speed)} m/s" if speed is not None else ""
    figure.text(
        0.01,
        1.0 - 0.2 / _HEIGHT_IN,
        f"{condition_title(result)}{shown}; norm band {norm_band(result)}",
        va="center",
        color=INK,
        fontsize=10.5,
        fontweight="bold",
    )


def _panel(axes: Axes, key: str, unit: str, cycle: Mapping, norm: NormCurve) -> None:
    axes.fill_between(
        norm.gait_pct, norm.lower, norm.upper, color=NORM_BAND, linewidth=0, label="norm ± 1 SD"
    )
    _leg(axes, cycle, f"{key}_{unit}", f"{key}_sd_{unit}", RIGHT_LEG, "-", "right leg ± 1 SD")
    _leg(axes, cycle, f"{key}_l_{unit}", f"{key}_l_sd_{unit}", LEFT_LEG, "--", "left leg ± 1 SD")
    bottom, top = axes.get_ylim()
    least, most = _LEAST_RANGE[key]
    axes.set_ylim(min(bottom, least), max(top, most))
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 20, 40, 60, 80, 100], labels=[])
    zero_line(axes)


def _strip(axes: Axes, cycle: Mapping, name: str, norm: NormCurve) -> None:
    """Distance of the right leg from the norm's mean in SD; outside the band in colour."""
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 20, 40, 60, 80, 100], labels=[])
    axes.set_ylim(-_STRIP_SD, _STRIP_SD)
    axes.set_yticks([-3, 0, 3])
    axes.axhspan(-1.0, 1.0, color=NORM_BAND, linewidth=0, zorder=0)
    gait_pct, mean = series(cycle, "gait_pct"), series(cycle, name)
    if gait_pct is None or mean is None or mean.shape != gait_pct.shape:
        axes.text(50, 0, "not recorded", ha="center", va="center", color=GREY, fontsize=8)
        return
    distance = distance_sd(gait_pct, mean, norm)
    edge = np.clip(distance, -1.0, 1.0)
    shown = np.clip(distance, -_STRIP_SD, _STRIP_SD)
    axes.fill_between(
        gait_pct, edge, shown, color=OUTSIDE, linewidth=0, label="right leg outside ± 1 SD"
    )
    axes.plot(gait_pct, shown, color=RIGHT_LEG, linewidth=1.0)


def _grf_panel(axes: Axes, cycle: Mapping) -> None:
    _leg(axes, cycle, "grf_y_BW", "grf_y_sd_BW", RIGHT_LEG, "-", "right leg")
    _leg(axes, cycle, "grf_y_l_BW", "grf_y_l_sd_BW", LEFT_LEG, "--", "left leg")
    axes.axhline(1.0, color=NORM_BAND, linewidth=0.9, zorder=0)
    axes.set_title("Vertical ground reaction")
    axes.set_ylabel("Force (body weights)")
    axes.yaxis.set_label_coords(-0.16, 0.5)
    axes.set_ylim(0.0, max(axes.get_ylim()[1], _LEAST_PEAK_BW))
    cycle_axis(axes)


def _number_table(axes: Axes, result: Mapping[str, Any]) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    columns = (0.0, 0.42, 0.62, 0.82)
    head = ("", "Stride (Hz)", "Stride (m)", "CoT (J/kg/m)")
    rows = [head, *stride_rows(result)]
    step = min(0.1, 0.84 / (len(rows) + 1))
    for line, row in enumerate(rows):
        for x, text in zip(columns, row, strict=True):
            axes.text(
                x, 1.0 - line * step, text, va="top", fontsize=8.5,
                color=GREY if line == 0 else INK,
                fontweight="bold" if line == 1 else "normal",
            )  # fmt: skip
    axes.text(0.0, 0.97 - len(rows) * step, _words_below(result, len(rows)), va="top", color=GREY,
              fontsize=8.0, linespacing=1.45)  # fmt: skip


def _words_below(result: Mapping[str, Any], n_rows: int) -> str:
    gait = result.get("gait") or {}
    lines = []
    stance = known(gait.get("stance_fraction"))
    parts = [] if stance is None else [f"stance {100 * stance:.0f} % of the cycle"]
    for key, words in (
        ("stance_knee_flexion_deg", "knee flexion in stance {}°"),
        ("swing_knee_flexion_deg", "in swing {}°"),
    ):
        value = known(gait.get(key))
        if value is not None:
            parts.append(words.format(fixed(value, 0)))
    if parts:
        lines.append(", ".join(parts))
    if n_rows == 2:
        lines.append("nobody measured near this speed and grade")
    lines.append(
        "(%): this gait against the measured value. CoT gross, W: Wang 2012, U: Uchida 2016;"
    )
    lines.append("measured costs by their size gross (W against them), unless marked net.")
    return "\n".join(lines)


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
