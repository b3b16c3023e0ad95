"""Gait state machine and delayed reflexes of one leg, as SCONE defines them.

A reflex set is a table (`reflex_table.py`); nothing here names a muscle. Sensors are
read from a ring of past samples; each reflex adds to the excitation of its target,
and the sum is clamped to 0..1 by the activation dynamics, never earlier.
"""

import math
from typing import NamedTuple

import numpy as np

from exoflow.compiled import compiled

N_LEG_MUSCLES = 9
N_MUSCLES = 18

# Gait states. The mask of a reflex has one bit per state from EARLY_STANCE on.
UNKNOWN = -1
EARLY_STANCE = 0
LATE_STANCE = 1
LIFTOFF = 2
SWING = 3
LANDING = 4
STATE_NAMES = ("EarlyStance", "LateStance", "Liftoff", "Swing", "Landing")

# Sensor layout of one sample: force, length, velocity of 18 muscles, then
# position and velocity of pelvis tilt, then of hip, knee, ankle of the right and left leg,
# then the torque of the exo on the right and left hip (Nm, flexion positive).
SENSE_FORCE = 0
SENSE_LENGTH = 18
SENSE_VELOCITY = 36
SENSE_TILT = 54
SENSE_JOINT = 56
SENSE_EXO = 68
N_SENSORS = 70

MUSCLE_REFLEX = 0
DOF_REFLEX = 1
EXO_REFLEX = 2

# What an exo reflex can feel, in the order of its source index.
FLEXION_TORQUE = 0
EXTENSION_TORQUE = 1


class ReflexArrays(NamedTuple):
    """A reflex table as arrays; one row per reflex, the same for both legs.

    `rows` columns: kind, target muscle, source (muscle 0..8; or 0 = pelvis tilt, 1..3 =
    hip, knee, ankle; or 0 = flexion, 1 = extension torque of the exo), state mask, whole delay
    steps, allow_neg_L, _F, _V, condition dof (-1 = none).
    `value` columns: delay fraction, KL, L0, KF, F0, KV, V0, C0, KP, P0, pos_max, smallest output,
    KT.
    """

    rows: np.ndarray
    value: np.ndarray
    stance_load_threshold: float


@compiled
def next_gait_state(
    state: int, load: float, other_load: float, sag: float, other_sag: float, threshold: float
) -> int:
    """Gait state of one leg after one step.

    Parameters
    ----------
    state : int
        Present state of this leg.
    load, other_load : float
        Ground force of this and the other leg, body weights.
    sag, other_sag : float
        Foot minus pelvis position, forward positive, m.
    threshold : float
        Stance load threshold, body weights.

    References
    ----------
    SCONE's GaitStateController with late-stance and landing thresholds of 0 (foot
    behind or in front of the pelvis) and no lift-off threshold.
    """
    stance_ok = load > threshold
    other_ahead = other_load > threshold and sag < other_sag
    if state == UNKNOWN:
        if not stance_ok:
            return LANDING if sag > 0.0 else SWING
        if other_ahead:
            return LIFTOFF
        return LATE_STANCE if sag < 0.0 else EARLY_STANCE
    if state == EARLY_STANCE:
        if other_ahead:
            return LIFTOFF
        return LATE_STANCE if sag < 0.0 else EARLY_STANCE
    if state == LATE_STANCE:
        return LIFTOFF if other_ahead else LATE_STANCE
    if state == LIFTOFF:
        return LIFTOFF if stance_ok else SWING
    if state == SWING:
        if stance_ok and sag > other_sag:
            return EARLY_STANCE
        if not stance_ok and sag > 0.0:
            return LANDING
        return SWING
    return EARLY_STANCE if stance_ok else LANDING


@compiled
def _delayed(ring: np.ndarray, position: int, sensor: int, steps: int, fraction: float) -> float:
    n = ring.shape[0]
    near = position - steps
    if near < 0:
        near += n
    far = near - 1
    if far < 0:
        far += n
    return (1.0 - fraction) * ring[near, sensor] + fraction * ring[far, sensor]


@compiled
def _gated(difference: float, allow_negative: int) -> float:
    # SCONE clamps the difference first and multiplies by the gain afterwards.
    return difference if allow_negative == 1 or difference > 0.0 else 0.0


@compiled
def add_reflexes(
    index: np.ndarray,
    value: np.ndarray,
    leg: int,
    state: int,
    ring: np.ndarray,
    position: int,
    excitation: np.ndarray,
) -> None:
    """Add every reflex that is active in `state` to the excitations of one leg.

    Parameters
    ----------
    index, value : ndarray
        See `ReflexArrays`.
    leg : int
        0 = right, 1 = left.
    ring : ndarray, shape (n_ring, N_SENSORS)
        Past sensor samples; `position` is the newest.
    excitation : ndarray, shape (18,)
        Changed in place; not clamped.
    """
    first = leg * N_LEG_MUSCLES
    for row in range(index.shape[0]):
        if (index[row, 3] >> state) & 1 == 0:
            continue
        steps = index[row, 4]
        fraction = value[row, 0]
        target = first + index[row, 1]
        u = value[row, 7]
        if index[row, 0] == EXO_REFLEX:
            torque = _delayed(ring, position, SENSE_EXO + leg, steps, fraction)
            if index[row, 2] == EXTENSION_TORQUE:
                torque = -torque
            u += value[row, 12] * max(0.0, torque)
            excitation[target] += max(value[row, 11], u)
            continue
        if index[row, 0] == DOF_REFLEX:
            sensor = SENSE_TILT
            if index[row, 2] > 0:
                sensor = SENSE_JOINT + 2 * (3 * leg + index[row, 2] - 1)
            kp = value[row, 8]
            kv = value[row, 5]
            if kp != 0.0:
                u += kp * (value[row, 9] - _delayed(ring, position, sensor, steps, fraction))
            if kv != 0.0:
                damping = kv * (
                    value[row, 6] - _delayed(ring, position, sensor + 1, steps, fraction)
                )
                # Unlike a muscle's, a dof reflex is clamped after its gain.
                u += damping if index[row, 7] == 1 or damping > 0.0 else 0.0
            excitation[target] += max(value[row, 11], u)
            continue
        condition = index[row, 8]
        if condition >= 0:
            sensor = SENSE_JOINT + 2 * (3 * leg + condition - 1)
            excess = _delayed(ring, position, sensor, steps, fraction) - value[row, 10]
            # Past the bound and still moving outwards: only the constant remains.
            if excess > 0.0 and _delayed(ring, position, sensor + 1, steps, fraction) >= 0.0:
                excitation[target] += max(value[row, 11], u)
                continue
        source = first + index[row, 2]
        if value[row, 1] != 0.0:
            length = _delayed(ring, position, SENSE_LENGTH + source, steps, fraction)
            u += value[row, 1] * _gated(length - value[row, 2], index[row, 5])
        if value[row, 3] != 0.0:
            force = _delayed(ring, position, SENSE_FORCE + source, steps, fraction)
            u += value[row, 3] * _gated(force - value[row, 4], index[row, 6])
        if value[row, 5] != 0.0:
            velocity = _delayed(ring, position, SENSE_VELOCITY + source, steps, fraction)
            u += value[row, 5] * _gated(velocity - value[row, 6], index[row, 7])
        excitation[target] += max(value[row, 11], u)


def delay_steps(delay_s: float, timestep_s: float) -> tuple[int, float]:
    """Whole steps and the fraction of one step in a neural delay."""
    steps = delay_s / timestep_s
    whole = math.floor(steps + 1e-9)
    return whole, max(0.0, steps - whole)
