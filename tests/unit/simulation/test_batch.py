"""The batch for learning: whole state in one array, thread count without effect."""

import numpy as np
import pytest

from exoflow.gait.tasks.reset import SnapshotPool
from exoflow.simulation.batch import Subject, WalkerBatch
from exoflow.simulation.layout import STEP_COUNT, TILT, V
from exoflow.simulation.walker import Dofc


@pytest.fixture
def batches(make_walker, gait, exo):
    walker = make_walker(timestep_s=0.002, exo=exo)
    return [walker.batch(gait, 5, threads=n) for n in (1, 2)]


def _moments(batch, n):
    """States of the first subject's walk, a tenth of a second apart."""
    states, _ = batch.walk(100 + 10 * n)
    return states[100 : 100 + 10 * n : 10]


def test_walk_is_repeated_by_stepping_with_its_commands(make_walker, gait, exo):
    """What the law asked for, held for a tick each, moves a walker as the law did."""
    law = Dofc(gain_Nm=2.0, delay_s=0.15, filter_tau_s=0.05)
    batch = WalkerBatch([Subject(make_walker(timestep_s=0.002, exo=exo), gait, law)], 2)
    states, commands = batch.walk(60)
    assert np.abs(commands[20:]).max() > 0.3
    batch.states[:] = states[30]
    for tick in range(30, 60):
        batch.step(np.repeat(commands[tick : tick + 1], 2, axis=0))
    mechanics = slice(0, STEP_COUNT)  # behind it: memory of the law, sums and counts of a rollout
    np.testing.assert_array_equal(batch.states[0, mechanics], states[60, mechanics])


def test_result_does_not_depend_on_threads(batches):
    rng = np.random.default_rng(0)
    snapshots = _moments(batches[0], 5)
    for batch in batches:
        batch.states[:] = snapshots
    for _ in range(20):
        torque = rng.uniform(-8, 8, (5, 2))
        for batch in batches:
            batch.step(torque)
    assert np.array_equal(batches[0].states, batches[1].states)
    assert np.array_equal(batches[0].measures, batches[1].measures)


def test_copying_states_back_repeats_the_walk_exactly(batches):
    batch = batches[0]
    batch.states[:] = _moments(batch, 5)
    # commands are on their way to the actuator
    batch.step(np.full((5, 2), -6.0))
    saved = batch.states.copy()
    torque = np.full((5, 2), 3.0)
    walks = []
    for _ in range(2):
        batch.states[:] = saved
        for _ in range(3):
            batch.step(torque)
        walks.append((batch.measures.copy(), batch.states.copy()))
    assert all(np.array_equal(*pair) for pair in zip(*walks, strict=True))


def test_fallen_walkers_stay_as_they_are(batches):
    batch = batches[0]
    batch.states[:] = _moments(batch, 5)
    batch.states[:3, V + TILT] = -6.0  # thrown forwards
    for _ in range(300):
        batch.step(np.zeros((5, 2)))
    fallen = batch.measures[:, batch.index("fallen")] == 1.0
    assert fallen[:3].all() and not fallen.all()
    frozen = batch.states[fallen].copy()
    batch.step(np.zeros((5, 2)))
    assert np.array_equal(batch.states[fallen], frozen)


def test_reference_walks(batches):
    reference = batches[0].reference
    assert reference["speed_m_s"].shape == reference["metabolic_power_W"].shape == (5,)
    assert ((reference["speed_m_s"] > 1.1) & (reference["speed_m_s"] < 1.5)).all()
    # 5 to 9 J/kg/m for 74.53 kg
    cost = reference["metabolic_power_W"] / reference["speed_m_s"] / 74.5314
    assert ((cost > 5.0) & (cost < 9.0)).all()


def test_subjects_share_the_rows_and_walk_their_own_slopes(make_walker, gait, exo):
    """Downhill walkers get ahead of level ones from the same moment on, whatever the threads."""
    level, downhill = (
        make_walker(timestep_s=0.002, exo=exo, slope_deg=slope) for slope in (0.0, -1.0)
    )
    costs = [{"speed_m_s": 1.0, "metabolic_power_W": power} for power in (400.0, 500.0)]
    after = []
    for threads in (1, 2):
        subjects = [
            Subject(walker, gait, reference=cost)
            for walker, cost in zip((level, downhill), costs, strict=True)
        ]
        batch = WalkerBatch(subjects, 5, threads=threads)
        assert batch.reference["metabolic_power_W"].tolist() == [400.0] * 3 + [500.0] * 2
        batch.states[:] = _moments(batch, 1)
        for _ in range(20):
            batch.step(np.zeros((5, 2)))
        after.append(batch.states.copy())
    np.testing.assert_array_equal(*after)
    np.testing.assert_array_equal(after[0][0], after[0][2])
    np.testing.assert_array_equal(after[0][3], after[0][4])
    speed = batch.measures[:, batch.index("speed_m_s")]
    assert speed[3] > speed[0]


def test_every_walker_starts_in_the_steady_gait_of_its_own_slope(make_walker, gait, exo):
    """From the level gait, a walker met by a slope of another steepness may fall."""
    subjects = [
        Subject(make_walker(timestep_s=0.002, exo=exo, slope_deg=slope), gait)
        for slope in (-1.0, 0.0)
    ]
    batch = WalkerBatch(subjects, 4)
    pool = SnapshotPool.record(batch, 6, seed=3, settle_s=5.0)
    assert (len(pool), pool.per_subject) == (12, 6)
    for k, subject in enumerate(subjects):
        alone = WalkerBatch([subject], 6)
        own = SnapshotPool.record(alone, 6, seed=3, settle_s=5.0)
        rows = slice(6 * k, 6 * k + 6)
        np.testing.assert_array_equal(pool.states[rows], own.states)
        np.testing.assert_array_equal(pool.walks[k], own.walks[0])
    drawn = pool.draw(batch.subject, np.random.default_rng(0))
    assert (drawn // 6).tolist() == batch.subject.tolist() == [0, 0, 1, 1]


def test_unknown_measure_lists_the_known_ones(batches):
    with pytest.raises(KeyError, match="Measures: hip_r"):
        batches[0].index("hips")
