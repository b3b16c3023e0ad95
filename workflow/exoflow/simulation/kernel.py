"""The closed loop as compiled code: muscles, reflexes, contact, exo, dynamics, measures.

One physics step at time t: sense, switch gait states, excite and activate the muscles,
solve the fibres at the present lengths, collect forces, integrate. Everything that
lives from step to step is one float64 vector (`STATE` layout below) and one float32
vector for a learned controller, so copying them is an exact snapshot.
"""

import math
from typing import NamedTuple

import numpy as np

from exoflow.compiled import compiled
from exoflow.control.exo_laws import (
    DELAYED_OUTPUT_FEEDBACK,
    DOFC_MEMORY,
    EXTERNAL_COMMAND,
    NETWORK,
    actuator_step,
    delayed_output_feedback,
)
from exoflow.control.network import TCN, NetworkArrays, network_tick
from exoflow.control.reflexes import (
    N_MUSCLES,
    N_SENSORS,
    SENSE_FORCE,
    SENSE_JOINT,
    SENSE_LENGTH,
    SENSE_TILT,
    SENSE_VELOCITY,
    UNKNOWN,
    ReflexArrays,
    add_reflexes,
    next_gait_state,
)
from exoflow.physiology.activation import activation_step
from exoflow.physiology.curves import MAX_SHORTENING_VELOCITY, active_force_length, force_velocity
from exoflow.physiology.metabolics import (
    UCHIDA2016_BASAL,
    WANG2012_BASAL,
    uchida2016_rate,
    wang2012_rate,
)
from exoflow.physiology.muscle import fiber_step, tendon_force
from exoflow.simulation.mujoco_body import mj_comPos, mj_comVel, mj_crb, mj_kinematics, mj_rne

N_DOF = 9
TILT = 2
N_BODIES = 7
N_SPHERES = 2

# STATE: positions in the state vector of one walker.
Q = 0
V = 9
EXCITATION = 18
ACTIVATION = 36
FIBER_LENGTH = 54
FIBER_VELOCITY = 72
TENDON_FORCE = 90
GAIT_STATE = 108
LOAD = 110
EXO_TORQUE = 112
EXO_RATE_LIMITED = 114
EXO_COMMAND = 116
STEP_COUNT = 118
START_HEIGHT = 119
FALLEN = 120
RING_POSITION = 121
METABOLIC_WANG = 122
METABOLIC_UCHIDA = 123
CUBED_ACTIVATION = 124
KNEE_LIMIT = 125
GRF_EXCESS = 126
EXO_WORK = 127
EXO_POSITIVE_WORK = 128
LAST_STEP_TIME = 129
LAST_STEP_DISTANCE = 130
STEP_LOADED = 131
COM = 133
GRF = 135
NOT_FINITE = 139
START_X = 140
MUSCLE_RATE = 141
SQUARED_ACTIVATION = 159
STOP_MOMENT = 161
PUSH = 167
DOFC_STATE = 168
RING = DOFC_STATE + DOFC_MEMORY

# Load at which a foot counts as landed for step events, body weights, and shortest step, s.
STEP_LOAD = 0.1
SHORTEST_STEP = 0.1
# A walker whose centre of mass sinks below this fraction of its start height has fallen.
FALL_HEIGHT = 0.85
# Initial activation of the muscles, as in SCONE.
INITIAL_ACTIVATION = 0.05

N_EVENT = 3
# Trajectory row: time, q, v, 8 values per muscle, grf, exo torques, com, muscle moments, joint
# stop moments, push, gait states, then running sums: metabolic energies (Wang, Uchida), exo work and positive exo work.
ROW_MUSCLE = 19
ROW_GRF = ROW_MUSCLE + 8 * N_MUSCLES
ROW_EXO = ROW_GRF + 4
ROW_COM = ROW_EXO + 2
ROW_MOMENT = ROW_COM + 2
ROW_STOP = ROW_MOMENT + 6
ROW_PUSH = ROW_STOP + 6
ROW_STATE = ROW_PUSH + 1
ROW_SUMS = ROW_STATE + 2
N_ROW = ROW_SUMS + 4


