"""Mechanics of the walker: bodies, muscle paths, contact, joint stops, integration.

MuJoCo supplies mass matrix and bias forces; the rest is planar and written out.
"""

import math

import numpy as np

from exoflow.compiled import compiled
from exoflow.control.reflexes import N_MUSCLES
from exoflow.simulation.layout import (
    GRF,
    LOAD,
    N_BODIES,
    N_DOF,
    N_SPHERES,
    STOP_MOMENT,
    TILT,
    Plant,
    Q,
    V,
    Work,
)
from exoflow.simulation.mujoco_body import mj_comPos, mj_comVel, mj_crb, mj_kinematics, mj_rne


@compiled
def place_bodies(plant: Plant, q: np.ndarray, work: Work) -> None:
    """Angles and frame origins of the seven bodies and the six joint centres, in the plane."""
    angle, place, joint_place = work.angle, work.place, work.joint_place
    angle[0] = q[TILT]
    work.sine[0], work.cosine[0] = math.sin(angle[0]), math.cos(angle[0])
    place[0, 0] = q[0]
    place[0, 1] = q[1]
    for leg in range(2):
        parent = 0
        for j in range(3):
            joint = 3 * leg + j
            body = joint + 1
            s, c = work.sine[parent], work.cosine[parent]
            x = place[parent, 0] + c * plant.joints[joint, 0] - s * plant.joints[joint, 1]
            y = place[parent, 1] + s * plant.joints[joint, 0] + c * plant.joints[joint, 1]
            angle[body] = angle[parent] + q[3 + joint]
            s, c = math.sin(angle[body]), math.cos(angle[body])
            work.sine[body], work.cosine[body] = s, c
            joint_place[joint, 0] = x
            joint_place[joint, 1] = y
            place[body, 0] = x - (c * plant.joints[joint, 2] - s * plant.joints[joint, 3])
            place[body, 1] = y - (s * plant.joints[joint, 2] + c * plant.joints[joint, 3])
            parent = body


@compiled
def center_of_mass(plant: Plant, work: Work) -> tuple[float, float]:
    """Whole-body centre of mass, m."""
    x = y = total = 0.0
    for body in range(N_BODIES):
        s, c = work.sine[body], work.cosine[body]
        cx, cy = plant.centers[body, 0], plant.centers[body, 1]
        m = plant.masses[body]
        x += m * (work.place[body, 0] + c * cx - s * cy)
        y += m * (work.place[body, 1] + s * cx + c * cy)
        total += m
    return x / total, y / total


@compiled
def muscle_paths(plant: Plant, work: Work) -> None:
    """Muscle-tendon lengths and moment arms (hip, knee, ankle) of all muscles, m.

    Moment arm r = -dL/dq: positive when the muscle turns the joint positive.
    """
    for m in range(N_MUSCLES):
        work.mtu_length[m] = plant.fixed_length[m]
        for j in range(3):
            work.arm[m, j] = 0.0
    for k in range(plant.segment_index.shape[0]):
        m = plant.segment_index[k, 0]
        a = plant.segment_index[k, 1]
        b = plant.segment_index[k, 2]
        leg = 3 * (m // 9)
        body_a = 0 if a == 0 else leg + a
        body_b = leg + b
        s, c = work.sine[body_a], work.cosine[body_a]
        ax = work.place[body_a, 0] + c * plant.segment_value[k, 0] - s * plant.segment_value[k, 1]
        ay = work.place[body_a, 1] + s * plant.segment_value[k, 0] + c * plant.segment_value[k, 1]
        s, c = work.sine[body_b], work.cosine[body_b]
        bx = work.place[body_b, 0] + c * plant.segment_value[k, 2] - s * plant.segment_value[k, 3]
        by = work.place[body_b, 1] + s * plant.segment_value[k, 2] + c * plant.segment_value[k, 3]
        dx, dy = bx - ax, by - ay
        length = math.sqrt(dx * dx + dy * dy + plant.segment_value[k, 4])
        work.mtu_length[m] += length
        # Joints a..b-1 of this leg move point b and leave point a where it is.
        for j in range(a, b):
            rx = bx - work.joint_place[leg + j, 0]
            ry = by - work.joint_place[leg + j, 1]
            work.arm[m, j] -= (dy * rx - dx * ry) / length


@compiled
def skeleton(plant: Plant, state: np.ndarray, work: Work) -> None:
    """Mass matrix (into `work.matrix`) and bias forces (into `plant.bias`) from MuJoCo."""
    for i in range(N_DOF):
        plant.qpos[i] = state[Q + i]
        plant.qvel[i] = state[V + i]
    mj_kinematics(plant.model_pointer, plant.data_pointer)
    mj_comPos(plant.model_pointer, plant.data_pointer)
    mj_crb(plant.model_pointer, plant.data_pointer)
    mj_comVel(plant.model_pointer, plant.data_pointer)
    mj_rne(plant.model_pointer, plant.data_pointer, 0, plant.bias_pointer)
    _fill_matrix(plant, work.matrix)


@compiled
def _fill_matrix(plant: Plant, matrix: np.ndarray) -> None:
    """Dense mass matrix from MuJoCo's lower-triangular sparse rows."""
    for i in range(N_DOF):
        for j in range(N_DOF):
            matrix[i, j] = 0.0
    for i in range(N_DOF):
        start = plant.row_start[i]
        for k in range(plant.row_nonzeros[i]):
            j = plant.columns[start + k]
            matrix[i, j] = plant.inertia[start + k]
            matrix[j, i] = plant.inertia[start + k]


@compiled
def _solve(matrix: np.ndarray, rhs: np.ndarray) -> None:
    """Solve the symmetric positive definite system in place (Cholesky)."""
    for j in range(N_DOF):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] * matrix[j, k]
        d = math.sqrt(matrix[j, j])
        matrix[j, j] = d
        for i in range(j + 1, N_DOF):
            s = matrix[i, j]
            for k in range(j):
                s -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = s / d
    for i in range(N_DOF):
        s = rhs[i]
        for k in range(i):
            s -= matrix[i, k] * rhs[k]
        rhs[i] = s / matrix[i, i]
    for i in range(N_DOF - 1, -1, -1):
        s = rhs[i]
        for k in range(i + 1, N_DOF):
            s -= matrix[k, i] * rhs[k]
        rhs[i] = s / matrix[i, i]


