"""Bad input for the ledgers: one line each, nothing lost."""

import os
import subprocess

import pytest

pytestmark = pytest.mark.slow

GAIT = "results/reflex/slow.json"


def one_line(done, text, code=2):
    """The command ended with one line of ours that holds a text."""
    ours = [line for line in done.stdout.splitlines() if line.startswith("exoflow: error:")]
    assert done.returncode == code, done.stdout
    assert len(ours) == 1, done.stdout
    assert text in ours[0]
    assert "Traceback" not in done.stdout


def snapshot(project):
    """Content of every result."""
    results = project.folder / "results"
    return {file: file.read_bytes() for file in results.rglob("*") if file.is_file()}


@pytest.mark.parametrize("command", ["audit", "record"])
def test_a_damaged_dvc_lock_is_named_with_the_remedy(finished_copy, command):
    before = snapshot(finished_copy)
    (finished_copy.folder / "dvc.lock").write_text("schema: '2.0'\nstages:\n<<<<<<< HEAD\n  r: [")
    one_line(finished_copy.run("exoflow", command), "dvc.lock: line")
    assert snapshot(finished_copy) == before
    assert finished_copy.run("exoflow", "recover").returncode == 0
    assert finished_copy.run("exoflow", "record").returncode == 0


def test_without_git_recording_says_so(finished_copy):
    (finished_copy.folder / ".git").rename(finished_copy.folder / "no_git")
    one_line(finished_copy.run("exoflow", "record"), "git init")
    assert not (finished_copy.folder / "dvc.lock").exists()
    assert "Nothing to be done" in finished_copy.snakemake("-n")


def test_a_detached_and_dirty_tree_can_be_audited_and_recorded(finished_copy):
    assert finished_copy.run("git", "checkout", "-q", "--detach").returncode == 0
    (finished_copy.folder / "params.yaml").open("a").write("# a note\n")
    assert finished_copy.run("exoflow", "record").returncode == 0
    assert finished_copy.run("exoflow", "audit").returncode == 0


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(finished_copy):
    scratch = finished_copy.folder / ".exoflow"
    scratch.rename(finished_copy.folder / "scratch")
    scratch.touch()  # a file in its place: also the superuser cannot make the folder
    before = snapshot(finished_copy)
    one_line(finished_copy.run("snakemake", "--cores", "1"), "must be able to write")
    one_line(finished_copy.run("exoflow", "record"), "must be able to write")
    assert "Nothing to be done" in finished_copy.snakemake("-n")
    assert snapshot(finished_copy) == before


def test_a_full_disk_while_recording_leaves_dvc_lock_as_it_was(finished_copy):
    environment = finished_copy.environment()
    limited = "ulimit -f 0; exec exoflow record"  # no file can grow
    done = subprocess.run(
        ["bash", "-c", limited],
        cwd=finished_copy.folder,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stdout, done.stdout
    assert not (finished_copy.folder / "dvc.lock").exists()
    assert finished_copy.run("exoflow", "record").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_read_only_results_are_refused(finished_copy):
    (finished_copy.folder / "results/reflex").chmod(0o555)
    try:
        finished_copy.edit("params.yaml", "speed_m_s: 1.3", "speed_m_s: 1.35")
        assert finished_copy.run("snakemake", "--cores", "1").returncode != 0
    finally:
        (finished_copy.folder / "results/reflex").chmod(0o755)
