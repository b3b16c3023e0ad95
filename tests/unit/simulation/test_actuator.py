"""The exo's actuator in the loop: delay, friction, rotor inertia, and the laws without one."""

import mujoco
import numpy as np
import pytest

from exoflow.control.exo_laws import EXTERNAL_COMMAND
from exoflow.control.network import no_network
from exoflow.simulation import Dofc, NoExo, ZeroTorque, kernel
from exoflow.simulation.layout import (
    EXO_COMMAND,
    EXO_FRICTION,
    EXO_TORQUE,
    MAX_FORCE,
    N_DOF,
    Q,
    V,
)
from exoflow.units import GRAVITY_M_S2

HIPS = (3, 6)


def step(walker, gait, arrays, state, n, watch=None):
    """Advance `state` by n physics steps; `watch(before, state)` is called after each."""
    reflexes = walker.table.arrays(gait, walker.timestep_s)
    memory, noise = np.zeros(no_network().n_memory, np.float32), np.zeros((1, 6))
    for _ in range(n):
        before = state.copy()
        kernel.physics_step(
            walker.plant, reflexes, arrays, walker.n_ring, state, memory, noise, walker.work
        )
        if watch:
            watch(before, state)


def in_flight(walker, gait):
    """A walker without muscles or joint stops high above the ground, its legs swinging."""
    walker.plant.muscle[MAX_FORCE] = 0.0
    walker.plant.stops[:, 0], walker.plant.stops[:, 1] = -10.0, 10.0
    state = walker.start(gait)
    state[Q + 1] += 3.0
    return state


def body_energy(walker, state):
    """Kinetic plus potential energy of the walker and the masses it wears, J."""
    body = walker.body
    body.data.qpos[:], body.data.qvel[:] = state[Q : Q + N_DOF], state[V : V + N_DOF]
    mujoco.mj_forward(body.model, body.data)
    inertia = np.zeros((N_DOF, N_DOF))
    mujoco.mj_fullM(body.model, body.data, inertia)
    mass, v = sum(b.mass for b in walker.model.bodies), state[V : V + N_DOF]
    return 0.5 * v @ inertia @ v + mass * GRAVITY_M_S2 * body.data.subtree_com[1][2]


def rotor_energy(state, inertia_kg_m2):
    """Kinetic energy of both rotors, J."""
    return 0.5 * inertia_kg_m2 * sum(state[V + hip] ** 2 for hip in HIPS)


@pytest.mark.parametrize(
    ("delay_s", "timestep_s", "steps"),
    [(0.0, 0.001, 0), (0.01, 0.001, 10), (0.01, 0.002, 5), (0.0131, 0.002, 7), (0.04, 0.0005, 80)],
)
def test_command_arrives_after_exactly_the_delay(
    make_walker, gait, exo, delay_s, timestep_s, steps
):
    walker = make_walker(
        timestep_s=timestep_s, exo=exo | {"delay_s": delay_s, "lag_s": 0.0, "slew_Nm_s": 1e9}
    )
    arrays = walker.exo_arrays(ZeroTorque())._replace(mode=EXTERNAL_COMMAND)
    state, torques = walker.start(gait), []
    # a step that no control tick begins with
    step(walker, gait, arrays, state, 3)
    state[EXO_COMMAND], state[EXO_COMMAND + 1] = 5.0, -3.0
    step(
        walker, gait, arrays, state, steps + 2,
        lambda _, after: torques.append(after[EXO_TORQUE : EXO_TORQUE + 2].copy()),
    )  # fmt: skip
    assert not np.any(torques[:steps])
    assert np.array_equal(torques[steps:], [[5.0, -3.0]] * 2)


def test_a_copied_state_goes_on_exactly_with_commands_on_their_way(make_walker, gait, exo):
    walker, law = make_walker(exo=exo | {"delay_s": 0.025}), Dofc(8.0, 0.1, 0.03)
    whole = walker.rollout(gait, 2.0, law)
    # 1.003 s is inside a control tick and inside the delay
    first = walker.rollout(gait, 1.003, law)
    assert first.state[-2 * walker.delay_steps :].any()
    rest = walker.copy().rollout(gait, 0.997, law, state=first.state)
    assert np.array_equal(rest.state, whole.state)


