"""First principles the engine must obey."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from exoflow.control.network import no_network
from exoflow.simulation import Dofc, NoExo, Walker, kernel, mechanics
from exoflow.simulation.layout import COM, MAX_FORCE, N_DOF, Q, V
from exoflow.simulation.model_data import VERSIONS
from exoflow.units import GRAVITY_M_S2


def run_steps(walker, gait, state, n):
    """Advance `state` by n physics steps and return the centre of mass after each."""
    exo = walker.exo_arrays(NoExo())
    reflexes = walker.table.arrays(gait, walker.timestep_s)
    memory, noise = np.zeros(no_network().n_memory, np.float32), np.zeros((1, 6))
    path = np.empty((n, 2))
    for k in range(n):
        kernel.physics_step(
            walker.plant, reflexes, exo, walker.n_ring, state, memory, noise, walker.work
        )
        path[k] = state[COM : COM + 2]
    return path


def energy(walker, state):
    """Kinetic plus potential energy, J, from MuJoCo's mass matrix."""
    import mujoco

    body = walker.body
    body.data.qpos[:], body.data.qvel[:] = state[Q : Q + N_DOF], state[V : V + N_DOF]
    mujoco.mj_forward(body.model, body.data)
    inertia = np.zeros((N_DOF, N_DOF))
    mujoco.mj_fullM(body.model, body.data, inertia)
    height = body.data.subtree_com[1][2]
    mass = sum(b.mass for b in walker.model.bodies)
    v = state[V : V + N_DOF]
    return 0.5 * v @ inertia @ v + mass * GRAVITY_M_S2 * height


def elastic_energy(walker, state):
    """Energy stored in heels, toes and joint stops, J."""
    mechanics.place_bodies(walker.plant, state[Q : Q + N_DOF].copy(), walker.work)
    work, stored = walker.work, 0.0
    for foot in (3, 6):
        for x, y, radius, stiffness, *_ in walker.plant.spheres:
            height = work.place[foot, 1] + work.sine[foot] * x + work.cosine[foot] * y
            # Force k d^1.5 integrates to 2/5 k d^2.5.
            stored += 0.4 * stiffness * max(0.0, radius - height) ** 2.5
    for angle, (low, high, stiffness, _) in zip(
        state[Q + 3 : Q + N_DOF], walker.plant.stops, strict=True
    ):
        stored += 0.5 * stiffness * max(0.0, angle - high, low - angle) ** 2
    return stored


def momentum(walker, state):
    """Linear momentum (forward, up; kg m/s) and spin about the centre of mass (kg m2/s)."""
    import mujoco

    body = walker.body
    body.data.qpos[:], body.data.qvel[:] = state[Q : Q + N_DOF], state[V : V + N_DOF]
    mujoco.mj_forward(body.model, body.data)
    mujoco.mj_subtreeVel(body.model, body.data)
    linear = sum(b.mass for b in walker.model.bodies) * body.data.subtree_linvel[1]
    # MuJoCo's y axis points to the left of the walk.
    return np.array([linear[0], linear[2], -body.data.subtree_angmom[1][1]])


@pytest.mark.parametrize("muscles", [False, True])
def test_momentum_is_kept_in_flight_without_gravity(make_walker, gait, muscles):
    change = []
    for timestep in (0.001, 0.0001):
        walker = make_walker(timestep_s=timestep)
        walker.body.model.opt.gravity[:] = 0.0
        if not muscles:
            walker.plant.muscle[MAX_FORCE] = 0.0
        state = walker.start(gait)
        state[Q + 1] += 2.0
        before, speed = momentum(walker, state), state[V : V + N_DOF].copy()
        run_steps(walker, gait, state, round(0.2 / timestep))
        assert np.abs(state[V : V + N_DOF] - speed).max() > 1.0, "the legs do swing"
        change.append(np.linalg.norm(momentum(walker, state) - before))
    # The start has 87 kg m/s forwards; what the integration loses goes with the step.
    assert change[1] < 5e-5 * np.linalg.norm(before)
    assert change[0] / change[1] == pytest.approx(10.0, rel=0.2)


