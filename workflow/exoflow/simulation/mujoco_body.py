"""The rigid bodies of a walker in MuJoCo, and MuJoCo's functions for compiled code.

MuJoCo supplies the multibody dynamics (mass matrix, gravity and velocity forces);
muscles, joint stops, contact and integration are in `kernel.py`. Gait axes map to
MuJoCo's as (x, y up, z right) -> (x, -z, y), so a rotation about +z is one about -y.
"""

import ctypes
import glob
import os
from dataclasses import dataclass
from typing import Any

import llvmlite.binding
import mujoco
import numpy as np
from numba import types

from exoflow.simulation.model_data import WalkerModel
from exoflow.units import GRAVITY_M_S2

_LIBRARY = glob.glob(os.path.join(os.path.dirname(mujoco.__file__), "libmujoco.so*"))[0]
ctypes.CDLL(_LIBRARY, mode=ctypes.RTLD_GLOBAL)
llvmlite.binding.load_library_permanently(_LIBRARY)

_POINTERS = types.void(types.intp, types.intp)
mj_kinematics: Any = types.ExternalFunction("mj_kinematics", _POINTERS)
mj_comPos: Any = types.ExternalFunction("mj_comPos", _POINTERS)
mj_comVel: Any = types.ExternalFunction("mj_comVel", _POINTERS)
mj_crb: Any = types.ExternalFunction("mj_crb", _POINTERS)
mj_rne: Any = types.ExternalFunction(
    "mj_rne", types.void(types.intp, types.intp, types.intc, types.intp)
)


def _body_xml(
    model: WalkerModel,
    index: int,
    name: str,
    position: tuple[float, float],
    joints: str,
    children: str,
) -> str:
    body = model.bodies[index]
    # Only the inertia about the lateral axis acts in the plane; the others must be plausible.
    inertia = f"{body.inertia:.17g} {body.inertia:.17g} {body.inertia:.17g}"
    return (
        f'<body name="{name}" pos="{position[0]:.17g} 0 {position[1]:.17g}">{joints}'
        f'<inertial pos="{body.com[0]:.17g} 0 {body.com[1]:.17g}" mass="{body.mass:.17g}" '
        f'diaginertia="{inertia}"/>'
        f"{children}</body>"
    )


def walker_xml(model: WalkerModel) -> str:
    """MJCF of the walker: nine joints, no geoms, no actuators."""
    legs = ""
    for leg, side in enumerate("rl"):
        inner = ""
        for j in (2, 1, 0):
            joint = model.joints[3 * leg + j]
            name = ("femur", "tibia", "calcn")[j]
            at = (joint.parent[0] - joint.child[0], joint.parent[1] - joint.child[1])
            hinge = (
                f'<joint name="{("hip", "knee", "ankle")[j]}_{side}" type="hinge" axis="0 -1 0" '
                f'pos="{joint.child[0]:.17g} 0 {joint.child[1]:.17g}"/>'
            )
            inner = _body_xml(model, 1 + 3 * leg + j, f"{name}_{side}", at, hinge, inner)
        legs += inner
    root = (
        '<joint name="tx" type="slide" axis="1 0 0"/><joint name="ty" type="slide" axis="0 0 1"/>'
        '<joint name="tilt" type="hinge" axis="0 -1 0"/>'
    )
    down = -GRAVITY_M_S2 * np.array([np.sin(model.slope_rad), np.cos(model.slope_rad)])
    gravity = f"{down[0]:.17g} 0 {down[1]:.17g}"
    return (
        f'<mujoco model="{model.id}"><option gravity="{gravity}">'
        '<flag contact="disable" constraint="disable" autoreset="disable"/></option>'
        f"<worldbody>{_body_xml(model, 0, 'pelvis', (0.0, 0.0), root, legs)}</worldbody></mujoco>"
    )


@dataclass
class MujocoBody:
    """One private MuJoCo model and data with live views; never shared between threads."""

    model: mujoco.MjModel
    data: mujoco.MjData

    @classmethod
    def create(cls, walker: WalkerModel) -> "MujocoBody":
        """Compile the walker's bodies."""
        model = mujoco.MjModel.from_xml_string(walker_xml(walker))
        return cls(model, mujoco.MjData(model))

    @property
    def pointers(self) -> tuple[int, int]:
        """Addresses of model and data for compiled code."""
        return self.model._address, self.data._address
