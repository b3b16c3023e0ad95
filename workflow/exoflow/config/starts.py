"""Which shipped start values are nearest to a condition: `warm_start: nearest`."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.conditions import Condition

NEAREST_START = "nearest"
FOLDER = "data/reflexes"
# What counts as one step away: differences over which a search from a neighbour took hold.
SPEED_STEP_M_S = 0.2
SLOPE_STEP_DEG = 2.0
# Full strength to none in the same muscles; other muscles are as far as that and a step more.
CEILING_STEP = 0.5
OTHER_MUSCLES = 1.0

PLANTARFLEXORS = frozenset({"soleus", "gastroc"})
HIP_FLEXORS = frozenset({"iliopsoas", "rect_fem"})


@dataclass(frozen=True)
class Start:
    """A table of start values and the walk it was searched for."""

    file: str
    speed_m_s: float
    slope_deg: float = 0.0
    weak: frozenset[str] = frozenset()
    ceiling: float = 1.0


SHIPPED = (
    Start("start_level.csv", 1.27),
    Start("start_level_slow.csv", 1.0),
    Start("start_speed_080.csv", 0.8),
    Start("start_speed_120.csv", 1.2),
    Start("start_speed_140.csv", 1.4),
    Start("start_speed_160.csv", 1.6),
    Start("start_down_5.csv", 1.0, -5.0),
    Start("start_down_3.csv", 1.0, -3.0),
    Start("start_uphill.csv", 1.0, 3.0),
    Start("start_up_5.csv", 1.0, 5.0),
    Start("start_weak_plantarflexors.csv", 1.0, 0.0, PLANTARFLEXORS, 0.5),
    Start("start_plantarflexors_25.csv", 1.0, 0.0, PLANTARFLEXORS, 0.25),
    Start("start_hip_flexors_50.csv", 1.0, 0.0, HIP_FLEXORS, 0.5),
    Start("start_hip_flexors_25.csv", 1.0, 0.0, HIP_FLEXORS, 0.25),
)


def nearest_start(condition: Condition) -> str:
    """Path of the shipped table whose walk is nearest; of two as near, the first of the list."""
    best = min(SHIPPED, key=lambda start: _steps_away(condition, start))
    return f"{FOLDER}/{best.file}"


def _steps_away(condition: Condition, start: Start) -> float:
    weak: frozenset[str] = frozenset()
    ceiling = 1.0
    if condition.impairment is not None:
        weak = frozenset(condition.impairment.muscles)
        ceiling = condition.impairment.excitation_ceiling
    steps = abs(condition.speed_m_s - start.speed_m_s) / SPEED_STEP_M_S
    steps += abs(condition.slope_deg - start.slope_deg) / SLOPE_STEP_DEG
    steps += abs(ceiling - start.ceiling) / CEILING_STEP
    if weak and start.weak and weak != start.weak:
        steps += OTHER_MUSCLES
    return steps
