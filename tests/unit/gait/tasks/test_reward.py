import math

import numpy as np

from exoflow.gait.tasks.reward import Barati, CostOfTransport, Tick


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
    return Tick(**{name: np.array([value]) for name, value in values.items()})


def test_unassisted_walking_earns_nothing():
    assert CostOfTransport()(_tick())[0] == 0.0


def test_cost_of_transport_reward_by_hand():
    # 10 % cheaper: +0.2. 4 % too slow, 1 % free: -2 x 0.03 = -0.06. Change 0.5: -0.01.
    tick = _tick(relative_cost=0.9, relative_speed=0.96, action_change=0.5)
    assert math.isclose(CostOfTransport()(tick)[0], 0.2 - 0.06 - 0.01, abs_tol=1e-12)


def test_too_fast_costs_as_much_as_too_slow():
    fast, slow = _tick(relative_speed=1.05), _tick(relative_speed=0.95)
    assert math.isclose(CostOfTransport()(fast)[0], CostOfTransport()(slow)[0])
    assert CostOfTransport()(_tick(relative_speed=1.009))[0] == 0.0


def test_fall_costs_its_penalty():
    assert CostOfTransport(fall=12.0)(_tick(fallen=True))[0] == -12.0


def test_barati_reward_is_at_most_1_2():
    assert math.isclose(Barati()(_tick())[0], 1.2)


def test_barati_reward_by_hand():
    # Efforts 0.02 and 0.05: 0.5 (1 - 0.0199973) + 0.5 (1 - 0.0499584) = 0.9650221
    # 0.1 m/s too slow: 0.2 (1 - 0.0996680) = 0.1800664. Change 1: -0.1.
    tick = _tick(effort_r=0.02, effort_l=0.05, speed_m_s=1.2, action_change=1.0)
    assert math.isclose(Barati()(tick)[0], 0.9650221 + 0.1800664 - 0.1, abs_tol=1e-6)


def test_barati_fall_is_a_low_centre_of_mass():
    assert Barati().fell(_tick(com_height_m=0.79))[0]
    assert not CostOfTransport().fell(_tick(com_height_m=0.79))[0]
    assert math.isclose(Barati()(_tick(com_height_m=0.79))[0], 1.2 - 10.0)
