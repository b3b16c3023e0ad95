"""The closed loop as compiled code: muscles, reflexes, contact, exo, dynamics, measures.

One physics step at time t: sense, switch gait states, excite and activate the muscles,
solve the fibres at the present lengths, collect forces, integrate. What lives from step to
step is the state vector of `layout.py` and one float32 vector for a learned controller.
"""

import math

import numpy as np

from exoflow.compiled import compiled
from exoflow.control.exo_laws import (
    DELAYED_OUTPUT_FEEDBACK,
    DOFC_MEMORY,
    EXTERNAL_COMMAND,
    NETWORK,
    NO_ACTUATOR,
    ZERO_TORQUE,
    actuator_step,
    backdrive_friction,
    delayed_command,
    delayed_output_feedback,
)
from exoflow.control.network import TCN, network_tick
from exoflow.control.reflexes import (
    LANDING,
    N_LEG_MUSCLES,
    N_MUSCLES,
    N_SENSORS,
    SENSE_EXO,
    SENSE_FORCE,
    SENSE_JOINT,
    SENSE_LENGTH,
    SENSE_TILT,
    SENSE_VELOCITY,
    SWING,
    UNKNOWN,
    ReflexArrays,
    add_reflexes,
    next_gait_state,
)
from exoflow.physiology.activation import activation_step
from exoflow.physiology.curves import MAX_SHORTENING_VELOCITY
from exoflow.physiology.metabolics import (
    BASAL,
    UCHIDA2016_BASAL,
    WANG2012,
    WANG2012_BASAL,
    metabolic_rate,
    uchida2016_rate,
    wang2012_rate,
)
from exoflow.physiology.muscle import (
    active_curve,
    fiber_step,
    fiber_steps,
    passive_curve,
    tendon_force,
    velocity_curve,
)
from exoflow.simulation.layout import (
    ACTIVATION,
    CEILING,
    COM,
    CUBED_ACTIVATION,
    DOFC_STATE,
    EXCITATION,
    EXO_COMMAND,
    EXO_FRICTION,
    EXO_POSITIVE_WORK,
    EXO_RATE_LIMITED,
    EXO_TORQUE,
    EXO_WORK,
    FALLEN,
    FIBER_LENGTH,
    FIBER_VELOCITY,
    GAIT_STATE,
    GRF,
    GRF_EXCESS,
    HEAD_ACCELERATION,
    KNEE_LIMIT,
    LAST_STEP_DISTANCE,
    LAST_STEP_TIME,
    LEG_GRF_EXCESS,
    LOAD,
    MASS,
    MASS_UCHIDA,
    MAX_FORCE,
    METABOLIC_EFFORT,
    METABOLIC_UCHIDA,
    METABOLIC_WANG,
    MUSCLE_RATE,
    N_DOF,
    N_SPHERES,
    NOT_FINITE,
    OPTIMAL_LENGTH,
    PUSH,
    RING,
    RING_POSITION,
    ROW_COM,
    ROW_EXO,
    ROW_GRF,
    ROW_MOMENT,
    ROW_MUSCLE,
    ROW_PUSH,
    ROW_STATE,
    ROW_STOP,
    ROW_SUMS,
    SCUFF,
    SHORTEST,
    SIN_PENNATION,
    SLACK_LENGTH,
    SLOW_TWITCH,
    SQUARED_ACTIVATION,
    START_HEIGHT,
    START_X,
    STEP_COUNT,
    STEP_LOADED,
    STOP_MOMENT,
    TENDON_FORCE,
    TILT,
    TRUNK_LEAN,
    Exo,
    Plant,
    Q,
    V,
    Work,
)
from exoflow.simulation.mechanics import (
    center_of_mass,
    contact,
    integrate,
    joint_stops,
    muscle_paths,
    place_bodies,
    skeleton,
)

