"""The clean folder of a replay."""

import pytest

from exoflow.ledgers.replay_folder import DONE, clean_folder
from exoflow.ledgers.snapshots import Snapshot

HERE = Snapshot("workspace", None, None, {}, {})


@pytest.fixture
def project(tmp_path):
    """A folder with code, data, results and records."""
    for name in (
        "Snakefile", "params.yaml", "workflow/exoflow/a.py", "workflow/exoflow/__pycache__/a.pyc",
        "data/trials/lab/results/table.csv", "results/reflex/level.json",
        ".snakemake/metadata/record", ".exoflow/content.json", "dvc.lock",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_code_data_and_settings_come_along_and_nothing_of_the_results(project):
    folder = clean_folder(project, HERE, "level")
    assert folder.parent == project / ".exoflow/replay"
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert found == {
        "Snakefile", "params.yaml", "workflow/exoflow/a.py", "data/trials/lab/results/table.csv",
    }  # fmt: skip


def test_a_stopped_replay_goes_on_and_an_ended_one_starts_anew(project):
    folder = clean_folder(project, HERE, "level")
    (folder / "results").mkdir()
    assert clean_folder(project, HERE, "level") == folder
    assert (folder / "results").exists()
    (folder / DONE).touch()
    assert clean_folder(project, HERE, "level") == folder
    assert not (folder / "results").exists()


def test_other_settings_are_another_folder_and_only_ended_ones_are_removed(project):
    ended, stopped = (clean_folder(project, HERE, name) for name in ("level", "level_slow"))
    (ended / DONE).touch()
    (project / "params.yaml").write_text("other")
    folders = {clean_folder(project, HERE, name) for name in ("level", "level_slow")}
    assert not ended.exists()
    assert stopped.exists()
    left = set((project / ".exoflow/replay").iterdir())
    assert left == {stopped, *folders}
