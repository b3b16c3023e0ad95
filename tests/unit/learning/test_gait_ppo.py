import pytest
import torch
from stable_baselines3.common.logger import configure

from exoflow.errors import ParamsError
from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.observation import input_scale
from exoflow.learning.gait_policy import critic_scale
from exoflow.learning.gait_ppo import GaitPPO
from exoflow.learning.vec_env import AssistedGaitVecEnv


def _learner(swinging_legs, kind: str = "mlp", **options) -> GaitPPO:
    gait = AssistedGait(swinging_legs(4), EnvironmentSettings(pool_moments=8))
    scale = input_scale(8.0)
    model = GaitPPO(
        AssistedGaitVecEnv(gait),
        seed=1,
        learning_rate=1e-3,
        policy_kwargs={
            "actor": {
                "kind": kind, "mirrored": True, "input_scale": scale, "hidden": 8, "width": 8,
            },
            "critic": {
                "scale": critic_scale(scale, 10, (), gait.observation_space.shape[0]),
                "widths": (8,), "value_scale": 10.0,
            },
            "log_std": -1.0,
            "min_log_std": -1.5,
            "final_std_share": 0.8,
            "critic_learning_rate": 2e-3,
        },
        **{"n_steps": 32, "minibatch": 64, "n_epochs": 2, **options},
    )  # fmt: skip
    model.set_logger(configure(None, []))
    return model


def test_actor_and_critic_rates_decay_together_and_reach_one_share_at_the_end(swinging_legs):
    model = _learner(swinging_legs)
    model.learn(4 * 32 * 4)
    # Four updates at 4/4, 3/4, 2/4 and 1/4 of the first rate.
    actor, critic = model.policy.optimizer.param_groups
    assert (actor["lr"], critic["lr"]) == (1e-3 / 4, 2e-3 / 4)
    assert model.last_update["gradient_steps"] == 4


def test_update_stops_beyond_the_target_kl(swinging_legs):
    model = _learner(swinging_legs, target_kl=1e-9)
    model.learn(128)
    assert 1 <= model.last_update["gradient_steps"] < 4


def test_actor_never_sees_what_only_the_critic_may(swinging_legs):
    model = _learner(swinging_legs)
    observation = torch.randn(4, model.policy.observation_space.shape[0])
    other = observation.clone()
    other[:, 60:] = torch.randn_like(other[:, 60:])
    assert torch.equal(model.controller.act(observation), model.controller.act(other))
    critic = model.policy.critic
    assert not torch.equal(critic(observation), critic(other))


def test_learning_rates_may_stay_as_they_are(swinging_legs):
    model = _learner(swinging_legs, final_learning_rate_share=1.0)
    model.learn(2 * 32 * 4)
    assert [group["lr"] for group in model.policy.optimizer.param_groups] == [1e-3, 2e-3]


def test_minibatch_split_over_threads_has_the_gradient_of_the_whole(swinging_legs):
    gradients = []
    for threads in (1, 3):
        model = _learner(swinging_legs, threads=threads, n_epochs=1, minibatch=1000)
        model.learn(128)
        gradients.append([p.grad.clone() for p in model.policy.actor.parameters()])
    for whole, split in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, split, rtol=1e-4, atol=1e-7)
        assert whole.abs().sum() > 0


def test_learning_ends_before_the_next_rollout_once_it_is_finished(swinging_legs):
    model = _learner(swinging_legs)
    model.finished = True
    model.learn(128)
    assert model.num_timesteps == 0


def test_recurrent_controller_wants_whole_sequences(swinging_legs):
    with pytest.raises(ParamsError, match=r"= 40 ticks is no multiple of 32"):
        _learner(swinging_legs, kind="lstm_carried", n_steps=40)


def test_exploration_never_falls_below_its_floor(swinging_legs):
    policy = _learner(swinging_legs).policy
    with torch.no_grad():
        policy.log_std.fill_(-9.0)
    torch.testing.assert_close(policy.std(), torch.full((2,), -1.5).exp())


def test_exploration_shrinks_evenly_and_never_within_an_update(swinging_legs):
    model = _learner(swinging_legs)
    model.learn(4 * 32 * 4)
    # What is learned of the noise aside: 0.8^(4/4) after the last of four updates.
    torch.testing.assert_close(model.policy.log_share.exp(), torch.tensor(0.8))
    model.policy.anneal(0.5)
    torch.testing.assert_close(model.policy.log_share.exp(), torch.tensor(0.8).sqrt())


def test_exploration_remembers_the_tick_before_and_keeps_its_size(swinging_legs):
    model = _learner(swinging_legs, noise_correlation=0.6)
    torch.manual_seed(1)
    noise, ticks = None, []
    for _ in range(4000):
        noise = model._correlated(noise, torch.randn(4, 2))
        ticks.append(noise)
    series = torch.stack(ticks)
    assert series.std().item() == pytest.approx(1.0, abs=0.03)
    assert (series[1:] * series[:-1]).mean().item() == pytest.approx(0.6, abs=0.03)
    assert (series[2:] * series[:-2]).mean().item() == pytest.approx(0.36, abs=0.03)
