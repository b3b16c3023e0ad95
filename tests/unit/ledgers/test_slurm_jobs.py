"""Jobs that a killed run left under SLURM; its programs are played by scripts on PATH."""

import pytest

from exoflow.errors import UserError
from exoflow.ledgers import run_lock, slurm_jobs
from exoflow.ledgers.recovery import recover
from exoflow.ledgers.slurm_jobs import SlurmJob, jobs_left, mark_run, read_mark, settle


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder whose last run used SLURM; programs that a test plays come first on PATH."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("atexit.register", lambda *call: None)
    mark_run({"reflex": "control=0a"}, folder)
    yield folder
    run_lock.release(folder)


def play(project, program, script):
    """Let a shell script play a program of SLURM; it finds its own files in its folder."""
    path = project.parent / "bin" / program
    path.write_text(f"#!/bin/sh\ncd {path.parent}\necho called >> {program}.calls\n{script}\n")
    path.chmod(0o755)


def queue(project, *jobs):
    """Let squeue list jobs, each (number, state, comment, folder), until scancel is called."""
    lines = "".join("\t".join(map(str, job)) + "\n" for job in jobs)
    (project.parent / "bin/jobs").write_text(lines)
    play(project, "squeue", "[ -e scancel.calls ] || cat jobs")
    play(project, "scancel", "echo $* > cancelled")


def calls(project, program):
    path = project.parent / "bin" / f"{program}.calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def policy(project):
    return "12", "RUNNING", "rule_policy_wildcards_slow_1", project


def test_slurm_is_asked_only_if_the_last_run_used_it(project):
    queue(project, policy(project))
    slurm_jobs.unmark_run(project)
    assert jobs_left(project) == []
    run_lock.claim_run(["snakemake"], project)
    assert calls(project, "squeue") == 0


def test_jobs_of_other_folders_and_other_jobs_of_this_folder_do_not_count(project):
    link = project.parent / "link"
    link.symlink_to(project)
    queue(
        project,
        ("CLUSTER: main",),
        ("7", "RUNNING", "rule_reflex_wildcards_slow", project.parent),
        ("8", "RUNNING", "(null)", project),
        ("9_[1-3]", "PENDING", "rule_student", link),
        policy(project),
    )
    assert jobs_left(project) == [
        SlurmJob("9_[1-3]", "PENDING", "rule_student"),
        SlurmJob("12", "RUNNING", "rule_policy_wildcards_slow_1"),
    ]
    assert [str(job) for job in jobs_left(project)] == [
        "SLURM job 9_[1-3] (student, pending)",
        "SLURM job 12 (policy slow 1, running)",
    ]


@pytest.mark.parametrize("command", [["snakemake"], ["snakemake", "--unlock"], ["dvc", "repro"]])
def test_no_run_begins_beside_jobs_of_the_last_one(project, command):
    queue(project, policy(project), ("13", "PENDING", "rule_reflex_wildcards_fast", project))
    with pytest.raises(UserError) as refusal:
        run_lock.claim_run(command, project)
    assert str(refusal.value) == (
        "The last run left SLURM job 12 (policy slow 1, running) and 1 more at work here. "
        "Wait for the end with: exoflow recover --wait; or cancel with: exoflow recover --stop"
    )
    assert run_lock.take(project, "another") is None  # the lock was given back
    run_lock.release(project)


def test_recovery_refuses_beside_such_jobs_and_changes_nothing(project):
    queue(project, policy(project))
    lock = project / run_lock.SNAKEMAKE_LOCKS / "0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(UserError, match="The last run left SLURM job 12"):
        recover(project)
    assert lock.exists()
    assert read_mark(project) is not None


def test_stop_cancels_them_and_waits_until_slurm_has_ended_them(project):
    queue(project, policy(project), ("13", "PENDING", "rule_reflex_wildcards_fast", project))
    cancelled = slurm_jobs.cancel_jobs(project)
    assert [job.number for job in cancelled] == ["12", "13"]
    assert (project.parent / "bin/cancelled").read_text() == "12 13\n"
    assert jobs_left(project) == []


def test_a_cancelled_job_that_does_not_end_is_named(project, monkeypatch):
    queue(project, policy(project))
    play(project, "squeue", "cat jobs")
    monkeypatch.setattr(slurm_jobs, "CANCEL_WAIT_S", 0.1)
    with pytest.raises(UserError, match=r"SLURM job 12 .* has not ended within 0 s"):
        slurm_jobs.cancel_jobs(project)


def test_waiting_ends_when_they_have_ended(project):
    queue(project, policy(project))
    play(project, "squeue", '[ "$(wc -l < squeue.calls)" -gt 2 ] || cat jobs')
    told = []
    slurm_jobs.wait_for_jobs(project, tell=told.append)
    assert calls(project, "squeue") == 3
    assert told == ["waiting for SLURM job 12 (policy slow 1, running)"]


def test_a_job_of_someone_else_cannot_be_cancelled(project):
    queue(project, policy(project))
    play(project, "scancel", "echo 'scancel: error: Access/permission denied' >&2; exit 1")
    with pytest.raises(UserError, match="scancel failed: scancel: error: Access/permission denied"):
        slurm_jobs.cancel_jobs(project)


UNREACHABLE = "slurm_load_jobs error: Unable to contact slurm controller"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (f"echo '{UNREACHABLE}' >&2; exit 1", f"squeue failed: {UNREACHABLE}. Try again"),
        ("exec sleep 60", "squeue failed: no answer in"),
    ],
    ids=["down", "silent"],
)
def test_a_slurm_that_cannot_be_asked_lets_no_run_begin(project, monkeypatch, script, text):
    play(project, "squeue", script)
    monkeypatch.setattr(slurm_jobs, "ANSWER_WAIT_S", 1.0)
    with pytest.raises(UserError) as refusal:
        run_lock.claim_run(["snakemake"], project)
    assert text in str(refusal.value)
    assert "rm .exoflow/slurm_run" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_computer_without_slurm_says_where_to_go(project, monkeypatch):
    monkeypatch.setenv("PATH", str(project.parent / "bin"))
    with pytest.raises(UserError, match=r"there is no squeue here to ask\. Type the same on the"):
        jobs_left(project)


def test_a_run_that_ends_by_itself_takes_its_mark_away_unless_jobs_are_left(project):
    queue(project, policy(project))
    settle(project)
    assert read_mark(project) is not None
    queue(project)
    settle(project)
    assert read_mark(project) is None


def test_a_mark_that_was_cut_short_still_has_slurm_asked(project):
    queue(project, policy(project))
    (project / slurm_jobs.MARK).write_text('{"reflex')
    assert read_mark(project).sources == {}
    assert len(jobs_left(project)) == 1
