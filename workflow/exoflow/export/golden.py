"""Golden vectors: what the exported code must answer, tick by tick.

The recorded walk comes with the weights, from torch. Start-up, saturation, reset and
history order are answered by the numpy definition of the format in double precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights

STANDING_TICKS = 50
START_TICKS = 100
WALK_TICKS = 60
SATURATED_TICKS = 120
REST_TICKS = 5
TICK_US = 10_000
FAULT_TICKS = 100
# 0.15 s after the start: the torque has begun to fade in. Early, so that emulated targets,
# which repeat the first ticks only, meet the faults too.
FAULT_AT = 15


@dataclass(frozen=True, eq=False)
class GoldenWalk:
    """Inputs from reset and the commands that answer them.

    Attributes
    ----------
    ticks : ndarray, shape (n_steps,), int
        A tick 0 means: reset before it.
    inputs : ndarray, shape (n_steps, n_features), float32
        Raw SI.
    commands : ndarray, shape (n_steps, 2), float32
        Right and left, Nm.
    """

    ticks: np.ndarray
    inputs: np.ndarray
    commands: np.ndarray


def golden_walks(weights: PolicyWeights, limits: Mapping[str, Any]) -> dict[str, GoldenWalk]:
    """All golden walks of a policy, by name; the recorded one first.

    Parameters
    ----------
    weights : PolicyWeights
    limits : mapping
        Content of safety.yaml: saturated inputs are at the ends of their ranges.
    """
    recorded = weights.golden_inputs
    ticks = np.arange(len(recorded))
    standing = np.zeros((STANDING_TICKS, weights.n_features), np.float32)
    part = recorded[:WALK_TICKS]
    return {
        "walk": GoldenWalk(ticks, recorded, weights.golden_outputs),
        "startup": _answered(weights, [np.concatenate([standing, recorded[:START_TICKS]])]),
        "saturation": _answered(weights, [_saturated(limits)]),
        "reset": _answered(weights, [part, part[::-1], part]),
        "history": _answered(weights, _impulses(weights, limits)),
    }


def golden_csv(weights: PolicyWeights, walk: GoldenWalk) -> str:
    """A golden walk as text; nine digits restore every single."""
    names = [entry["name"] for entry in weights.io["inputs"]]
    lines = [",".join(["tick", *names, "command_r_Nm", "command_l_Nm"])]
    table = np.hstack([walk.inputs, walk.commands])
    for tick, row in zip(walk.ticks, table, strict=True):
        lines.append(",".join([str(tick), *(f"{value:.9g}" for value in row)]))
    return "\n".join(lines) + "\n"


def fault_scenarios(weights: PolicyWeights) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Faults of the sensors while walking, by name.

    Returns
    -------
    dict of (taken_us, inputs)
        Sampling time of every tick (ticks are 10 ms apart and begin at 0) and raw SI inputs,
        shapes (n_ticks,) and (n_ticks, n_features).
    """
    walk = weights.golden_inputs[:FAULT_TICKS]
    now_us = TICK_US * np.arange(len(walk))
    broken = walk.copy()
    broken[FAULT_AT : FAULT_AT + 3, 0] = np.nan
    broken[FAULT_AT + 20, -1] = np.inf
    stopped = now_us.copy()
    stopped[FAULT_AT : FAULT_AT + 10] = now_us[FAULT_AT - 1]
    frozen = walk.copy()
    frozen[FAULT_AT:, 0] = walk[FAULT_AT, 0]
    return {
        "nan": (now_us, broken),
        "stale": (stopped, walk),
        "frozen": (now_us, frozen),
    }


def fault_csv(
    weights: PolicyWeights, taken_us: np.ndarray, inputs: np.ndarray, torques: np.ndarray
) -> str:
    """A fault scenario with the torques of the exported code behind its safety layer, Nm."""
    names = [entry["name"] for entry in weights.io["inputs"]]
    lines = [",".join(["now_us", "taken_us", *names, "torque_r_Nm", "torque_l_Nm"])]
    table = np.hstack([inputs, torques])
    for tick, row in enumerate(table):
        values = [str(tick * TICK_US), str(taken_us[tick]), *(f"{value:.9g}" for value in row)]
        lines.append(",".join(values))
    return "\n".join(lines) + "\n"


def _answered(weights: PolicyWeights, walks: list[np.ndarray]) -> GoldenWalk:
    """Several walks, each from reset, with the answers of the numpy definition."""
    policy = NumpyPolicy(weights)
    return GoldenWalk(
        np.concatenate([np.arange(len(walk)) for walk in walks]),
        np.concatenate(walks).astype(np.float32),
        np.concatenate([policy.run(walk.astype(np.float32)) for walk in walks]).astype(np.float32),
    )


def _saturated(limits: Mapping[str, Any]) -> np.ndarray:
    """Inputs at one end of their range or the other, each with a period of its own."""
    ticks = np.arange(SATURATED_TICKS)
    columns = [
        np.where(ticks // (3 + index) % 2, entry["high"], entry["low"])
        for index, entry in enumerate(limits["inputs"])
    ]
    return np.stack(columns, axis=1)


def _impulses(weights: PolicyWeights, limits: Mapping[str, Any]) -> list[np.ndarray]:
    """One walk per input: one tick of half its range, then rest until it is forgotten.

    A history in the wrong order answers the right numbers at the wrong ticks.
    """
    kept = (weights.history - 1) * weights.history_spacing_ticks + 1
    walks = []
    for index, entry in enumerate(limits["inputs"]):
        walk = np.zeros((kept + REST_TICKS, weights.n_features))
        walk[0, index] = 0.5 * entry["high"]
        walks.append(walk)
    return walks
