"""The jobs of a run as a drawn graph, coloured by state. Colours stand in status.css."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from exoflow.figures.numbers import duration
from exoflow.records.job_graph import without_detours
from exoflow.records.run_status import (
    CURRENT,
    DONE,
    FAILED,
    MISSING,
    RUNNING,
    STALE,
    STOPPED,
    WAITING,
    WORDS,
    JobStatus,
    RunStatus,
)

# With more jobs than this in one phase, nodes are small squares and only phases are joined.
MOST_LABELLED = 14
LABEL_WIDTH, LABEL_HEIGHT, LABEL_GAP = 112.0, 20.0, 9.0
SQUARE, SQUARE_GAP, SQUARES_WIDE, MOST_ROWS = 10.0, 3.0, 6, 30
NARROWEST = 82.0
COLUMN_GAP, TOP, PHASE_HEIGHT, ARC_HEIGHT = 34.0, 60.0, 34.0, 22.0
LONGEST_LABEL = 18
# From left to right in the bar of a phase.
BAR = (CURRENT, DONE, RUNNING, FAILED, STOPPED, STALE, WAITING, MISSING)


@dataclass(frozen=True)
class Place:
    """Where a node is drawn: left upper corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def state_class(state: str) -> str:
    """Class of a state in status.css."""
    return f"s-{state.replace(' ', '-')}"


def graph_svg(status: RunStatus) -> Markup:
    """Jobs in a column for each phase, joined with what they need.

    Returns
    -------
    Markup
        SVG; each node says its name, state and time when it is pointed at.
    """
    phases = status.phases()
    columns = {phase: status.of_phase(phase) for phase in phases}
    labelled = max((len(jobs) for jobs in columns.values()), default=0) <= MOST_LABELLED
    parts: list[str] = []
    places: dict[str, Place] = {}
    heads: dict[str, Place] = {}
    left = COLUMN_GAP / 2 + 1  # room for gaits that start from another
    for phase, jobs in columns.items():
        width = column_width(len(jobs), labelled)
        heads[phase] = Place(left, TOP - PHASE_HEIGHT, width, PHASE_HEIGHT)
        places |= node_places(jobs, left, labelled)
        left += width + COLUMN_GAP
    parts += phase_edges(status, heads)
    if labelled:
        parts += job_edges(status, places)
    for phase, place in heads.items():
        parts.append(phase_box(phase, columns[phase], place))
    parts += [node(one, places[one.job.path], labelled) for one in status.jobs]
    bottom = max((place.y + place.height for place in places.values()), default=TOP) + LABEL_GAP
    width = max(1.0, left - COLUMN_GAP + 1)
    return Markup(
        f'<svg viewBox="0 0 {width:.0f} {bottom:.0f}" style="max-width:{width:.0f}px" role="img" '
        f'aria-label="Jobs by phase and state">{"".join(parts)}</svg>'
    )


def column_width(n_jobs: int, labelled: bool) -> float:
    """Width of the column of a phase; its name fits in."""
    if labelled:
        return LABEL_WIDTH
    columns = math.ceil(n_jobs / rows_for(n_jobs))
    return max(NARROWEST, columns * (SQUARE + SQUARE_GAP) - SQUARE_GAP)


def rows_for(n_jobs: int) -> int:
    """Rows of small squares: as wide as the name of a phase, unless the column grows long."""
    return max(1, min(MOST_ROWS, math.ceil(n_jobs / SQUARES_WIDE)))


def node_places(jobs: Sequence[JobStatus], left: float, labelled: bool) -> dict[str, Place]:
    """Places of the jobs of one phase by main file."""
    places = {}
    rows = rows_for(len(jobs))
    for index, one in enumerate(jobs):
        if labelled:
            top = TOP + 10 + index * (LABEL_HEIGHT + LABEL_GAP)
            places[one.job.path] = Place(left, top, LABEL_WIDTH, LABEL_HEIGHT)
        else:
            column, row = divmod(index, rows)
            step = SQUARE + SQUARE_GAP
            places[one.job.path] = Place(
                left + column * step, TOP + 10 + row * step, SQUARE, SQUARE
            )
    return places


