"""Results of deleted conditions are moved away; everything else stays."""

import os

import pytest

from exoflow.config import build_params
from exoflow.config.params import SECTIONS
from exoflow.records.prune import prune_results

PARAMS = build_params(
    {
        "conditions": {
            "level": {"speed_m_s": 1.3, "seeds": [1, 2]},
            "grid": {"speed_m_s": [1.3]},
        },
        **{name: {} for name in SECTIONS},
    }
)


@pytest.fixture
def results(tmp_path):
    for name in (
        "reflex/level.json",
        "reflex/level.parquet",
        "reflex/level_old.json",
        "reflex/v1.30_s+0.0_none.svg",
        "reflex/v1.40_s+0.0_none.svg",
        "reflex/notes.txt",
        "policy/level/seed1.npz",
        "policy/level/seed3.npz",
        "policy/old/seed1.csv",
        "student/student.npz",
        "trial/barati.json",
        "trial/other.json",
        "report/metrics.json",
    ):
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("phase", "stale"),
    [
        ("reflex", ["level_old.json", "v1.40_s+0.0_none.svg"]),
        ("policy", ["level/seed3.npz", "old/seed1.csv"]),
        ("metabolics", []),
        ("student", []),
        ("trial", ["other.json"]),
        ("report", []),
    ],
)
def test_only_results_of_no_current_job_are_moved(results, phase, stale):
    folder = results / "results" / phase
    before = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}
    moved = prune_results(PARAMS, phase, results)
    assert [str(path.relative_to(folder)) for path in moved] == stale
    after = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}
    assert after == before - set(stale)
    for name in stale:
        assert (results / ".exoflow/pruned" / phase / name).read_text() == f"{phase}/{name}"


def test_half_written_files_of_killed_processes_go(results):
    old, young = (results / f"results/reflex/.level.{name}.part.json" for name in ("a", "b"))
    for path in (old, young):
        path.write_text("{")
    os.utime(old, (0, 0))
    prune_results(PARAMS, "reflex", results)
    assert not old.exists()
    assert young.exists(), "it may be being written"


def test_empty_folders_go_and_the_folder_of_the_phase_stays(results):
    prune_results(PARAMS, "policy", results)
    assert not (results / "results/policy/old").exists()
    prune_results(PARAMS, "metabolics", results)
    assert (results / "results/metabolics").is_dir(), "DVC wants the folder of every stage"
