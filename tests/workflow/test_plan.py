"""Which jobs Snakemake plans, and what it refuses."""

from collections import Counter

import pytest

from exoflow.config import PHASES

ALL_JOBS = {
    "reflex": 3,
    "policy": 4,
    "metabolics": 3,
    "student": 1,
    "export": 2,
    "trial": 1,
    "report": 1,
}


def planned(output: str) -> dict[str, int]:
    """Jobs of each phase in the table that `snakemake -n` prints."""
    rows = [line.split() for line in output.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[0] in PHASES}


def test_dry_run_lists_one_job_per_condition_seed_export_and_study(project):
    assert planned(project.snakemake("-n")) == ALL_JOBS


def test_a_phase_can_be_asked_for_with_what_it_needs(project):
    jobs = planned(project.snakemake("-n", "all_metabolics"))
    assert jobs == {"reflex": 3, "policy": 4, "metabolics": 3}


def test_a_gait_that_starts_from_another_waits_for_it(project):
    output = project.snakemake("-n", "results/reflex/steep.json")
    assert planned(output) == {"reflex": 2}


def test_a_teacher_takes_the_place_of_the_policies_before_the_student(project):
    project.edit("params.yaml", "teacher: {}", "teacher: {enabled: true}")
    assert planned(project.snakemake("-n")) == {**ALL_JOBS, "teacher": 1}
    jobs = planned(project.snakemake("-n", "all_student"))
    assert jobs == {"reflex": 3, "teacher": 1, "student": 1}


def test_a_wearer_stands_between_a_gait_and_its_controllers(project):
    project.edit("params.yaml", "wearer: {}", "wearer: {enabled: true}")
    assert planned(project.snakemake("-n")) == {**ALL_JOBS, "wearer": 3}
    jobs = planned(project.snakemake("-n", "all_policy"))
    assert jobs == {"reflex": 3, "wearer": 3, "policy": 4}


def test_without_student_and_exports_their_jobs_are_gone(project):
    project.edit("params.yaml", "student: {}", "student: {enabled: false}")
    project.edit("params.yaml", "policies: [fast/seed1, student]", "policies: []")
    jobs = planned(project.snakemake("-n"))
    assert "student" not in jobs
    assert "export" not in jobs


@pytest.mark.parametrize("option", [("--config", "reflex=5"), ("--configfile", "other.yaml")])
def test_settings_on_the_command_line_are_refused_in_one_line(project, option):
    (project.folder / "other.yaml").write_text("reflex: 5\n")
    done = project.run("snakemake", "--cores", "1", *option)
    assert done.returncode == 2
    lines = [line for line in done.stdout.splitlines() if "profile" not in line]
    assert lines == [
        "exoflow: error: --config and --configfile are not used here (got reflex). Settings come "
        "from params.yaml only: edit it, or use dvc exp run -S KEY=VALUE."
    ]


def test_bad_params_are_refused_in_one_line(project):
    project.edit("params.yaml", "slope_deg: 3.0", "slope_deg: 25")
    done = project.run("snakemake", "-n")
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == (
        "exoflow: error: params.yaml: conditions.steep.slope_deg = 25 is outside -15..15. "
        "Lower it, or extend simulation/model_data.py."
    )


def test_a_missing_table_is_refused_in_one_line(project):
    (project.folder / "data/reflexes/start.csv").unlink()
    done = project.run("snakemake", "-n")
    assert done.returncode == 2
    last = done.stdout.splitlines()[-1]
    assert "conditions.slow.warm_start = data/reflexes/start.csv: no such file" in last


def test_lint_of_snakemake_asks_for_nothing_but_containers(project):
    output = project.run("snakemake", "--lint").stdout
    asked = {line.strip() for line in output.splitlines() if line.strip().startswith("*")}
    assert asked == {"* Specify a conda environment or container for each rule.:"}


@pytest.mark.slow
def test_whole_run_makes_every_job_once_and_then_nothing(project):
    jobs = project.jobs("snakemake", "--cores", "2")
    assert Counter(job.split()[0] for job in jobs) == ALL_JOBS
    assert project.jobs("snakemake", "--cores", "2") == []
    assert "Nothing to be done" in project.snakemake("-n")


def test_snakemake_without_a_number_of_cores_takes_all(project):
    assert project.jobs("snakemake", "all_trial") == ["trial"]


def test_command_in_the_log_of_snakemake_can_be_pasted(project):
    output = project.snakemake("--cores", "1", "-p", "results/reflex/slow.json")
    start = output.index("exoflow reflex --condition slow")
    line = output[start:].splitlines()[0]
    (project.folder / "results/reflex/slow.json").unlink()
    assert project.run("bash", "-c", line).returncode == 0
    assert (project.folder / "results/reflex/slow.json").is_file()
