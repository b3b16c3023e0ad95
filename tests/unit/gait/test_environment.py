"""What the environment does when walkers leave the finite numbers, on walkers without physics."""

import dataclasses

import numpy as np
import pytest

from exoflow.errors import SimulationError
from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.registry import task
from exoflow.gait.tasks.task import RewardTerm

MEASURES = (
    "hip_r", "hip_l", "hip_velocity_r", "hip_velocity_l", "torque_r", "torque_l",
    "metabolic_power_W", "speed_m_s", "com_height_m", "mean_sq_activation_r",
    "mean_sq_activation_l", "fallen", "finite",
)  # fmt: skip
SETTINGS = EnvironmentSettings(episode_s=0.03, pool_moments=2)
N = 4


class StandingWalkers:
    """Walkers that never change; `flagged` and `lost` rows run away in the next ticks."""

    measure_names = MEASURES
    n_measures = len(MEASURES)
    n_privileged = 2
    reference = {"speed_m_s": 1.2, "metabolic_power_W": 400.0}  # noqa: RUF012

    def __init__(self):
        self.n_walkers = N
        self.subject = np.zeros(N, np.int64)
        self.states = np.zeros((N, 1))
        self.measures = np.zeros((N, self.n_measures))
        self.privileged = np.zeros((N, 2))
        self.flagged: list[int] = []
        self.lost: list[int] = []

    def index(self, name):
        return self.measure_names.index(name)

    def walk(self, n_ticks, subject=0):
        return np.zeros((n_ticks + 1, 1)), np.zeros((n_ticks, 2))

    def step(self, command):
        self.measures[:] = 0.0
        self.privileged[:] = 0.5
        self.measures[:, [6, 7, 8, 12]] = 400.0, 1.2, 1.0, 1.0
        # A runaway is flagged by the engine; its measures may still be numbers, but absurd ones.
        self.measures[self.flagged] = 1e5
        self.measures[self.flagged, 12] = 0.0
        self.measures[self.lost, 6] = np.nan
        self.privileged[self.lost] = np.inf


@pytest.fixture
def gait() -> AssistedGait:
    gait = AssistedGait(StandingWalkers(), SETTINGS)
    gait.reset()
    return gait


def _step(gait):
    return gait.step(np.zeros((N, 2)))


@pytest.mark.parametrize("kind", ["flagged", "lost"])
def test_a_runaway_is_a_fall_seen_from_its_last_finite_tick(gait, kind):
    _step(gait)
    getattr(gait.batch, kind).append(2)
    observation, reward, terminated, truncated = _step(gait)
    assert terminated.tolist() == [False, False, True, False]
    assert not truncated.any()
    assert np.isfinite(observation).all()
    assert reward[2] == pytest.approx(-30.0)
    assert gait.measure("metabolic_power_W")[2] == 400.0
    assert gait.runaways == 1
    _step(gait)
    assert gait.runaways == 1


def test_a_runaway_walks_again_after_its_reset(gait):
    _step(gait)
    gait.batch.lost = [2]
    _step(gait)
    gait.batch.lost = []
    gait.reset(np.array([2]))
    assert not _step(gait)[2].any()
    assert gait.measure("finite").all()


def test_a_runaway_in_the_very_first_tick_stops(gait):
    gait.batch.lost = [1]
    with pytest.raises(
        SimulationError,
        match=r"metabolic_power_W of walker 1 is not finite 0\.01 s .* Lower policy\.timestep_s",
    ):
        _step(gait)


def test_one_runaway_in_a_thousand_episodes_is_allowed_two_are_not(gait):
    _step(gait)
    while gait.episodes < 1001:
        gait.reset()
    gait.batch.flagged = [0]
    _step(gait)
    gait.batch.flagged = []
    gait.reset(np.array([0]))
    gait.batch.flagged = [3]
    with pytest.raises(SimulationError, match=r"number 2 in 1005 episodes \(allowed: 0\.1%"):
        _step(gait)


def test_few_episodes_are_not_judged(gait):
    _step(gait)
    gait.batch.flagged = [0, 1, 2, 3]
    assert _step(gait)[2].all()
    assert gait.runaways == 4


def test_counts_are_part_of_the_state(gait):
    _step(gait)
    gait.batch.lost = [0]
    _step(gait)
    other = AssistedGait(StandingWalkers(), SETTINGS)
    other.restore(gait.state())
    assert (other.runaways, other.episodes) == (1, N)
    other.batch.lost = [0]
    _step(other)
    assert other.runaways == 1


def test_a_reward_that_is_not_finite_names_task_term_walker_and_time():
    chosen = task("cost_of_transport")
    broken = RewardTerm("work", 1.0, lambda tick: np.where(np.arange(N) == 3, np.nan, 0.0))
    chosen = dataclasses.replace(chosen, reward=(*chosen.reward, broken))
    gait = AssistedGait(StandingWalkers(), SETTINGS, chosen)
    gait.reset()
    with pytest.raises(
        SimulationError,
        match=r"reward term 'work' of task 'cost_of_transport' is nan for walker 3, 0\.01 s after",
    ):
        _step(gait)


def test_an_action_that_is_not_finite_is_no_runaway(gait):
    action = np.zeros((N, 2))
    action[1, 0] = np.nan
    with pytest.raises(SimulationError, match="the action is nan for walker 1"):
        gait.step(action)
    assert gait.runaways == 0


def test_a_moment_that_is_not_finite_starts_no_episode():
    walkers = StandingWalkers()
    walkers.lost = [0]
    with pytest.raises(SimulationError, match="a moment of the walk that episodes"):
        AssistedGait(walkers, SETTINGS)
