"""Other states of a project, read in place."""

import subprocess

import pytest

from exoflow.errors import UserError
from exoflow.ledgers.dvc_lock import StageLock
from exoflow.ledgers.snapshots import (
    Snapshot,
    differing_sources,
    find_commit,
    link_results,
    read_snapshot,
    unlike_lock,
)


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit."""
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow/a.py").write_text("1")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def git(folder, *words):
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_experiment(folder, name, baseline=None):
    """A ref as DVC makes it, to a commit of its own."""
    tree = git(folder, "write-tree")
    commit = git(folder, "commit-tree", tree, "-m", name + (baseline or ""))
    baseline = baseline or git(folder, "rev-parse", "HEAD")
    git(folder, "update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", commit)
    return commit


def test_experiments_are_found_by_name_and_that_of_this_commit_comes_first(repository):
    commit = make_experiment(repository, "slower")
    assert find_commit(repository, "slower") == commit
    other = make_experiment(repository, "slower", "0" * 40)
    assert find_commit(repository, "slower") == commit
    git(repository, "commit", "-q", "--allow-empty", "-m", "later")
    with pytest.raises(UserError, match=f"several commits .*{commit[:9]}.*{other[:9]}|{other[:9]}"):
        find_commit(repository, "slower")
    assert find_commit(repository, "main") == git(repository, "rev-parse", "HEAD")


def test_an_unknown_name_lists_what_there_is(repository, tmp_path_factory):
    make_experiment(repository, "slower")
    with pytest.raises(UserError, match=r"Did you mean slower\? Experiments: slower\."):
        find_commit(repository, "slowr")
    with pytest.raises(UserError, match="Not a Git repository"):
        find_commit(tmp_path_factory.mktemp("no_git"), "slower")


def test_a_commit_without_results_says_how_to_record_some(repository):
    (repository / "params.yaml").write_text("{}")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "params")
    with pytest.raises(UserError, match=r"main has no dvc\.lock: .*exoflow record"):
        read_snapshot(repository, "main")


def test_settings_beside_results_of_others_are_noted():
    stages = {"reflex": StageLock({"model": {"id": "a"}}, {}, {})}
    assert unlike_lock({"model": {"id": "a"}}, stages)[1:] == []
    assert unlike_lock({"model": {"id": "b"}}, stages)[-1] == "recorded with other settings: reflex"
    assert unlike_lock({"model": {"id": "a"}}, stages)[0].startswith("not recorded: wearer, policy")


def test_what_is_not_in_the_cache_is_named_if_a_comparison_needs_it(tmp_path):
    (tmp_path / "cache").write_text("{}")
    files = {
        "results/reflex/a.json": tmp_path / "cache",
        "results/reflex/a.parquet": tmp_path / "nothing",
    }
    snapshot = Snapshot("main", "0" * 40, None, {}, files)
    results = link_results(snapshot, tmp_path / "links")
    assert [file.name for file in (results / "reflex").iterdir()] == ["a.json"]
    files["results/reflex/b.json"] = tmp_path / "nothing"
    with pytest.raises(UserError, match=r"main: results/reflex/b\.json is recorded, but not in"):
        link_results(snapshot, tmp_path / "other")


def test_code_that_differs_is_named_also_where_it_is_not_committed(repository):
    first = git(repository, "rev-parse", "HEAD")
    (repository / "workflow/a.py").write_text("2")
    git(repository, "commit", "-q", "-a", "-m", "edit")
    here = Snapshot("workspace", None, None, {}, {})
    old, new = (
        Snapshot(one, one, None, {}, {}) for one in (first, git(repository, "rev-parse", "HEAD"))
    )
    assert differing_sources(repository, [old, new]) == ["workflow/a.py"]
    assert differing_sources(repository, [new, here]) == []
    (repository / "workflow/b.py").write_text("3")
    (repository / "notes.txt").write_text("no code")
    assert differing_sources(repository, [new, here]) == ["workflow/b.py"]
