"""The preset holds what the paper prints (section III-B2, equations 2 to 6, tables I and II)."""

from pathlib import Path

from exoflow.config import load_params
from exoflow.gait.tasks.registry import task

PRESET = Path(__file__).parents[3] / "config" / "barati_as_printed.yaml"


def test_preset_holds_what_the_paper_prints():
    policy = load_params(PRESET).policy
    assert (policy.kind, policy.hidden, policy.width, policy.mirrored) == (
        "lstm_window", 128, 64, False,
    )  # fmt: skip
    assert (policy.critic_widths, policy.critic_activation) == ((128, 64), "relu")
    assert not policy.privileged_critic
    assert (policy.gamma, policy.clip, policy.entropy) == (0.99, 0.2, 0.01)
    assert policy.learning_rate == policy.critic_learning_rate == 3e-4
    assert (policy.epochs, policy.buffer, policy.batch) == (20, 4096, 256)
    assert (policy.angle_noise_rad, policy.velocity_noise_rad_s) == (0.05, 0.1)


def test_ninety_thousand_gradient_steps_are_the_steps_of_the_preset():
    policy = load_params(PRESET).policy
    gradient_steps_of_a_buffer = policy.epochs * policy.buffer / policy.batch
    buffers = 90_000 / gradient_steps_of_a_buffer
    assert abs(policy.steps - buffers * policy.buffer) < policy.buffer


def test_its_task_observes_sixty_numbers_and_earns_four_terms():
    policy = load_params(PRESET).policy
    chosen = task(policy.reward.task, policy)
    assert chosen.observation.ticks * len(chosen.observation.features) == 60
    weights = {term.name: term.weight for term in chosen.reward}
    assert weights == {"effort": 0.5, "speed": 0.2, "smoothness": 0.1, "fall": 10.0}