class Plant(NamedTuple):
    """A walker as arrays (see `assemble.py`) with the step size; private to one thread."""

    model_pointer: int
    data_pointer: int
    qpos: np.ndarray
    qvel: np.ndarray
    inertia: np.ndarray
    bias: np.ndarray
    bias_pointer: int
    row_nonzeros: np.ndarray
    row_start: np.ndarray
    columns: np.ndarray
    dt: float
    body_mass: float
    body_weight: float
    masses: np.ndarray
    centers: np.ndarray
    joints: np.ndarray
    stops: np.ndarray
    spheres: np.ndarray
    segment_index: np.ndarray
    segment_value: np.ndarray
    fixed_length: np.ndarray
    muscle: np.ndarray
    activation_model: int
    grf_limit_BW: float
    with_uchida: int


# Columns of Plant.muscle.
MAX_FORCE = 0
OPTIMAL_LENGTH = 1
SLACK_LENGTH = 2
SIN_PENNATION = 3
MASS_WANG = 4
MASS_UCHIDA = 5
SLOW_TWITCH = 6
CEILING = 7


class Work(NamedTuple):
    """Scratch arrays of one thread."""

    angle: np.ndarray
    sine: np.ndarray
    cosine: np.ndarray
    place: np.ndarray
    joint_place: np.ndarray
    mtu_length: np.ndarray
    arm: np.ndarray
    force: np.ndarray
    matrix: np.ndarray
    active_force: np.ndarray
    moment: np.ndarray


class Exo(NamedTuple):
    """What drives the hips and what the actuator can do."""

    mode: int
    torque_limit: float
    slew: float
    lag: float
    steps_per_tick: int
    dofc_gain: float
    dofc_delay_ticks: float
    dofc_smoothing: float
    network: NetworkArrays


@compiled
def make_work() -> Work:
    """Scratch arrays for one thread."""
    return Work(
        np.zeros(N_BODIES), np.zeros(N_BODIES), np.zeros(N_BODIES), np.zeros((N_BODIES, 2)),
        np.zeros((N_BODIES, 2)), np.zeros(N_MUSCLES),
        np.zeros((N_MUSCLES, 3)), np.zeros(N_DOF), np.zeros((N_DOF, N_DOF)), np.zeros(N_MUSCLES),
        np.zeros(6),
    )  # fmt: skip


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
def _contact(plant: Plant, state: np.ndarray, work: Work) -> None:
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
def _joint_stops(plant: Plant, state: np.ndarray, work: Work) -> float:
    """Add joint-stop moments; returns the summed knee moment, Nm.

    Moment -k theta (1 + c omega) past the stop, never pulling (Hyfydy manual).
    """
    knee = 0.0
    for joint in range(6):
        state[STOP_MOMENT + joint] = 0.0
        angle = state[Q + 3 + joint]
        omega = state[V + 3 + joint]
        k, c = plant.stops[joint, 2], plant.stops[joint, 3]
        if angle > plant.stops[joint, 1]:
            past = angle - plant.stops[joint, 1]
            moment = -k * past * max(0.0, 1.0 + c * omega)
        elif angle < plant.stops[joint, 0]:
            past = plant.stops[joint, 0] - angle
            moment = k * past * max(0.0, 1.0 - c * omega)
        else:
            continue
        work.force[3 + joint] += moment
        state[STOP_MOMENT + joint] = moment
        if joint % 3 == 1:
            knee += abs(moment)
    return knee


@compiled
def _sense(state: np.ndarray, n_ring: int) -> int:
    """Write the present sensor sample into the ring; returns its position."""
    position = int(state[RING_POSITION]) + 1
    if position == n_ring:
        position = 0
    state[RING_POSITION] = position
    sample = state[RING + position * N_SENSORS : RING + (position + 1) * N_SENSORS]
    for m in range(N_MUSCLES):
        sample[SENSE_FORCE + m] = state[TENDON_FORCE + m]
        sample[SENSE_LENGTH + m] = state[FIBER_LENGTH + m]
        sample[SENSE_VELOCITY + m] = state[FIBER_VELOCITY + m]
    sample[SENSE_TILT] = state[Q + TILT]
    sample[SENSE_TILT + 1] = state[V + TILT]
    for joint in range(6):
        sample[SENSE_JOINT + 2 * joint] = state[Q + 3 + joint]
        sample[SENSE_JOINT + 2 * joint + 1] = state[V + 3 + joint]
    return position


