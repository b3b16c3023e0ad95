"""The page to watch a run with: written by runs, left alone by everything else."""

import json
import os
import signal
import time

import pytest

from exoflow.config import load_params
from exoflow.ledgers.snakemake_records import read_record
from exoflow.records.job_graph import jobs_of
from exoflow.records.run_events import EVENTS

pytestmark = pytest.mark.slow

PAGE = "results/report/status.html"
HELD = ("snakemake", "--cores", "1", "results/reflex/slow.json")
BOOM = 'if phase == "reflex": print("<b>boom</b>"); sys.exit(3)\n'


def page_of(project) -> str:
    file = project.folder / PAGE
    return file.read_text() if file.exists() else ""


def told(project) -> dict:
    """What `exoflow status --json` says."""
    done = project.run("exoflow", "status", "--json")
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout.splitlines()[-1])


def states(project) -> set[str]:
    return {one["state"] for one in told(project)["jobs"].values()}


def test_a_run_leaves_a_page_and_drawn_jobs_need_what_snakemake_says(finished):
    assert "Nothing runs: 15 of 15 jobs done" in page_of(finished)
    jobs = jobs_of(load_params(finished.folder / "params.yaml"))
    mains = {one.path for one in jobs}
    for one in jobs:
        inputs = read_record(finished.folder, one.path).inputs
        # The report takes files that lie beside some of the main ones.
        beside = {main for main in mains for file in inputs if file.startswith(main[:-4])}
        assert set(one.needs) == (beside if one.phase == "report" else mains & set(inputs)), one


def test_the_page_is_no_result_and_a_dry_run_does_not_write_it(recorded_copy):
    project = recorded_copy
    heard = (project.folder / EVENTS).read_bytes()
    (project.folder / PAGE).unlink()
    assert "Nothing to be done" in project.snakemake("-n")
    assert not (project.folder / PAGE).exists()
    assert (project.folder / EVENTS).read_bytes() == heard
    (project.folder / "results/report/report.html").unlink()
    assert states(project) == {"done", "missing"}
    (project.folder / PAGE).write_text("another page")
    checked_out = project.run("dvc", "checkout")
    assert checked_out.returncode == 0, checked_out.stdout
    assert page_of(project) == "another page"
    assert (project.folder / "results/report/report.html").exists()
    assert "up to date" in project.run("dvc", "status").stdout


def test_a_killed_run_ended_without_saying_so_and_a_failed_job_shows_its_log(project):
    running = project.start_and_hold(*HELD)
    deadline = time.monotonic() + 60
    while "1 running" not in page_of(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "Running: 0 of 15 jobs done" in page_of(project)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    project.let_go()
    said = project.run("exoflow", "status").stdout
    assert "Ended without saying so" in said
    assert "exoflow recover" in said
    assert max(map(len, said.splitlines())) <= 80
    assert "Ended without saying so" in page_of(project)
    assert told(project)["jobs"]["results/reflex/slow.json"]["state"] == "stopped"

    project.run("exoflow", "recover")
    project.edit("bin/exoflow", "if Path", f"{BOOM}if Path")
    failed = project.run(*HELD)
    assert failed.returncode == 1
    assert "exoflow: warning" not in failed.stdout
    page = page_of(project)
    assert "Ended with an error: 0 of 15 jobs done, 1 failed" in page
    assert "&lt;b&gt;boom&lt;/b&gt;" in page
    assert "<b>boom</b>" not in page


def test_calls_of_one_dvc_repro_are_one_picture(versioned):
    versioned.edit("params.yaml", "wearer: {}", "wearer: {enabled: true}")
    done = versioned.run("dvc", "repro", "wearer")  # of gaits, too: two calls of Snakemake
    assert done.returncode == 0, done.stdout
    jobs = told(versioned)["jobs"]
    made = {path for path, one in jobs.items() if one["state"] == "done"}
    assert made == {
        f"results/{phase}/{name}.json"
        for phase in ("reflex", "wearer")
        for name in ("slow", "fast", "steep")
    }
    assert all(jobs[path]["took_s"] is not None for path in made)
    assert page_of(versioned).count("<td>well</td>") == 2
    clean = versioned.run("dvc", "status", "reflex", "wearer")
    assert "up to date" in clean.stdout
