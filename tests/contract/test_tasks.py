"""Every registered task keeps the promises of an environment, on real walkers."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.vec_env import VecCheckNan, VecMonitor

from exoflow.config.policy import PolicyReward, PolicySettings
from exoflow.gait.environment import AssistedGait, AssistedGaitEnv, EnvironmentSettings
from exoflow.gait.tasks.registry import TASKS, task
from exoflow.learning.vec_env import AssistedGaitVecEnv
from exoflow.simulation.layout import TILT, V

SETTINGS = EnvironmentSettings(pool_moments=16, episode_s=0.5)
EPISODE_TICKS = 50
N_WALKERS = 3


@pytest.fixture(params=sorted(TASKS))
def name(request) -> str:
    return request.param


@pytest.fixture
def make(walker, parameters, name):
    """Settings, seed and number of walkers to an environment of the task."""

    def new(settings=SETTINGS, seed=1, n_walkers=N_WALKERS) -> AssistedGait:
        return AssistedGait(walker.batch(parameters, n_walkers), settings, task(name), seed)

    return new


def _walk(gait: AssistedGait, ticks: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Observations, shape (ticks + 1, n_walkers, n), and rewards of random actions."""
    rng = np.random.default_rng(seed)
    observations, rewards = [gait.reset()], []
    for _ in range(ticks):
        step = gait.step(rng.uniform(-0.3, 0.3, (gait.n_walkers, 2)))
        observations.append(step[0])
        rewards.append(step[1])
    return np.array(observations), np.array(rewards)


def _throw_forwards(gait: AssistedGait, row: int) -> None:
    # The exo's torque alone does not topple the shipped gait.
    gait.batch.states[row, V + TILT] = -6.0


def test_observations_match_their_space_and_are_finite(make):
    gait = make()
    observations, rewards = _walk(gait, 30)
    assert observations.shape[1:] == (N_WALKERS, *gait.observation_space.shape)
    assert observations.dtype == gait.observation_space.dtype
    assert np.isfinite(observations).all()
    assert rewards.shape == (30, N_WALKERS)
    assert np.isfinite(rewards).all()


def test_same_seed_gives_same_walk_and_rewards_to_the_bit(make):
    for one, other in zip(_walk(make(), 30), _walk(make(), 30), strict=True):
        assert one.tobytes() == other.tobytes()


def test_other_seed_gives_other_walk(make):
    assert not np.array_equal(_walk(make(seed=1), 5)[0], _walk(make(seed=2), 5)[0])


def test_walk_goes_on_from_a_saved_state_to_the_bit(make):
    gait, other = make(), make()
    _walk(gait, 5)
    _walk(other, 9, seed=4)
    state = gait.state()
    action = np.full((N_WALKERS, 2), 0.2)
    first = [gait.step(action) for _ in range(10)]
    for again in (gait, other):
        again.restore(state)
        for one in first:
            for a, b in zip(one, again.step(action), strict=True):
                assert a.tobytes() == b.tobytes()


def test_returned_arrays_share_no_memory_with_the_environment(make):
    for privileged in (True, False):
        gait = make(dataclasses.replace(SETTINGS, privileged=privileged))
        returned = [gait.reset(), *gait.step(np.full((N_WALKERS, 2), 0.5))]
        kept = [array.copy() for array in returned]
        gait.step(np.full((N_WALKERS, 2), -0.5))
        for array, copy in zip(returned, kept, strict=True):
            np.testing.assert_array_equal(array, copy)
        state = gait.state()
        for array in returned:
            array[:] = 7
        assert (gait.observe() != 7).any(axis=1).all()
        for key, value in gait.state().items():
            assert np.array_equal(value, state[key]), key


def test_no_element_is_constant(make):
    gait = make()
    walk, _ = _walk(gait, 60)
    constant = np.flatnonzero(np.ptp(walk[10:], axis=(0, 1)) == 0)
    names = [gait.observation_elements[i][0] for i in constant]
    # A foot in the middle of its swing may rest in its gait state; nothing else may.
    assert all(one.startswith("gait_state") for one in names), names


def test_every_element_has_a_name_of_its_own_and_a_unit(make):
    for privileged in (True, False):
        gait = make(dataclasses.replace(SETTINGS, privileged=privileged))
        elements = gait.observation_elements
        assert len(elements) == gait.observation_space.shape[0]
        assert len({one for one, _ in elements}) == len(elements)
        assert all(one and unit for one, unit in elements)
        for feature in gait.task.observation.names:
            assert feature in gait.batch.measure_names


