"""Conditions of a run: a map over speed, slope and weakness where they are a grid, else a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from exoflow.figures.numbers import known, signed
from exoflow.figures.status_graph import state_class
from exoflow.records.file_memory import FileMemory
from exoflow.records.layout import gait_file, metabolics_file
from exoflow.records.run_status import CURRENT, DONE, WORDS, JobStatus, RunStatus, state_of_all

CELL_WIDTH, CELL_HEIGHT, LEFT, TOP, PANEL_GAP = 54.0, 34.0, 46.0, 20.0, 40.0
FOOT = 34.0
LETTER_WIDTH = 6.8
# Least range of the colours, so that noise is not painted as a landscape, %.
LEAST_SPAN_PCT = 2.0
# Ends of the colours: saved, and cost more (as the matrix of the report has them).
SAVED, COSTS = (230, 159, 0), (118, 98, 168)
# The strongest colour still lets black numbers be read.
PALEST = 0.75


@dataclass(frozen=True)
class ConditionStatus:
    """One condition: who walks, how far its jobs are and what came of it."""

    name: str
    speed_m_s: float
    slope_deg: float
    walker: str
    jobs: tuple[JobStatus, ...]
    change_pct: float | None
    """Change of the cost of transport with the policies, %; None where it is not known."""
    reason: str
    """Why there is no gait or no comparison; empty where there is, or none yet."""

    @property
    def state(self) -> str:
        """State of its jobs together."""
        return state_of_all([one.state for one in self.jobs])

    @property
    def n_done(self) -> int:
        """How many of its jobs are done."""
        return sum(one.state in (DONE, CURRENT) for one in self.jobs)


def condition_statuses(
    status: RunStatus, fields: Mapping[str, Mapping[str, Any]], root: Path, memory: FileMemory
) -> list[ConditionStatus]:
    """Every condition of `fields` (speed_m_s, slope_deg, impairment by id), in their order."""
    by_condition: dict[str, list[JobStatus]] = {name: [] for name in fields}
    for one in status.jobs:
        if one.job.condition in by_condition:
            by_condition[one.job.condition].append(one)
    found = []
    for name, asked in fields.items():
        gait = memory.get(root / gait_file(name), read_outcome) or {}
        comparison = memory.get(root / metabolics_file(name), read_outcome) or {}
        found.append(
            ConditionStatus(
                name,
                float(asked["speed_m_s"]),
                float(asked["slope_deg"]),
                walker_words(asked.get("impairment")),
                tuple(by_condition[name]),
                comparison.get("change_pct"),
                gait.get("reason") or comparison.get("reason") or "",
            )
        )
    return found


def read_outcome(path: Path) -> dict[str, Any]:
    """What a gait or a comparison says of itself: `reason` if it is not ok, else `change_pct`.

    A file that cannot be read says nothing: the phase that needs it will name it.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        if result.get("status", "ok") != "ok":
            return {"reason": f"{result['status']}: {result.get('reason') or 'no reason'}"}
        groups = result.get("groups")
        change = (groups.get("policy") or {}).get("change_cot_pct") or {} if groups else {}
        return {"change_pct": known(change.get("iqm", change.get("mean")))}
    except (OSError, ValueError, AttributeError, KeyError):
        return {}


def walker_words(impairment: Mapping[str, Any] | None) -> str:
    """Who walks, in words."""
    if not impairment:
        return "unimpaired"
    muscles = " and ".join(str(muscle) for muscle in impairment.get("muscles", []))
    ceiling = 100 * float(impairment["excitation_ceiling"])
    return f"{impairment.get('side')} {muscles} at {ceiling:.0f} %"


def is_grid(conditions: Sequence[ConditionStatus]) -> bool:
    """Whether there are several speeds and slopes, and no two walkers at one place."""
    places = {(one.walker, one.speed_m_s, one.slope_deg) for one in conditions}
    speeds = {one.speed_m_s for one in conditions}
    slopes = {one.slope_deg for one in conditions}
    crowded = len(places) == len(conditions)
    filled = 2 * len(conditions) >= len(speeds) * len(slopes) * len({one[0] for one in places})
    return crowded and filled and len(speeds) > 1 and len(slopes) > 1


