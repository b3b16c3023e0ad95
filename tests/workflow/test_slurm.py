"""Runs through a real SLURM that the tests start on this computer, and SIGKILL of their Snakemake.

They need Debian's packages slurm-wlm and munge and the executor plugin; CONTRIBUTING.md,
"Tests of SLURM", says how to have it without slowing down every other call of Snakemake.
"""

import importlib.util
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from slurm_on_one_host import CannotStart, running_slurm, what_is_missing

from exoflow.ledgers.snakemake_records import read_record

PLUGIN = importlib.util.find_spec("snakemake_executor_plugin_slurm")
MISSING = what_is_missing() or (
    None if PLUGIN else "no snakemake-executor-plugin-slurm here: see CONTRIBUTING.md"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]

GAIT, POLICY = "results/reflex/slow.json", "results/policy/slow/seed1.npz"
# This SLURM keeps no accounts that could be asked.
WITHOUT_ACCOUNTS = "slurm-status-command: squeue\n"


@pytest.fixture(scope="module")
def slurm():
    try:
        with running_slurm() as started:
            yield started
    except CannotStart as problem:
        pytest.skip(f"SLURM does not start here: {problem}")


def through(slurm, project):
    """Let a project run through SLURM, by the profile as it is shipped."""
    profile = project.folder / "profiles/slurm"
    with (profile / "config.yaml").open("a") as settings:
        settings.write(WITHOUT_ACCOUNTS)
    project.variables.update(
        slurm.variables,
        PATH=str(slurm.bin),
        PYTHONPATH=os.pathsep.join([str(slurm.bin), str(Path(PLUGIN.origin).parents[1])]),
        SNAKEMAKE_PROFILE=str(profile),
    )
    return project


def keep_one_condition(project):
    """Leave no condition but `slow`."""
    params = project.folder / "params.yaml"
    lines = params.read_text().replace("fast/seed1", "slow/seed1").splitlines(keepends=True)
    left = [line for line in lines if not line.startswith(("  fast:", "  steep:"))]
    params.write_text("".join(left))


def asked(slurm, since):
    """What jobs asked for, and how they ended, in the order of submission."""
    head, *jobs = slurm.job_list().splitlines()
    print(head, *jobs[since:], sep="\n")  # shown by pytest -s
    return [job.split()[1:] for job in jobs[since:]]


def same_as(finished, project, path):
    """Whether a result and its record are those of a local run."""
    records = [read_record(one.folder, path) for one in (finished, project)]
    files = [(one.folder / path).read_bytes() for one in (finished, project)]
    return files[0] == files[1] and replace(records[0], end_s=0) == replace(records[1], end_s=0)


def test_a_cancelled_job_asks_for_more_and_ends_as_in_a_local_run(slurm, versioned, finished):
    project, before = through(slurm, versioned), len(slurm.jobs("all"))
    keep_one_condition(project)
    slurm.hold_jobs(True)
    (project.folder / "hold").touch()
    running = project.start("dvc", "repro", "reflex")
    wait_for(lambda: slurm.jobs("PENDING"), "no job was submitted")
    # Edited while the job waits: it must compute with the settings it was planned with.
    project.edit("params.yaml", "speed_m_s: 1.0", "speed_m_s: 1.1")
    slurm.hold_jobs(False)
    held = project.folder / "held"
    wait_for(held.exists, "the first job did not begin")
    held.unlink()
    slurm.say("scancel", *slurm.jobs("RUNNING"))
    wait_for(held.exists, "the second job did not begin")
    project.edit("params.yaml", "speed_m_s: 1.1", "speed_m_s: 1.0")
    project.let_go()
    said, _ = running.communicate(timeout=240)
    assert running.returncode == 0, said
    assert asked(slurm, before) == [
        ["CANCELLED", "rule_reflex_wildcards_slow", "4000M", "8", "8:00:00", "N/A", "main"],
        ["COMPLETED", "rule_reflex_wildcards_slow", "8000M", "8", "16:00:00", "N/A", "main"],
    ]
    assert same_as(finished, project, GAIT)
    project.variables.clear()  # on a computer that knows of no SLURM
    found = project.audit()
    assert found["outputs"][GAIT]["state"] == "current"
    assert found["recorded"] == ["reflex"]
    assert "Nothing to be done" in project.snakemake("-n", GAIT)


def test_kill_9_of_snakemake_submits_no_job_twice_and_loses_none(slurm, project, finished):
    through(slurm, project)
    # What a person switches on for trainings on a GPU.
    profile = "profiles/slurm/config.yaml"
    project.edit(profile, "# gpu: 1  ", "gpu: 1")
    project.edit(profile, "# slurm_partition: NAME  # that", "slurm_partition: gpu  # that")
    before, one_gait = len(slurm.jobs("all")), ("snakemake", GAIT)
    kill(project.start_and_hold(*one_gait))
    job = slurm.jobs("RUNNING", "rule_reflex")[0]
    left = (
        f"exoflow: error: The last run left SLURM job {job} (reflex slow, running) at work here. "
        "Wait for the end with: exoflow recover --wait; or cancel with: exoflow recover --stop"
    )
    refused(project.run(*one_gait), "Type: exoflow recover")
    refused(project.run("exoflow", "recover"), left)
    for lock in (project.folder / ".snakemake/locks").iterdir():
        lock.unlink()
    refused(project.run(*one_gait), left)
    project.let_go()
    recovered = project.run("exoflow", "recover", "--wait")
    assert recovered.returncode == 0, recovered.stdout
    assert f"waiting for SLURM job {job} (reflex slow, " in recovered.stdout
    assert f"noted {GAIT} of jobs that ended after their run was killed" in recovered.stdout
    assert same_as(finished, project, GAIT)
    kill(project.start_and_hold("snakemake", POLICY))
    job = slurm.jobs("RUNNING", "rule_policy")[0]
    stopped = project.run("exoflow", "recover", "--stop")
    assert stopped.returncode == 0, stopped.stdout
    assert f"cancelled SLURM job {job} (policy slow 1, running)" in stopped.stdout
    assert slurm.jobs("RUNNING,COMPLETING") == []
    project.let_go()
    assert project.jobs("snakemake", POLICY) == ["policy slow 1"]
    policy = ["rule_policy_wildcards_slow_1", "8000M", "2", "12:00:00", "gres:gpu:1", "gpu"]
    assert asked(slurm, before) == [
        ["COMPLETED", "rule_reflex_wildcards_slow", "4000M", "8", "8:00:00", "N/A", "main"],
        ["CANCELLED", *policy],
        ["COMPLETED", *policy],
    ]
    assert same_as(finished, project, POLICY)
    assert project.states() == {"current", "stale"}


def kill(running):
    """SIGKILL for Snakemake and all that it started here."""
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


def refused(done, text):
    """The command ended with one line of ours that holds a text."""
    ours = [line for line in done.stdout.splitlines() if line.startswith("exoflow: error:")]
    assert done.returncode == 2, done.stdout
    assert len(ours) == 1, done.stdout
    assert text in ours[0]


def wait_for(is_true, problem):
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline, problem
        time.sleep(0.1)