def test_named_elements_are_what_their_names_say(make):
    gait = make()
    _walk(gait, 20)
    seen = dict(zip([one for one, _ in gait.observation_elements], gait.observe().T, strict=True))
    state = gait.batch.states
    np.testing.assert_allclose(seen["position_pelvis_tilt"], state[:, TILT], rtol=1e-6)
    np.testing.assert_allclose(seen["velocity_pelvis_tilt"], 0.2 * state[:, V + TILT], rtol=1e-6)
    np.testing.assert_allclose(seen["torque_r"], gait.measure("torque_r"), rtol=1e-6)
    np.testing.assert_allclose(seen["exo_torque_l"], gait.measure("torque_l") / 8.0, rtol=1e-6)
    np.testing.assert_allclose(seen["last_action_torque_l"], gait.action[:, 1], rtol=1e-6)


def test_reward_is_the_sum_of_its_terms(make):
    gait = make()
    gait.reset()
    _throw_forwards(gait, 1)
    names = {term.name for term in gait.task.reward}
    assert len(names) == len(gait.task.reward)
    for _ in range(60):
        _, reward, *_ = gait.step(np.full((N_WALKERS, 2), 0.1))
        assert set(gait.reward_terms) == names
        np.testing.assert_allclose(reward, sum(gait.reward_terms.values()), rtol=0, atol=1e-12)


def test_the_end_of_time_is_no_fall(make):
    gait = make()
    gait.reset()
    for tick in range(1, EPISODE_TICKS + 1):
        _, _, terminated, truncated = gait.step(np.zeros((N_WALKERS, 2)))
        assert not terminated.any()
        assert truncated.all() == (tick == EPISODE_TICKS)


def test_a_fall_ends_the_episode_and_costs(make):
    gait = make(EnvironmentSettings(pool_moments=16))
    gait.reset()
    _throw_forwards(gait, 1)
    for _ in range(300):
        _, reward, terminated, truncated = gait.step(np.zeros((N_WALKERS, 2)))
        if terminated.any():
            break
    assert terminated.tolist() == [False, True, False]
    assert not truncated.any()
    assert reward[1] < reward[[0, 2]].min() - 5.0


def test_reset_of_a_row_changes_no_other(make):
    gait = make()
    _walk(gait, 12)
    before, state = gait.observe(), gait.state()
    first = gait.reset(np.array([1]))
    after = gait.observe()
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    np.testing.assert_array_equal(after[1], first[0])
    assert not np.array_equal(after[1], before[1])
    for key in ("walkers", "history", *gait._ARRAYS):
        np.testing.assert_array_equal(gait.state()[key][[0, 2]], state[key][[0, 2]])


def test_gymnasium_checker_passes(walker, parameters, name):
    environment = AssistedGaitEnv(walker.batch(parameters, 1), SETTINGS, task(name))
    with warnings.catch_warnings():
        # The checker wishes for finite bounds; angles and rates have none.
        warnings.simplefilter("ignore")
        check_env(environment, skip_render_check=True)


def test_stable_baselines_gets_what_it_must_at_the_end_of_an_episode(make):
    gait = make()
    environment = VecMonitor(VecCheckNan(AssistedGaitVecEnv(gait), raise_exception=True))
    environment.reset()
    _throw_forwards(gait, 1)
    ends = []
    for _ in range(2 * EPISODE_TICKS + 2):
        observation, reward, done, infos = environment.step(np.zeros((N_WALKERS, 2), np.float32))
        assert reward.dtype == np.float32
        for row, info in enumerate(infos):
            keys = {"terminal_observation", "TimeLimit.truncated"} & set(info)
            assert len(keys) == (2 if done[row] else 0)
            if done[row]:
                assert info["terminal_observation"].shape == observation[row].shape
                assert not np.array_equal(info["terminal_observation"], observation[row])
                assert info["TimeLimit.truncated"] == (info["episode"]["l"] == EPISODE_TICKS)
                ends.append((row, info["TimeLimit.truncated"]))
    assert {(0, True), (1, False)} <= set(ends)


def test_the_registry_knows_what_the_settings_offer():
    fields = {field.name: field.metadata["setting"] for field in dataclasses.fields(PolicyReward)}
    assert set(TASKS) == set(fields["task"].choices)
    for name in TASKS:
        made = task(name, PolicySettings(angle_noise_rad=0.3, history_spacing_ticks=2))
        assert made.name == name
        assert made.description.endswith(".")
        assert made.randomization.noise_std(made.observation)[0] == 0.3
        assert made.observation.spacing_ticks == 2
