"""Every task keeps the promises of an environment, on real walkers."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from exoflow.errors import SimulationError
from exoflow.gait.environment import AssistedGait, AssistedGaitEnv, EnvironmentSettings
from exoflow.gait.tasks.observation import FEATURE_NAMES, N_ACTOR
from exoflow.gait.tasks.reward import Barati, CostOfTransport
from exoflow.simulation import Walker
from exoflow.simulation.layout import TILT, V

START = Path(__file__).parents[2] / "data" / "reflexes" / "start_level.csv"
MODEL = {
    "id": "h0918v3",
    "activation": "opensim",
    "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.60,
}
EXO = {
    "torque_limit_Nm": 8.0,
    "slew_Nm_s": 160.0,
    "lag_s": 0.005,
    "control_rate_Hz": 100,
    "mass_pelvis_kg": 2.0,
    "mass_thigh_kg": 0.45,
}
SETTINGS = EnvironmentSettings(pool_moments=16, episode_s=0.5)
TASKS = [CostOfTransport(), Barati()]
N_WALKERS = 3


@pytest.fixture(scope="module")
def parameters() -> dict[str, float]:
    with START.open(newline="") as stream:
        return {row["parameter"]: float(row["value"]) for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def walker() -> Walker:
    return Walker.create(MODEL, reflexes="h0918_rs3", timestep_s=0.002, exo=EXO)


@pytest.fixture(params=TASKS, ids=lambda task: type(task).__name__)
def gait(request, walker, parameters) -> AssistedGait:
    return AssistedGait(walker.batch(parameters, N_WALKERS), SETTINGS, request.param, seed=1)


def _walk(gait: AssistedGait, ticks: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    observations = [gait.reset()]
    for _ in range(ticks):
        observations.append(gait.step(rng.uniform(-0.3, 0.3, (gait.n_walkers, 2)))[0])
    return observations


def test_observations_match_their_space_and_are_finite(gait):
    space = gait.observation_space
    for observation in _walk(gait, 30):
        assert observation.shape == (N_WALKERS, *space.shape)
        assert observation.dtype == space.dtype
        assert np.isfinite(observation).all()


def test_same_seed_gives_same_walk(gait, walker, parameters):
    other = AssistedGait(walker.batch(parameters, N_WALKERS), SETTINGS, gait.reward, seed=1)
    for mine, theirs in zip(_walk(gait, 30), _walk(other, 30), strict=True):
        assert mine.tobytes() == theirs.tobytes()


def test_walk_goes_on_from_a_saved_state(gait):
    _walk(gait, 5)
    state = gait.state()
    action = np.full((N_WALKERS, 2), 0.2)
    first = [gait.step(action) for _ in range(10)]
    gait.restore(state)
    again = [gait.step(action) for _ in range(10)]
    for one, other in zip(first, again, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.tobytes() == b.tobytes()


def test_observations_share_no_memory_with_the_environment(gait):
    observation = gait.reset()
    kept = observation.copy()
    for _ in range(3):
        gait.step(np.full((N_WALKERS, 2), 0.5))
    np.testing.assert_array_equal(observation, kept)
    observation[:] = np.nan
    assert np.isfinite(gait.observe()).all()


def test_no_element_is_constant(gait):
    walk = np.array(_walk(gait, 60))
    constant = np.flatnonzero(np.ptp(walk[10:, 0], axis=0) == 0)
    # Gait states and joint limits may rest for half a second; what the controller sees may not.
    assert not (constant < N_ACTOR).any()
    assert len(constant) < 0.2 * walk.shape[2]


def test_every_name_exists(gait):
    for name in FEATURE_NAMES:
        assert name in gait.batch.measure_names
    with pytest.raises(KeyError):
        gait.measure("no_such_measure")


def test_first_observation_is_nine_empty_ticks_and_a_sample(gait):
    ticks = gait.reset()[:, :N_ACTOR].reshape(N_WALKERS, 10, len(FEATURE_NAMES))
    assert not ticks[:, :9].any()
    assert ticks[:, 9, :4].all()


def test_noise_is_added_once_per_sample(gait):
    before = gait.reset()[:, :N_ACTOR].reshape(N_WALKERS, 10, -1)
    after = gait.step(np.zeros((N_WALKERS, 2)))[0][:, :N_ACTOR].reshape(N_WALKERS, 10, -1)
    np.testing.assert_array_equal(after[:, :9], before[:, 1:])


def test_episode_ends_by_time_while_walking(gait):
    gait.reset()
    for tick in range(1, 51):
        _, _, terminated, truncated = gait.step(np.zeros((N_WALKERS, 2)))
        assert not terminated.any()
        assert truncated.all() == (tick == 50)


def test_zero_torque_walks_at_the_reference_cost(walker, parameters):
    gait = AssistedGait(walker.batch(parameters, 8), EnvironmentSettings(pool_moments=64), seed=2)
    gait.reset()
    power, speed, rewards = [], [], []
    for _ in range(500):
        rewards.append(gait.step(np.zeros((8, 2)))[1])
        power.append(gait.measure("metabolic_power_W").copy())
        speed.append(gait.measure("speed_m_s").copy())
    reference = gait.batch.reference
    assert np.mean(power) == pytest.approx(reference["metabolic_power_W"], rel=0.03)
    assert np.mean(speed) == pytest.approx(reference["speed_m_s"], rel=0.02)
    # Speed swings within a stride, which the reward dislikes a little; nothing is saved or lost.
    assert -0.1 < np.mean(rewards[100:]) < 0.02


def test_a_fall_ends_the_episode_with_its_penalty(walker, parameters):
    gait = AssistedGait(walker.batch(parameters, 2), EnvironmentSettings(pool_moments=16), seed=2)
    gait.reset()
    # Thrown forwards; the exo's torque alone does not topple the shipped gait.
    gait.batch.states[:, V + TILT] = -6.0
    for _ in range(900):
        _, reward, terminated, truncated = gait.step(np.ones((2, 2)))
        if terminated.any():
            break
    assert terminated.any()
    assert not (terminated & truncated).any()
    assert (reward[terminated] < -25).all()


def test_state_that_is_not_finite_stops_with_walker_and_time(gait):
    gait.reset()
    gait.step(np.zeros((N_WALKERS, 2)))
    gait.batch.states[1] = np.nan
    with pytest.raises(SimulationError, match=r"of walker 1 is not finite 0\.02 s after"):
        gait.step(np.zeros((N_WALKERS, 2)))


def test_gymnasium_checker_passes(walker, parameters):
    environment = AssistedGaitEnv(walker.batch(parameters, 1), SETTINGS)
    with warnings.catch_warnings():
        # The checker wishes for finite bounds; angles and rates have none.
        warnings.simplefilter("ignore")
        check_env(environment, skip_render_check=True)
