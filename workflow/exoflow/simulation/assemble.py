"""From a walker's numbers to the arrays the kernel runs on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exoflow.errors import ModelError
from exoflow.physiology.activation import MODELS as ACTIVATION_MODELS
from exoflow.physiology.metabolics import MODELS as METABOLIC_MODELS
from exoflow.physiology.muscle import choose_curves, shortest_fiber
from exoflow.simulation.layout import Plant
from exoflow.simulation.model_data import CONTACT_VISCOSITY, WalkerModel
from exoflow.simulation.mujoco_body import MujocoBody
from exoflow.units import GRAVITY_M_S2


@dataclass(frozen=True)
class Limits:
    """What is free in the penalties that the kernel integrates for a gait search."""

    grf_BW: float = 1.2
    leg_grf_BW: float = 1.1
    trunk_lean_rad: float = 0.1


def _segments(model: WalkerModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Path segments between bodies, and the length of those within one body."""
    index, value = [], []
    fixed = np.zeros(len(model.muscles))
    for m, muscle in enumerate(model.muscles):
        for (a, ax, ay, az), (b, bx, by, bz) in zip(muscle.points, muscle.points[1:], strict=False):
            if a == b:
                fixed[m] += math.dist((ax, ay, az), (bx, by, bz))
                continue
            if a > b:
                raise ModelError(
                    f"model {model.id}: muscle paths must run from the pelvis towards the foot."
                )
            index.append((m, a, b))
            value.append((ax, ay, bx, by, _lateral(model, m, a, az, b, bz) ** 2))
    return np.array(index, dtype=np.int64), np.array(value), fixed


def _lateral(model: WalkerModel, muscle: int, a: int, az: float, b: int, bz: float) -> float:
    """Lateral distance of two path points, m: each body's frame has its own lateral offset."""
    side = 1.0 if muscle < len(model.muscles) // 2 else -1.0
    return (bz + side * LATERAL_OFFSET[b]) - (az + side * LATERAL_OFFSET[a])


# Lateral position of each body frame (pelvis, femur, tibia, foot) on the right side, m.
LATERAL_OFFSET = (0.0, 0.0835, 0.0835, 0.0835 + 0.00792)


def assemble(
    model: WalkerModel,
    settings: Mapping,
    timestep_s: float,
    limits: Limits = Limits(),
    with_uchida: bool = True,
) -> tuple[Plant, MujocoBody]:
    """Arrays and a MuJoCo body for one thread.

    Parameters
    ----------
    model : WalkerModel
    settings : mapping
        `activation` (hyfydy | opensim), `specific_tension_MPa`, `uchida_specific_tension_MPa`
        and, where they differ from config/model.py's defaults, `curves`, `metabolic`,
        `bhargava_negative_work` and `contact_viscosity_Ns_m`.
    timestep_s : float

    Returns
    -------
    (Plant, MujocoBody)
        Keep the body alive as long as the plant is used.
    """
    body = MujocoBody.create(model)
    viscosity = float(settings.get("contact_viscosity_Ns_m", CONTACT_VISCOSITY))
    curves = choose_curves(settings.get("curves", "m2012fast"))
    index, value, fixed = _segments(model)
    joints = np.array([(*j.parent, *j.child) for j in model.joints])
    muscle = np.array(
        [
            (
                m.max_force, m.optimal_length, m.slack_length, math.sin(m.pennation),
                m.mass(settings["specific_tension_MPa"] * 1e6),
                m.mass(settings["uchida_specific_tension_MPa"] * 1e6),
                m.slow_twitch, ceiling, shortest_fiber(curves, math.sin(m.pennation)),
            )
            for m, ceiling in zip(model.muscles, model.excitation_ceiling, strict=True)
        ]
    ).T.copy()  # fmt: skip
    model_pointer, data_pointer = body.pointers
    data = body.data
    plant = Plant(
        model_pointer=model_pointer,
        data_pointer=data_pointer,
        qpos=data.qpos,
        qvel=data.qvel,
        inertia=data.M,
        bias=data.qfrc_bias,
        bias_pointer=data.qfrc_bias.ctypes.data,
        row_nonzeros=np.array(body.model.M_rownnz, dtype=np.int64),
        row_start=np.array(body.model.M_rowadr, dtype=np.int64),
        columns=np.array(body.model.M_colind, dtype=np.int64),
        dt=float(timestep_s),
        body_mass=float(model.body_mass),
        body_weight=float(model.body_mass * GRAVITY_M_S2),
        masses=np.array([b.mass for b in model.bodies]),
        centers=np.array([b.com for b in model.bodies]),
        joints=joints,
        stops=np.array([(j.low, j.high, j.stiffness, j.damping) for j in model.joints]),
        spheres=np.array(
            [
                (*c.at, c.radius, c.stiffness, c.damping, c.friction, viscosity)
                for c in model.contacts
            ]
        ),
        segment_index=index,
        segment_value=value,
        fixed_length=fixed,
        muscle=muscle,
        curves=curves,
        activation_model=ACTIVATION_MODELS[settings["activation"]],
        metabolic_model=METABOLIC_MODELS[settings.get("metabolic", "wang2012")],
        negative_work=int(settings.get("bhargava_negative_work", False)),
        grf_limit_BW=limits.grf_BW,
        leg_grf_limit_BW=limits.leg_grf_BW,
        trunk_lean_limit=limits.trunk_lean_rad,
        with_uchida=int(with_uchida),
    )
    return plant, body