def test_passive_fall_turns_height_into_speed_and_springs(make_walker, gait):
    walker = make_walker(timestep_s=0.0001)
    walker.plant.muscle[MAX_FORCE] = 0.0
    walker.plant.stops[:, 3] = 0.0  # damping
    walker.plant.spheres[:, 4:7] = 0.0  # damping, friction, viscosity
    state = walker.start(gait)
    before, height = energy(walker, state) + elastic_energy(walker, state), state[COM + 1]
    run_steps(walker, gait, state, 5000)
    turned_over = walker.model.body_mass * GRAVITY_M_S2 * (height - state[COM + 1])
    assert turned_over > 500.0
    assert elastic_energy(walker, state) > 50.0
    after = energy(walker, state) + elastic_energy(walker, state)
    assert abs(after - before) < 5e-4 * turned_over


def test_muscles_cannot_move_the_center_of_mass_in_flight(make_walker, gait):
    walker = make_walker()
    state = walker.start(gait)
    state[Q + 1] += 2.0
    path = run_steps(walker, gait, state, 200)
    velocity = np.diff(path, axis=0) / walker.timestep_s
    assert np.ptp(velocity[:, 0]) < 2e-3
    fall = (velocity[-1, 1] - velocity[0, 1]) / (len(velocity) - 1) / walker.timestep_s
    assert fall == pytest.approx(-GRAVITY_M_S2, rel=2e-3)


def test_passive_flight_conserves_energy(make_walker, gait):
    walker = make_walker(timestep_s=0.0001)
    walker.plant.muscle[MAX_FORCE] = 0.0
    # Joint stops are springs with damping; out of the way they do no work.
    walker.plant.stops[:, 0], walker.plant.stops[:, 1] = -10.0, 10.0
    state = walker.start(gait)
    state[Q + 1] += 3.0
    before = energy(walker, state)
    run_steps(walker, gait, state, 2000)
    assert energy(walker, state) == pytest.approx(before, rel=1e-3)


def test_moment_arms_are_finite_differences_of_length(make_walker):
    walker = make_walker()
    rng = np.random.default_rng(3)
    for _ in range(5):
        q = rng.uniform(-0.6, 0.6, N_DOF)
        mechanics.place_bodies(walker.plant, q, walker.work)
        mechanics.muscle_paths(walker.plant, walker.work)
        arms = walker.work.arm.copy()
        for leg in range(2):
            for j in range(3):
                lengths = []
                for change in (1e-6, -1e-6):
                    moved = q.copy()
                    moved[3 + 3 * leg + j] += change
                    mechanics.place_bodies(walker.plant, moved, walker.work)
                    mechanics.muscle_paths(walker.plant, walker.work)
                    lengths.append(walker.work.mtu_length.copy())
                slope = (lengths[0] - lengths[1]) / 2e-6
                own = slice(9 * leg, 9 * leg + 9)
                np.testing.assert_allclose(arms[own, j], -slope[own], atol=1e-8)


def test_muscle_power_is_joint_power(make_walker, gait):
    walker = make_walker(timestep_s=0.0001)
    walk = walker.rollout(gait, 1.0, store_every_s=0.0001)
    t = walk.trajectory
    # tendon force x shortening speed of the muscle-tendon unit against moment x joint speed
    k = slice(2000, 8000)
    unit_power = np.zeros(len(t.values))
    for column in [c for c in t.columns if c.endswith(".mtu_length")]:
        muscle = column.removesuffix(".mtu_length")
        unit_power -= t[f"{muscle}.mtu_force"] * np.gradient(t[column], t["time"])
    joints = [c.removesuffix(".muscle_moment") for c in t.columns if c.endswith(".muscle_moment")]
    joint_power = sum(t[f"{j}.muscle_moment"] * t[f"{j}_u"] for j in joints)
    error = np.abs(unit_power - joint_power)[k]
    assert error.mean() < 0.002 * np.abs(joint_power[k]).mean()


