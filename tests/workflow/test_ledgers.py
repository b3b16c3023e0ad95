"""Snakemake's records, dvc.lock and the files: record, audit and why."""

import json
import os
import shutil

import pytest

from exoflow.ledgers.snakemake_records import record_place

pytestmark = pytest.mark.slow

GAIT = "results/reflex/fast.json"


def audit(project, clean=True):
    """What `exoflow audit` found; its exit code must fit."""
    done = project.run("exoflow", "audit", "--json")
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout
    found = json.loads(lines[-1])
    assert done.returncode == bool(found["lies"]), done.stdout
    if clean:
        assert found["lies"] == []
    else:
        assert found["lies"]
    return found


def states(found):
    return {one["state"] for one in found["outputs"].values()}


def git(project, *arguments):
    done = project.run("git", *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def change_speed(project):
    project.edit("params.yaml", "speed_m_s: 1.3", "speed_m_s: 1.35")


def plan_is_refused(project, text):
    """`snakemake -n` ends with one line of ours that holds a text."""
    done = project.run("snakemake", "-n")
    ours = [line for line in done.stdout.splitlines() if line.startswith("exoflow: error:")]
    assert done.returncode == 2
    assert len(ours) == 1
    assert text in ours[0]


def test_a_whole_run_is_recorded_and_then_neither_engine_has_work(finished_copy):
    assert states(audit(finished_copy)) == {"current"}
    done = finished_copy.run("exoflow", "record")
    assert done.returncode == 0, done.stdout
    assert "recorded: reflex, wearer, policy" in done.stdout
    assert "up to date" in finished_copy.run("dvc", "status").stdout
    assert finished_copy.jobs("dvc", "repro") == []
    found = audit(finished_copy)
    assert states(found) == {"current"}
    assert len(found["recorded"]) == 9


def test_audit_is_clean_after_dvc_repro(recorded):
    found = audit(recorded)
    assert states(found) == {"current"}
    assert len(found["recorded"]) == 9


def test_after_a_partial_run_only_whole_phases_are_recorded(finished_copy):
    change_speed(finished_copy)
    finished_copy.snakemake("--cores", "2", GAIT)
    done = finished_copy.run("exoflow", "record")
    assert done.returncode == 1
    assert "recorded: reflex, wearer, teacher, trial" in done.stdout
    assert "policy is not recorded: 6 of its outputs did not pass" in done.stdout
    assert "results/policy/fast/seed1.npz: stale: updated input files" in done.stdout
    audit(finished_copy)


def test_a_bare_commit_of_old_results_with_new_settings_is_found_out(recorded_copy):
    change_speed(recorded_copy)
    assert recorded_copy.run("dvc", "commit", "-f").returncode == 0
    assert "up to date" in recorded_copy.run("dvc", "status").stdout
    lies = audit(recorded_copy, clean=False)["lies"]
    assert any(lie.startswith("dvc.lock takes reflex for current") for lie in lies)
    assert any(lie.startswith(f"dvc.lock gives {GAIT} other settings") for lie in lies)
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout


def test_results_without_a_record_are_refused_and_can_be_made_anew(recorded_copy):
    record_place(recorded_copy.folder, GAIT).unlink()
    plan_is_refused(recorded_copy, f"{GAIT} has no record of what made it")
    outputs = audit(recorded_copy)["outputs"]
    assert outputs[GAIT]["state"] == "unproven"
    assert outputs["results/policy/slow/seed1.npz"]["state"] == "current"
    assert outputs["results/policy/fast/seed1.npz"]["state"] == "unproven", "made from it"
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout
    assert recorded_copy.run("exoflow", "prune", "--unproven").returncode == 0
    assert (recorded_copy.folder / ".exoflow/pruned/reflex/fast.json").exists()
    assert "reflex fast" in recorded_copy.jobs("snakemake", "--cores", "2")


def test_a_damaged_record_is_refused_and_comes_back_with_git(recorded_copy):
    place = record_place(recorded_copy.folder, GAIT)
    place.write_text('<<<<<<< HEAD\n{"rule": "reflex"')
    plan_is_refused(recorded_copy, f"{GAIT} has a damaged record")
    git(recorded_copy, "checkout", "--", ".snakemake/metadata")
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_a_result_changed_by_hand_is_refused(recorded_copy):
    result = recorded_copy.folder / GAIT
    result.write_text(result.read_text().replace("4.5", "3.5"))
    plan_is_refused(recorded_copy, f"{GAIT} is neither the file its record is about nor")
    assert any(GAIT in lie for lie in audit(recorded_copy, clean=False)["lies"])
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_git_checkout_is_clean_with_dvc_checkout_and_refused_without(recorded_copy):
    git(recorded_copy, "checkout", "-q", "-b", "faster")
    change_speed(recorded_copy)
    recorded_copy.snakemake("--cores", "2")
    assert recorded_copy.run("exoflow", "record").returncode == 0
    recorded_copy.commit("faster")
    for branch in ("master", "faster"):
        git(recorded_copy, "checkout", "-q", branch)
        plan_is_refused(recorded_copy, "dvc checkout")
        audit(recorded_copy, clean=False)
        assert recorded_copy.run("exoflow", "record").returncode == 1
        assert recorded_copy.run("dvc", "checkout").returncode == 0
        assert states(audit(recorded_copy)) == {"current"}
        assert "Nothing to be done" in recorded_copy.snakemake("-n")
        assert "up to date" in recorded_copy.run("dvc", "status").stdout


def test_older_files_brought_back_under_newer_records_are_refused(recorded_copy):
    change_speed(recorded_copy)
    recorded_copy.snakemake("--cores", "2")
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    plan_is_refused(recorded_copy, "is an older file of dvc.lock")
    audit(recorded_copy, clean=False)
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout


def test_audit_is_clean_after_an_experiment_and_after_applying_it(recorded_copy):
    run = ("dvc", "exp", "run", "-q", "-n", "slower", "-S", "conditions.slow.speed_m_s=0.95")
    assert recorded_copy.run(*run).returncode == 0
    assert states(audit(recorded_copy)) == {"current"}
    git(recorded_copy, "stash", "-q", "--include-untracked")
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    assert states(audit(recorded_copy)) == {"current"}
    assert recorded_copy.run("dvc", "exp", "apply", "slower").returncode == 0
    assert states(audit(recorded_copy)) == {"current"}
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_a_fresh_clone_has_nothing_to_do_and_a_change_runs_the_right_jobs(recorded_copy, tmp_path):
    storage = tmp_path / "storage"
    assert recorded_copy.run("dvc", "remote", "add", "-d", "lab", str(storage)).returncode == 0
    assert recorded_copy.run("dvc", "push", "-q").returncode == 0
    recorded_copy.commit("remote")
    clone = type(recorded_copy)(tmp_path / "clone")
    git(recorded_copy, "clone", "-q", ".", str(clone.folder))
    shutil.copytree(recorded_copy.folder / "bin", clone.folder / "bin", dirs_exist_ok=True)
    (clone.folder / "cache").mkdir(exist_ok=True)
    assert clone.run("dvc", "pull", "-q").returncode == 0
    assert "Nothing to be done" in clone.snakemake("-n")
    assert "up to date" in clone.run("dvc", "status").stdout
    assert states(audit(clone)) == {"current"}
    other = type(clone)(tmp_path / "other")
    shutil.copytree(clone.folder, other.folder, symlinks=True)
    expected = [
        "export", "export", "metabolics fast", "policy fast 1", "policy fast 2", "reflex fast",
        "report", "student",
    ]  # fmt: skip
    for project, command in ((clone, ("snakemake", "--cores", "2")), (other, ("dvc", "repro"))):
        change_speed(project)
        jobs = project.jobs(*command)
        print(command, jobs)
        assert jobs == expected
        audit(project)


def test_results_of_a_deleted_condition_are_orphaned(recorded_copy):
    params = (recorded_copy.folder / "params.yaml").read_text().splitlines(keepends=True)
    kept = "".join(line for line in params if not line.startswith("  steep"))
    (recorded_copy.folder / "params.yaml").write_text(kept)
    outputs = audit(recorded_copy)["outputs"]
    assert outputs["results/reflex/steep.json"]["state"] == "orphaned"
    assert outputs["results/student/student.npz"]["state"] == "stale"


def test_recording_is_refused_while_a_run_is_going_on(recorded_copy):
    change_speed(recorded_copy)
    before = (recorded_copy.folder / "dvc.lock").read_bytes()
    running = recorded_copy.start_and_hold("snakemake", "--cores", "1", GAIT)
    try:
        done = recorded_copy.run("exoflow", "record")
    finally:
        recorded_copy.let_go()
        running.communicate(timeout=60)
    assert done.returncode == 2
    assert f"Another run is going on here: process {running.pid}" in done.stdout
    assert (recorded_copy.folder / "dvc.lock").read_bytes() == before


def test_why_names_setting_file_and_input_the_jobs_and_their_time(recorded_copy):
    runs = recorded_copy.folder / "results/runs"
    for phase, name, time_s in (("reflex", "fast", 30.0), ("policy", "slow/seed1", 100.0)):
        place = runs / phase / f"{name}.run.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"phase": phase, "name": name, "wall_time_s": time_s}))
    change_speed(recorded_copy)
    said = recorded_copy.run("exoflow", "why", "results/policy/fast/seed1.npz").stdout
    assert "results/policy/fast/seed1.npz is stale" in said
    assert "condition.speed_m_s: 1.3 -> 1.35" in said
    assert "results/reflex/fast.json: condition.speed_m_s: 1.3 -> 1.35" in said
    assert "jobs that would run: 2" in said
    assert "130 s one after another" in said
    said = recorded_copy.run("exoflow", "why", "results/trial/barati.json").stdout
    assert "is current" in said
    with (recorded_copy.folder / "workflow/exoflow/export/bundle.py").open("a") as source:
        source.write("# edited\n")
    said = recorded_copy.run("exoflow", "why", "results/export/student.zip").stdout
    assert "workflow/exoflow/export/bundle.py was edited" in said


def test_why_refuses_a_file_that_no_job_makes_in_one_line(recorded):
    done = recorded.run("exoflow", "why", "results/reflex/fsat.json")
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].startswith(
        "exoflow: error: results/reflex/fsat.json: no job makes this file."
    )


def test_touching_files_does_not_stand_in_for_provenance(recorded_copy):
    os.utime(recorded_copy.folder / GAIT)
    assert states(audit(recorded_copy)) == {"current"}, "its content is that of dvc.lock"
    shutil.rmtree(recorded_copy.folder / ".snakemake/metadata")
    recorded_copy.run("snakemake", "--cores", "1", "--touch", "--forceall")
    assert not (recorded_copy.folder / ".snakemake/metadata").exists() or not any(
        (recorded_copy.folder / ".snakemake/metadata").iterdir()
    )
