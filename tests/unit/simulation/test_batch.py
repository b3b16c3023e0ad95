"""The batch for learning: whole state in one array, thread count without effect."""

import numpy as np
import pytest

from exoflow.simulation.layout import TILT, V


@pytest.fixture
def batches(make_walker, gait, exo):
    walker = make_walker(timestep_s=0.002, exo=exo)
    return [walker.batch(gait, 5, threads=n) for n in (1, 2)]


def test_result_does_not_depend_on_threads(batches):
    rng = np.random.default_rng(0)
    snapshots = batches[0].snapshot_pool(5, seed=1)
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
    batch.states[:] = batch.snapshot_pool(5, seed=2)
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
    batch.states[:] = batch.snapshot_pool(5, seed=3)
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
    assert 1.1 < reference["speed_m_s"] < 1.5
    assert reference["cot_J_kg_m"] == pytest.approx(
        reference["metabolic_power_W"] / reference["speed_m_s"] / 74.5314
    )


def test_unknown_measure_lists_the_known_ones(batches):
    with pytest.raises(KeyError, match="Measures: hip_r"):
        batches[0].index("hips")
