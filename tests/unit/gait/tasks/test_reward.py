import math

import numpy as np
import pytest

from exoflow.config.policy import PolicyReward, PolicySettings
from exoflow.errors import UserError
from exoflow.gait.tasks.registry import task
from exoflow.gait.tasks.task import Tick, total

COST_OF_TRANSPORT = task("cost_of_transport")
BARATI = task("barati")


def _reward(chosen, tick: Tick) -> float:
    return total(chosen.terms(tick))[0]


def _tick(**changes) -> Tick:
    values = {
        "relative_cost": 1.0,
        "relative_speed": 1.0,
        "speed_m_s": 1.3,
        "effort_r": 0.0,
        "effort_l": 0.0,
        "action_change": 0.0,
        "com_height_m": 0.98,
        "fallen": False,
    } | changes
    arrays = {name: np.array([value]) for name, value in values.items()}
    return Tick(**arrays, measure=lambda name: arrays[name])


def test_unassisted_walking_earns_nothing():
    assert _reward(COST_OF_TRANSPORT, _tick()) == 0.0


def test_cost_of_transport_reward_by_hand():
    # 10 % cheaper: +0.2. 4 % too slow, 1 % free: -4 x 0.03 = -0.12. Change 0.5: -0.01.
    tick = _tick(relative_cost=0.9, relative_speed=0.96, action_change=0.5)
    assert math.isclose(_reward(COST_OF_TRANSPORT, tick), 0.2 - 0.12 - 0.01, abs_tol=1e-12)


def test_too_fast_costs_as_much_as_too_slow():
    fast, slow = _tick(relative_speed=1.05), _tick(relative_speed=0.95)
    assert math.isclose(_reward(COST_OF_TRANSPORT, fast), _reward(COST_OF_TRANSPORT, slow))
    assert _reward(COST_OF_TRANSPORT, _tick(relative_speed=1.009)) == 0.0


def test_fall_costs_its_penalty():
    gentle = task("cost_of_transport", PolicySettings(reward=PolicyReward(fall=12.0)))
    assert _reward(gentle, _tick(fallen=True)) == -12.0


def test_barati_reward_is_at_most_1_2():
    assert math.isclose(_reward(BARATI, _tick()), 1.2)


def test_barati_reward_by_hand():
    # Efforts 0.02 and 0.05: 0.5 (1 - 0.0199973) + 0.5 (1 - 0.0499584) = 0.9650221
    # 0.1 m/s too slow: 0.2 (1 - 0.0996680) = 0.1800664. Change 1: -0.1.
    tick = _tick(effort_r=0.02, effort_l=0.05, speed_m_s=1.2, action_change=1.0)
    assert math.isclose(_reward(BARATI, tick), 0.9650221 + 0.1800664 - 0.1, abs_tol=1e-6)


def test_barati_fall_is_a_low_centre_of_mass():
    assert BARATI.fell(_tick(com_height_m=0.79))[0]
    assert not COST_OF_TRANSPORT.fell(_tick(com_height_m=0.79))[0]
    assert math.isclose(_reward(BARATI, _tick(com_height_m=0.79)), 1.2 - 10.0)


def test_every_weight_of_the_settings_reaches_its_term():
    weights = PolicyReward(
        cost_of_transport=1.0, speed=3.0, speed_tolerance=0.0, smoothness=0.5, fall=7.0
    )
    chosen = task("cost_of_transport", PolicySettings(reward=weights))
    tick = _tick(relative_cost=0.9, relative_speed=0.9, action_change=1.0, fallen=True)
    by_hand = {"cost_of_transport": 0.1, "speed": -0.3, "smoothness": -0.5, "fall": -7.0}
    for name, value in chosen.terms(tick).items():
        assert math.isclose(value[0], by_hand[name], abs_tol=1e-12), name


def test_the_printed_weights_do_not_depend_on_the_settings():
    other = task("barati", PolicySettings(reward=PolicyReward(fall=1.0, smoothness=9.0)))
    assert [term.weight for term in other.reward] == [0.5, 0.2, 0.1, 10.0]


def test_unknown_task_is_refused_with_a_list():
    with pytest.raises(UserError, match=r"'hopping' is unknown\. Tasks: cost_of_transport, barati"):
        task("hopping")
