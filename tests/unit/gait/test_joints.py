"""Signs of angle, moment and power of the joints."""

import numpy as np
import pytest

from exoflow.gait.joints import joint_angle_deg, joint_moment_Nm_kg, joint_power_W_kg
from exoflow.records.rollout import Trajectory

# A leg of a walker of 50 kg: hip, knee and ankle of the model all at +0.5 rad, turning with
# 2 rad/s, muscles +30 Nm and stops -5 Nm, exo +8 Nm.
NAMES = ("hip_flexion_r", "knee_angle_r", "ankle_angle_r")
VALUES = dict.fromkeys(NAMES, 0.5) | {f"{name}_u": 2.0 for name in NAMES}
VALUES |= {f"{name}.muscle_moment": 30.0 for name in NAMES}
VALUES |= {f"{name}.stop_moment": -5.0 for name in NAMES} | {"exo.hip_r.torque": 8.0}
WALK = Trajectory(tuple(VALUES), np.array([list(VALUES.values())]), 0.01, 50.0)


@pytest.mark.parametrize("joint, angle_sign, moment_sign", [
    ("hip", 1, -1), ("knee", -1, 1), ("ankle", 1, -1),
])  # fmt: skip
def test_signs_of_the_norm(joint, angle_sign, moment_sign):
    assert joint_angle_deg(WALK, joint, "r") == pytest.approx(angle_sign * np.degrees(0.5))
    # (30 - 5) Nm / 50 kg = 0.5 Nm/kg; the exo's 8 Nm are not in it.
    assert joint_moment_Nm_kg(WALK, joint, "r") == pytest.approx(moment_sign * 0.5)
    # 25 Nm with 2 rad/s in the same direction: 50 W / 50 kg generated.
    assert joint_power_W_kg(WALK, joint, "r") == pytest.approx(1.0)