# The penalties of a gait search count from here on, s.
SETTLED_S = 1.0
# Head above the pelvis frame, m, and what its acceleration may reach, m/s2: half and a quarter
# of gravity, as Ong et al. (2019) and Di Russo's SCONE scenarios have it.
HEAD_ABOVE_PELVIS = 0.65
HEAD_ACCELERATION_LIMIT_Y = 4.903
HEAD_ACCELERATION_LIMIT_X = 2.4517
# A walker this fast (rad/s or m/s) has left the physics: it ends like one that is not finite.
RUNAWAY_SPEED = 1000.0
# Load at which a foot counts as landed for step events, body weights, and shortest step, s.
STEP_LOAD = 0.1
SHORTEST_STEP = 0.1
# A walker whose centre of mass sinks below this fraction of its start height has fallen.
FALL_HEIGHT = 0.85
# Initial activation of the muscles, as in SCONE.
INITIAL_ACTIVATION = 0.05


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
    for leg in range(2):
        sample[SENSE_EXO + leg] = state[EXO_TORQUE + leg]
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
def excite(reflex: ReflexArrays, n_ring: int, state: np.ndarray, work: Work) -> None:
    """Sense, switch the gait states and sum the reflexes into the excitations (not clamped)."""
    position = _sense(state, n_ring)
    _switch_states(state, work, reflex.stance_load_threshold)
    excitation = state[EXCITATION : EXCITATION + N_MUSCLES]
    for m in range(N_MUSCLES):
        excitation[m] = 0.0
    ring = state[RING : RING + n_ring * N_SENSORS].reshape((n_ring, N_SENSORS))
    for leg in range(2):
        add_reflexes(
            reflex.rows, reflex.value, leg, int(state[GAIT_STATE + leg]), ring, position, excitation
        )


@compiled
def muscles(plant: Plant, state: np.ndarray, work: Work) -> None:
    """Activate, solve the fibres, add joint moments.

    One loop per quantity over all muscles, so that each becomes vector code.
    """
    dt = plant.dt
    optimal = plant.muscle[OPTIMAL_LENGTH]
    slack = plant.muscle[SLACK_LENGTH]
    sin_pennation = plant.muscle[SIN_PENNATION]
    max_force = plant.muscle[MAX_FORCE]
    excitation = state[EXCITATION : EXCITATION + N_MUSCLES]
    activation = state[ACTIVATION : ACTIVATION + N_MUSCLES]
    fiber_length = state[FIBER_LENGTH : FIBER_LENGTH + N_MUSCLES]
    fiber_velocity = state[FIBER_VELOCITY : FIBER_VELOCITY + N_MUSCLES]
    force = state[TENDON_FORCE : TENDON_FORCE + N_MUSCLES]
    length = work.fiber_length
    for m in range(N_MUSCLES):
        u = excitation[m] if excitation[m] > 0.0 else 0.0
        excitation[m] = u if u < plant.muscle[CEILING, m] else plant.muscle[CEILING, m]
    for m in range(N_MUSCLES):
        activation[m] = activation_step(plant.activation_model, activation[m], excitation[m], dt)
    fiber_steps(
        plant.curves, fiber_length, fiber_velocity, dt, activation, work.mtu_length, optimal, slack,
        sin_pennation, plant.muscle[SHORTEST], length, work.residual,
    )  # fmt: skip
    for m in range(N_MUSCLES):
        fiber_velocity[m] = (length[m] - fiber_length[m]) / dt
        fiber_length[m] = length[m]
        force[m] = tendon_force(
            plant.curves, length[m], work.mtu_length[m], optimal[m], slack[m], sin_pennation[m]
        )
        work.muscle_force[m] = force[m] * max_force[m]
        fl, _ = active_curve(plant.curves, length[m])
        fv, _ = velocity_curve(plant.curves, fiber_velocity[m] / MAX_SHORTENING_VELOCITY)
        work.active_force[m] = activation[m] * fl * fv * max_force[m]
    cubed = 0.0
    for leg in range(2):
        hip = knee = ankle = squared = 0.0
        for m in range(N_LEG_MUSCLES * leg, N_LEG_MUSCLES * (leg + 1)):
            hip += work.muscle_force[m] * work.arm[m, 0]
            knee += work.muscle_force[m] * work.arm[m, 1]
            ankle += work.muscle_force[m] * work.arm[m, 2]
            cubed += activation[m] * activation[m] * activation[m]
            squared += activation[m] * activation[m]
        work.moment[3 * leg] = hip
        work.moment[3 * leg + 1] = knee
        work.moment[3 * leg + 2] = ankle
        state[SQUARED_ACTIVATION + leg] += squared * dt
    for j in range(6):
        work.force[3 + j] += work.moment[j]
    state[CUBED_ACTIVATION] += cubed / N_MUSCLES * dt


