"""What runs again after a change: the jobs it touches and what gathers them, no others."""

import os

import pytest

pytestmark = pytest.mark.slow

AGGREGATES = ["report", "student"]


def test_new_speed_of_one_condition_reruns_its_jobs_and_the_aggregates(finished_copy):
    finished_copy.edit("params.yaml", "speed_m_s: 1.3", "speed_m_s: 1.35")
    assert finished_copy.jobs("snakemake", "--cores", "2") == [
        "export",
        "export",
        "metabolics fast",
        "policy fast 1",
        "policy fast 2",
        "reflex fast",
        *AGGREGATES,
    ]


def test_another_seed_trains_one_policy_and_searches_no_gait(finished_copy):
    finished_copy.edit("params.yaml", "seeds: [1, 2]", "seeds: [1, 2, 3]")
    jobs = finished_copy.jobs("snakemake", "--cores", "2")
    assert [job for job in jobs if job.startswith(("reflex", "policy"))] == ["policy fast 3"]
    assert "metabolics fast" in jobs
    assert "metabolics slow" not in jobs


def test_another_thread_count_runs_nothing(finished_copy):
    finished_copy.edit("params.yaml", "reflex: {}", "reflex: {threads: 1, checkpoint_every_s: 5}")
    assert finished_copy.jobs("snakemake", "--cores", "2") == []


def test_edited_code_of_a_room_reruns_the_phases_that_use_it(finished_copy):
    room = finished_copy.folder / "workflow/exoflow/export"
    (room / "__init__.py").write_text('"""Edited."""\n')
    jobs = finished_copy.jobs("snakemake", "--cores", "2")
    assert jobs == ["export", "export", "report"]


def test_a_new_date_on_unchanged_files_runs_nothing(finished_copy):
    for file in ("data/models/h0918_muscles.csv", "workflow/exoflow/export/__init__.py"):
        os.utime(finished_copy.folder / file)
    assert finished_copy.jobs("snakemake", "--cores", "2") == []


@pytest.mark.parametrize(
    "file", ["workflow/exoflow/gait/__init__.py", "data/models/h0918_muscles.csv"]
)
def test_a_source_edited_while_a_job_runs_makes_the_job_run_again(project, file):
    command = ("snakemake", "--cores", "1", "results/reflex/slow.json")
    running = project.start_and_hold(*command)
    with (project.folder / file).open("a") as source:
        source.write("\n")
    project.let_go()
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 0, output
    assert project.jobs(*command) == ["reflex slow"]
    assert project.jobs(*command) == []
