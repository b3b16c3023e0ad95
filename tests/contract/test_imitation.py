"""A law that drives walkers by what a controller observes of them."""

from dataclasses import replace

import numpy as np
import torch

from exoflow.gait.environment import DEFAULT_TASK, AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.registry import task
from exoflow.gait.tasks.task import Randomization
from exoflow.learning.imitation import DofcDriver
from exoflow.simulation import Dofc
from exoflow.simulation.batch import Subject, WalkerBatch

LAW = Dofc(gain_Nm=2.0, delay_s=0.155, filter_tau_s=0.05)
TICKS = 40


def test_from_the_first_tick_of_an_episode_the_law_goes_on_as_it_walked(walker, parameters):
    batch = WalkerBatch([Subject(walker, parameters, LAW)], 3)
    exact = replace(task(DEFAULT_TASK), randomization=Randomization(0.0, 0.0))
    gait = AssistedGait(batch, EnvironmentSettings(pool_moments=8), exact, seed=1)
    pool = gait.pool
    moments = np.flatnonzero((pool.ticks > 50) & (pool.ticks < 1000 - TICKS))[:3]
    object.__setattr__(pool, "draw", lambda subject, rng: moments)
    driver = DofcDriver(LAW, 3, gait.settings.torque_limit_Nm)
    observation = gait.reset()
    driver.restart(np.arange(3), batch.dofc_memory(batch.states))
    expected = pool.commands[0, pool.ticks[moments][:, None] + np.arange(1, TICKS + 1)]
    assert np.abs(expected[:, 0]).min() > 0.01
    for tick in range(TICKS):
        action = driver.act(torch.from_numpy(observation)).numpy()
        np.testing.assert_allclose(8.0 * action, expected[:, tick], atol=1e-4)
        observation = gait.step(action)[0]
