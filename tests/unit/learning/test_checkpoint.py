import pytest
import torch

from exoflow.errors import CheckpointError
from exoflow.learning import checkpoint


def test_newest_content_comes_back(tmp_path):
    path = tmp_path / "run.pt"
    assert checkpoint.load(path) is None
    checkpoint.save(path, {"step": 1, "weights": torch.arange(3.0)})
    checkpoint.save(path, {"step": 2, "weights": torch.arange(3.0) + 1})
    loaded = checkpoint.load(path)
    assert loaded["step"] == 2
    assert loaded["weights"].tolist() == [1.0, 2.0, 3.0]


def test_big_integers_of_a_generator_state_survive(tmp_path):
    checkpoint.save(tmp_path / "run.pt", {"rng": {"state": 2**127 + 1, "inc": 3}})
    assert checkpoint.load(tmp_path / "run.pt")["rng"]["state"] == 2**127 + 1


def test_truncated_checkpoint_is_refused_with_its_remedy(tmp_path):
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"step": 1})
    checkpoint.save(path, {"step": 2})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: damaged or truncated checkpoint (")
    assert message.endswith("run the same command again: training goes on from run.pt.prev.")
    path.unlink()
    assert checkpoint.load(path)["step"] == 1


def test_truncated_only_checkpoint_says_training_starts_anew(tmp_path):
    path = tmp_path / "run.pt"
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"Delete it .* training starts anew"):
        checkpoint.load(path)


def test_killed_between_two_renames_goes_on_from_the_older_one(tmp_path):
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"step": 1})
    path.rename(checkpoint.previous(path))
    assert checkpoint.load(path)["step"] == 1


def test_discard_leaves_nothing(tmp_path):
    path = tmp_path / "run.pt"
    checkpoint.save(path, {"step": 1})
    checkpoint.save(path, {"step": 2})
    checkpoint.discard(path)
    assert list(tmp_path.iterdir()) == []
