"""A trained controller as the weights file that simulation and devices read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from exoflow.control.policy_format import PolicyWeights
from exoflow.gait.environment import AssistedGait
from exoflow.gait.tasks.observation import N_FEATURES, told_elements
from exoflow.learning.networks import Actor, Controller

# 15 s: longer than any memory of the controller, start-up included.
GOLDEN_TICKS = 1500
OUTPUTS = (
    ("torque_r", "Nm", "flexion positive"),
    ("torque_l", "Nm", "flexion positive"),
)


def policy_weights(
    actor: Actor, gait: AssistedGait, slew_Nm_s: float, source: dict[str, Any], seed: int
) -> PolicyWeights:
    """Weights, their meaning and a recorded walk.

    Parameters
    ----------
    actor : Actor
    gait : AssistedGait
        Walkers to record the walk with; the first one is used.
    slew_Nm_s : float
        Fastest change of torque of the actuator the controller was trained with.
    source : dict
        Where the controller comes from: condition, seed, steps.
    seed : int
        Of the recorded walk.
    """
    limit = gait.settings.torque_limit_Nm
    told = gait.task.observation.told
    inputs, outputs = _nothing_recorded() if told else golden_walk(actor, gait, seed)
    return PolicyWeights(
        kind=actor.kind,
        mirrored=actor.mirrored,
        input_scale=actor.input_scale.numpy(),
        torque_limit_Nm=limit,
        io=io_description(
            gait.task.observation.features,
            gait.task.observation.ticks,
            limit,
            slew_Nm_s,
            source,
            gait.task.observation.spacing_ticks,
        )
        | ({"told": told_elements(told)} if told else {}),
        arrays=actor.arrays(),
        golden_inputs=inputs,
        golden_outputs=outputs,
    )


def _nothing_recorded() -> tuple[np.ndarray, np.ndarray]:
    """Instead of a walk of a teacher, which no device runs."""
    return np.zeros((0, N_FEATURES), np.float32), np.zeros((0, 2), np.float32)


def io_description(
    features: tuple[tuple[str, str, str], ...],
    history: int,
    torque_limit_Nm: float,
    slew_Nm_s: float,
    source: dict[str, Any],
    history_spacing_ticks: int = 1,
) -> dict[str, Any]:
    """What a device must feed and limit: `io_json` of the weights file."""
    named = [
        [dict(zip(("name", "unit", "sign"), one, strict=True)) for one in some]
        for some in (features, OUTPUTS)
    ]
    return {
        "inputs": named[0],
        "outputs": named[1],
        "history": history,
        "history_spacing_ticks": history_spacing_ticks,
        "history_order": "oldest_first",
        "rate_Hz": 100,
        "reset": "zeros",
        "torque_limit_Nm": torque_limit_Nm,
        "slew_Nm_s": slew_Nm_s,
        "source": source,
    }


def golden_walk(actor: Actor, gait: AssistedGait, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed-loop walk from reset, with sensor noise, the network called tick by tick.

    Returns
    -------
    inputs : ndarray, shape (n_ticks, 6), float32
        The newest sample of each tick, raw SI units.
    outputs : ndarray, shape (n_ticks, 2), float32
        Torque commands, right and left, Nm.
    """
    gait.rng = np.random.default_rng(seed)
    gait.reset()
    limit = np.float32(gait.settings.torque_limit_Nm)
    inputs = np.zeros((GOLDEN_TICKS, N_FEATURES), np.float32)
    outputs = np.zeros((GOLDEN_TICKS, 2), np.float32)
    controller = Controller(actor, 1)
    for tick in range(GOLDEN_TICKS):
        inputs[tick] = gait.history.ticks[0, -1]
        share = controller.act(torch.from_numpy(gait.history.flat[:1].copy())).numpy()
        outputs[tick] = share[0] * limit
        gait.step(np.repeat(share, gait.n_walkers, axis=0))
    return inputs, outputs


def load_actor(weights: PolicyWeights) -> Actor:
    """The torch network of a stored controller."""
    recurrent = weights.kind in ("lstm_window", "lstm_carried")
    arrays = weights.arrays
    actor = Actor(
        weights.kind,
        weights.mirrored,
        weights.input_scale,
        n_ticks=weights.history,
        hidden=arrays["lstm_w_hh"].shape[1] if recurrent else len(arrays["fc0_b"]),
        width=len(arrays["fc_b"] if recurrent else arrays["fc1_b"]),
        told_scale=[one["scale"] for one in weights.io.get("told", [])],
    )
    return actor.load_arrays(arrays)
