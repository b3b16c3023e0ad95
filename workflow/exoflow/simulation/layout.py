"""What the compiled engine works on: one walker's state as a vector, its numbers as arrays.

Everything that lives from step to step is in the state vector, so copying it is an exact
snapshot.
"""

from typing import NamedTuple

import numpy as np

from exoflow.compiled import compiled
from exoflow.control.exo_laws import DOFC_MEMORY
from exoflow.control.network import NetworkArrays
from exoflow.control.reflexes import N_MUSCLES
from exoflow.physiology.muscle import Curves

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
LEG_GRF_EXCESS = 168
TRUNK_LEAN = 169
SCUFF = 170
METABOLIC_EFFORT = 171
HEAD_ACCELERATION = 172
EXO_FRICTION = 173
DOFC_STATE = 175
# The sensor ring, then the exo commands on their way to the actuator: 2 per step of delay.
RING = DOFC_STATE + DOFC_MEMORY

N_EVENT = 3
# Trajectory row: time, q, v, 8 values per muscle, grf, exo torques and friction, com, muscle
# moments, joint stop moments, push, gait states, then running sums: metabolic energies (chosen
# model, Wang, Uchida), exo work and positive exo work.
ROW_MUSCLE = 19
ROW_GRF = ROW_MUSCLE + 8 * N_MUSCLES
ROW_EXO = ROW_GRF + 4
ROW_COM = ROW_EXO + 4
ROW_MOMENT = ROW_COM + 2
ROW_STOP = ROW_MOMENT + 6
ROW_PUSH = ROW_STOP + 6
ROW_STATE = ROW_PUSH + 1
ROW_SUMS = ROW_STATE + 2
N_ROW = ROW_SUMS + 5


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
    curves: Curves
    activation_model: int
    metabolic_model: int
    negative_work: int
    grf_limit_BW: float
    leg_grf_limit_BW: float
    trunk_lean_limit: float
    with_uchida: int


# Rows of Plant.muscle; every row holds one number per muscle.
MAX_FORCE = 0
OPTIMAL_LENGTH = 1
SLACK_LENGTH = 2
SIN_PENNATION = 3
MASS = 4
MASS_UCHIDA = 5
SLOW_TWITCH = 6
CEILING = 7
SHORTEST = 8


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
    fiber_length: np.ndarray
    residual: np.ndarray
    muscle_force: np.ndarray


class Exo(NamedTuple):
    """What drives the hips and what the actuator can do.

    Friction and rotor inertia are here and not in the walker: they act under the laws that
    have an actuator in the loop, and not in an exo that is carried along switched off.
    """

    mode: int
    torque_limit: float
    slew: float
    lag: float
    delay_steps: int
    friction: float
    friction_velocity: float
    inertia: float
    torque_gain: float
    transmission: float
    soft_start: float
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
        np.zeros(6), np.zeros(N_MUSCLES), np.zeros(N_MUSCLES), np.zeros(N_MUSCLES),
    )  # fmt: skip
