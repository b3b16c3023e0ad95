"""Training as a whole, on walkers that cost nothing and networks of a few units."""

from __future__ import annotations

import dataclasses
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from exoflow.config.policy import PolicySettings
from exoflow.errors import CheckpointError
from exoflow.gait.tasks.observation import input_scale
from exoflow.gait.tasks.registry import task
from exoflow.learning.networks import Actor
from exoflow.learning.training import planned_steps, train_policy

TINY = PolicySettings(
    hidden=8,
    width=8,
    steps=2048,
    n_walkers=4,
    buffer=256,
    batch=128,
    epochs=2,
    evaluate_every=512,
    evaluation_walkers=2,
    evaluation_s=1.0,
    episode_s=0.5,
    learning_rate=3e-3,
    checkpoint_every_s=0.0,
)
LIMIT_NM = 8.0


class Killed(Exception):
    """Stands for kill -9: nothing of the run survives but its checkpoint."""


def _train(swinging_legs, path: Path, settings: PolicySettings = TINY, seed: int = 1):
    return train_policy(swinging_legs, settings, LIMIT_NM, seed, path)


def _fingerprint(trained) -> tuple:
    rows = [tuple("nan" if v != v else v for v in row.values()) for row in trained.curve]
    arrays = {name: array.tobytes() for name, array in trained.actor.arrays().items()}
    return rows, arrays, trained.best_step, trained.steps


@pytest.mark.parametrize("kind", ["lstm_window", "lstm_carried", "mlp"])
def test_same_seed_gives_same_weights_and_curve(swinging_legs, tmp_path, kind):
    settings = dataclasses.replace(TINY, kind=kind, steps=512)
    first, second, other = (
        _fingerprint(_train(swinging_legs, tmp_path / f"{run}.pt", settings, seed))
        for run, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == second
    assert first[1] != other[1]


@pytest.mark.parametrize("rollouts", [1, 3, 6])
def test_interrupted_run_equals_uninterrupted_run(swinging_legs, tmp_path, rollouts):
    whole = _fingerprint(_train(swinging_legs, tmp_path / "whole.pt"))

    class DyingLegs(swinging_legs):
        steps_left = rollouts * 64 + 10

        def step(self, command):
            if self.n_walkers == TINY.n_walkers:
                DyingLegs.steps_left -= 1
            if DyingLegs.steps_left < 0:
                raise Killed
            super().step(command)

    path = tmp_path / "resumed.pt"
    # The pool is recorded with the training batch: 256 moments, 4 at a time.
    DyingLegs.steps_left += 64
    with pytest.raises(Killed):
        _train(DyingLegs, path)
    torch.manual_seed(999)
    np.random.seed(999)
    assert _fingerprint(_train(swinging_legs, path)) == whole


def test_killed_process_goes_on_to_the_same_result(swinging_legs, tmp_path):
    settings = dataclasses.replace(TINY, steps=8192)
    whole = _fingerprint(_train(swinging_legs, tmp_path / "whole.pt", settings))
    path = tmp_path / "killed.pt"
    environment = {**os.environ, "STEPS": str(settings.steps), "CHECKPOINT": str(path)}
    process = subprocess.Popen([sys.executable, __file__], env=environment)
    deadline = time.monotonic() + 60
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.wait() != 0, "the run ended before it was killed"
    assert path.exists()
    assert _fingerprint(_train(swinging_legs, path, settings)) == whole


def test_truncated_checkpoint_never_starts_anew_in_silence(swinging_legs, tmp_path):
    path = tmp_path / "run.pt"
    _train(swinging_legs, path, dataclasses.replace(TINY, steps=256))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"run\.pt: damaged or truncated"):
        _train(swinging_legs, path, dataclasses.replace(TINY, steps=256))


def test_checkpoint_of_other_settings_is_refused_with_the_difference(swinging_legs, tmp_path):
    path = tmp_path / "run.pt"
    short = dataclasses.replace(TINY, steps=256)
    _train(swinging_legs, path, short)
    other = dataclasses.replace(
        short, gamma=0.9, reward=dataclasses.replace(short.reward, fall=1.0)
    )
    with pytest.raises(CheckpointError) as caught:
        _train(swinging_legs, path, other)
    assert str(caught.value) == (
        f"{path}: checkpoint of other settings (policy.gamma = 0.995 there, 0.9 here; "
        "policy.reward.fall = 30.0 there, 1.0 here). "
        "Restore them, or delete the checkpoint to start anew."
    )
    # How often checkpoints are written changes no number.
    again = dataclasses.replace(short, checkpoint_every_s=9.0)
    assert _fingerprint(_train(swinging_legs, path, again))


