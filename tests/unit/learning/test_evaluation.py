import math

import pytest
import torch

from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.learning.evaluation import Evaluation, evaluate


def _gait(swinging_legs, n_walkers: int = 3) -> AssistedGait:
    settings = EnvironmentSettings(privileged=False, pool_moments=8)
    return AssistedGait(swinging_legs(n_walkers), settings)


def test_helping_torque_saves_what_it_should(swinging_legs):
    # Torque 2 Nm per rad/s of hip velocity, 0.35 rad x 2 pi rad/s = 2.199 rad/s amplitude.
    # Power saved per leg: 3 t v - t^2 / 2 = (6 - 2) v^2, mean of v^2 = 2.418;
    # two legs 19.34 W of 400 W = -4.84 %. The torque of a tick follows the last one's
    # velocity (cos 3.6 deg), so a little less is expected.
    def act(observation: torch.Tensor) -> torch.Tensor:
        return 2.0 * observation[:, 56:58] / 8.0

    gait = _gait(swinging_legs)
    gait.history.noise[:] = 0.0
    result = evaluate(act, gait, duration_s=6.0, settle_s=1.0, seed=3)
    assert math.isclose(result.change_cot_pct, -4.84, abs_tol=0.05)
    assert result.fall_fraction == 0
    assert math.isclose(result.speed_m_s, 1.2, rel_tol=1e-9)
    assert result.is_valid


def test_same_seed_gives_same_evaluation(swinging_legs):
    def act(observation: torch.Tensor) -> torch.Tensor:
        return 0.1 * observation[:, 54:56]

    gait = _gait(swinging_legs)
    results = [evaluate(act, gait, 2.0, 0.5, seed) for seed in (1, 1, 2)]
    assert results[0] == results[1] != results[2]


def test_controller_that_fells_everybody_has_no_cost(swinging_legs):
    def act(observation: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(observation), 2)

    result = evaluate(act, _gait(swinging_legs), 2.0, 0.5, seed=1)
    assert result.fall_fraction == 1
    assert math.isnan(result.change_cot_pct)


def test_best_is_the_cheapest_without_falls_at_the_old_speed():
    valid = Evaluation(-3.0, 1.2, 0.01, 0.0)
    cheaper = Evaluation(-4.0, 1.2, -0.02, 0.0)
    cheap_but_slow = Evaluation(-9.0, 1.1, -0.08, 0.0)
    cheap_but_falls = Evaluation(-9.0, 1.2, 0.0, 0.125)
    dead = Evaluation(math.nan, math.nan, math.nan, 1.0)
    order = sorted([dead, cheap_but_falls, cheap_but_slow, valid, cheaper], key=Evaluation.rank)
    assert order == [cheaper, valid, cheap_but_slow, cheap_but_falls, dead]


def test_saving_energy_a_little_too_fast_beats_doing_nothing():
    nothing = Evaluation(0.2, 1.0, 0.009, 0.0)
    # 1 % beyond the tolerance costs 2 points: -3.5 + 2 = -1.5
    fast = Evaluation(-3.5, 1.03, 0.03, 0.0)
    assert fast.rank() == (0.0, pytest.approx(-1.5))
    assert min(nothing, fast, key=Evaluation.rank) is fast
