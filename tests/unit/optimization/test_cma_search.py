"""A search that is stopped and resumed equals one that was not."""

import numpy as np
import pytest

from exoflow.errors import CheckpointError
from exoflow.optimization.cma_search import Checkpoint, SearchSpace, minimize

SPACE = SearchSpace(
    tuple("abcd"), np.full(4, 0.5), np.full(4, 0.2), np.full(4, -1.0), np.full(4, 1.0)
)


def bowl(x):
    return float(((x - 0.1) ** 2).sum())


def search(evaluations, lanes=1, checkpoint=None, evaluate=bowl):
    return minimize(
        SPACE,
        [evaluate] * lanes,
        evaluations=evaluations,
        population=8,
        seed=3,
        label="bowl",
        checkpoint=checkpoint,
    )


def test_finds_the_minimum():
    assert search(600).best == pytest.approx(np.full(4, 0.1), abs=1e-3)


def test_result_does_not_depend_on_lanes():
    one, two = search(80, lanes=1), search(80, lanes=2)
    assert np.array_equal(one.best, two.best) and one.history == two.history


def test_resumed_search_equals_an_uninterrupted_one(tmp_path):
    whole = search(160)
    checkpoint = Checkpoint(tmp_path / "bowl.pickle", every_s=0.0)
    calls = 0

    def killed(x):
        nonlocal calls
        calls += 1
        if calls > 75:
            raise KeyboardInterrupt
        return bowl(x)

    with pytest.raises(KeyboardInterrupt):
        search(160, checkpoint=checkpoint, evaluate=killed)
    np.random.seed(99)  # another process has another generator state
    resumed = search(160, checkpoint=checkpoint)
    assert np.array_equal(resumed.best, whole.best)
    assert resumed.history == whole.history


def test_truncated_checkpoint_names_file_and_remedy(tmp_path):
    path = tmp_path / "bowl.pickle"
    path.write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointError, match=r"bowl.pickle is damaged or truncated .* Delete it"):
        search(16, checkpoint=Checkpoint(path))


def test_never_ends_worse_than_its_start():
    best = SearchSpace(SPACE.names, np.full(4, 0.1), SPACE.std, SPACE.low, SPACE.high)
    result = minimize(best, [bowl], evaluations=9, population=8, seed=1, label="bowl")
    assert result.value == bowl(best.start) and np.array_equal(result.best, best.start)
