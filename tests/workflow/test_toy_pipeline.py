"""The real pipeline, end to end, with a budget of seconds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "rules", "profiles", "config", "data", "workflow")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with the toy settings, run once."""
    folder = tmp_path_factory.mktemp("toy")
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    shutil.copy2(ROOT / "config" / "toy.yaml", folder / "params.yaml")
    done = snakemake(folder, "--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def snakemake(folder, *arguments):
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "workflow"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return subprocess.run(
        ["snakemake", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_every_phase_leaves_its_results(project):
    results = project / "results"
    for name in (
        "reflex/level.json", "reflex/level.parquet", "reflex/level.svg", "policy/level/seed1.npz",
        "policy/level/seed1.csv", "metabolics/level.json", "student/student.npz",
        "student/student.json", "export/level_seed1.zip", "export/level_seed1.json",
        "trial/barati.json", "trial/barati.svg", "report/report.html",
    ):  # fmt: skip
        assert (results / name).stat().st_size > 0, name
        if name.endswith(".json"):
            assert json.loads((results / name).read_text())["status"] == "ok", name


def test_the_exported_code_agrees_with_the_network(project):
    export = json.loads((project / "results" / "export" / "level_seed1.json").read_text())
    assert export["n_golden_steps"] >= 1000
    assert export["max_abs_error_Nm"]["host"] < 1e-5


def test_nothing_is_left_to_do(project):
    done = snakemake(project, "-n")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_an_edited_muscle_constant_plans_every_phase_that_walks(project):
    curves = project / "workflow" / "exoflow" / "physiology" / "curves.py"
    original = curves.read_text()
    curves.write_text(original.replace("FIBER_DAMPING = 0.1\n", "FIBER_DAMPING = 0.11\n"))
    try:
        done = snakemake(project, "-n")
    finally:
        curves.write_text(original)
    plan = done.stdout + done.stderr
    for rule in ("reflex", "policy", "metabolics", "student"):
        assert f"\n{rule} " in plan, rule
    assert "\ntrial " not in plan