def test_mirrored_start_gives_the_mirrored_walk(make_walker, gait):
    walker = make_walker()
    right = walker.start(gait)
    left = right.copy()
    for begin in (Q, V):
        left[begin + 3 : begin + 6], left[begin + 6 : begin + 9] = (
            right[begin + 6 : begin + 9],
            right[begin + 3 : begin + 6],
        )
    start = np.zeros_like(left)
    kernel.start_state(
        walker.plant,
        left[Q : Q + N_DOF].copy(),
        left[V : V + N_DOF].copy(),
        1.0,
        walker.n_ring,
        start,
        walker.work,
    )
    a, b = walker.rollout(gait, 0.5, state=right), walker.rollout(gait, 0.5, state=start)
    np.testing.assert_allclose(a.state[Q + 3 : Q + 6], b.state[Q + 6 : Q + 9], atol=1e-6)
    np.testing.assert_allclose(a.state[Q : Q + 3], b.state[Q : Q + 3], atol=1e-6)


def test_massless_exo_without_torque_is_no_exo_bit_for_bit(make_walker, gait, exo):
    bare = make_walker().rollout(gait, 2.0)
    exo |= {"mass_pelvis_kg": 0.0, "mass_thigh_kg": 0.0}
    worn = make_walker(exo=exo).rollout(gait, 2.0, NoExo())
    # The worn one carries the commands on their way behind what both have.
    assert np.array_equal(bare.state, worn.state[: len(bare.state)])
    assert not worn.state[len(bare.state) :].any()


def test_exo_mass_costs_energy(make_walker, gait, exo):
    bare = make_walker().rollout(gait, 3.0).measures
    worn = make_walker(exo=exo).rollout(gait, 3.0).measures
    assert worn.distance_m != bare.distance_m
    assert not worn.fell


def test_torque_respects_limit_and_slew(make_walker, gait, exo):
    walker = make_walker(exo=exo)
    walk = walker.rollout(
        gait, 4.0, Dofc(gain_Nm=40.0, delay_s=0.1, filter_tau_s=0.0), store_every_s=0.001
    )
    torque = walk.trajectory["exo.hip_r.torque"]
    assert np.abs(torque).max() <= exo["torque_limit_Nm"] + 1e-9
    assert np.abs(torque).max() > 0.9 * exo["torque_limit_Nm"]
    assert np.abs(np.diff(torque)).max() <= exo["slew_Nm_s"] * 0.001 + 1e-9


def test_exo_work_is_the_integral_of_its_power(make_walker, gait, exo):
    walk = make_walker(exo=exo).rollout(gait, 3.0, Dofc(8.0, 0.1, 0.03), store_every_s=0.001)
    t = walk.trajectory
    power = sum(t[f"exo.hip_{s}.torque"] * t[f"hip_flexion_{s}_u"] for s in "rl")
    assert power.sum() * 0.001 == pytest.approx(walk.measures.exo_work_J, rel=1e-3)


def test_impaired_muscles_stay_below_their_ceiling(make_walker, gait):
    weak = {"side": "left", "muscles": ["soleus"], "excitation_ceiling": 0.2}
    walk = make_walker(impairment=weak).rollout(gait, 1.0, store_every_s=0.005)
    assert walk.trajectory["soleus_l.excitation"].max() <= 0.2
    assert walk.trajectory["soleus_r.excitation"].max() > 0.2


def test_non_finite_state_ends_the_walk_and_says_so(make_walker, gait):
    walker = make_walker()
    state = walker.start(gait)
    state[V] = np.nan
    measures = walker.rollout(gait, 1.0, state=state).measures
    assert measures.fell and not measures.finite
    assert measures.reached_s < 0.01


def test_shipped_gait_walks_ten_seconds(make_walker, gait):
    measures = make_walker().rollout(gait, 10.0).measures
    assert not measures.fell
    assert 1.1 < measures.speed_m_s < 1.5


@pytest.mark.parametrize("version", VERSIONS)
def test_every_model_version_moves_with_finite_state(gait, model, version):
    own = {key: value for key, value in model.items() if not key.startswith("contact")}
    walker = Walker.create({**own, "id": version}, reflexes="h0918_rs3", timestep_s=0.001)
    walk = walker.rollout(gait, 0.5, store_every_s=0.01)
    assert walk.measures.finite and walk.measures.reached_s == 0.5
    assert np.isfinite(walk.trajectory.values).all()
    assert np.isfinite(walk.state).all()
    support = walk.trajectory["leg_r.grf_y"] + walk.trajectory["leg_l.grf_y"]
    assert support.mean() > 0.5 * walker.model.body_mass * GRAVITY_M_S2


