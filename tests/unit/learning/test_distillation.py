import dataclasses

import numpy as np
import pytest
import torch

from exoflow.config.student import StudentSettings
from exoflow.errors import ParamsError
from exoflow.gait.environment import AssistedGait, EnvironmentSettings
from exoflow.learning.distillation import (
    SEGMENT_TICKS,
    Lesson,
    distil,
    fidelity,
    open_loop_fidelity,
    segments,
)
from exoflow.learning.walks import GyroNoise, Walks, record_walks

QUIET = GyroNoise(0.0, 0.0)
TINY = StudentSettings(
    channels=8, layers=2, walk_s=4.0, walkers=5, dagger_rounds=1, epochs=12, batch=8,
    learning_rate=1e-2,
)  # fmt: skip


class VelocityTeacher(torch.nn.Module):
    """Torque of each leg along its hip velocity."""

    mirrored, is_recurrent, n_inputs = True, False, 60

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        return torch.tanh(0.3 * history[:, 56:58])


def _lesson(swinging_legs) -> Lesson:
    settings = EnvironmentSettings(privileged=False, pool_moments=16)
    return Lesson(AssistedGait(swinging_legs(TINY.walkers), settings), VelocityTeacher())


def _walks(length: list[int], n_ticks: int = 300) -> Walks:
    ticks = np.arange(n_ticks, dtype=np.float32)
    gyro = np.stack([ticks, -ticks], axis=1) + np.zeros((len(length), 1, 1), np.float32)
    return Walks(gyro, gyro, gyro / 300, gyro / 300, np.array(length), symmetric=False)


def test_student_learns_a_teacher_it_can_see(swinging_legs):
    lesson = _lesson(swinging_legs)
    trained = distil({"level": lesson}, TINY)
    score = open_loop_fidelity(trained.student, trained.validation["level"], 8.0)
    assert score["r"] > 0.95
    assert [row[0] for row in trained.history] == list(range(1, 25))
    assert trained.history[-1][2] < 0.2 * trained.history[0][2]


def test_same_settings_give_the_same_student(swinging_legs):
    settings = dataclasses.replace(TINY, epochs=1)
    students = [distil({"a": _lesson(swinging_legs)}, settings).student for _ in range(2)]
    for name, array in students[0].arrays().items():
        assert array.tobytes() == students[1].arrays()[name].tobytes()


def test_walks_shorter_than_a_segment_are_refused(swinging_legs):
    # Memory 1 + 2 (2^8 - 1) = 511 ticks, segment 200 ticks: 7.1 s.
    settings = dataclasses.replace(TINY, layers=8)
    with pytest.raises(ParamsError, match=r"student.walk_s = 4 s is shorter than 7.1 s"):
        distil({"a": _lesson(swinging_legs)}, settings)


def test_segment_counts_only_what_its_memory_and_the_walker_allow():
    rng = np.random.default_rng(0)
    context = 30
    gyro, target, weight = segments([_walks([300, 250])] * 20, context, QUIET, rng)
    assert gyro.shape == target.shape == (40, context + SEGMENT_TICKS, 2)
    first = gyro[:, 0, 0].astype(int)
    assert (first == 0).any() and (first > 0).any()
    for row, start in enumerate(first):
        np.testing.assert_array_equal(gyro[row, :, 0], np.arange(start, start + 230))
        np.testing.assert_allclose(target[row], gyro[row] / 300)
        expected = np.ones(230)
        if start > 0:
            expected[:context] = 0
        # Nothing is asked after the fall at tick 250; the other walk ends at 300.
        assert set(np.flatnonzero(expected != weight[row, :, 0]) + start) <= set(range(250, 300))


def test_legs_are_swapped_together_in_half_the_segments_of_a_symmetric_teacher():
    walks = dataclasses.replace(_walks([300] * 40), symmetric=True)
    gyro, target, _ = segments([walks], 10, QUIET, np.random.default_rng(0))
    swapped = gyro[:, -1, 0] < 0
    assert 0.3 < swapped.mean() < 0.7
    np.testing.assert_allclose(target, gyro / 300)


def test_sensor_errors_are_one_bias_per_walk_and_white_noise():
    errors = GyroNoise(0.1, 0.05).draw(200, 2000, np.random.default_rng(0))
    assert errors.shape == (200, 2000, 2)
    bias = errors.mean(axis=1)
    assert np.abs(bias).max() < 0.05 + 4 * 0.1 / np.sqrt(2000)
    assert bias.std() == pytest.approx(0.05 / np.sqrt(3), rel=0.15)
    level = errors.std(axis=1)
    assert 0.045 < level.min() < 0.055 and 0.095 < level.max() < 0.105


def test_recorded_walk_ends_where_the_walker_falls(swinging_legs):
    class Pusher(VelocityTeacher):
        def forward(self, history):
            return torch.ones(len(history), 2)

    gait = _lesson(swinging_legs).gait
    walks = record_walks(gait, Pusher(), 1.0, QUIET, np.random.default_rng(0))
    # 1.6 Nm per tick on both legs: 5 ticks make 16 Nm, above the 14 Nm that fell it.
    assert walks.length.tolist() == [5] * 5
    assert walks.fell().all()


def test_teacher_drives_until_a_student_does(swinging_legs):
    lesson = _lesson(swinging_legs)
    rng = np.random.default_rng(0)
    walks = record_walks(lesson.gait, lesson.teacher, 1.0, QUIET, rng)
    np.testing.assert_array_equal(walks.driver, walks.teacher)
    student = distil({"a": lesson}, dataclasses.replace(TINY, epochs=1)).student
    driven = record_walks(lesson.gait, lesson.teacher, 1.0, QUIET, rng, student)
    np.testing.assert_allclose(
        driven.driver, student(torch.from_numpy(driven.measured)).detach().numpy(), atol=1e-6
    )
    assert np.abs(driven.driver - driven.teacher).max() > 0.01


def test_fidelity_by_hand():
    # Teacher +-0.5 in turn; student the same plus 0.1: r = 1, RMSE 0.1 x 8 Nm = 0.8 Nm.
    teacher = np.tile(np.array([0.5, -0.5], np.float32), (1, 150, 1))
    walks = Walks(teacher, teacher, teacher, teacher, np.array([150]), symmetric=True)
    score = fidelity(teacher + np.float32(0.1), walks, 8.0)
    assert score["r"] == pytest.approx(1.0)
    assert score["rmse_Nm"] == pytest.approx(0.8, rel=1e-5)
    assert fidelity(0 * teacher, walks, 8.0)["r"] == 0.0
