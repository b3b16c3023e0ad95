"""From `conditions:` to one Condition per id; a grid stands for all its combinations."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exoflow.config.build import build, did_you_mean, reject_unknown, shown
from exoflow.config.conditions import Condition
from exoflow.config.starts import NEAREST_START, nearest_start
from exoflow.errors import ParamsError

GRID = "grid"
GRID_KEYS = ("speed_m_s", "slope_deg", "impairment", "seeds", "warm_start")
# No dot: `dvc exp run -S conditions.ID.speed_m_s=1.2` reads dots as levels.
CONDITION_ID = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*")


def expand_conditions(data: Any, source: str) -> dict[str, Condition]:
    """Every condition by its id, in the order of the file, those of the grid last.

    Raises
    ------
    ParamsError
        If there is none, an id cannot be a file name, two ids are the same, or
        `start_from` names no condition or goes round in a circle.
    """
    if not isinstance(data, Mapping) or not data:
        raise ParamsError(
            f"{source}: conditions = {shown(data)} must hold at least one condition, "
            "such as level: {speed_m_s: 1.3}."
        )
    conditions = {
        name: one_condition(name, entry, source) for name, entry in data.items() if name != GRID
    }
    for name, entry in expand_grid(data.get(GRID), source).items():
        if name in conditions:
            raise ParamsError(f"{source}: conditions.{name} is also made by conditions.grid.")
        conditions[name] = build(Condition, entry, f"conditions.grid ({name})", source)
    if not conditions:
        raise ParamsError(
            f"{source}: conditions.grid makes no condition: one of its lists is empty."
        )
    check_start_from(conditions, source)
    return {name: _with_start(condition) for name, condition in conditions.items()}


def _with_start(condition: Condition) -> Condition:
    """The condition with the table that `warm_start: nearest` stands for."""
    if condition.warm_start != NEAREST_START:
        return condition
    return replace(condition, warm_start=nearest_start(condition))


def one_condition(name: Any, entry: Any, source: str) -> Condition:
    """One hand-written condition, with its id checked."""
    where = f"conditions.{name}"
    if not isinstance(name, str) or not CONDITION_ID.fullmatch(name):
        raise ParamsError(
            f"{source}: {where}: an id starts with a letter and holds letters, digits, _, + or -."
        )
    condition = build(Condition, entry, where, source)
    if condition.start_from is not None and "warm_start" in entry:
        raise ParamsError(f"{source}: {where} has both start_from and warm_start. Keep one.")
    if not condition.seeds or len(set(condition.seeds)) < len(condition.seeds):
        raise ParamsError(
            f"{source}: {where}.seeds = {list(condition.seeds)} must be different seeds."
        )
    return condition


def expand_grid(grid: Any, source: str) -> dict[str, dict[str, Any]]:
    """Entries of all combinations, by ids such as v1.30_s+3.0_none."""
    if grid is None:
        return {}
    where = "conditions.grid"
    if not isinstance(grid, Mapping):
        raise ParamsError(f"{source}: {where} must be a section. Allowed: {', '.join(GRID_KEYS)}.")
    reject_unknown(grid, GRID_KEYS, where, source)
    speeds = listed(grid, "speed_m_s", None, where, source)
    slopes = listed(grid, "slope_deg", [0.0], where, source)
    impairments = grid.get("impairment") or {"none": None}
    if not isinstance(impairments, Mapping):
        raise ParamsError(
            f"{source}: {where}.impairment must name its impairments, such as "
            "{none: null, weak: {side: right, muscles: [soleus], excitation_ceiling: 0.5}}."
        )
    for name in impairments:
        if not isinstance(name, str) or not CONDITION_ID.fullmatch(name):
            raise ParamsError(
                f"{source}: {where}.impairment.{name}: a name holds letters, digits, _, + or -."
            )
    common = {key: grid[key] for key in ("seeds", "warm_start") if key in grid}
    return {
        grid_id(speed, slope, name): {
            "speed_m_s": speed,
            "slope_deg": slope,
            "impairment": impairment,
            **common,
        }
        for (name, impairment), slope, speed in itertools.product(
            impairments.items(), slopes, speeds
        )
    }


def grid_id(speed_m_s: float, slope_deg: float, impairment: str) -> str:
    """Id of one grid point: v1.30_s+3.0_none."""
    return f"v{speed_m_s:.2f}_s{slope_deg:+.1f}_{impairment}"


def listed(grid: Mapping, key: str, default: list | None, where: str, source: str) -> list:
    """A list of different numbers of the grid."""
    values = grid.get(key, default)
    if not isinstance(values, list) or not all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
    ):
        raise ParamsError(f"{source}: {where}.{key} = {shown(values)} must be a list of numbers.")
    digits = 2 if key == "speed_m_s" else 1
    if len({round(value, digits) for value in values}) < len(values):
        raise ParamsError(
            f"{source}: {where}.{key} = {shown(values)}: two values are the same "
            f"to {digits} decimals, which the ids keep."
        )
    return values


def check_start_from(conditions: Mapping[str, Condition], source: str) -> None:
    """Follow every start_from to its end."""
    for name, condition in conditions.items():
        seen = [name]
        while condition.start_from is not None:
            other = condition.start_from
            if other not in conditions:
                raise ParamsError(
                    f"{source}: conditions.{seen[-1]}.start_from = {other} is not a condition."
                    f"{did_you_mean(other, conditions)} Known: {', '.join(list(conditions)[:12])}."
                )
            if other in seen:
                circle = " -> ".join([*seen, other])
                raise ParamsError(
                    f"{source}: conditions.{name}.start_from goes in a circle: {circle}."
                )
            seen.append(other)
            condition = conditions[other]
