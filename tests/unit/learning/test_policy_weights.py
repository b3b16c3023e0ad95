import numpy as np
import torch

from exoflow.config.policy import PolicySettings
from exoflow.control.policy_format import NumpyPolicy, load_policy, save_policy
from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.observation import input_scale
from exoflow.gait.tasks.registry import task
from exoflow.learning.networks import Actor
from exoflow.learning.policy_weights import GOLDEN_TICKS, load_actor, policy_weights


def _weights(swinging_legs, kind="lstm_window", spacing=1):
    torch.manual_seed(0)
    actor = Actor(kind, True, input_scale(8.0), hidden=8, width=8)
    torch.nn.init.normal_(actor.network.out.weight, std=0.3)
    settings = EnvironmentSettings(privileged=False, pool_moments=8)
    spaced = task("cost_of_transport", PolicySettings(history_spacing_ticks=spacing))
    gait = AssistedGait(swinging_legs(2), settings, spaced)
    return policy_weights(actor, gait, 160.0, {"condition": "level", "seed": 1}, seed=5)


def test_golden_walk_replays_from_reset_in_plain_numpy(swinging_legs):
    weights = _weights(swinging_legs)
    assert weights.golden_inputs.shape == (GOLDEN_TICKS, 6)
    assert GOLDEN_TICKS >= 1000
    replayed = NumpyPolicy(weights).run(weights.golden_inputs)
    np.testing.assert_allclose(replayed, weights.golden_outputs, atol=1e-4)
    assert weights.golden_outputs.std() > 0.1


def test_a_spaced_history_is_stored_and_replays(swinging_legs, tmp_path):
    weights = _weights(swinging_legs, spacing=4)
    save_policy(tmp_path / "seed1.npz", weights)
    stored = load_policy(tmp_path / "seed1.npz")
    assert stored.history_spacing_ticks == 4
    replayed = NumpyPolicy(stored).run(stored.golden_inputs[:300])
    np.testing.assert_allclose(replayed, stored.golden_outputs[:300], atol=1e-4)


def test_golden_walk_is_a_closed_loop(swinging_legs):
    # The applied torque follows the command of the tick before, slewed by 1.6 Nm a tick.
    weights = _weights(swinging_legs)
    applied, command = weights.golden_inputs[:, 4:6], weights.golden_outputs
    assert np.abs(np.diff(applied, axis=0)).max() <= 1.6 + 1e-5
    toward = np.clip(command[:-1] - applied[:-1], -1.6, 1.6)
    np.testing.assert_allclose(applied[1:], applied[:-1] + toward, atol=1e-4)


def test_stored_controller_comes_back_as_the_same_network(swinging_legs, tmp_path):
    for kind in ("lstm_window", "mlp"):
        weights = _weights(swinging_legs, kind)
        save_policy(tmp_path / "seed1.npz", weights)
        stored = load_policy(tmp_path / "seed1.npz")
        actor = load_actor(stored)
        assert {k: v.tobytes() for k, v in actor.arrays().items()} == {
            k: v.tobytes() for k, v in weights.arrays.items()
        }
        assert stored.io["source"]["condition"] == "level"
        assert [one["name"] for one in stored.io["inputs"]][:2] == ["hip_r", "hip_l"]
