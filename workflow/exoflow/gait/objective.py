"""What a good gait is: SCONE's gait measure, effort, joint stops, ground force, symmetry.

Everything is predicted: no norm curve enters the objective. Sources per term are in
docs/objective.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.records.rollout import Measures
from exoflow.units import degrees

# SCONE's dead band: a gait measure below this counts as zero, which lowers the speed by up to 5 %.
GAIT_DEAD_BAND = 0.05
# SCONE's rule jumps to the full value at the band's edge; blended over as much again, a walk that
# is a little too slow on one slope can still be told from one that is much too slow.
GAIT_TRANSITION = 0.05
# The band starts a little below the wanted speed: the slope that is climbed sets how fast the
# walker must be to stay within the dead band, and on level ground it then walks as wanted.
SPEED_ALLOWANCE = 1.03
# Losing or gaining speed up to this share is free.
SPEED_TOLERANCE = 0.01
# Steps before this time do not tell how fast somebody walks, s.
SETTING_OFF_S = 2.0
_KNEE_THRESHOLD_NM = 1.0
_KNEE_TRANSITION_NM = 0.5


@dataclass(frozen=True)
class Score:
    """Weighted sum (lower is better) and its terms."""

    total: float
    terms: Mapping[str, float]


def dead_band(value: float, threshold: float, transition: float = 0.0) -> float:
    """SCONE's threshold rule: zero below, blended over `transition`, the full value above."""
    if value < threshold:
        return 0.0
    if value < threshold + transition:
        return value * (value - threshold) / transition
    return value


def gait_term(measures: Measures, lowest_m_s: float, highest_m_s: float) -> float:
    """Fraction of the planned time that was not walked within the speed band, 0..2.

    Every step (the last, partial one included) contributes its duration times
    1 - |violation| / lowest; the first two steps are skipped, missing time counts as zero.

    References
    ----------
    SCONE's GaitMeasure.
    """
    end = (measures.reached_s, measures.end_gait_distance_m)
    times = np.append(measures.steps[:, 0], end[0])
    places = np.append(measures.steps[:, 1], end[1])
    durations = np.diff(times, prepend=0.0)
    lengths = np.diff(places, prepend=measures.start_gait_distance_m)
    keep = durations > 1e-9
    durations, lengths = durations[keep], lengths[keep]
    skipped = int(np.clip(len(durations) - 2, 0, 2))
    durations, lengths = durations[skipped:], lengths[skipped:]
    missing = measures.planned_s - measures.reached_s
    if durations.sum() + missing <= 0.0:
        return 1.0
    speed = lengths / durations
    violation = np.maximum(lowest_m_s - speed, 0.0) + np.maximum(speed - highest_m_s, 0.0)
    quality = np.clip(1.0 - violation / lowest_m_s, -1.0, 1.0)
    return float(1.0 - (durations * quality).sum() / (durations.sum() + missing))


def asymmetry(measures: Measures) -> float:
    """Relative right-left difference of step time plus that of step length, after the first 2 s."""
    steps = measures.steps
    steps = steps[steps[:, 0] > SETTING_OFF_S] if len(steps) else steps
    if len(steps) < 5:
        return 0.0
    durations, lengths, legs = np.diff(steps[:, 0]), np.diff(steps[:, 1]), steps[1:, 2]
    total = 0.0
    for values in (durations, lengths):
        right, left = values[legs == 0], values[legs == 1]
        if len(right) and len(left):
            total += abs(right.mean() - left.mean()) / max(1e-6, abs(values.mean()))
    return float(min(total, 2.0))


def missed_speed(walks: Sequence[Measures], speed_m_s: float) -> float:
    """Relative deviation of the mean speed of several walks beyond what is free, 0 or more.

    The gait term leaves some per cent of speed free on every slope, and going slower saves
    effort; together the walks have to keep the wanted speed.
    """
    mean = float(np.mean([_steady_speed(measures) for measures in walks]))
    return max(0.0, abs(mean / speed_m_s - 1.0) - SPEED_TOLERANCE)


def _steady_speed(measures: Measures) -> float:
    """Speed between the first and the last step after setting off, m/s."""
    steps = measures.steps
    settled = steps[steps[:, 0] > SETTING_OFF_S] if len(steps) else steps
    if len(settled) < 2:
        return measures.speed_m_s
    time, place = settled[-1, :2] - settled[0, :2]
    return float(place / time)


def score(measures: Measures, speed_m_s: float, weights: Mapping[str, float]) -> Score:
    """Objective value of one rollout.

    Parameters
    ----------
    measures : Measures
    speed_m_s : float
        Wanted speed.
    weights : mapping
        One per term, and `velocity_band` (upper edge of the speed band over its lower edge);
        see config/reflex.py.

    Returns
    -------
    Score
        A non-finite walk scores like one that never started.
    """
    worst = Score(2.0 * weights["gait"], {"gait": 2.0 * weights["gait"]})
    if not measures.finite:
        return worst
    lowest = speed_m_s / SPEED_ALLOWANCE
    missed = gait_term(measures, lowest, lowest * weights["velocity_band"])
    gait = dead_band(missed, GAIT_DEAD_BAND, GAIT_TRANSITION)
    walked = measures.body_mass_kg * max(1.0, measures.distance_m)
    terms = {
        "gait": weights["gait"] * gait,
        "effort": weights["effort"] * measures.cost_of_transport(measures.effort_J),
        "cubed_activation": weights["cubed_activation"] * measures.cubed_activation_s / walked,
        "knee_limit": weights["knee_limit"]
        * dead_band(measures.knee_limit_Nm, _KNEE_THRESHOLD_NM, _KNEE_TRANSITION_NM),
        "grf": weights["grf"] * measures.grf_excess_BW,
        "leg_grf": weights["leg_grf"] * measures.leg_grf_excess_BW,
        "trunk_lean": weights["trunk_lean"] * degrees(measures.trunk_lean_rad),
        "head_acceleration": weights["head_acceleration"] * measures.head_acceleration_m2_s4,
        "scuff": weights["scuff"] * measures.scuff_BW,
        "symmetry": weights["symmetry"] * asymmetry(measures),
    }
    total = sum(terms.values())
    # Sums of a walk that blew up may overflow before its state does; NaN would win every ranking.
    return Score(total, terms) if np.isfinite(total) else worst


_SPEED_WEIGHT = 2.0
_FALL_WEIGHT = 2.0


def relative_assistance_cost(measures: Measures, speed_m_s: float, power_W_kg: float) -> float:
    """Change of cost of transport against an unassisted walk, with penalties; lower is better.

    Parameters
    ----------
    measures : Measures
        The assisted walk.
    speed_m_s, power_W_kg : float
        The unassisted one.

    Returns
    -------
    float
        (cost / unassisted cost - 1) + 2 max(0, |speed change| - 1 %) + 2 x the share not walked.
    """
    missing = 1.0 - measures.reached_s / measures.planned_s
    if measures.reached_s <= 0.0 or measures.distance_m <= 0.0 or not measures.finite:
        return 2.0 * _FALL_WEIGHT
    cost = measures.cost_of_transport(measures.effort_J)
    speed_change = abs(measures.speed_m_s / speed_m_s - 1.0)
    value = cost / (power_W_kg / speed_m_s) - 1.0
    value += _SPEED_WEIGHT * max(0.0, speed_change - SPEED_TOLERANCE)
    if measures.fell:
        value += _FALL_WEIGHT * (0.5 + missing)
    return value