@compiled
def metabolics(plant: Plant, state: np.ndarray, work: Work) -> None:
    """Metabolic rate of every muscle after `muscles`; adds the energy of this step."""
    optimal = plant.muscle[OPTIMAL_LENGTH]
    slow_twitch = plant.muscle[SLOW_TWITCH]
    excitation = state[EXCITATION : EXCITATION + N_MUSCLES]
    activation = state[ACTIVATION : ACTIVATION + N_MUSCLES]
    length = state[FIBER_LENGTH : FIBER_LENGTH + N_MUSCLES]
    velocity = state[FIBER_VELOCITY : FIBER_VELOCITY + N_MUSCLES]
    rate = state[MUSCLE_RATE : MUSCLE_RATE + N_MUSCLES]
    mass = plant.muscle[MASS]
    for m in range(N_MUSCLES):
        rate[m] = wang2012_rate(
            mass[m], slow_twitch[m], excitation[m], activation[m], length[m],
            velocity[m] * optimal[m], work.active_force[m], work.muscle_force[m],
        )  # fmt: skip
    wang = uchida = 0.0
    for m in range(N_MUSCLES):
        wang += rate[m]
    effort = wang
    if plant.metabolic_model != WANG2012:
        effort = 0.0
        for m in range(N_MUSCLES):
            fl, _ = active_curve(plant.curves, length[m])
            passive, _ = passive_curve(plant.curves, length[m])
            rate[m] = metabolic_rate(
                plant.metabolic_model, mass[m], slow_twitch[m], excitation[m], activation[m],
                length[m], velocity[m], optimal[m], plant.muscle[MAX_FORCE, m],
                work.active_force[m], max(0.0, passive) * plant.muscle[MAX_FORCE, m],
                work.muscle_force[m], fl, plant.negative_work,
            )  # fmt: skip
            effort += rate[m]
    if plant.with_uchida:
        for m in range(N_MUSCLES):
            fl, _ = active_curve(plant.curves, length[m])
            uchida += uchida2016_rate(
                plant.muscle[MASS_UCHIDA, m], slow_twitch[m], excitation[m], activation[m],
                length[m], velocity[m], optimal[m], work.active_force[m], fl,
            )  # fmt: skip
    basal = BASAL[plant.metabolic_model]
    state[METABOLIC_EFFORT] += (effort + basal * plant.body_mass) * plant.dt
    state[METABOLIC_WANG] += (wang + WANG2012_BASAL * plant.body_mass) * plant.dt
    state[METABOLIC_UCHIDA] += (uchida + UCHIDA2016_BASAL * plant.body_mass) * plant.dt


