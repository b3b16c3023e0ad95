import numpy as np
import pytest
import torch

from exoflow.gait.tasks.observation import input_scale
from exoflow.learning.networks import Actor, Controller
from exoflow.learning.rollout import SEQUENCE_TICKS, ActorSamples, Rollout, advantages


def _rollout(actor: Actor, n_ticks: int, n_walkers: int) -> Rollout:
    """Random history; what the controller answers is its own action, episodes start at random."""
    rng = np.random.default_rng(3)
    rollout = Rollout.empty(n_ticks, n_walkers, 60)
    rollout.observation[:] = rng.normal(size=rollout.observation.shape)
    rollout.starts[:] = rng.random((n_ticks, n_walkers)) < 0.1
    rollout.log_prob[:] = np.arange(n_ticks * n_walkers * 2).reshape(n_ticks, n_walkers, 2)
    controller, carried = Controller(actor, n_walkers), []
    for tick in range(n_ticks):
        controller.restart(rollout.starts[tick])
        if controller.state is not None and tick % SEQUENCE_TICKS == 0:
            carried.append(controller.state.clone())
        rollout.action[tick] = controller.act(torch.from_numpy(rollout.observation[tick]))
    rollout.carried = torch.stack(carried) if carried else None
    return rollout


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp"])
def test_learner_recomputes_what_the_controller_did(kind, mirrored):
    torch.manual_seed(1)
    actor = Actor(kind, mirrored, input_scale(8.0), hidden=8, width=8)
    torch.nn.init.normal_(actor.network.out.weight, std=0.5)
    rollout = _rollout(actor, 2 * SEQUENCE_TICKS, 3)
    advantage = rollout.log_prob[..., 0] / 2
    samples = ActorSamples.of(rollout, advantage, actor)
    rows = torch.randperm(samples.n_units)
    with torch.no_grad():
        mean = samples.mean(rows)
    torch.testing.assert_close(mean, samples.action[rows], atol=1e-5, rtol=1e-5)
    # Log-densities were numbered 0, 1 for the legs of a tick: both belong to its advantage.
    expected = (samples.log_prob[rows] / 2).floor()
    torch.testing.assert_close(expected, samples.advantage[rows][..., None].expand_as(expected))
    assert samples.action.numel() == rollout.action.size


def test_advantage_by_hand():
    # gamma 0.5, lambda 0.5; walker 0 goes on, walker 1 falls at tick 1, walker 2 is cut off there.
    rollout = Rollout.empty(3, 3, 1)
    rollout.reward[:] = 1.0
    rollout.done[1, 1:] = True
    rollout.cut_off.append((1, 2, np.zeros(1, np.float32)))
    value = np.full((3, 3), 2.0, np.float32)
    last, cut_off = np.full(3, 4.0, np.float32), np.array([6.0], np.float32)
    result = advantages(rollout, value, last, cut_off, gamma=0.5, gae_lambda=0.5)
    # Tick 2: 1 + 0.5 x 4 - 2 = 1. Before: 1 + 0.5 x 2 - 2 = 0, plus 0.25 of what comes.
    assert result[:, 0].tolist() == [0.0625, 0.25, 1.0]
    # The fall: 1 - 2 = -1; before it 0 - 0.25.
    assert result[:, 1].tolist() == [-0.25, -1.0, 1.0]
    # Cut off: 1 + 0.5 x 6 - 2 = 2; before it 0 + 0.5.
    assert result[:, 2].tolist() == [0.5, 2.0, 1.0]
