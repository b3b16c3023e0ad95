"""The right leg against the left: how differently they move, and how each is assisted."""

from __future__ import annotations

import numpy as np

from exoflow.gait.analysis import last_strides, resampled
from exoflow.gait.joints import JOINTS, joint_angle_deg
from exoflow.records.rollout import Trajectory


def leg_differences(trajectory: Trajectory, count: int) -> dict[str, float]:
    """Mean strides of both legs compared, each from its own heel strike.

    Returns
    -------
    dict
        `rmse_hip_deg`, `rmse_knee_deg`, `rmse_ankle_deg` and `rmse_deg` (their mean): root mean
        square difference of the right and the left mean angle over the cycle;
        `rms_torque_r_Nm`, `rms_torque_l_Nm`: of the exo's motor; `exo_power_r_W`,
        `exo_power_l_W`: mean power that it gives to the leg.
    """
    strides = {side: last_strides(trajectory, count, side) for side in "rl"}
    found: dict[str, float] = {}
    for joint in JOINTS:
        right, left = (
            resampled(
                trajectory["time"], joint_angle_deg(trajectory, joint, side), strides[side]
            ).mean(axis=0)
            for side in "rl"
        )
        found[f"rmse_{joint}_deg"] = float(np.sqrt(np.mean((right - left) ** 2)))
    found["rmse_deg"] = float(np.mean([found[f"rmse_{joint}_deg"] for joint in JOINTS]))
    for side in "rl":
        rows = trajectory.window(strides[side].strikes[0], strides[side].strikes[-1])
        torque = rows[f"exo.hip_{side}.torque"]
        found[f"rms_torque_{side}_Nm"] = float(np.sqrt(np.mean(torque**2)))
        found[f"exo_power_{side}_W"] = float(np.mean(torque * rows[f"hip_flexion_{side}_u"]))
    return found