@compiled
def _exo_torques(
    plant: Plant, exo: Exo, state: np.ndarray, memory: np.ndarray, noise: np.ndarray, work: Work
) -> None:
    """Run the exo law at control ticks and the actuator at every step; adds hip torques.

    The joint feels the motor torque (EXO_TORQUE, what the device measures), as far as it is
    transmitted, and the friction (EXO_FRICTION); EXO_WORK and EXO_POSITIVE_WORK are those of
    the transmitted torque alone. Rotor
    inertia and the slope of the friction go into `work.matrix`, as those of contact do.
    """
    if exo.mode == NO_ACTUATOR:
        for leg in range(2):
            state[EXO_TORQUE + leg] = 0.0
            state[EXO_FRICTION + leg] = 0.0
        return
    step = int(state[STEP_COUNT])
    line = state[state.shape[0] - 2 * exo.delay_steps :]
    gain = exo.torque_gain
    if exo.soft_start > 0.0:
        gain *= min(1.0, step * plant.dt / exo.soft_start)
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
        elif exo.mode == ZERO_TORQUE:
            state[EXO_COMMAND] = 0.0
            state[EXO_COMMAND + 1] = 0.0
    for leg in range(2):
        hip = 3 + 3 * leg
        velocity = state[V + hip]
        command = delayed_command(line, exo.delay_steps, step, leg, state[EXO_COMMAND + leg])
        torque, limited = actuator_step(
            state[EXO_TORQUE + leg], state[EXO_RATE_LIMITED + leg], gain * command,
            exo.torque_limit, exo.slew, exo.lag, plant.dt,
        )  # fmt: skip
        friction, damping = backdrive_friction(velocity, exo.friction, exo.friction_velocity)
        state[EXO_TORQUE + leg] = torque
        state[EXO_RATE_LIMITED + leg] = limited
        state[EXO_FRICTION + leg] = friction
        reaching = exo.transmission * torque
        work.force[hip] += reaching + friction
        work.matrix[hip, hip] += exo.inertia + plant.dt * damping
        power = reaching * velocity
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
    """Whether the motion can still be one: numbers, and no joint beyond RUNAWAY_SPEED."""
    total = 0.0
    for i in range(N_DOF):
        speed = abs(state[V + i])
        if speed > RUNAWAY_SPEED:
            return False
        total += state[Q + i] + speed
    return math.isfinite(total)


@compiled
def head_velocity(state: np.ndarray) -> tuple[float, float]:
    """Velocity of the head, rigid with the trunk, m/s."""
    sine, cosine = math.sin(state[Q + TILT]), math.cos(state[Q + TILT])
    swing = HEAD_ABOVE_PELVIS * state[V + TILT]
    return state[V] - swing * cosine, state[V + 1] - swing * sine


