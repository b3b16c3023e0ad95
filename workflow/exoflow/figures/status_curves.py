"""Learning curves as far as trainings are: from results, and of those at work from scratch."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from exoflow.figures.numbers import fixed
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.file_memory import FileMemory
from exoflow.records.run_status import CURRENT, DONE, RUNNING, STALE, JobStatus, RunStatus

LEARNED = ("policy", "teacher")
# What a training writes of itself while it learns (learning/training_logs.py).
LIVE = "dvclive/plots/metrics/evaluation"
PANELS = (
    ("change_cot_pct", "Change of the cost of transport (%)"),
    ("reward_mean", "Mean reward of a tick"),
)
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 520.0, 220.0, 50.0, 10.0, 24.0, 34.0
MOST_POINTS, FEW_POINTS, MANY_CURVES = 80, 24, 30
N_COLOURS = 6

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """One training."""

    name: str
    is_learning: bool
    points: dict[str, Points]
    """(control tick, value) by quantity; without what is not known."""


def read_curves(status: RunStatus, root: Path, memory: FileMemory) -> list[Curve]:
    """Curves of all trainings that have written one."""
    curves = []
    for one in status.jobs:
        if one.job.phase in LEARNED:
            finished = one.state in (DONE, CURRENT, STALE)
            points = from_result(one, root, memory) if finished else from_scratch(one, root, memory)
            if any(points.values()):
                curves.append(Curve(one.job.name, one.state == RUNNING, points))
    return curves


def from_result(one: JobStatus, root: Path, memory: FileMemory) -> dict[str, Points]:
    """The curve beside the weights."""
    path = root / one.job.path[: one.job.path.rindex(".")]
    rows = memory.get(path.with_name(f"{path.name}.csv"), read_table) or []
    return {key: points_of(rows, key) for key, _ in PANELS}


def from_scratch(one: JobStatus, root: Path, memory: FileMemory) -> dict[str, Points]:
    """What a training at work has written so far."""
    folder = root / SCRATCH / "training" / one.job.name / LIVE
    return {
        key: points_of(memory.get(folder / f"{key}.tsv", read_table) or [], key)
        for key, _ in PANELS
    }


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a table; a line that is being written has fewer cells and is passed over."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    except (OSError, ValueError, csv.Error):
        return []


def points_of(rows: Sequence[dict[str, str]], key: str) -> Points:
    """Finite points of one quantity."""
    points = []
    for row in rows:
        try:
            step, value = float(row["step"]), float(row[key])
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(step) and math.isfinite(value):
            points.append((step, value))
    return points


def thinned(points: Points, most: int) -> Points:
    """At most `most` points, the first and the last among them."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / (most - 1)
    return [points[round(step * k)] for k in range(most)]


def curves_svg(curves: Sequence[Curve]) -> Markup:
    """A panel for each quantity; trainings at work are coloured, finished ones are grey."""
    learning = [one for one in curves if one.is_learning]
    few = not learning and len(curves) <= N_COLOURS
    coloured = {id(one): index % N_COLOURS for index, one in enumerate(curves if few else learning)}
    # Those at work are drawn last, on top.
    ordered = sorted(curves, key=lambda one: one.is_learning)
    return Markup("\n".join(panel(ordered, coloured, key, title) for key, title in PANELS))


def legend(curves: Sequence[Curve]) -> list[tuple[str, str]]:
    """Class and name of the coloured curves, in the order of the drawing."""
    learning = [one for one in curves if one.is_learning]
    shown = learning or (curves if len(curves) <= N_COLOURS else [])
    return [(f"c{index % N_COLOURS}", one.name) for index, one in enumerate(shown)]


def panel(curves: Sequence[Curve], coloured: dict[int, int], key: str, title: str) -> str:
    """One quantity of all trainings over control ticks."""
    most = FEW_POINTS if len(curves) > MANY_CURVES else MOST_POINTS
    found = [(one, thinned(one.points[key], most)) for one in curves if one.points.get(key)]
    parts = [f'<text class="title" x="{LEFT:.0f}" y="13">{escape(title)}</text>']
    if found:
        steps = [step for _, points in found for step, _ in points]
        values = [value for _, points in found for _, value in points]
        last, low, high = max(*steps, 1.0), min(values), max(values)
        low, high = (low - 0.5, high + 0.5) if high - low < 1e-9 else (low, high)

        def at(step: float, value: float) -> tuple[float, float]:
            x = LEFT + (WIDTH - LEFT - RIGHT) * step / last
            return x, TOP + (HEIGHT - TOP - FOOT) * (high - value) / (high - low)

        parts += axes(last, low, high, at)
        for one, points in found:
            line = " ".join("{:.1f},{:.1f}".format(*at(*point)) for point in points)
            kind = f"c{coloured[id(one)]}" if id(one) in coloured else "old"
            x, y = at(*points[-1])
            parts.append(
                f"<g><title>{escape(one.name)}: {fixed(points[-1][1])}</title>"
                f'<polyline class="curve {kind}" points="{line}"/>'
                f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2"/></g>'
            )
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def axes(last: float, low: float, high: float, at) -> list[str]:
    """Frame, ends of both axes and, where it lies between them, the line at 0."""
    bottom, right = HEIGHT - FOOT, WIDTH - RIGHT
    middle = (LEFT + right) / 2
    parts = [
        f'<path class="axis" d="M{LEFT:.0f} {TOP:.0f}V{bottom:.0f}H{right:.0f}"/>',
        f'<text class="tick right" x="{LEFT - 5:.0f}" y="{TOP + 4:.0f}">{fixed(high)}</text>',
        f'<text class="tick right" x="{LEFT - 5:.0f}" y="{bottom + 4:.0f}">{fixed(low)}</text>',
        f'<text class="tick" x="{LEFT:.0f}" y="{bottom + 14:.0f}">0</text>',
        f'<text class="tick left-of" x="{right:.0f}" y="{bottom + 14:.0f}">{last:,.0f}</text>',
        f'<text class="tick" x="{middle:.0f}" y="{bottom + 28:.0f}">Control ticks</text>',
    ]
    if low < 0 < high:
        y = at(0.0, 0.0)[1]
        parts.append(f'<path class="zero" d="M{LEFT:.0f} {y:.1f}H{right:.0f}"/>')
    return parts
