"""The environment on real walkers, whatever the task; `test_tasks` asks every task."""

from __future__ import annotations

import numpy as np
import pytest

from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.observation import FEATURE_NAMES, N_ACTOR
from exoflow.simulation.layout import N_DOF, TILT, V

SETTINGS = EnvironmentSettings(pool_moments=16, episode_s=0.5)
N_WALKERS = 3


@pytest.fixture
def gait(walker, parameters) -> AssistedGait:
    return AssistedGait(walker.batch(parameters, N_WALKERS), SETTINGS, seed=1)


def test_unknown_measure_is_refused(gait):
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


def test_a_fall_costs_its_penalty(walker, parameters):
    gait = AssistedGait(walker.batch(parameters, 2), EnvironmentSettings(pool_moments=16), seed=2)
    gait.reset()
    # Thrown forwards; the exo's torque alone does not topple the shipped gait.
    gait.batch.states[:, V + TILT] = -6.0
    for _ in range(900):
        _, reward, terminated, _ = gait.step(np.ones((2, 2)))
        if terminated.any():
            break
    assert (reward[terminated] < -25).all()


def test_a_walker_whose_state_is_lost_has_fallen_and_is_counted_once(gait):
    gait.reset()
    gait.step(np.zeros((N_WALKERS, 2)))
    # Velocities go first; ring positions and switches, which index memory, never do.
    gait.batch.states[1, V : V + N_DOF] = np.nan
    for _ in range(2):
        observation, reward, terminated, truncated = gait.step(np.zeros((N_WALKERS, 2)))
        assert terminated.tolist() == [False, True, False]
        assert not truncated.any()
        assert np.isfinite(observation).all()
        assert np.isfinite(reward).all()
    assert reward[1] < -25
    assert gait.measure("finite").tolist() == [1.0, 0.0, 1.0]
    assert gait.runaways == 1
    gait.reset(np.array([1]))
    for _ in range(5):
        assert not gait.step(np.zeros((N_WALKERS, 2)))[2].any()
    assert gait.runaways == 1