def test_zero_torque_without_friction_and_inertia_is_off_bit_for_bit(make_walker, gait, exo):
    walker = make_walker(exo=exo | {"friction_Nm": 0.0, "inertia_kg_m2": 0.0})
    off, powered = (walker.rollout(gait, 2.0, law).state for law in (NoExo(), ZeroTorque()))
    assert np.array_equal(off, powered)


def test_zero_torque_is_felt_and_off_is_not(make_walker, gait, exo):
    walker = make_walker(exo=exo)
    off, powered = (
        walker.rollout(gait, 2.0, law, store_every_s=0.01) for law in (NoExo(), ZeroTorque())
    )
    for column in ("exo.hip_r.torque", "exo.hip_l.torque"):
        assert not off.trajectory[column].any() and not powered.trajectory[column].any()
    assert not off.trajectory["exo.hip_r.friction"].any()
    assert 0.35 < np.abs(powered.trajectory["exo.hip_r.friction"]).max() <= 0.4
    assert off.measures.distance_m != powered.measures.distance_m
    assert powered.measures.exo_work_J == 0.0


@pytest.mark.parametrize("timestep", [0.001, 0.002])
def test_friction_never_drives_the_hip(make_walker, gait, exo, timestep):
    walk = make_walker(exo=exo, timestep_s=timestep).rollout(
        gait, 4.0, Dofc(8.0, 0.1, 0.03), store_every_s=timestep
    )
    assert not walk.measures.fell
    for side in "rl":
        velocity = walk.trajectory[f"hip_flexion_{side}_u"]
        friction = walk.trajectory[f"exo.hip_{side}.friction"]
        np.testing.assert_allclose(friction, -0.4 * np.tanh(velocity / 0.3), atol=1e-12)
        assert (friction * velocity <= 0.0).all() and (friction * velocity).min() < -1.0


def test_stiff_friction_stops_the_hip_quietly(make_walker, gait, exo):
    # 5 Nm already at 0.01 rad/s: 500 Nm s/rad, one second per step against 0.25 kg m2
    exo |= {"friction_Nm": 5.0, "friction_velocity_rad_s": 0.01, "inertia_kg_m2": 0.0}
    walker = make_walker(exo=exo, timestep_s=0.002)
    state, speeds = in_flight(walker, gait), []
    step(
        walker, gait, walker.exo_arrays(ZeroTorque()), state, 250,
        lambda _, after: speeds.append(after[[V + hip for hip in HIPS]].copy()),
    )  # fmt: skip
    turns = np.sign(np.array(speeds)[100:])
    assert np.abs(speeds).max() < 10.0
    assert (np.diff(turns, axis=0) != 0).sum() <= 8, "the hip does not chatter"


def test_rotor_inertia_raises_the_hips_own_inertia_by_exactly_its_value(make_walker, gait, exo):
    walker = make_walker(exo=exo | {"friction_Nm": 0.0, "inertia_kg_m2": 0.25})
    state = walker.start(gait)
    walker.work.matrix[:] = 0.0
    kernel._exo_torques(
        walker.plant, walker.exo_arrays(ZeroTorque()), state,
        np.zeros(1, np.float32), np.zeros((1, 6)), walker.work,
    )  # fmt: skip
    expected = np.zeros((N_DOF, N_DOF))
    expected[3, 3] = expected[6, 6] = 0.25
    assert np.array_equal(walker.work.matrix, expected)


def test_rotor_inertia_is_the_armature_of_mujoco(make_walker, gait, exo):
    exo |= {"friction_Nm": 0.0, "inertia_kg_m2": 0.1}
    ours, theirs = make_walker(exo=exo), make_walker(exo=exo)
    theirs.body.model.dof_armature[list(HIPS)] = 0.1
    own = ours.rollout(gait, 1.0, ZeroTorque())
    reference = theirs.rollout(gait, 1.0, NoExo())
    bare = ours.rollout(gait, 1.0, NoExo())
    np.testing.assert_allclose(own.state[: V + N_DOF], reference.state[: V + N_DOF], atol=1e-6)
    assert np.abs(own.state[: V + N_DOF] - bare.state[: V + N_DOF]).max() > 1e-3