@compiled
def contact(plant: Plant, state: np.ndarray, work: Work) -> None:
    """Heel and toe forces; adds them to `work.force` and their damping to `work.matrix`.

    Hunt-Crossley normal force k d^1.5 (1 - 1.5 c v_n) and viscous friction capped at
    mu F_n. Both are stiff in velocity against a 1 kg foot, so their velocity slopes go
    into the implicit matrix M + dt D.
    """
    q, v = state[Q : Q + N_DOF], state[V : V + N_DOF]
    jx = np.empty(6)
    jy = np.empty(6)
    column = np.empty(6, np.int64)
    for leg in range(2):
        foot = 3 * leg + 3
        fx_leg = fy_leg = 0.0
        s, c = work.sine[foot], work.cosine[foot]
        for k in range(N_SPHERES):
            x = work.place[foot, 0] + c * plant.spheres[k, 0] - s * plant.spheres[k, 1]
            y = work.place[foot, 1] + s * plant.spheres[k, 0] + c * plant.spheres[k, 1]
            depth = plant.spheres[k, 2] - y
            if depth <= 0.0:
                continue
            # The force acts where sphere and ground meet.
            py = y - plant.spheres[k, 2] + 0.5 * depth
            jx[0], jy[0], column[0] = 1.0, 0.0, 0
            jx[1], jy[1], column[1] = 0.0, 1.0, 1
            jx[2], jy[2], column[2] = -(py - q[1]), x - q[0], TILT
            for j in range(3):
                jx[3 + j] = -(py - work.joint_place[3 * leg + j, 1])
                jy[3 + j] = x - work.joint_place[3 * leg + j, 0]
                column[3 + j] = 3 + 3 * leg + j
            vx = vy = 0.0
            for i in range(6):
                vx += jx[i] * v[column[i]]
                vy += jy[i] * v[column[i]]
            stiffness, damping, friction, viscosity = (
                plant.spheres[k, 3], plant.spheres[k, 4], plant.spheres[k, 5], plant.spheres[k, 6],
            )  # fmt: skip
            elastic = stiffness * depth * math.sqrt(depth)
            normal = elastic * (1.0 - 1.5 * damping * vy)
            normal_slope = 1.5 * damping * elastic
            if normal <= 0.0:
                continue
            tangent = -viscosity * vx
            tangent_slope = viscosity
            cap = friction * normal
            if abs(tangent) > cap:
                tangent = math.copysign(cap, tangent)
                tangent_slope = 0.0
            fx_leg += tangent
            fy_leg += normal
            for i in range(6):
                work.force[column[i]] += jx[i] * tangent + jy[i] * normal
                for j in range(6):
                    work.matrix[column[i], column[j]] += plant.dt * (
                        tangent_slope * jx[i] * jx[j] + normal_slope * jy[i] * jy[j]
                    )
        state[GRF + 2 * leg] = fx_leg
        state[GRF + 2 * leg + 1] = fy_leg
        state[LOAD + leg] = math.sqrt(fx_leg * fx_leg + fy_leg * fy_leg) / plant.body_weight


@compiled
def joint_stops(plant: Plant, state: np.ndarray, work: Work) -> float:
    """Add joint-stop moments; returns the summed knee moment, Nm.

    Moment -k theta (1 + c omega) past the stop, never pulling (Hyfydy manual). Its slope in
    omega goes into the implicit matrix: far past a stop it would throw a light foot about.
    """
    knee = 0.0
    for joint in range(6):
        state[STOP_MOMENT + joint] = 0.0
        angle = state[Q + 3 + joint]
        omega = state[V + 3 + joint]
        k, c = plant.stops[joint, 2], plant.stops[joint, 3]
        if angle > plant.stops[joint, 1]:
            past, outward = angle - plant.stops[joint, 1], 1.0
        elif angle < plant.stops[joint, 0]:
            past, outward = plant.stops[joint, 0] - angle, -1.0
        else:
            continue
        stretch = 1.0 + c * outward * omega
        if stretch <= 0.0:
            continue
        moment = -outward * k * past * stretch
        work.matrix[3 + joint, 3 + joint] += plant.dt * k * past * c
        work.force[3 + joint] += moment
        state[STOP_MOMENT + joint] = moment
        if joint % 3 == 1:
            knee += abs(moment)
    return knee


@compiled
def integrate(plant: Plant, state: np.ndarray, work: Work) -> None:
    """(M + dt D) dv = dt (forces - bias), then positions with the new velocities."""
    for i in range(N_DOF):
        work.force[i] = plant.dt * (work.force[i] - plant.bias[i])
    _solve(work.matrix, work.force)
    for i in range(N_DOF):
        state[V + i] += work.force[i]
        state[Q + i] += plant.dt * state[V + i]