@compiled
def _switch_states(state: np.ndarray, work: Work, threshold: float) -> None:
    """Advance both gait state machines from the same signals."""
    sag_r = work.place[3, 0] - work.place[0, 0]
    sag_l = work.place[6, 0] - work.place[0, 0]
    load_r, load_l = state[LOAD], state[LOAD + 1]
    state[GAIT_STATE] = next_gait_state(
        int(state[GAIT_STATE]), load_r, load_l, sag_r, sag_l, threshold
    )
    state[GAIT_STATE + 1] = next_gait_state(
        int(state[GAIT_STATE + 1]), load_l, load_r, sag_l, sag_r, threshold
    )


@compiled
def _muscles(plant: Plant, state: np.ndarray, work: Work) -> None:
    """Activate, solve the fibres, add joint moments and metabolic energy."""
    dt = plant.dt
    cubed = 0.0
    wang = 0.0
    uchida = 0.0
    for j in range(6):
        work.moment[j] = 0.0
    for m in range(N_MUSCLES):
        u = min(plant.muscle[m, CEILING], max(0.0, state[EXCITATION + m]))
        state[EXCITATION + m] = u
        a = activation_step(plant.activation_model, state[ACTIVATION + m], u, dt)
        state[ACTIVATION + m] = a
        lopt, slack, sin_pennation = (
            plant.muscle[m, OPTIMAL_LENGTH],
            plant.muscle[m, SLACK_LENGTH],
            plant.muscle[m, SIN_PENNATION],
        )  # fmt: skip
        previous = state[FIBER_LENGTH + m]
        guess = previous + dt * state[FIBER_VELOCITY + m]
        length = fiber_step(previous, guess, dt, a, work.mtu_length[m], lopt, slack, sin_pennation)
        velocity = (length - previous) / dt
        force = tendon_force(length, work.mtu_length[m], lopt, slack, sin_pennation)
        state[FIBER_LENGTH + m] = length
        state[FIBER_VELOCITY + m] = velocity
        state[TENDON_FORCE + m] = force
        newton = force * plant.muscle[m, MAX_FORCE]
        for j in range(3):
            work.moment[3 * (m // 9) + j] += newton * work.arm[m, j]
        fl = active_force_length(length)
        active = (
            a * fl * force_velocity(velocity / MAX_SHORTENING_VELOCITY) * plant.muscle[m, MAX_FORCE]
        )
        work.active_force[m] = active
        rate = wang2012_rate(
            plant.muscle[m, MASS_WANG],
            plant.muscle[m, SLOW_TWITCH],
            u,
            a,
            length,
            velocity * lopt,
            active,
            newton,
        )
        state[MUSCLE_RATE + m] = rate
        wang += rate
        if plant.with_uchida:
            uchida += uchida2016_rate(
                plant.muscle[m, MASS_UCHIDA],
                plant.muscle[m, SLOW_TWITCH],
                u,
                a,
                length,
                velocity,
                lopt,
                active,
                fl,
            )
        cubed += a * a * a
        state[SQUARED_ACTIVATION + m // 9] += a * a * dt
    for j in range(6):
        work.force[3 + j] += work.moment[j]
    state[METABOLIC_WANG] += (wang + WANG2012_BASAL * plant.body_mass) * dt
    state[METABOLIC_UCHIDA] += (uchida + UCHIDA2016_BASAL * plant.body_mass) * dt
    state[CUBED_ACTIVATION] += cubed / N_MUSCLES * dt


@compiled
def _integrate(plant: Plant, state: np.ndarray, work: Work) -> None:
    """(M + dt D) dv = dt (forces - bias), then positions with the new velocities."""
    for i in range(N_DOF):
        work.force[i] = plant.dt * (work.force[i] - plant.bias[i])
    _solve(work.matrix, work.force)
    for i in range(N_DOF):
        state[V + i] += work.force[i]
        state[Q + i] += plant.dt * state[V + i]


@compiled
def _exo_torques(
    plant: Plant, exo: Exo, state: np.ndarray, memory: np.ndarray, noise: np.ndarray, work: Work
) -> None:
    """Run the exo law at control ticks and the actuator at every step; adds hip torques."""
    step = int(state[STEP_COUNT])
    if step % exo.steps_per_tick == 0 and exo.mode != EXTERNAL_COMMAND:
        tick = step // exo.steps_per_tick
        row = noise[tick % noise.shape[0]]
        if exo.mode == DELAYED_OUTPUT_FEEDBACK:
            torque = delayed_output_feedback(
                state[Q + 3] + row[0], state[Q + 6] + row[1], exo.dofc_gain, exo.dofc_delay_ticks,
                exo.dofc_smoothing, state[DOFC_STATE : DOFC_STATE + DOFC_MEMORY],
            )  # fmt: skip
            state[EXO_COMMAND] = torque
            state[EXO_COMMAND + 1] = -torque
        elif exo.mode == NETWORK:
            features = np.empty(6, np.float32)
            if exo.network.layout[0] == TCN:
                features[0] = state[V + TILT] + state[V + 3] + row[4]
                features[1] = state[V + TILT] + state[V + 6] + row[5]
            else:
                features[0] = state[Q + 3] + row[0]
                features[1] = state[Q + 6] + row[1]
                features[2] = state[V + 3] + row[2]
                features[3] = state[V + 6] + row[3]
                features[4] = state[EXO_TORQUE]
                features[5] = state[EXO_TORQUE + 1]
            network_tick(exo.network, features, memory, state[EXO_COMMAND : EXO_COMMAND + 2])
    for leg in range(2):
        torque, limited = actuator_step(
            state[EXO_TORQUE + leg], state[EXO_RATE_LIMITED + leg], state[EXO_COMMAND + leg],
            exo.torque_limit, exo.slew, exo.lag, plant.dt,
        )  # fmt: skip
        state[EXO_TORQUE + leg] = torque
        state[EXO_RATE_LIMITED + leg] = limited
        work.force[3 + 3 * leg] += torque
        power = torque * state[V + 3 + 3 * leg]
        state[EXO_WORK] += power * plant.dt
        state[EXO_POSITIVE_WORK] += max(0.0, power) * plant.dt


@compiled
def _record_step(
    plant: Plant, state: np.ndarray, work: Work, events: np.ndarray, n_events: int
) -> int:
    """Note a step event (time, gait distance, leg) when a foot lands."""
    time = state[STEP_COUNT] * plant.dt
    for leg in range(2):
        loaded = 1.0 if state[LOAD + leg] >= STEP_LOAD else 0.0
        if (
            loaded == 1.0
            and state[STEP_LOADED + leg] == 0.0
            and time - state[LAST_STEP_TIME] > SHORTEST_STEP
        ):
            if n_events < events.shape[0]:
                events[n_events, 0] = time
                events[n_events, 1] = gait_distance(state, work)
                events[n_events, 2] = leg
                n_events += 1
            state[LAST_STEP_TIME] = time
        state[STEP_LOADED + leg] = loaded
    return n_events


@compiled
def gait_distance(state: np.ndarray, work: Work) -> float:
    """Mean of the two rearmost of centre of mass and both feet, m: what has truly advanced."""
    a, b, c = state[COM], work.place[3, 0], work.place[6, 0]
    return 0.5 * (a + b + c - max(a, max(b, c)))


@compiled
def _finite(state: np.ndarray) -> bool:
    total = 0.0
    for i in range(V + N_DOF):
        total += state[i]
    return math.isfinite(total)


@compiled
def physics_step(
    plant: Plant,
    reflex: ReflexArrays,
    exo: Exo,
    n_ring: int,
    state: np.ndarray,
    memory: np.ndarray,
    noise: np.ndarray,
    work: Work,
) -> None:
    """Advance one walker by one physics step; a non-finite state raises the NOT_FINITE flag."""
    q = state[Q : Q + N_DOF]
    place_bodies(plant, q, work)
    muscle_paths(plant, work)
    for i in range(N_DOF):
        plant.qpos[i] = state[Q + i]
        plant.qvel[i] = state[V + i]
        work.force[i] = 0.0
    mj_kinematics(plant.model_pointer, plant.data_pointer)
    mj_comPos(plant.model_pointer, plant.data_pointer)
    mj_crb(plant.model_pointer, plant.data_pointer)
    mj_comVel(plant.model_pointer, plant.data_pointer)
    mj_rne(plant.model_pointer, plant.data_pointer, 0, plant.bias_pointer)
    _fill_matrix(plant, work.matrix)
    _contact(plant, state, work)
    position = _sense(state, n_ring)
    _switch_states(state, work, reflex.stance_load_threshold)
    excitation = state[EXCITATION : EXCITATION + N_MUSCLES]
    for m in range(N_MUSCLES):
        excitation[m] = 0.0
    ring = state[RING : RING + n_ring * N_SENSORS].reshape((n_ring, N_SENSORS))
    for leg in range(2):
        add_reflexes(
            reflex.rows,
            reflex.value,
            leg,
            int(state[GAIT_STATE + leg]),
            ring,
            position,
            excitation,
        )
    _muscles(plant, state, work)
    knee = _joint_stops(plant, state, work)
    _exo_torques(plant, exo, state, memory, noise, work)
    # The pelvis frame sits at the pelvis' centre of mass, where a push acts.
    work.force[0] += state[PUSH]
    x, y = center_of_mass(plant, work)
    state[COM] = x
    state[COM + 1] = y
    state[KNEE_LIMIT] += knee * plant.dt
    load = state[LOAD] + state[LOAD + 1]
    if state[STEP_COUNT] * plant.dt >= 1.0:
        state[GRF_EXCESS] += max(0.0, load - plant.grf_limit_BW) * plant.dt
    if y < FALL_HEIGHT * state[START_HEIGHT]:
        state[FALLEN] = 1.0
    _integrate(plant, state, work)
    state[STEP_COUNT] += 1.0
    if not _finite(state):
        state[NOT_FINITE] = 1.0
        state[FALLEN] = 1.0


@compiled
def total_load(plant: Plant, state: np.ndarray, work: Work) -> float:
    """Static vertical contact load of the present pose, body weights (velocities ignored)."""
    place_bodies(plant, state[Q : Q + N_DOF], work)
    load = 0.0
    for leg in range(2):
        foot = 3 * leg + 3
        s, c = work.sine[foot], work.cosine[foot]
        for k in range(N_SPHERES):
            y = work.place[foot, 1] + s * plant.spheres[k, 0] + c * plant.spheres[k, 1]
            depth = max(0.0, plant.spheres[k, 2] - y)
            load += plant.spheres[k, 3] * depth * math.sqrt(depth)
    return load / plant.body_weight


@compiled
def start_state(
    plant: Plant,
    q: np.ndarray,
    v: np.ndarray,
    initial_load: float,
    n_ring: int,
    state: np.ndarray,
    work: Work,
) -> None:
    """Fill `state` for a start from pose `q`, `v`: height set to the ground load, muscles at rest.

    The pelvis height is shifted until the feet carry `initial_load` body weights, the
    fibres are solved isometrically at INITIAL_ACTIVATION, and the past of every sensor is its
    first value.
    """
    for i in range(state.shape[0]):
        state[i] = 0.0
    for i in range(N_DOF):
        state[Q + i] = q[i]
        state[V + i] = v[i]
    low, high = q[1] - 0.5, q[1] + 0.5
    for _ in range(60):
        state[Q + 1] = 0.5 * (low + high)
        if total_load(plant, state, work) > initial_load:
            low = state[Q + 1]
        else:
            high = state[Q + 1]
    place_bodies(plant, state[Q : Q + N_DOF], work)
    muscle_paths(plant, work)
    for m in range(N_MUSCLES):
        geometry = plant.muscle[m]
        length = fiber_step(
            1.0, 1.0, 0.0, INITIAL_ACTIVATION, work.mtu_length[m],
            geometry[OPTIMAL_LENGTH], geometry[SLACK_LENGTH], geometry[SIN_PENNATION],
        )  # fmt: skip
        state[ACTIVATION + m] = INITIAL_ACTIVATION
        state[FIBER_LENGTH + m] = length
        state[TENDON_FORCE + m] = tendon_force(
            length,
            work.mtu_length[m],
            geometry[OPTIMAL_LENGTH],
            geometry[SLACK_LENGTH],
            geometry[SIN_PENNATION],
        )
    state[GAIT_STATE] = UNKNOWN
    state[GAIT_STATE + 1] = UNKNOWN
    x, y = center_of_mass(plant, work)
    state[START_HEIGHT] = y
    state[START_X] = x
    state[COM] = x
    state[COM + 1] = y
    state[LAST_STEP_DISTANCE] = gait_distance(state, work)
    for k in range(n_ring):
        state[RING_POSITION] = k - 1
        _sense(state, n_ring)
    # A foot already on the ground at the start is no new step.
    for i in range(N_DOF):
        work.force[i] = 0.0
    _contact(plant, state, work)
    for leg in range(2):
        state[STEP_LOADED + leg] = 1.0 if state[LOAD + leg] >= STEP_LOAD else 0.0


@compiled
def _store_row(
    plant: Plant,
    state: np.ndarray,
    work: Work,
    time: float,
    row: np.ndarray,
    q: np.ndarray,
    v: np.ndarray,
) -> None:
    row[0] = time
    for i in range(N_DOF):
        row[1 + i] = q[i]
        row[1 + N_DOF + i] = v[i]
    for m in range(N_MUSCLES):
        k = ROW_MUSCLE + 8 * m
        lopt = plant.muscle[m, OPTIMAL_LENGTH]
        row[k] = state[EXCITATION + m]
        row[k + 1] = state[ACTIVATION + m]
        row[k + 2] = work.mtu_length[m]
        row[k + 3] = state[FIBER_LENGTH + m] * lopt
        row[k + 4] = state[FIBER_VELOCITY + m] * lopt
        row[k + 5] = state[TENDON_FORCE + m] * plant.muscle[m, MAX_FORCE]
        row[k + 6] = work.active_force[m]
        row[k + 7] = state[MUSCLE_RATE + m]
    for i in range(4):
        row[ROW_GRF + i] = state[GRF + i]
    row[ROW_EXO] = state[EXO_TORQUE]
    row[ROW_EXO + 1] = state[EXO_TORQUE + 1]
    row[ROW_COM] = state[COM]
    row[ROW_COM + 1] = state[COM + 1]
    for j in range(6):
        row[ROW_MOMENT + j] = work.moment[j]
        row[ROW_STOP + j] = state[STOP_MOMENT + j]
    row[ROW_PUSH] = state[PUSH]
    row[ROW_STATE] = state[GAIT_STATE]
    row[ROW_STATE + 1] = state[GAIT_STATE + 1]
    row[ROW_SUMS] = state[METABOLIC_WANG]
    row[ROW_SUMS + 1] = state[METABOLIC_UCHIDA]
    row[ROW_SUMS + 2] = state[EXO_WORK]
    row[ROW_SUMS + 3] = state[EXO_POSITIVE_WORK]


@compiled
def _push_at(pushes: np.ndarray, time: float) -> float:
    """Horizontal force on the pelvis at a time, N."""
    force = 0.0
    for k in range(pushes.shape[0]):
        if pushes[k, 0] <= time < pushes[k, 1]:
            force += pushes[k, 2]
    return force


@compiled
def run(
    plant: Plant,
    reflex: ReflexArrays,
    exo: Exo,
    n_ring: int,
    n_steps: int,
    state: np.ndarray,
    memory: np.ndarray,
    noise: np.ndarray,
    work: Work,
    events: np.ndarray,
    rows: np.ndarray,
    store_every: int,
    pushes: np.ndarray,
) -> tuple[int, int]:
    """Run until `n_steps` are done or the walker falls; returns step events and stored rows.

    Parameters
    ----------
    events : ndarray, shape (max events, 3)
        Out: time (s), gait distance (m), leg.
    rows : ndarray, shape (max rows, N_ROW)
        Out: a trajectory row before every `store_every`-th step; no rows stores nothing.
    pushes : ndarray, shape (n_pushes, 3)
        Start and end (s) and horizontal force on the pelvis (N, forward positive).
    """
    n_events = 0
    n_rows = 0
    q = np.empty(N_DOF)
    v = np.empty(N_DOF)
    for step in range(n_steps):
        store = n_rows < rows.shape[0] and step % store_every == 0
        if store:
            time = state[STEP_COUNT] * plant.dt
            for i in range(N_DOF):
                q[i] = state[Q + i]
                v[i] = state[V + i]
        if pushes.shape[0] > 0:
            state[PUSH] = _push_at(pushes, state[STEP_COUNT] * plant.dt)
        physics_step(plant, reflex, exo, n_ring, state, memory, noise, work)
        if store:
            _store_row(plant, state, work, time, rows[n_rows], q, v)
            n_rows += 1
        n_events = _record_step(plant, state, work, events, n_events)
        if state[FALLEN] == 1.0:
            break
    return n_events, n_rows


# One row of measures per walker and control tick, in the order of `MEASURE_NAMES`.
MEASURE_NAMES = (
    "hip_r", "hip_l", "hip_velocity_r", "hip_velocity_l", "thigh_gyro_r", "thigh_gyro_l",
    "torque_r", "torque_l", "metabolic_power_W", "speed_m_s", "com_height_m",
    "mean_sq_activation_r", "mean_sq_activation_l", "fallen", "finite",
)  # fmt: skip
N_PRIVILEGED = 8 + N_DOF + N_MUSCLES + 6


@compiled
def observe_walker(
    plant: Plant, exo: Exo, state: np.ndarray, measures: np.ndarray, privileged: np.ndarray
) -> None:
    """Instantaneous measures, and what only a simulation can know, scaled to about one."""
    for leg in range(2):
        measures[leg] = state[Q + 3 + 3 * leg]
        measures[2 + leg] = state[V + 3 + 3 * leg]
        measures[4 + leg] = state[V + TILT] + state[V + 3 + 3 * leg]
        measures[6 + leg] = state[EXO_TORQUE + leg]
    measures[10] = state[COM + 1]
    measures[13] = state[FALLEN]
    measures[14] = 1.0 - state[NOT_FINITE]
    k = 0
    for i in range(1, N_DOF):
        privileged[k] = state[Q + i]
        k += 1
    for i in range(N_DOF):
        privileged[k] = 0.2 * state[V + i]
        k += 1
    for m in range(N_MUSCLES):
        privileged[k] = state[ACTIVATION + m]
        k += 1
    for leg in range(2):
        privileged[k] = state[LOAD + leg]
        privileged[k + 1] = 0.25 * state[GAIT_STATE + leg]
        privileged[k + 2] = state[EXO_TORQUE + leg] / max(1e-9, exo.torque_limit)
        k += 3


@compiled
def step_walkers(
    plant: Plant,
    reflex: ReflexArrays,
    exo: Exo,
    n_ring: int,
    n_steps: int,
    states: np.ndarray,
    commands: np.ndarray,
    measures: np.ndarray,
    privileged: np.ndarray,
    work: Work,
) -> None:
    """Advance walkers by one tick under held torque commands; fallen ones stay as they are."""
    memory = np.zeros(1, np.float32)
    noise = np.zeros((1, 6))
    tick = n_steps * plant.dt
    for i in range(states.shape[0]):
        state = states[i]
        if state[FALLEN] == 1.0:
            observe_walker(plant, exo, state, measures[i], privileged[i])
            continue
        for leg in range(2):
            state[EXO_COMMAND + leg] = commands[i, leg]
            state[SQUARED_ACTIVATION + leg] = 0.0
        energy, place = state[METABOLIC_WANG], state[COM]
        for _ in range(n_steps):
            physics_step(plant, reflex, exo, n_ring, state, memory, noise, work)
            if state[FALLEN] == 1.0:
                break
        measures[i, 8] = (state[METABOLIC_WANG] - energy) / tick
        measures[i, 9] = (state[COM] - place) / tick
        for leg in range(2):
            measures[i, 11 + leg] = state[SQUARED_ACTIVATION + leg] / (tick * (N_MUSCLES // 2))
        observe_walker(plant, exo, state, measures[i], privileged[i])
