import numpy as np

from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.learning.vec_env import AssistedGaitVecEnv

SETTINGS = EnvironmentSettings(episode_s=0.05, pool_moments=8)


def _environment(swinging_legs, settings=SETTINGS) -> AssistedGaitVecEnv:
    return AssistedGaitVecEnv(AssistedGait(swinging_legs(2), settings))


def test_time_out_is_marked_and_hands_over_the_last_observation(swinging_legs):
    environment = _environment(swinging_legs)
    environment.reset()
    for _ in range(4):
        _, _, done, infos = environment.step(np.zeros((2, 2)))
        assert not done.any()
        assert infos == [{}, {}]
    observation, _, done, infos = environment.step(np.zeros((2, 2)))
    assert done.all()
    for row, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        # Five ticks and the one of the reset are known before, one tick after.
        known = info["terminal_observation"][:60].reshape(10, 6).any(axis=1)
        assert known.sum() == 6
        assert observation[row, :60].reshape(10, 6).any(axis=1).sum() == 1


def test_fall_is_no_time_out(swinging_legs):
    environment = _environment(swinging_legs, EnvironmentSettings(pool_moments=8))
    environment.reset()
    for _ in range(20):
        _, reward, done, infos = environment.step(np.array([[1.0, 1.0], [0.0, 0.0]]))
        if done.any():
            break
    assert done.tolist() == [True, False]
    assert infos[0]["TimeLimit.truncated"] is False
    assert reward[0] < -25


def test_tally_counts_ticks_and_episodes_once(swinging_legs):
    environment = _environment(swinging_legs)
    environment.reset()
    rewards = []
    for _ in range(10):
        rewards.append(environment.step(np.full((2, 2), 0.1))[1])
    mean_reward, mean_ticks, terms = environment.tally.take()
    np.testing.assert_allclose(mean_reward, np.mean(rewards), rtol=1e-6)
    np.testing.assert_allclose(sum(terms.values()), mean_reward, rtol=1e-6)
    assert mean_ticks == 5
    *means, terms = environment.tally.take()
    assert np.isnan(means).all() and terms == {}
