import numpy as np
import pytest
import torch

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights
from exoflow.errors import PolicyFormatError
from exoflow.gait.tasks.observation import input_scale
from exoflow.learning.networks import Actor, Controller, Critic

KINDS = ("lstm_window", "lstm_carried", "mlp")
LIMIT_NM = 8.0


def _actor(kind: str, mirrored: bool) -> Actor:
    torch.manual_seed(1)
    actor = Actor(kind, mirrored, input_scale(LIMIT_NM), hidden=12, width=8)
    # Larger than the initial output layer, whose torques would all be near zero.
    torch.nn.init.normal_(actor.network.out.weight, std=0.5)
    return actor


def _history(ticks: int = 10) -> np.ndarray:
    rng = np.random.default_rng(2)
    return rng.normal(size=(ticks, 6)).astype(np.float32) * [1, 1, 5, 5, 8, 8]


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_computes_what_the_weights_file_means(kind, mirrored):
    actor = _actor(kind, mirrored)
    weights = PolicyWeights(
        kind=kind,
        mirrored=mirrored,
        input_scale=actor.input_scale.numpy(),
        torque_limit_Nm=LIMIT_NM,
        io={"history": 10},
        arrays=actor.arrays(),
    )
    samples = _history(14)
    expected = NumpyPolicy(weights).run(samples)
    padded = np.concatenate([np.zeros((9, 6)), samples]).astype(np.float32)
    controller = Controller(actor, 1)
    for tick in range(14):
        window = torch.as_tensor(padded[tick : tick + 10].reshape(1, 60))
        torque = controller.act(window).numpy()[0] * LIMIT_NM
        np.testing.assert_allclose(torque, expected[tick], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_mirrored_actor_swaps_torques_when_legs_are_swapped(kind):
    actor = _actor(kind, mirrored=True)
    history = torch.as_tensor(_history(), dtype=torch.float32)
    swapped = history[:, [1, 0, 3, 2, 5, 4]]
    torque = Controller(actor, 1).act(history.reshape(1, 60))
    other = Controller(actor, 1).act(swapped.reshape(1, 60))
    torch.testing.assert_close(other, torque.flip(1))
    assert abs(torque[0, 0] - torque[0, 1]) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_untrained_actor_asks_for_almost_no_torque(kind):
    torch.manual_seed(1)
    actor = Actor(kind, True, input_scale(LIMIT_NM))
    history = torch.as_tensor(_history(), dtype=torch.float32).reshape(1, 60)
    torque = Controller(actor, 1).act(history)
    assert torque.abs().max() < 0.05


def test_arrays_are_copies_that_rebuild_the_actor():
    actor, other = _actor("lstm_window", True), Actor("lstm_window", True, np.ones(6), 10, 12, 8)
    arrays = actor.arrays()
    other.load_arrays(arrays)
    arrays["out_b"][:] = 99.0
    assert actor.network.out.bias.item() != 99.0
    torch.testing.assert_close(other.network.lstm.weight_hh_l0, actor.network.lstm.weight_hh_l0)


def test_critic_stays_bounded_far_outside_its_inputs_usual_range():
    torch.manual_seed(0)
    critic = Critic(np.ones(4), (8,), value_scale=10.0)
    far = critic(torch.full((1, 4), 1e30))
    torch.testing.assert_close(far, critic(torch.full((1, 4), 10.0)))


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_told_teacher_computes_what_its_settled_weights_mean(kind, mirrored):
    """What is told is constant, so it may as well be a bias; zeros before the start included."""
    torch.manual_seed(3)
    scale = input_scale(LIMIT_NM)
    actor = Actor(kind, mirrored, scale, hidden=12, width=8, told_scale=(1.0, 0.2))
    torch.nn.init.normal_(actor.network.out.weight, std=0.5)
    told = [
        {"name": "speed", "unit": "m/s", "scale": 1.0},
        {"name": "slope", "unit": "deg", "scale": 0.2},
    ]
    teacher = PolicyWeights(
        kind=kind, mirrored=mirrored, input_scale=scale, torque_limit_Nm=LIMIT_NM,
        io={"history": 10, "told": told}, arrays=actor.arrays(),
    )  # fmt: skip
    with pytest.raises(PolicyFormatError, match="must be told speed, slope, which no device"):
        NumpyPolicy(teacher)
    with pytest.raises(PolicyFormatError, match="must be told slope; given: speed"):
        teacher.told_as({"speed": 1.3})
    settled = teacher.told_as({"speed": 1.3, "slope": -3.0})
    samples = _history(14)
    expected = NumpyPolicy(settled).run(samples)
    other = NumpyPolicy(teacher.told_as({"speed": 0.8, "slope": 5.0})).run(samples)
    assert np.abs(other - expected).max() > 0.01 * LIMIT_NM
    padded = np.concatenate([np.zeros((9, 6)), samples]).astype(np.float32)
    controller = Controller(actor, 1)
    for tick in range(14):
        seen = np.concatenate([padded[tick : tick + 10].ravel(), [1.3, -3.0]]).astype(np.float32)
        torque = controller.act(torch.as_tensor(seen[None])).numpy()[0] * LIMIT_NM
        np.testing.assert_allclose(torque, expected[tick], atol=1e-5)
