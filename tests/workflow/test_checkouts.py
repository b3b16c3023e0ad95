"""Other states of a project: branches, older files, experiments, clones."""

import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.long
def test_git_checkout_is_clean_with_dvc_checkout_and_refused_without(recorded_copy):
    recorded_copy.git("checkout", "-q", "-b", "faster")
    recorded_copy.change_speed()
    recorded_copy.snakemake("--cores", "2")
    assert recorded_copy.run("exoflow", "record").returncode == 0
    recorded_copy.commit("faster")
    for branch in ("master", "faster"):
        recorded_copy.git("checkout", "-q", branch)
        recorded_copy.refuses_to_plan("dvc checkout")
        recorded_copy.audit(clean=False)
        assert recorded_copy.run("exoflow", "record").returncode == 1
        assert recorded_copy.run("dvc", "checkout").returncode == 0
        assert recorded_copy.states() == {"current"}
        assert "Nothing to be done" in recorded_copy.snakemake("-n")
        assert "up to date" in recorded_copy.run("dvc", "status").stdout


def test_older_files_brought_back_under_newer_records_are_refused(recorded_copy):
    recorded_copy.change_speed()
    recorded_copy.snakemake("--cores", "2")
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    recorded_copy.refuses_to_plan("is an older file of dvc.lock")
    recorded_copy.audit(clean=False)
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout


@pytest.mark.long
def test_an_experiment_runs_what_it_touches_and_audit_is_clean_then_and_once_applied(recorded_copy):
    run = ("dvc", "exp", "run", "-q", "-n", "slower", "-S", "conditions.slow.speed_m_s=0.95")
    jobs = recorded_copy.jobs(*run)
    assert "reflex slow" in jobs
    assert "reflex steep" in jobs, "steep starts from slow"
    assert "reflex fast" not in jobs
    assert recorded_copy.states() == {"current"}
    recorded_copy.git("stash", "-q", "--include-untracked")
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    assert recorded_copy.states() == {"current"}
    assert recorded_copy.run("dvc", "exp", "apply", "slower").returncode == 0
    assert recorded_copy.states() == {"current"}
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


@pytest.mark.long
def test_a_fresh_clone_has_nothing_to_do_and_a_change_runs_the_right_jobs(recorded_copy, tmp_path):
    storage = tmp_path / "storage"
    assert recorded_copy.run("dvc", "remote", "add", "-d", "lab", str(storage)).returncode == 0
    assert recorded_copy.run("dvc", "push", "-q").returncode == 0
    recorded_copy.commit("remote")
    clone = type(recorded_copy)(tmp_path / "clone")
    recorded_copy.git("clone", "-q", ".", str(clone.folder))
    shutil.copytree(recorded_copy.folder / "bin", clone.folder / "bin", dirs_exist_ok=True)
    (clone.folder / "cache").mkdir(exist_ok=True)
    assert clone.run("dvc", "pull", "-q").returncode == 0
    assert "Nothing to be done" in clone.snakemake("-n")
    assert "up to date" in clone.run("dvc", "status").stdout
    assert clone.states() == {"current"}
    other = type(clone)(tmp_path / "other")
    shutil.copytree(clone.folder, other.folder, symlinks=True)
    expected = [
        "export", "export", "metabolics fast", "policy fast 1", "policy fast 2", "reflex fast",
        "report", "student",
    ]  # fmt: skip
    for project, command in ((clone, ("snakemake", "--cores", "2")), (other, ("dvc", "repro"))):
        project.change_speed()
        changed = project.run("dvc", "params", "diff").stdout
        assert "conditions.fast.speed_m_s" in changed
        assert "1.35" in changed
        jobs = project.jobs(*command)
        print(command, jobs)
        assert jobs == expected
        project.audit()
        assert "Nothing to be done" in project.snakemake("-n")
    assert "Data and pipelines are up to date" in other.run("dvc", "status").stdout
