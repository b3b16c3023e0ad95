"""Two runs at once are refused; after `kill -9`, one command makes the folder usable again."""

import json
import os
import signal
import subprocess

import pytest

pytestmark = pytest.mark.slow

GAIT = "results/reflex/slow.json"
HELD = ("snakemake", "--cores", "1", GAIT)


def errors(output: str) -> list[str]:
    """The lines of exoflow's own errors."""
    return [line for line in output.splitlines() if line.startswith("exoflow: error:")]


def kill_group(running: subprocess.Popen) -> None:
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


@pytest.fixture
def held(project):
    """A project with a Snakemake at work on one gait."""
    running = project.start_and_hold(*HELD)
    yield project, running
    project.let_go()
    running.communicate(timeout=60)


def test_a_second_snakemake_is_refused_in_one_line(held):
    project, running = held
    done = project.run("snakemake", "--cores", "1", "all_trial")
    assert done.returncode == 2
    assert len(errors(done.stdout)) == 1
    assert f"Another run is going on here: process {running.pid} (" in done.stdout
    assert "snakemake" in done.stdout
    assert "LockException" not in done.stdout


def test_reading_is_allowed_beside_a_run(held):
    project, _ = held
    assert "reflex" in project.snakemake("-n")
    assert GAIT in project.snakemake("--summary")


def test_unlocking_is_refused_while_the_run_lives(held):
    project, _ = held
    assert project.run("snakemake", "--unlock").returncode == 2
    assert list((project.folder / ".snakemake/locks").glob("*.lock"))


@pytest.mark.parametrize("options", [(), ("--stop",)])
def test_recovery_is_refused_while_the_run_lives_and_leaves_its_jobs_alone(held, options):
    project, running = held
    done = project.run("exoflow", "recover", *options)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert f"process {running.pid}" in done.stdout
    assert list((project.folder / ".snakemake/locks").glob("*.lock"))
    project.let_go()
    assert running.wait(timeout=60) == 0


def test_snakemake_beside_dvc_and_dvc_beside_snakemake_are_refused(versioned):
    running = versioned.start_and_hold("dvc", "repro", "trial")
    try:
        done = versioned.run("snakemake", "--cores", "1", GAIT)
        assert done.returncode == 2
        assert len(errors(done.stdout)) == 1
        second = versioned.run("dvc", "repro", "trial")
        assert second.returncode != 0
        assert f"(PID {running.pid})" in second.stdout
    finally:
        versioned.let_go()
        assert running.wait(timeout=120) == 0
    other = versioned.start_and_hold(*HELD)
    try:
        (versioned.folder / "params.yaml").write_text(
            (versioned.folder / "params.yaml").read_text().replace("[barati]", "[]")
        )
        done = versioned.run("dvc", "repro", "trial")
        assert done.returncode != 0
        assert f"Another run is going on here: process {other.pid}" in done.stdout
    finally:
        versioned.let_go()
        other.communicate(timeout=60)


def test_after_kill_9_the_next_run_names_the_command_that_recovers(project):
    kill_group(project.start_and_hold(*HELD))
    project.let_go()
    done = project.run(*HELD)
    assert done.returncode == 2
    assert errors(done.stdout) == [
        "exoflow: error: The last run here was killed and left its locks. Type: exoflow recover"
    ]
    assert "Nothing to be done" not in project.snakemake("-n", GAIT)


@pytest.mark.parametrize("command", [HELD, ("dvc", "repro", "reflex")], ids=["snakemake", "dvc"])
def test_kill_9_and_recovery_end_where_an_uninterrupted_run_ends(versioned, command):
    kill_group(versioned.start_and_hold(*command))
    versioned.let_go()
    half_written = versioned.folder / "results/reflex/.slow.x.part.json"
    half_written.parent.mkdir(parents=True, exist_ok=True)
    half_written.touch()
    checkpoint = versioned.folder / ".exoflow/checkpoints/reflex/slow.npz"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.touch()
    recovered = versioned.run("exoflow", "recover")
    assert recovered.returncode == 0, recovered.stdout
    assert "locks of Snakemake" in recovered.stdout
    assert not half_written.exists()
    assert checkpoint.exists()
    jobs = versioned.jobs(*command)
    assert "reflex slow" in jobs
    assert versioned.jobs(*command) == []


@pytest.mark.parametrize("command", [HELD, ("dvc", "repro", "reflex")], ids=["snakemake", "dvc"])
def test_what_outlives_a_killed_engine_is_named_and_stopped_when_asked(versioned, command):
    running = versioned.start_and_hold(*command)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    refused = versioned.run("exoflow", "recover")
    assert refused.returncode == 2
    assert "exoflow recover --stop" in refused.stdout
    assert len(refused.stdout.splitlines()) == 1
    stopped = versioned.run("exoflow", "recover", "--stop")
    assert stopped.returncode == 0, stopped.stdout
    assert "stopped process" in stopped.stdout
    versioned.let_go()
    assert "reflex slow" in versioned.jobs(*command)


def test_damaged_and_stale_lists_of_dvc_are_removed(versioned):
    rwlock = versioned.folder / ".dvc/tmp/rwlock"
    rwlock.parent.mkdir(exist_ok=True)
    dead = {"pid": 2**22 + 1, "cmd": "dvc repro"}
    for content in (json.dumps({"write": {"results/reflex": dead}}), '{"write": {'):
        rwlock.write_text(content)
        assert "removed .dvc/tmp/rwlock" in versioned.run("exoflow", "recover").stdout
        assert not rwlock.exists()
    assert "nothing was left behind" in versioned.run("exoflow", "recover").stdout


def test_a_dvc_lock_that_was_cut_short_is_set_aside(project):
    lock = project.folder / "dvc.lock"
    lock.write_text("schema: '2.0'\nstages:\n  reflex:\n    cmd: [")
    assert "dvc.lock was damaged" in project.run("exoflow", "recover").stdout
    assert not lock.exists()
    assert len(list((project.folder / ".exoflow/recovered").iterdir())) == 1
