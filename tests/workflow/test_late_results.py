"""What jobs under SLURM finish after their run was killed is noted by `exoflow recover`.

SLURM is played by an empty queue here; test_slurm.py does the same with a real one.
"""

import json
import os

import pytest

pytestmark = pytest.mark.slow

GAIT = "results/reflex/slow.json"
PLANNED, MARK = ".exoflow/planned_params.yaml", ".exoflow/slurm_run"
SOURCES = """\
import json
from exoflow.config import load_params
from exoflow.ledgers.sources import sources_of_jobs
print(json.dumps(sources_of_jobs(load_params())))
"""


@pytest.fixture
def killed(finished_copy):
    """A finished run that looks as if it had been killed while the gait was searched for."""
    project = finished_copy
    squeue = project.folder / "bin/squeue"
    squeue.write_text("#!/bin/sh\n")
    squeue.chmod(0o755)
    said = project.run("python", "-c", SOURCES)
    (project.folder / MARK).write_text(said.stdout)
    gait = project.folder / GAIT
    ended_s = gait.stat().st_mtime + 10
    os.utime(project.folder / MARK, (ended_s - 5, ended_s - 5))
    for file in gait.parent.glob("slow.*"):
        os.utime(file, (ended_s, ended_s))
    log = project.folder / ".snakemake/slurm_logs/rule_reflex/slow/7.log"
    log.parent.mkdir(parents=True)
    log.touch()
    os.utime(log, (ended_s, ended_s))
    return project


def recovered(project):
    done = project.run("exoflow", "recover")
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_finished_gait_is_noted_and_current(killed):
    assert f"noted {GAIT} and 2 more of jobs that ended" in recovered(killed)
    assert not (killed.folder / MARK).exists()
    assert killed.audit()["outputs"][GAIT]["state"] == "current"
    assert "nothing was left behind" in recovered(killed)


def test_what_cannot_be_known_is_not_noted(killed):
    """Settings and code of another day, files edited by hand, and files of no job of the run."""
    log = next((killed.folder / ".snakemake/slurm_logs").rglob("*.log"))
    killed.change_speed()
    assert f"not noted: {GAIT} and 2 more" in recovered(killed)
    assert (killed.folder / MARK).exists()
    killed.edit("params.yaml", "speed_m_s: 1.35", "speed_m_s: 1.3")
    date_s = (killed.folder / MARK).stat().st_mtime
    sources = json.loads((killed.folder / MARK).read_text())
    (killed.folder / MARK).write_text(json.dumps(sources | {"reflex": "control=other"}))
    os.utime(killed.folder / MARK, (date_s, date_s))
    assert "code or data were edited since" in recovered(killed)
    (killed.folder / MARK).write_text(json.dumps(sources))
    os.utime(killed.folder / MARK, (date_s, date_s))
    before_s = log.stat().st_mtime - 60  # the files are newer than the end of their job
    os.utime(log, (before_s, before_s))
    assert "nothing was left behind" in recovered(killed)
    assert not (killed.folder / MARK).exists()
    killed.refuses_to_plan("is neither the file its record is about nor that of dvc.lock")