def map_svg(conditions: Sequence[ConditionStatus]) -> Markup:
    """Maps over speed and slope, one for each kind of walker.

    A cell is coloured by what the policies save once that is known; until then it says
    how many of its jobs are done. Its frame has the colour of its state.
    """
    speeds = sorted({one.speed_m_s for one in conditions})
    slopes = sorted({one.slope_deg for one in conditions}, reverse=True)
    changes = [abs(one.change_pct) for one in conditions if one.change_pct is not None]
    span = max([LEAST_SPAN_PCT, *changes])
    panels = []
    widest = max(len(one.walker) for one in conditions) * LETTER_WIDTH
    width = LEFT + max(len(speeds) * CELL_WIDTH, widest)
    height = TOP + len(slopes) * CELL_HEIGHT + FOOT
    for walker in dict.fromkeys(one.walker for one in conditions):
        cells = [one for one in conditions if one.walker == walker]
        parts = [cell(one, speeds, slopes, span) for one in cells]
        for row, slope in enumerate(slopes):
            y = TOP + (row + 0.5) * CELL_HEIGHT + 4
            parts.append(f'<text class="tick right" x="{LEFT - 6:.0f}" y="{y:.1f}">'
                         f"{signed(slope)}°</text>")  # fmt: skip
        for column, speed in enumerate(speeds):
            x = LEFT + (column + 0.5) * CELL_WIDTH
            y = TOP + len(slopes) * CELL_HEIGHT + 14
            parts.append(f'<text class="tick" x="{x:.1f}" y="{y:.1f}">{speed:g}</text>')
        middle = LEFT + len(speeds) * CELL_WIDTH / 2
        parts.append(f'<text class="tick" x="{middle:.1f}" y="{height - 4:.1f}">Speed (m/s)</text>')
        parts.append(f'<text class="walker" x="{LEFT:.0f}" y="12">{escape(walker)}</text>')
        panels.append(
            f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="width:{width:.0f}px" role="img" '
            f'aria-label="{escape(walker)} over speed and slope">{"".join(parts)}</svg>'
        )
    return Markup("\n".join(panels))


def cell(
    one: ConditionStatus, speeds: Sequence[float], slopes: Sequence[float], span: float
) -> str:
    """One condition on the map."""
    x = LEFT + speeds.index(one.speed_m_s) * CELL_WIDTH
    y = TOP + slopes.index(one.slope_deg) * CELL_HEIGHT
    words = f"{one.name}: {WORDS[one.state]}, {one.n_done} of {len(one.jobs)} jobs"
    if one.reason:
        text, words = "–", f"{words}; {one.reason}"
    elif one.change_pct is not None:
        text = signed(one.change_pct)
        words += f"; cost of transport {text} %"
    else:
        text = f"{one.n_done}/{len(one.jobs)}"
    fill = "" if one.change_pct is None else f' style="fill:{colour(one.change_pct, span)}"'
    pale = " pale" if one.change_pct is None else ""
    return (
        f"<g><title>{escape(words)}</title>"
        f'<rect class="cell {state_class(one.state)}{pale}" x="{x + 2:.1f}" y="{y + 2:.1f}" '
        f'width="{CELL_WIDTH - 4:.1f}" height="{CELL_HEIGHT - 4:.1f}"{fill}/>'
        f'<text class="value" x="{x + CELL_WIDTH / 2:.1f}" y="{y + CELL_HEIGHT / 2 + 4:.1f}">'
        f"{text}</text></g>"
    )


def colour(change_pct: float, span: float) -> str:
    """From white at 0 to the colour of what is saved or costs more at the end of the range."""
    end = SAVED if change_pct < 0 else COSTS
    share = PALEST * min(1.0, abs(change_pct) / span)
    mixed = (round(255 + share * (one - 255)) for one in end)
    return "#" + "".join(f"{one:02x}" for one in mixed)