def test_walk_is_bit_identical_beside_others_in_threads(make_walker, gait):
    walker = make_walker()
    alone = walker.rollout(gait, 1.0).state
    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(lambda w: w.rollout(gait, 1.0).state, [walker, walker.copy()]))
    assert np.array_equal(alone, beside[0])
    assert np.array_equal(alone, beside[1])


def test_walk_is_bit_identical_in_another_process(make_walker, gait, tmp_path):
    here = make_walker().rollout(gait, 1.0).state
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "import numpy as np\n"
        "from conftest import MODEL\n"
        "from exoflow.simulation import Walker\n"
        "from exoflow.simulation.model_data import DATA\n"
        "from exoflow.simulation.walker import load_start_values\n"
        "walker = Walker.create(MODEL, reflexes='h0918_rs3', timestep_s=0.001)\n"
        "gait = load_start_values(DATA / 'reflexes' / 'start_level.csv')\n"
        "np.save(sys.argv[1], walker.rollout(gait, 1.0).state)\n"
    )
    out = tmp_path / "state.npy"
    subprocess.run([sys.executable, "-c", script, str(out), str(Path(__file__).parent)], check=True)
    assert np.array_equal(np.load(out), here)


@pytest.mark.parametrize("curves", ["millard", "degroote", "thelen"])
def test_every_curve_set_walks_a_while(make_walker, gait, curves):
    own = make_walker().rollout(gait, 0.3)
    other = make_walker(curves=curves).rollout(gait, 0.3)
    assert other.measures.finite and not other.measures.fell
    assert not np.array_equal(own.state, other.state)
    # The sets fit the same muscle: three tenths of a second on, the pelvis is within 3 cm.
    assert abs(own.state[Q] - other.state[Q]) < 0.03


@pytest.mark.parametrize("metabolic", ["umberger2010", "uchida2016", "bhargava2004"])
def test_metabolic_model_changes_the_effort_and_nothing_else(make_walker, gait, metabolic):
    wang = make_walker().rollout(gait, 2.0).measures
    other = make_walker(metabolic=metabolic).rollout(gait, 2.0).measures
    assert wang.effort_J == wang.wang2012_J == other.wang2012_J
    assert other.distance_m == wang.distance_m
    assert 0.5 < other.effort_J / wang.effort_J < 1.5


def test_second_uchida_cost_is_the_chosen_one_at_its_own_specific_tension(make_walker, gait):
    walk = make_walker(metabolic="uchida2016", specific_tension_MPa=0.6).rollout(gait, 1.0)
    assert walk.measures.effort_J == pytest.approx(walk.measures.uchida2016_J, rel=1e-12)


def test_absorbed_work_lowers_the_cost_where_it_counts(make_walker, gait):
    plain = make_walker(metabolic="bhargava2004").rollout(gait, 1.0).measures
    credited = make_walker(metabolic="bhargava2004", bhargava_negative_work=True)
    assert credited.rollout(gait, 1.0).measures.effort_J < plain.effort_J


def test_slow_twitch_shares_come_from_the_table(make_walker, gait):
    uniform = make_walker().rollout(gait, 1.0).measures
    walker = make_walker(slow_twitch="falisse")
    assert walker.model.muscles[7].slow_twitch == 0.803
    shares = walker.rollout(gait, 1.0).measures
    assert shares.distance_m == uniform.distance_m
    assert shares.uchida2016_J != uniform.uchida2016_J


@pytest.mark.parametrize("timestep", [0.0005, 0.001, 0.002])
def test_foot_far_past_its_stop_comes_back_quietly(make_walker, gait, timestep):
    walker = make_walker(timestep_s=timestep)
    walker.plant.muscle[MAX_FORCE] = 0.0
    state = walker.start(gait)
    state[Q + 1] += 2.0
    # ankle half a radian past its upper stop and flying outwards
    state[Q + 5] = walker.plant.stops[2, 1] + 0.5
    state[V + 5] = 20.0
    run_steps(walker, gait, state, round(0.3 / timestep))
    assert walker.plant.stops[2, 0] - 0.2 < state[Q + 5] < walker.plant.stops[2, 1] + 0.2
    assert np.abs(state[V : V + N_DOF]).max() < 40.0
