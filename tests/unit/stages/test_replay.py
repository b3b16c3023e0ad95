"""What a replay is held to."""

import json

import pytest

from exoflow.errors import ExoflowError, UserError
from exoflow.records.drift import drifts
from exoflow.records.hashing import content_hash
from exoflow.records.seeds import Sample
from exoflow.stages.compare import page_place
from exoflow.stages.replay import other_computer, refuse_another_result, said_by

GAIT = "results/reflex/level.json"
KEY = ("gait", "speed_m_s")


def make_result(folder, cpu):
    """A gait with the record of the run that made it."""
    (folder / "reflex").mkdir(parents=True)
    (folder / "runs/reflex").mkdir(parents=True)
    (folder / "reflex/level.json").write_text('{"status": "ok"}')
    record = {
        "outputs": {GAIT: content_hash(folder / "reflex/level.json")},
        "device": {"cpu": cpu},
        "versions": {"numpy": "2.2.0"},
    }
    (folder / "runs/reflex/level.run.json").write_text(json.dumps(record))
    return folder


def test_equal_files_are_asked_for_on_the_same_processor_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded = make_result(tmp_path / "results", "A")
    assert other_computer([GAIT], recorded, make_result(tmp_path / "same", "A")) is None
    other = other_computer([GAIT], recorded, make_result(tmp_path / "other", "B"))
    assert other == "cpu: A then, B now"


def test_a_run_record_of_an_older_content_says_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded = make_result(tmp_path / "results", "A")
    (recorded / "reflex/level.json").write_text('{"status": "no_gait"}')
    assert "no run record" in other_computer([GAIT], recorded, make_result(tmp_path / "new", "A"))


def test_another_file_is_another_result_and_a_metric_has_a_tolerance_elsewhere():
    near = drifts({KEY: Sample((1.0,))}, {KEY: Sample((1.001,))}, {})
    far = drifts({KEY: Sample((1.0,))}, {KEY: Sample((1.1,))}, {})
    refuse_another_result([], 3, [], None)
    refuse_another_result([GAIT], 3, near, "cpu: A then, B now")
    with pytest.raises(ExoflowError, match=f"1 of 3 files .* same kind of computer: {GAIT}"):
        refuse_another_result([GAIT], 3, near, None)
    with pytest.raises(ExoflowError, match=r"1 of 1 metrics .*: gait speed_m_s") as refused:
        refuse_another_result([GAIT], 3, far, "cpu: A then, B now")
    assert refused.value.exit_code == 1


def test_a_damaged_file_is_like_no_other(tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("{}")
    assert said_by(tmp_path / "a.json") != said_by(tmp_path / "b.json")
    assert said_by(tmp_path / "a.json") == said_by(tmp_path / "a.json")
    assert said_by(tmp_path / "nothing.json") is None


def test_the_page_of_a_comparison_lies_outside_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = page_place(["main", "lab/new"], None)
    assert place.as_posix() == ".exoflow/compare/main..lab-new.html"
    with pytest.raises(UserError, match="results/ is what DVC records"):
        page_place(["main"], tmp_path / "results/report/new.html")
