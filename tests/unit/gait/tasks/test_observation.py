import numpy as np

from exoflow.gait.tasks.observation import History, input_scale, noise_std


def test_input_scale_is_one_over_the_typical_values():
    np.testing.assert_allclose(input_scale(8.0), [1, 1, 0.2, 0.2, 0.125, 0.125])


def test_noise_is_on_angles_and_velocities_only():
    np.testing.assert_allclose(noise_std(0.05, 0.1), [0.05, 0.05, 0.1, 0.1, 0, 0])


def test_history_runs_from_oldest_to_newest():
    history, rng = History(1, np.zeros(6)), np.random.default_rng(0)
    for tick in range(1, 13):
        history.append(np.full((1, 6), float(tick)), rng)
    np.testing.assert_array_equal(history.flat[0, ::6], np.arange(3, 13))


def test_restart_empties_only_its_walkers():
    history, rng = History(2, np.zeros(6)), np.random.default_rng(0)
    for _ in range(10):
        history.append(np.ones((2, 6)), rng)
    history.restart(np.array([1]), np.full((1, 6), 7.0), rng)
    assert history.ticks[0].all()
    assert not history.ticks[1, :9].any()
    assert (history.ticks[1, 9] == 7.0).all()
