"""Delayed output feedback and the actuator against hand-worked numbers."""

import math

import numpy as np
import pytest

from exoflow.control import exo_laws


def walk_dofc(smoothing, delay_ticks, until_s):
    """Right torque at every tick for a known hip swing: 15 Nm per unit, 100 Hz."""
    memory = np.zeros(exo_laws.DOFC_MEMORY)
    torques = []
    for tick in range(round(until_s * 100) + 1):
        t = tick / 100
        right = 0.15 + 0.35 * math.cos(2 * math.pi * t)
        left = 0.15 - 0.35 * math.cos(2 * math.pi * t)
        torques.append(
            exo_laws.delayed_output_feedback(right, left, 15.0, delay_ticks, smoothing, memory)
        )
    return np.array(torques)


def test_dofc_reproduces_the_worked_example():
    torque = walk_dofc(1.0, 25.0, 6.0)
    # y(4.00) = sin 0.5 - sin(-0.2) = 0.6781; a quarter of a second later tau = -15 y
    assert torque[425] == pytest.approx(-15 * (math.sin(0.5) + math.sin(0.2)), abs=1e-9)
    last = torque[500:600]
    assert last.max() == pytest.approx(10.171, abs=2e-3)
    assert last.argmax() == 75  # the moment of fastest hip flexion


def test_dofc_is_silent_until_the_delay_has_passed():
    assert not walk_dofc(1.0, 25.0, 0.24).any()


def test_filter_of_the_published_example():
    peak = walk_dofc(0.05, 25.0, 10.0)[900:].max()
    assert peak == pytest.approx(6.463, abs=5e-3)


def test_smoothing_does_not_depend_on_the_tick():
    # Two ticks of 5 ms forget as much as one of 10 ms.
    half = exo_laws.smoothing_factor(0.1, 0.005)
    assert (1 - half) ** 2 == pytest.approx(1 - exo_laws.smoothing_factor(0.1, 0.01))


def test_actuator_clips_slews_and_lags():
    torque = limited = 0.0
    for _ in range(10):
        torque, limited = exo_laws.actuator_step(torque, limited, 20.0, 8.0, 160.0, 0.0, 0.001)
    assert torque == pytest.approx(1.6)  # 10 ms at 160 Nm/s
    for _ in range(100):
        torque, limited = exo_laws.actuator_step(torque, limited, 20.0, 8.0, 160.0, 0.0, 0.001)
    assert torque == pytest.approx(8.0)
    lagged, _ = exo_laws.actuator_step(0.0, 8.0, 8.0, 8.0, 160.0, 0.005, 0.005)
    assert lagged == pytest.approx(8.0 * (1 - math.exp(-1)))


def test_commands_leave_the_delay_line_in_the_order_they_came():
    line = np.zeros(2 * 3)
    commands = [(1.0, -1.0), (2.0, -2.0), (3.0, -3.0), (4.0, -4.0), (5.0, -5.0)]
    arrived = [
        [exo_laws.delayed_command(line, 3, step, leg, command[leg]) for leg in (0, 1)]
        for step, command in enumerate(commands)
    ]
    assert arrived == [[0.0, 0.0]] * 3 + [[1.0, -1.0], [2.0, -2.0]]
    assert exo_laws.delayed_command(np.zeros(0), 0, 7, 1, 2.5) == 2.5


def test_friction_of_the_published_actuator():
    # 0.4 tanh(1) = 0.4 x 0.761594 = 0.304638 Nm against the motion at 0.3 rad/s
    torque, damping = exo_laws.backdrive_friction(0.3, 0.4, 0.3)
    assert torque == pytest.approx(-0.304638, abs=1e-6)
    # slope 0.4 / 0.3 (1 - 0.761594^2) = 1.333333 x 0.419974 = 0.559966 Nm s/rad
    assert damping == pytest.approx(0.559966, abs=1e-6)
    assert exo_laws.backdrive_friction(0.0, 0.4, 0.3) == (0.0, pytest.approx(4 / 3))
    assert exo_laws.backdrive_friction(-20.0, 0.4, 0.3)[0] == pytest.approx(0.4)


def test_friction_damping_is_the_finite_difference_of_its_torque():
    for velocity in (-1.0, -0.1, 0.0, 0.2, 2.0):
        _, damping = exo_laws.backdrive_friction(velocity, 0.4, 0.3)
        up, down = (exo_laws.backdrive_friction(velocity + d, 0.4, 0.3)[0] for d in (1e-6, -1e-6))
        assert damping == pytest.approx((down - up) / 2e-6, abs=1e-8)