def test_rotor_stores_energy_and_friction_takes_it(make_walker, gait, exo):
    exo |= {"friction_Nm": 2.0, "inertia_kg_m2": 0.2}
    missing = []
    for timestep in (0.0002, 0.0001):
        walker = make_walker(exo=exo, timestep_s=timestep)
        state, lost = in_flight(walker, gait), [0.0]

        def take(before, after, lost=lost, timestep=timestep):
            velocity = 0.5 * (before + after)[[V + hip for hip in HIPS]]
            lost[0] -= after[EXO_FRICTION : EXO_FRICTION + 2] @ velocity * timestep

        body, rotors = body_energy(walker, state), rotor_energy(state, 0.2)
        step(walker, gait, walker.exo_arrays(ZeroTorque()), state, round(0.2 / timestep), take)
        stored = rotor_energy(state, 0.2) - rotors
        assert abs(stored) > 0.2 and lost[0] > 1.0
        missing.append(body_energy(walker, state) - body + stored + lost[0])
    # What the first-order integration loses halves with the step.
    assert abs(missing[1]) < 0.1
    assert missing[0] / missing[1] == pytest.approx(2.0, rel=0.1)


def test_batch_commanded_to_zero_is_the_zero_torque_walk(make_walker, gait, exo):
    walker = make_walker(timestep_s=0.002, exo=exo)
    batch = walker.batch(gait, 2)
    batch.states[:] = batch.walk(150)[0][[100, 150]]
    walks = [walker.rollout(gait, 0.5, ZeroTorque(), state=state) for state in batch.states]
    for _ in range(50):
        batch.step(np.zeros((2, 2)))
    for state, walk in zip(batch.states, walks, strict=True):
        assert np.array_equal(state[: V + N_DOF], walk.state[: V + N_DOF])


FELT = {f"S11111.{name}.KT": 0.0 for name in (
    "iliopsoas-flexion_torque", "rect_fem-flexion_torque", "glut_max-extension_torque",
    "hamstrings-extension_torque",
)}  # fmt: skip


def test_who_wears_nothing_walks_the_same_with_reflexes_that_feel_torque(make_walker, gait):
    feeling = gait | dict.fromkeys(FELT, -0.02)
    walks = [
        make_walker(reflexes=reflexes).rollout(feeling, 2.0).state[Q : Q + N_DOF]
        for reflexes in ("h0918_rs3", "h0918_rs3+exo_hip")
    ]
    assert np.array_equal(*walks)


def test_torque_that_does_not_reach_the_leg_is_felt_and_does_no_work(make_walker, gait, exo):
    law = Dofc(6.0, 0.15, 0.03)

    def walk(law, gains, **changes):
        walker = make_walker(reflexes="h0918_rs3+exo_hip", exo=exo | changes)
        return walker.rollout(gait | FELT | gains, 3.0, law, store_every_s=0.01)

    still = walk(ZeroTorque(), {})
    phantom = walk(law, {}, transmission=0.0)
    # Nobody answers it: the walk is that at zero torque, though the motor turns out torque.
    assert np.array_equal(still.state[Q : Q + N_DOF], phantom.state[Q : Q + N_DOF])
    assert np.abs(phantom.trajectory["exo.hip_r.torque"]).max() > 1.0
    assert phantom.measures.exo_work_J == 0.0
    answered = walk(law, {"S11111.iliopsoas-flexion_torque.KT": -0.02}, transmission=0.0)
    first = "iliopsoas_r.excitation"
    assert answered.trajectory[first].sum() < phantom.trajectory[first].sum()
    helped = walk(law, {})
    assert helped.measures.exo_positive_work_J > 1.0
