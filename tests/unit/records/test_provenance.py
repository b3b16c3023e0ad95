"""Run records tell what made a result, inside and outside Git."""

import json
import os
import subprocess

import numpy as np
import pytest

from exoflow.records.provenance import write_run_record


def git(folder, *arguments):
    environment = {
        **os.environ,
        **{
            f"GIT_{who}_{what}": "t@localhost"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    subprocess.run(
        ["git", "-C", folder, *arguments], check=True, capture_output=True, env=environment
    )


@pytest.fixture
def project(tmp_path):
    for name in ("workflow/code.py", "data/table.csv", "params.yaml", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    return tmp_path


def record(project, **changes):
    arguments = {
        "settings": {"policy": {"steps": np.int64(5)}},
        "inputs": ["data/table.csv"],
        "outputs": [project / "out.json"],
        "seed": 1,
        "wall_time_s": 2.34567,
        "root": project,
    }
    path = write_run_record("policy", "level/seed1", **{**arguments, **changes})
    assert path == project / "results/runs/policy/level/seed1.run.json"
    return json.loads(path.read_text())


def test_outside_git_there_is_no_commit_and_nothing_fails(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    found = record(project)
    assert found["commit"] is None
    assert found["dirty"] == {"code": None, "params": None, "data": None}


def test_settings_seed_hashes_device_and_time_are_kept(project):
    (project / "out.json").write_text('{"a": 1}')
    found = record(project, device="some GPU")
    assert found["settings"] == {"policy": {"steps": 5}}
    assert found["seed"] == 1
    assert found["wall_time_s"] == 2.346
    assert set(found["inputs"]) == {"data/table.csv"}
    assert set(found["outputs"]) == {"out.json"}
    assert found["device"]["computed_on"] == "some GPU"
    assert found["device"]["cores"] >= 1
    assert found["versions"]["numpy"] == np.__version__


def test_an_input_that_is_gone_is_kept_as_missing(project):
    assert record(project, inputs=["data/none.csv"])["inputs"] == {"data/none.csv": None}


def test_dirty_flags_tell_code_params_and_data_apart(project):
    git(project, "init", "-q")
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "start")
    clean = record(project)
    assert len(clean["commit"]) == 40
    assert clean["dirty"] == {"code": False, "params": False, "data": False}
    (project / "notes.md").write_text("2\n")
    assert record(project)["dirty"] == clean["dirty"], "notes change no result"
    (project / "data/new.csv").write_text("2\n")
    (project / "params.yaml").write_text("2\n")
    assert record(project)["dirty"] == {"code": False, "params": True, "data": True}


def test_a_repository_without_a_commit_has_none(project):
    git(project, "init", "-q")
    assert record(project)["commit"] is None
