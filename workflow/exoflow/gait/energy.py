"""Where the power of walking comes from and goes to: means over whole strides, W."""

import numpy as np

from exoflow.gait.analysis import Strides
from exoflow.records.rollout import Trajectory

# Positive work per metabolic energy of muscle that only shortens: the usual round figure.
MUSCLE_EFFICIENCY = 0.25
# An exo that gives less than this has no index: its saving would be divided by nothing, W.
LEAST_POSITIVE_POWER_W = 0.1


def stride_energy(trajectory: Trajectory, strides: Strides) -> dict[str, float]:
    """Mean powers over whole strides, W; positive: put into the body.

    Products of forces and velocities are averaged over the stored rows, so store every 1 or
    2 ms. Metabolic energy is a difference of the running sum.

    Returns
    -------
    dict
        `muscle_joint_power_W`: muscles on the six joints (moment times joint velocity), tendons
        and passive fibres included; `muscle_positive_fiber_power_W`: active fibres while they
        shorten, all muscles; `exo_power_W` and `exo_positive_power_W`: the motors of both legs;
        `exo_friction_power_W`: what their friction takes, negative;
        `stop_power_W`: joint stops; `contact_gravity_power_W`: what closes the balance of a
        periodic stride, ground contact and, on a slope, gravity; `metabolic_power_W`: whole
        body, basal included.
    """
    start, end = strides.strikes[0], strides.strikes[-1]
    rows = trajectory.window(start, end)
    joints = [
        name.removesuffix(".muscle_moment")
        for name in rows.columns
        if name.endswith(".muscle_moment")
    ]
    muscle = sum(float((rows[f"{j}.muscle_moment"] * rows[f"{j}_u"]).mean()) for j in joints)
    stop = sum(float((rows[f"{j}.stop_moment"] * rows[f"{j}_u"]).mean()) for j in joints)
    exo = np.stack([rows[f"exo.hip_{s}.torque"] * rows[f"hip_flexion_{s}_u"] for s in "rl"])
    friction = sum(
        float((rows[f"exo.hip_{s}.friction"] * rows[f"hip_flexion_{s}_u"]).mean()) for s in "rl"
    )
    spent = np.interp([start, end], trajectory["time"], trajectory["energy_effort"])
    exo_power = float(exo.sum(axis=0).mean())
    return {
        "muscle_joint_power_W": muscle,
        "muscle_positive_fiber_power_W": positive_fiber_power_W(rows),
        "exo_power_W": exo_power,
        "exo_positive_power_W": float(np.maximum(exo, 0.0).sum(axis=0).mean()),
        "exo_friction_power_W": friction,
        "stop_power_W": stop,
        "contact_gravity_power_W": -(muscle + stop + exo_power + friction),
        "metabolic_power_W": float((spent[1] - spent[0]) / (end - start)),
    }


def positive_fiber_power_W(rows: Trajectory) -> float:
    """Mean power of the active fibres while they shorten, all muscles, W."""
    total = 0.0
    for column in rows.columns:
        if column.endswith(".fiber_active_force"):
            # Velocity is positive in lengthening, so a pulling fibre that shortens gives work.
            velocity = rows[column.replace(".fiber_active_force", ".fiber_velocity")]
            total += float(np.maximum(-rows[column] * velocity, 0.0).mean())
    return total


def exo_performance_index(saved_power_W: float, exo_positive_power_W: float) -> float | None:
    """Metabolic power saved per metabolic power that muscles would pay for the exo's work.

    Muscles pay four joules for one joule of positive work (MUSCLE_EFFICIENCY). At 1 the exo's
    positive work replaces that of muscles one to one; below, part of it is lost on the wearer;
    above, it saves more than its own work, as by unloading muscles that hold or absorb.

    Parameters
    ----------
    saved_power_W : float
        Metabolic power with the exo worn and off minus that with it on, W.
    exo_positive_power_W : float
        Both legs, W; None is returned where there is next to none.
    """
    if exo_positive_power_W < LEAST_POSITIVE_POWER_W:
        return None
    return saved_power_W / (exo_positive_power_W / MUSCLE_EFFICIENCY)
