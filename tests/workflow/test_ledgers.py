"""Snakemake's records, dvc.lock and the files: record, audit and why."""

import json
import os
import shutil

import pytest

from exoflow.ledgers.snakemake_records import record_place

pytestmark = pytest.mark.slow

GAIT = "results/reflex/fast.json"


def test_a_whole_run_is_recorded_and_then_neither_engine_has_work(finished_copy):
    assert finished_copy.states() == {"current"}
    done = finished_copy.run("exoflow", "record")
    assert done.returncode == 0, done.stdout
    assert "recorded: reflex, wearer, policy" in done.stdout
    assert "up to date" in finished_copy.run("dvc", "status").stdout
    assert finished_copy.jobs("dvc", "repro") == []
    found = finished_copy.audit()
    assert finished_copy.states(found) == {"current"}
    assert len(found["recorded"]) == 9


@pytest.mark.long
def test_dvc_repro_after_a_whole_run_of_snakemake_runs_nothing_and_audit_is_clean(finished_copy):
    assert finished_copy.jobs("dvc", "repro") == []
    assert "Data and pipelines are up to date" in finished_copy.run("dvc", "status").stdout
    found = finished_copy.audit()
    assert finished_copy.states(found) == {"current"}
    assert len(found["recorded"]) == 9


def test_after_a_partial_run_only_whole_phases_are_recorded(finished_copy):
    finished_copy.change_speed()
    finished_copy.snakemake("--cores", "2", GAIT)
    done = finished_copy.run("exoflow", "record")
    assert done.returncode == 1
    assert "recorded: reflex, wearer, teacher, trial" in done.stdout
    assert "policy is not recorded: 6 of its outputs did not pass" in done.stdout
    assert "results/policy/fast/seed1.npz: stale: updated input files" in done.stdout
    finished_copy.audit()


def test_a_bare_commit_of_old_results_with_new_settings_is_found_out(recorded_copy):
    recorded_copy.change_speed()
    assert recorded_copy.run("dvc", "commit", "-f").returncode == 0
    assert "up to date" in recorded_copy.run("dvc", "status").stdout
    lies = recorded_copy.audit(clean=False)["lies"]
    assert any(lie.startswith("dvc.lock takes reflex for current") for lie in lies)
    assert any(lie.startswith(f"dvc.lock gives {GAIT} other settings") for lie in lies)
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout


def test_results_without_a_record_are_refused_and_can_be_made_anew(recorded_copy):
    record_place(recorded_copy.folder, GAIT).unlink()
    recorded_copy.refuses_to_plan(f"{GAIT} has no record of what made it")
    outputs = recorded_copy.audit()["outputs"]
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
    recorded_copy.refuses_to_plan(f"{GAIT} has a damaged record")
    recorded_copy.git("checkout", "--", ".snakemake/metadata")
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_a_result_changed_by_hand_is_refused(recorded_copy):
    result = recorded_copy.folder / GAIT
    result.write_text(result.read_text().replace("4.5", "3.5"))
    recorded_copy.refuses_to_plan(f"{GAIT} is neither the file its record is about nor")
    assert any(GAIT in lie for lie in recorded_copy.audit(clean=False)["lies"])
    assert "reflex is not recorded" in recorded_copy.run("exoflow", "record").stdout
    assert recorded_copy.run("dvc", "checkout", "--force").returncode == 0
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_results_of_a_deleted_condition_are_orphaned(recorded_copy):
    params = (recorded_copy.folder / "params.yaml").read_text().splitlines(keepends=True)
    kept = "".join(line for line in params if not line.startswith("  steep"))
    (recorded_copy.folder / "params.yaml").write_text(kept)
    outputs = recorded_copy.audit()["outputs"]
    assert outputs["results/reflex/steep.json"]["state"] == "orphaned"
    assert outputs["results/student/student.npz"]["state"] == "stale"


def test_recording_is_refused_while_a_run_is_going_on(recorded_copy):
    recorded_copy.change_speed()
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
    recorded_copy.change_speed()
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
    assert recorded_copy.states() == {"current"}, "its content is that of dvc.lock"
    shutil.rmtree(recorded_copy.folder / ".snakemake/metadata")
    recorded_copy.run("snakemake", "--cores", "1", "--touch", "--forceall")
    assert not (recorded_copy.folder / ".snakemake/metadata").exists() or not any(
        (recorded_copy.folder / ".snakemake/metadata").iterdir()
    )