@compiled
def add_penalties(plant: Plant, state: np.ndarray) -> None:
    """Integrate what a gait search dislikes: ground force, trunk lean, scuffing feet."""
    dt = plant.dt
    load = state[LOAD] + state[LOAD + 1]
    state[GRF_EXCESS] += max(0.0, load - plant.grf_limit_BW) * dt
    for leg in range(2):
        leg_load = state[LOAD + leg]
        state[LEG_GRF_EXCESS] += max(0.0, leg_load - plant.leg_grf_limit_BW) * dt
        if state[GAIT_STATE + leg] == SWING or state[GAIT_STATE + leg] == LANDING:
            state[SCUFF] += leg_load * dt
    state[TRUNK_LEAN] += max(0.0, abs(state[Q + TILT]) - plant.trunk_lean_limit) * dt


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
        work.force[i] = 0.0
    skeleton(plant, state, work)
    contact(plant, state, work)
    excite(reflex, n_ring, state, work)
    muscles(plant, state, work)
    metabolics(plant, state, work)
    knee = joint_stops(plant, state, work)
    _exo_torques(plant, exo, state, memory, noise, work)
    # The pelvis frame sits at the pelvis' centre of mass, where a push acts.
    work.force[0] += state[PUSH]
    x, y = center_of_mass(plant, work)
    state[COM] = x
    state[COM + 1] = y
    if state[STEP_COUNT] * plant.dt >= SETTLED_S:
        add_penalties(plant, state)
    state[KNEE_LIMIT] += knee * plant.dt
    if y < FALL_HEIGHT * state[START_HEIGHT]:
        state[FALLEN] = 1.0
    before_x, before_y = head_velocity(state)
    integrate(plant, state, work)
    after_x, after_y = head_velocity(state)
    if state[STEP_COUNT] * plant.dt >= SETTLED_S:
        excess_x = max(0.0, abs(after_x - before_x) / plant.dt - HEAD_ACCELERATION_LIMIT_X)
        excess_y = max(0.0, abs(after_y - before_y) / plant.dt - HEAD_ACCELERATION_LIMIT_Y)
        state[HEAD_ACCELERATION] += (excess_x * excess_x + excess_y * excess_y) * plant.dt
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
        optimal, slack, sin_pennation = (
            plant.muscle[OPTIMAL_LENGTH, m],
            plant.muscle[SLACK_LENGTH, m],
            plant.muscle[SIN_PENNATION, m],
        )
        length = fiber_step(
            plant.curves,
            1.0,
            1.0,
            0.0,
            INITIAL_ACTIVATION,
            work.mtu_length[m],
            optimal,
            slack,
            sin_pennation,
        )
        state[ACTIVATION + m] = INITIAL_ACTIVATION
        state[FIBER_LENGTH + m] = length
        state[TENDON_FORCE + m] = tendon_force(
            plant.curves, length, work.mtu_length[m], optimal, slack, sin_pennation
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
    contact(plant, state, work)
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
        lopt = plant.muscle[OPTIMAL_LENGTH, m]
        row[k] = state[EXCITATION + m]
        row[k + 1] = state[ACTIVATION + m]
        row[k + 2] = work.mtu_length[m]
        row[k + 3] = state[FIBER_LENGTH + m] * lopt
        row[k + 4] = state[FIBER_VELOCITY + m] * lopt
        row[k + 5] = state[TENDON_FORCE + m] * plant.muscle[MAX_FORCE, m]
        row[k + 6] = work.active_force[m]
        row[k + 7] = state[MUSCLE_RATE + m]
    for i in range(4):
        row[ROW_GRF + i] = state[GRF + i]
    row[ROW_EXO] = state[EXO_TORQUE]
    row[ROW_EXO + 1] = state[EXO_TORQUE + 1]
    row[ROW_EXO + 2] = state[EXO_FRICTION]
    row[ROW_EXO + 3] = state[EXO_FRICTION + 1]
    row[ROW_COM] = state[COM]
    row[ROW_COM + 1] = state[COM + 1]
    for j in range(6):
        row[ROW_MOMENT + j] = work.moment[j]
        row[ROW_STOP + j] = state[STOP_MOMENT + j]
    row[ROW_PUSH] = state[PUSH]
    row[ROW_STATE] = state[GAIT_STATE]
    row[ROW_STATE + 1] = state[GAIT_STATE + 1]
    row[ROW_SUMS] = state[METABOLIC_EFFORT]
    row[ROW_SUMS + 1] = state[METABOLIC_WANG]
    row[ROW_SUMS + 2] = state[METABOLIC_UCHIDA]
    row[ROW_SUMS + 3] = state[EXO_WORK]
    row[ROW_SUMS + 4] = state[EXO_POSITIVE_WORK]


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
        energy, place = state[METABOLIC_EFFORT], state[COM]
        for _ in range(n_steps):
            physics_step(plant, reflex, exo, n_ring, state, memory, noise, work)
            if state[FALLEN] == 1.0:
                break
        measures[i, 8] = (state[METABOLIC_EFFORT] - energy) / tick
        measures[i, 9] = (state[COM] - place) / tick
        for leg in range(2):
            measures[i, 11 + leg] = state[SQUARED_ACTIVATION + leg] / (tick * (N_MUSCLES // 2))
        observe_walker(plant, exo, state, measures[i], privileged[i])