def phase_edges(status: RunStatus, heads: dict[str, Place]) -> list[str]:
    """Which phase needs which: a line to the next, an arc over others."""
    needs: dict[str, tuple[str, ...]] = dict.fromkeys(heads, ())
    by_path = {one.job.path: one.job.phase for one in status.jobs}
    for one in status.jobs:
        found = {by_path[path] for path in one.job.needs if path in by_path} - {one.job.phase}
        needs[one.job.phase] = tuple({*needs[one.job.phase], *found})
    order = list(heads)
    lines = []
    for phase, before in without_detours(needs).items():
        for other in sorted(before, key=order.index):
            start, end = heads[other], heads[phase]
            if order.index(phase) - order.index(other) == 1:
                path = f"M{start.x + start.width:.1f} {start.middle:.1f}H{end.x:.1f}"
            else:
                x1, x2 = start.x + start.width - 12, end.x + 12
                path = (
                    f"M{x1:.1f} {start.y:.1f}C{x1:.1f} {start.y - ARC_HEIGHT:.1f} "
                    f"{x2:.1f} {end.y - ARC_HEIGHT:.1f} {x2:.1f} {end.y:.1f}"
                )
            lines.append(f'<path class="edge phase" d="{path}"/>')
    return lines


def job_edges(status: RunStatus, places: dict[str, Place]) -> list[str]:
    """Which job needs which."""
    needs = {one.job.path: one.job.needs for one in status.jobs}
    return [
        f'<path class="edge" d="{curve(places[other], places[path])}"/>'
        for path, before in without_detours(needs).items()
        for other in before
        if other in places
    ]


def curve(start: Place, end: Place) -> str:
    """The way from one node to another; past columns between them it runs below a row."""
    x1, x2, y1, y2 = start.x + start.width, end.x, start.middle, end.middle
    if x1 > x2:  # of the same phase: round the left side
        bend = end.x - COLUMN_GAP / 2
        return f"M{x2:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    bend = (x1 + x2) / 2
    if x2 - x1 <= COLUMN_GAP + 1:
        return f"M{x1:.1f} {y1:.1f}C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    lane, half = start.y + start.height + LABEL_GAP / 2, COLUMN_GAP / 2
    return (
        f"M{x1:.1f} {y1:.1f}C{x1 + half:.1f} {y1:.1f} {x1 + half / 2:.1f} {lane:.1f} "
        f"{x1 + COLUMN_GAP:.1f} {lane:.1f}H{x2 - COLUMN_GAP:.1f}"
        f"C{x2 - half / 2:.1f} {lane:.1f} {x2 - half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    )


def phase_box(phase: str, jobs: Sequence[JobStatus], place: Place) -> str:
    """Name of a phase with how many of its jobs are done, as words and as a bar."""
    done = sum(one.state in (DONE, CURRENT) for one in jobs)
    left, middle = place.x, place.x + place.width / 2
    bars, begin = [], left
    for state in BAR:
        width = place.width * sum(one.state == state for one in jobs) / max(1, len(jobs))
        if width:
            bars.append(
                f'<rect class="{state_class(state)}" x="{begin:.1f}" '
                f'y="{place.y + place.height - 6:.1f}" width="{width:.1f}" height="6"/>'
            )
            begin += width
    return (
        f'<rect class="phase" x="{left:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" '
        f'height="{place.height:.1f}"/>'
        f'<text class="name" x="{middle:.1f}" y="{place.y + 12:.1f}">{escape(phase)}</text>'
        f'<text class="count" x="{middle:.1f}" y="{place.y + 24:.1f}">{done} of {len(jobs)}</text>'
        f"{''.join(bars)}"
    )


def node(one: JobStatus, place: Place, labelled: bool) -> str:
    """One job."""
    words = f"{one.job}: {WORDS[one.state]}"
    if one.took_s is not None:
        words += f", {duration(one.took_s)}"
    box = (
        f'<rect class="node {state_class(one.state)}" x="{place.x:.1f}" y="{place.y:.1f}" '
        f'width="{place.width:.1f}" height="{place.height:.1f}" rx="2"/>'
    )
    if not labelled:
        return f"<g><title>{escape(words)}</title>{box}</g>"
    label = one.job.name
    if len(label) > LONGEST_LABEL:
        label = label[: LONGEST_LABEL - 1] + "…"
    return (
        f"<g><title>{escape(words)}</title>{box}"
        f'<text class="label {state_class(one.state)}" x="{place.x + place.width / 2:.1f}" '
        f'y="{place.middle + 3.5:.1f}">{escape(label)}</text></g>'
    )
