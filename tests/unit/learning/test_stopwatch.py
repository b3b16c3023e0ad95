import pytest

from exoflow.config.policy import PolicySettings
from exoflow.learning.stopwatch import flop_per_step, time_training
from exoflow.learning.training import build

SMALL = PolicySettings(
    kind="mlp", hidden=10, width=5, critic_widths=(8,), privileged_critic=False, n_walkers=4,
    buffer=128, batch=64, epochs=2, slopes_deg=(0.0,), threads=1,
)  # fmt: skip


def test_times_of_a_cycle_add_up(swinging_legs):
    timed = time_training(swinging_legs, SMALL, 8.0, cycles=2)
    us = timed.us_per_step
    assert all(value > 0.0 for value in us.values())
    assert us["physics"] + us["acting"] + us["learning"] == pytest.approx(us["whole"])


def test_operations_by_hand(swinging_legs):
    model, _ = build(swinging_legs, SMALL, 8.0, 1)
    # Actor 60 x 10 + 10 x 5 + 5 = 655 for each leg, critic 60 x 8 + 8 = 488 multiply-adds;
    # one pass to act, two epochs of three: 2 x (2 x 655 + 488) x 7.
    assert flop_per_step(model) == 2 * (2 * 655 + 488) * 7
