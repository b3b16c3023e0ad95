"""Powers of a walk: hand-worked numbers, and a rollout whose energy must close."""

from types import SimpleNamespace

import numpy as np
import pytest

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings
from exoflow.config.model import ModelSettings
from exoflow.gait.analysis import Strides, last_strides
from exoflow.gait.energy import exo_performance_index, positive_fiber_power_W, stride_energy
from exoflow.records.rollout import Trajectory
from exoflow.simulation import Dofc, Walker, mechanics
from exoflow.simulation.layout import N_DOF, RING, Q, V
from exoflow.simulation.model_data import DATA, DOF_NAMES
from exoflow.simulation.walker import load_start_values
from exoflow.units import GRAVITY_M_S2

STEP_S = 0.00025
PARTS = ("muscle_joint", "exo", "exo_friction", "stop")


def made_up(**columns):
    """A trajectory of named columns, 1 ms rows."""
    return Trajectory(tuple(columns), np.column_stack(list(columns.values())), 0.001, 70.0)


def test_powers_of_a_made_up_walk():
    time = np.arange(0.0, 2.0, 0.001)
    one = np.ones_like(time)
    sine = np.sin(2 * np.pi * time)
    walk = made_up(**{
        "time": time, "hip_flexion_r_u": 2 * one, "hip_flexion_l_u": sine, "knee_angle_r_u": -one,
        "hip_flexion_r.muscle_moment": 10 * one, "hip_flexion_r.stop_moment": -one,
        "knee_angle_r.muscle_moment": 4 * one, "knee_angle_r.stop_moment": 0 * one,
        "exo.hip_r.torque": 3 * one, "exo.hip_l.torque": 0.5 * one, "energy_effort": 400 * time,
        "exo.hip_r.friction": -0.4 * one, "exo.hip_l.friction": 0 * one,
        "soleus_r.fiber_active_force": 1000 * one, "soleus_r.fiber_velocity": 0.1 * sine,
    })  # fmt: skip
    found = stride_energy(walk, Strides("r", np.array([0.0, 1.0])))
    # Hip 10 Nm x 2 rad/s, knee 4 Nm x -1 rad/s; stop -1 Nm x 2 rad/s.
    assert found["muscle_joint_power_W"] == pytest.approx(16.0)
    assert found["stop_power_W"] == pytest.approx(-2.0)
    # Right 3 Nm x 2 rad/s; left 0.5 Nm x sine: 0 W net, 0.5/pi W positive.
    assert found["exo_power_W"] == pytest.approx(6.0)
    assert found["exo_positive_power_W"] == pytest.approx(6.0 + 0.5 / np.pi, rel=1e-4)
    # Friction -0.4 Nm x 2 rad/s; what is left closes the balance: -(16 - 2 + 6 - 0.8).
    assert found["exo_friction_power_W"] == pytest.approx(-0.8)
    assert found["contact_gravity_power_W"] == pytest.approx(-19.2)
    # 1000 N x 0.1 m/s sine, only the half in which it shortens: 100/pi W.
    assert found["muscle_positive_fiber_power_W"] == pytest.approx(100 / np.pi, rel=1e-4)
    assert found["metabolic_power_W"] == pytest.approx(400.0)


def test_performance_index_is_one_where_work_replaces_muscle_work():
    # 10 W of positive work would cost muscles 40 W.
    assert exo_performance_index(40.0, 10.0) == pytest.approx(1.0)
    assert exo_performance_index(-20.0, 10.0) == pytest.approx(-0.5)
    assert exo_performance_index(5.0, 0.0) is None


@pytest.fixture(scope="module")
def assisted():
    """A walk of 3.5 s with DOFC, every step stored."""
    walker = Walker.create(
        to_plain(ModelSettings()),
        reflexes="h0918_rs3",
        timestep_s=STEP_S,
        exo=to_plain(ExoSettings()),
        with_uchida=False,
    )
    gait = load_start_values(DATA / "reflexes" / "start_level.csv")
    walk = walker.rollout(gait, 3.5, Dofc(8.0, 0.1, 0.03), store_every_s=STEP_S)
    strides = last_strides(walk.trajectory, 2)
    return SimpleNamespace(walker=walker, trajectory=walk.trajectory, strides=strides)


def mechanical_energy(walker, q, v):
    """Kinetic and potential energy, J, from MuJoCo's mass matrix and the motors' rotors."""
    import mujoco

    body = walker.body
    body.data.qpos[:], body.data.qvel[:] = q, v
    mujoco.mj_forward(body.model, body.data)
    inertia = np.zeros((N_DOF, N_DOF))
    mujoco.mj_fullM(body.model, body.data, inertia)
    mass = sum(part.mass for part in walker.model.bodies)
    inertia[[3, 6], [3, 6]] += ExoSettings().inertia_kg_m2
    return 0.5 * v @ inertia @ v + mass * GRAVITY_M_S2 * body.data.subtree_com[1][2]


def contact_work(walker, q, v):
    """Work of the ground on the feet, J, with the velocity at the end of every step.

    The engine takes the damping of the contact at the end of the step, too.
    """
    state, total = np.zeros(RING), 0.0
    for k in range(len(q) - 1):
        state[Q : Q + N_DOF], state[V : V + N_DOF] = q[k], v[k + 1]
        walker.work.force[:] = 0.0
        mechanics.place_bodies(walker.plant, state[Q : Q + N_DOF], walker.work)
        mechanics.contact(walker.plant, state, walker.work)
        total += walker.work.force @ (0.5 * (v[k] + v[k + 1])) * STEP_S
    return total


def test_joint_and_contact_work_is_the_change_of_mechanical_energy(assisted):
    t, strikes = assisted.trajectory, assisted.strides.strikes
    assert assisted.strides.count == 2
    powers = stride_energy(t, assisted.strides)
    duration = strikes[-1] - strikes[0]
    first, last = (round(strikes[k] / STEP_S) for k in (0, -1))
    q = np.column_stack([t[name] for name in DOF_NAMES])[first : last + 1]
    v = np.column_stack([t[f"{name}_u"] for name in DOF_NAMES])[first : last + 1]
    gained = mechanical_energy(assisted.walker, q[-1], v[-1])
    gained -= mechanical_energy(assisted.walker, q[0], v[0])
    joints = sum(powers[f"{part}_power_W"] for part in PARTS) * duration
    ground = contact_work(assisted.walker, q, v)
    # The walk slows down from its start, so the change is no small number. The fibres turned
    # over 370 J; the integration loses track of less than half a percent of that.
    turned_over = powers["muscle_positive_fiber_power_W"] * duration
    assert turned_over > 300.0 and abs(gained) > 20.0 and ground < -10.0
    assert joints + ground == pytest.approx(gained, abs=0.005 * turned_over)


def test_exo_work_column_is_the_integral_of_torque_times_velocity(assisted):
    t, strikes = assisted.trajectory, assisted.strides.strikes
    powers = stride_energy(t, assisted.strides)
    for column, key in (
        ("exo.work", "exo_power_W"),
        ("exo.positive_work", "exo_positive_power_W"),
    ):
        gained = np.diff(np.interp(strikes[[0, -1]], t["time"], t[column]))[0]
        assert powers[key] * (strikes[-1] - strikes[0]) == pytest.approx(gained, rel=1e-3)


def test_fibres_give_at_least_the_work_that_reaches_the_joints(assisted):
    rows = assisted.trajectory.window(*assisted.strides.strikes[[0, -1]])
    powers = stride_energy(assisted.trajectory, assisted.strides)
    assert positive_fiber_power_W(rows) > powers["muscle_joint_power_W"]