def test_training_ends_on_a_plateau_and_stays_ended(swinging_legs, tmp_path):
    """No torque can ever help a walker whose power does not depend on it."""

    class Indifferent(swinging_legs):
        def step(self, command):
            super().step(0.0 * command)

    settings = dataclasses.replace(TINY, plateau_evaluations=2, steps=8192)
    trained = _train(Indifferent, tmp_path / "run.pt", settings)
    assert [row["step"] for row in trained.curve] == [0, 512, 1024]
    assert trained.best_step == 0
    assert _fingerprint(_train(Indifferent, tmp_path / "run.pt", settings)) == _fingerprint(trained)


@pytest.mark.parametrize("kind", ["mlp", "lstm_window", "lstm_carried"])
def test_training_can_start_from_a_teacher(swinging_legs, tmp_path, kind):
    teacher = _helpful_teacher()
    settings = dataclasses.replace(TINY, kind=kind, steps=1, buffer=256, learning_rate=1e-6,
                                   n_walkers=8, hidden=32, width=32)  # fmt: skip
    curve = train_policy(
        swinging_legs, settings, LIMIT_NM, 1, tmp_path / "run.pt", start=teacher
    ).curve
    # Before any update the pupil already saves most of what its teacher does (4 %).
    assert curve[0]["step"] == 0 and curve[0]["change_cot_pct"] < -1.5


def _helpful_teacher() -> Actor:
    """An MLP whose torque is along the newest hip velocity, input 56 of the 60."""
    actor = Actor("mlp", True, input_scale(LIMIT_NM), hidden=4, width=4)
    with torch.no_grad():
        for layer in (actor.network.fc0, actor.network.fc1, actor.network.out):
            layer.weight.zero_()
        # Two ReLU units carry the positive and the negative part: 2 Nm per rad/s.
        for unit, sign in enumerate((1.0, -1.0)):
            actor.network.fc0.weight[unit, 56] = sign
            actor.network.fc1.weight[unit, unit] = 1.0
            actor.network.out.weight[0, unit] = sign * 2.0 * 5.0 / LIMIT_NM
    return actor


def test_files_to_watch_a_training_with(swinging_legs, tmp_path):
    train_policy(
        swinging_legs, dataclasses.replace(TINY, steps=512), LIMIT_NM, 1, tmp_path / "run.pt",
        tmp_path / "watch",
    )  # fmt: skip
    assert list((tmp_path / "watch" / "tensorboard").glob("events.out.tfevents.*"))
    metrics = tmp_path / "watch" / "dvclive" / "plots" / "metrics"
    costs = (metrics / "evaluation" / "change_cot_pct.tsv").read_text().splitlines()
    assert costs[0].split("\t") == ["step", "change_cot_pct"] and len(costs) > 1
    terms = {file.stem for file in (metrics / "reward").glob("*.tsv")}
    assert terms == {term.name for term in task("cost_of_transport").reward}
    assert (metrics / "train" / "approx_kl.tsv").is_file()


def test_learns_to_help(swinging_legs, tmp_path):
    settings = dataclasses.replace(
        TINY, kind="mlp", hidden=32, width=32, steps=24576, buffer=2048, epochs=10, n_walkers=32,
        evaluate_every=8192, evaluation_s=2.0, episode_s=2.0, checkpoint_every_s=60.0,
    )  # fmt: skip
    trained = _train(swinging_legs, tmp_path / "run.pt", settings)
    assert trained.best.is_valid
    assert trained.best.change_cot_pct < -2.0


def test_steps_are_rounded_up_to_whole_buffers():
    assert planned_steps(dataclasses.replace(TINY, steps=1)) == 256
    assert planned_steps(dataclasses.replace(TINY, steps=257)) == 512


def test_curve_has_a_row_per_evaluation_and_one_at_the_end(swinging_legs, tmp_path):
    settings = dataclasses.replace(TINY, steps=1280)
    curve = _train(swinging_legs, tmp_path / "run.pt", settings).curve
    assert [row["step"] for row in curve] == [0, 512, 1024, 1280]
    rates = [row["learning_rate"] for row in curve]
    # Linear to zero, counted before each of the five updates: the last runs at 1/5.
    assert rates[-1] == pytest.approx(3e-3 / 5)


if __name__ == "__main__":
    legs = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["SwingingLegs"]
    tiny = dataclasses.replace(TINY, steps=int(os.environ["STEPS"]))
    _train(legs, Path(os.environ["CHECKPOINT"]), tiny)
