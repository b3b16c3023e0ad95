"""simulation/walker.py: a controller outside the engine senses and acts as a network inside."""

import numpy as np
import pytest

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights
from exoflow.errors import ModelError
from exoflow.simulation import External, Policy, SensorNoise, ZeroTorque
from exoflow.simulation.walker import HIP_INPUTS


def no_torque(inputs, taken_us, now_us):
    return np.zeros(2)


def small_policy():
    """One dense layer of random weights on ten ticks: some Nm while walking."""
    rng = np.random.default_rng(1)
    shapes = {"fc0_w": (8, 60), "fc0_b": (8,), "out_w": (2, 8), "out_b": (2,)}
    return PolicyWeights(
        kind="mlp",
        input_scale=np.array([1, 1, 0.2, 0.2, 0.1, 0.1], np.float32),
        torque_limit_Nm=8.0,
        io={
            "inputs": [{"name": name, "unit": "", "sign": ""} for name in HIP_INPUTS],
            "history": 10,
        },
        arrays={
            name: (0.15 * rng.normal(size=shape)).astype(np.float32)
            for name, shape in shapes.items()
        },
    )


def test_zero_commands_are_the_powered_exo_without_torque_bit_for_bit(make_walker, gait, exo):
    walker = make_walker(exo=exo)
    zero = walker.rollout(gait, 1.0, ZeroTorque(), store_every_s=0.01)
    external = walker.rollout(gait, 1.0, External(no_torque), store_every_s=0.01)
    np.testing.assert_array_equal(external.state, zero.state)
    np.testing.assert_array_equal(external.trajectory.values, zero.trajectory.values)
    np.testing.assert_array_equal(external.measures.steps, zero.measures.steps)


def test_network_outside_the_engine_walks_as_inside_with_the_same_noise(make_walker, gait, exo):
    walker = make_walker(exo=exo | {"delay_s": 0.01})
    weights, noise = small_policy(), SensorNoise()
    outside = NumpyPolicy(weights)

    def controller(inputs, taken_us, now_us):
        assert taken_us == now_us  # one call per control tick
        return outside.step(inputs)

    law = External(controller, loop_rate_Hz=100)
    inside = walker.rollout(gait, 1.5, Policy(weights), noise=noise, store_every_s=0.01)
    found = walker.rollout(gait, 1.5, law, noise=noise, store_every_s=0.01)
    torque = inside.trajectory["exo.hip_r.torque"]
    assert np.abs(torque).max() > 0.3
    assert np.abs(found.trajectory["exo.hip_r.torque"] - torque).max() < 1e-4


def test_motor_loop_is_faster_than_the_sensors(make_walker, gait, exo):
    times = []

    def controller(inputs, taken_us, now_us):
        times.append((taken_us, now_us))
        return np.zeros(2)

    make_walker(exo=exo).rollout(gait, 0.03, External(controller, loop_rate_Hz=500))
    assert times[:7] == [
        (0, 0), (0, 2000), (0, 4000), (0, 6000), (0, 8000), (10000, 10000), (10000, 12000),
    ]  # fmt: skip


def test_motor_loop_that_does_not_divide_the_tick_is_refused(make_walker, gait, exo):
    with pytest.raises(ModelError, match="a motor loop of 300 Hz does not divide"):
        make_walker(exo=exo).rollout(gait, 0.1, External(no_torque, loop_rate_Hz=300))
