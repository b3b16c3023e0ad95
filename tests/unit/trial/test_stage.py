"""The stage's files: complete, the same in every run, and none after bad input."""

import csv
import json
import xml.etree.ElementTree

import pytest

from exoflow.errors import TrialDataError
from exoflow.stages import trial
from exoflow.trial.analysis import analyze
from exoflow.trial.study import load_study


@pytest.fixture
def output(tmp_path, monkeypatch):
    """Where results go; provenance lands below the same scratch folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "results" / "trial"


def svg_text(file):
    tree = xml.etree.ElementTree.parse(file)
    return " ".join(" ".join(tree.getroot().itertext()).split())


def test_json_is_the_analysis(barati, output):
    trial.run(barati, output)
    written = json.loads((output / "barati.json").read_text())
    assert written == json.loads(json.dumps(analyze(load_study(barati))))
    assert {"phase", "status", "reason", "study", "n_subjects", "conditions", "difference"} < set(
        written
    )
    assert (written["phase"], written["status"], written["reason"]) == ("trial", "ok", None)


def test_csv_holds_a_row_per_subject_and_condition(barati, output):
    trial.run(barati, output)
    with (output / "barati.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 2
    assert (rows[0]["subject"], rows[0]["condition"]) == ("1", "lstm_ppo")
    assert rows[0]["net_metabolic_rate_reduction_pct"] == "7.9"
    assert rows[0]["peak_torque_Nm"] == "7.7"
    assert rows[0]["net_metabolic_rate_W_kg"] == rows[0]["flags"] == ""


def test_a_study_without_recordings_says_so_in_every_file_about_them(barati, output):
    trial.run(barati, output)
    assert (output / "barati.bouts.csv").read_text() == "no_recordings\n"
    for name in ("rates", "baselines", "timeline"):
        assert "This study holds published reductions only" in svg_text(
            output / f"barati.{name}.svg"
        )


def test_figure_shows_every_subject_and_says_how_many(barati, output):
    trial.run(barati, output)
    text = svg_text(output / "barati.svg")
    for wanted in ("subject 1", "subject 4", "LSTM-PPO", "DOFC", "n = 4", "95 %", ".125"):
        assert wanted in text


def test_same_study_gives_the_same_bytes(study_folder, output):
    trial.run(study_folder.study, output / "a")
    trial.run(study_folder.study, output / "b")
    for suffix in ("json", "csv", "svg"):
        first, second = (output / run / f"pilot.{suffix}" for run in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
    assert b"<dc:date>" not in (output / "a" / "pilot.svg").read_bytes()


def test_a_single_controller_gets_a_figure_too(study_folder, output):
    study_folder.change(
        study_folder.study, "  - {id: slow, label: Slow, description: another law}\n", ""
    )
    study_folder.change(study_folder.study, "    - {activity: slow, duration_min: 6}\n", "")
    study_folder.change(study_folder.study, "  difference: [fast, slow]\n", "")
    rows = study_folder.reductions.read_text().splitlines()
    study_folder.reductions.write_text("\n".join(row for row in rows if "slow" not in row))
    trial.run(study_folder.study, output)
    assert json.loads((output / "pilot.json").read_text())["difference"] is None
    assert "Fast" in svg_text(output / "pilot.svg")


def test_run_record_names_inputs_and_settings(study_folder, output):
    trial.run(study_folder.study, output, settings={"studies": ["pilot"]})
    record = json.loads((output.parent / "runs" / "trial" / "pilot.run.json").read_text())
    assert record["settings"] == {"studies": ["pilot"]}
    assert len(record["inputs"]) == 2
    assert all(record["inputs"].values())
    assert all(record["outputs"].values())


def test_bad_input_leaves_no_result(study_folder, output):
    study_folder.change(study_folder.reductions, "2,fast,4,", "2,fast,nan,")
    with pytest.raises(TrialDataError):
        trial.run(study_folder.study, output)
    assert not output.exists()
