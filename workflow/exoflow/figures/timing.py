"""Torque of the exo beside the muscles' hip moment, with their peaks and the lag between."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from exoflow.figures.numbers import known, signed
from exoflow.figures.results import series
from exoflow.figures.style import (
    controller_color,
    controller_label,
    cycle_axis,
    zero_line,
)

TORQUE, MOMENT = "torque_r_Nm", "hip_muscle_moment_r_Nm"
# Lags of more controllers than this are left to the table: their texts would overlap.
MOST_TEXTS = 3
# Without an exo, torque and power are zero by definition, not measured.
WITHOUT_TORQUE = ("none", "control", "off", "zero_torque")
_DASHES = {
    "none": (0, (4, 2)),
    "off": (0, (1.5, 1.5)),
    "zero_torque": (0, (1.5, 3)),
    "control": (0, (6, 2)),
}


def has_timing(controllers: Mapping[str, Mapping]) -> bool:
    """Whether some controller has a mean torque and the muscles' moment beside it."""
    return any(
        series(values.get("cycle") or {}, MOMENT) is not None and name not in WITHOUT_TORQUE
        for name, values in controllers.items()
    )


def timing_panels(
    torque_axes: Axes, moment_axes: Axes, controllers: Mapping[str, Mapping[str, Any]]
) -> None:
    """Torque and muscle moment of the right hip over the gait cycle, Nm, flexion positive.

    A dot is a peak of the exo, a ring the muscles' peak it is timed against; the bar beside a
    dot reaches back to the time of the ring, and its number is the lag, ms (positive: late).
    """
    cycles = {name: values.get("cycle") or {} for name, values in controllers.items()}
    pushing = {name: cycle for name, cycle in cycles.items() if name not in WITHOUT_TORQUE}
    cycle_lines(torque_axes, pushing, TORQUE)
    cycle_lines(moment_axes, cycles, MOMENT)
    timed = [name for name in pushing if controllers[name].get("torque_quality")]
    for name in timed:
        quality = controllers[name]["torque_quality"]
        for word in ("flexion", "extension"):
            exo, muscle = (
                known(quality.get(f"{word}_{part}")) for part in ("peak_pct", "muscle_peak_pct")
            )
            if exo is None or muscle is None:
                continue
            lag_ms = known(quality.get(f"{word}_peak_lag_ms")) if len(timed) <= MOST_TEXTS else None
            _mark(torque_axes, name, cycles[name], exo, muscle, lag_ms)
            _ring(moment_axes, name, cycles[name], muscle)
    torque_axes.set_title("Exo torque, right hip")
    torque_axes.set_ylabel("Torque (Nm, flexion +)")
    torque_axes.margins(y=0.18)
    moment_axes.set_title("Muscles' moment, right hip")
    moment_axes.set_ylabel("Moment (Nm, flexion +)")


def cycle_lines(axes: Axes, cycles: Mapping[str, Mapping], key: str) -> None:
    """One line per controller over the gait cycle; later seeds of a policy are paler."""
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


def _height(cycle: Mapping[str, Any], key: str, at_pct: float) -> float | None:
    gait_pct, values = series(cycle, "gait_pct"), series(cycle, key)
    if gait_pct is None or values is None or values.shape != gait_pct.shape:
        return None
    return float(np.interp(at_pct, gait_pct, values))


def _mark(
    axes: Axes,
    name: str,
    cycle: Mapping[str, Any],
    exo_pct: float,
    muscle_pct: float,
    lag_ms: float | None,
) -> None:
    height = _height(cycle, TORQUE, exo_pct)
    if height is None:
        return
    color = controller_color(name)
    # Back over the seam of the cycle where that is the shorter way; the axis cuts it there.
    lag_pct = (exo_pct - muscle_pct + 50.0) % 100.0 - 50.0
    axes.plot([exo_pct - lag_pct, exo_pct], [height, height], color=color, linewidth=0.8)
    axes.plot([exo_pct], [height], "o", color=color, markersize=4, clip_on=False)
    if lag_ms is not None:
        axes.annotate(
            f"{signed(lag_ms, 0)} ms",
            (exo_pct, height),
            xytext=(0, 4 if height > 0 else -4),
            textcoords="offset points",
            ha="right" if exo_pct > 85 else "left" if exo_pct < 15 else "center",
            va="bottom" if height > 0 else "top",
            fontsize=7.0,
            color=color,
        )


def _ring(axes: Axes, name: str, cycle: Mapping[str, Any], at_pct: float) -> None:
    height = _height(cycle, MOMENT, at_pct)
    if height is not None:
        axes.plot(
            [at_pct],
            [height],
            "o",
            color=controller_color(name),
            markerfacecolor="white",
            markersize=4.5,
            clip_on=False,
        )
