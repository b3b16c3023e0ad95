import torch
from stable_baselines3.common.logger import configure

from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.gait.tasks.observation import input_scale
from exoflow.learning.gait_policy import critic_scale
from exoflow.learning.gait_ppo import GaitPPO
from exoflow.learning.vec_env import AssistedGaitVecEnv


def _learner(swinging_legs, **options) -> GaitPPO:
    gait = AssistedGait(swinging_legs(4), EnvironmentSettings(pool_moments=8))
    scale = input_scale(8.0)
    model = GaitPPO(
        AssistedGaitVecEnv(gait),
        n_steps=32,
        batch_size=64,
        n_epochs=2,
        seed=1,
        learning_rate=1e-3,
        policy_kwargs={
            "actor": {
                "kind": "mlp", "mirrored": True, "input_scale": scale, "hidden": 8, "width": 8,
            },
            "critic": {
                "scale": critic_scale(scale, 10, gait.n_critic), "widths": (8,),
                "value_scale": 10.0,
            },
            "log_std": -1.0,
            "min_log_std": -1.5,
            "final_std_share": 0.8,
            "critic_learning_rate": 2e-3,
        },
        **options,
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
    policy = _learner(swinging_legs).policy
    observation = torch.randn(3, policy.observation_space.shape[0])
    other = observation.clone()
    other[:, 60:] = torch.randn_like(other[:, 60:])
    assert torch.equal(policy.act(observation), policy.act(other))
    assert not torch.equal(policy.predict_values(observation), policy.predict_values(other))


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
