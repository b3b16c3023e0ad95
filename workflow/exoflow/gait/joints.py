"""Angle, net moment and power of a joint from a stored walk, with the signs of the norms.

The models count hip flexion and ankle dorsiflexion positive and knee flexion negative, in
angles and in moments. The norms count flexion and dorsiflexion angles positive, and internal
moments positive in extension and plantarflexion.
"""

import numpy as np

from exoflow.records.rollout import Trajectory

JOINTS = ("hip", "knee", "ankle")
_COLUMN = {"hip": "hip_flexion", "knee": "knee_angle", "ankle": "ankle_angle"}
_ANGLE_SIGN = {"hip": 1.0, "knee": -1.0, "ankle": 1.0}
_MOMENT_SIGN = {"hip": -1.0, "knee": 1.0, "ankle": -1.0}


def joint_angle_deg(trajectory: Trajectory, joint: str, side: str) -> np.ndarray:
    """Joint angle, deg; flexion and dorsiflexion positive. Shape (n_rows,)."""
    return _ANGLE_SIGN[joint] * np.degrees(trajectory[f"{_COLUMN[joint]}_{side}"])


def joint_moment_Nm_kg(trajectory: Trajectory, joint: str, side: str) -> np.ndarray:
    """Net internal joint moment per body mass, Nm/kg; extension and plantarflexion positive.

    Muscles and joint stops (ligaments) together. The torque of an exo is no part of it: what
    inverse dynamics would call the net moment is this plus `exo.hip_*.torque` and
    `exo.hip_*.friction`.
    """
    return _MOMENT_SIGN[joint] * _model_moment_Nm(trajectory, joint, side) / trajectory.body_mass_kg


def joint_power_W_kg(trajectory: Trajectory, joint: str, side: str) -> np.ndarray:
    """Power of the net moment per body mass, W/kg; generation positive. Shape (n_rows,)."""
    # Moment and velocity have the model's sign both, so the product needs none.
    moment = _model_moment_Nm(trajectory, joint, side)
    return moment * trajectory[f"{_COLUMN[joint]}_{side}_u"] / trajectory.body_mass_kg


def _model_moment_Nm(trajectory: Trajectory, joint: str, side: str) -> np.ndarray:
    name = f"{_COLUMN[joint]}_{side}"
    return trajectory[f"{name}.muscle_moment"] + trajectory[f"{name}.stop_moment"]
