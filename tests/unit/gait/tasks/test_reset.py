"""Episodes go on from a walk as a device that was on, or has just been switched on, finds it."""

import numpy as np
import pytest

from exoflow.gait.tasks.observation import CONTROL_DT_S
from exoflow.gait.tasks.reset import ONE_IN_BEGINS, SnapshotPool


class Counting:
    """Walkers whose state counts ticks, and whose law asks for `torque` times that count."""

    def __init__(self, torque):
        self.torque, self.n_walkers = torque, 3
        self.subject = np.zeros(3, np.int64)
        self.states, self.measures = np.zeros((3, 1)), np.zeros((3, 2))
        self.privileged = np.zeros((3, 1))

    def walk(self, n_ticks, subject=0):
        count = np.arange(n_ticks + 1.0)[:, None]
        return count, self.torque * count[:-1] * np.array([1.0, -1.0])

    def step(self, command):
        self.states += 1.0
        self.measures[:] = np.column_stack([self.states, command[:, 0]])


def _pool(torque, settle_s=0.05):
    return SnapshotPool.record(Counting(torque), 64, seed=1, settle_s=settle_s)


def test_moments_hold_the_state_and_measures_of_their_tick():
    pool = _pool(0.5)
    moments = np.arange(64)
    # At the end of tick k, k + 1 ticks have passed and the law has asked for 0.5 k.
    np.testing.assert_array_equal(pool.states[:, 0], pool.ticks + 1)
    np.testing.assert_array_equal(pool.measures(moments)[:, 0], pool.ticks + 1)
    np.testing.assert_array_equal(pool.measures(moments)[:, 1], 0.5 * pool.ticks)
    np.testing.assert_array_equal(pool.command(moments)[:, 0], 0.5 * pool.ticks)


def test_a_device_that_was_on_knows_the_ticks_before():
    pool = _pool(0.5)
    later = np.flatnonzero(pool.ticks >= 9)
    past = pool.past(later, [0], 10)[:, :, 0]
    np.testing.assert_array_equal(past, pool.ticks[later, None] + np.arange(-8, 2))
    begins = np.flatnonzero(pool.ticks == 0)
    np.testing.assert_array_equal(pool.past(begins, [0], 10)[0, :, 0], [0] * 9 + [1])


def test_a_device_that_gave_no_torque_is_switched_on_at_the_moment():
    pool = _pool(0.0)
    past = pool.past(np.arange(64), [0], 10)[:, :, 0]
    assert not past[:, :9].any()
    np.testing.assert_array_equal(past[:, 9], pool.ticks + 1)


@pytest.mark.parametrize(("torque", "beginnings"), [(0.5, 64 // ONE_IN_BEGINS), (0.0, 0)])
def test_only_walks_with_torque_also_start_from_their_beginning(torque, beginnings):
    pool = _pool(torque, settle_s=0.1)
    assert np.sum(pool.ticks == 0) == beginnings
    others = pool.ticks[pool.ticks > 0]
    assert others.min() * CONTROL_DT_S >= 0.1 - 1e-9
