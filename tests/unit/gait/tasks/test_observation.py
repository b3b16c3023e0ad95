import numpy as np

from exoflow.gait.tasks.observation import History, Observation, input_scale
from exoflow.gait.tasks.task import Randomization


def _switched_on(value, n_ticks):
    """The past of one walker whose device measures its first sample."""
    past = np.zeros((1, n_ticks, 6))
    past[:, -1] = value
    return past


def test_input_scale_is_one_over_the_typical_values():
    np.testing.assert_allclose(input_scale(8.0), [1, 1, 0.2, 0.2, 0.125, 0.125])


def test_noise_is_on_angles_and_velocities_only():
    np.testing.assert_allclose(
        Randomization(0.05, 0.1).noise_std(Observation()), [0.05, 0.05, 0.1, 0.1, 0, 0]
    )


def test_history_runs_from_oldest_to_newest():
    history, rng = History(1, np.zeros(6)), np.random.default_rng(0)
    for tick in range(1, 13):
        history.append(np.full((1, 6), float(tick)), rng)
    np.testing.assert_array_equal(history.flat[0, ::6], np.arange(3, 13))


def test_restart_empties_only_its_walkers():
    history, rng = History(2, np.zeros(6)), np.random.default_rng(0)
    for _ in range(10):
        history.append(np.ones((2, 6)), rng)
    history.restart(np.array([1]), _switched_on(7.0, 10), rng)
    assert history.ticks[0].all()
    assert not history.ticks[1, :9].any()
    assert (history.ticks[1, 9] == 7.0).all()


def test_restart_measures_what_the_device_knows_and_leaves_the_time_before_it_zero():
    history, rng = History(1, np.full(6, 0.1)), np.random.default_rng(0)
    past = np.zeros((1, 10, 6))
    past[:, 6:] = 5.0
    history.restart(np.array([0]), past, rng)
    assert not history.ticks[0, :6].any()
    noise = history.ticks[0, 6:] - 5.0
    assert noise.all() and np.abs(noise).max() < 0.5


def test_spaced_history_shows_every_third_tick():
    observation = Observation(spacing_ticks=3)
    history, rng = History(1, np.zeros(6), observation), np.random.default_rng(0)
    history.restart(np.array([0]), _switched_on(1.0, 28), rng)
    for tick in range(2, 41):
        history.append(np.full((1, 6), float(tick)), rng)
        if tick == 5:
            # Before the first tick there were zeros: 5 and 2 are known.
            np.testing.assert_array_equal(history.flat[0, ::6], [0] * 8 + [2, 5])
    np.testing.assert_array_equal(history.flat[0, ::6], np.arange(13, 41, 3))


def test_elements_are_named_by_their_age():
    names = [name for name, _ in Observation(spacing_ticks=2).elements()]
    assert names[0] == "hip_r_18_ticks_ago"
    assert names[53] == "torque_l_2_ticks_ago"
    assert names[54] == "hip_r"
