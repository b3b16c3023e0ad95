"""The tables that DVC compares, from small hand-written results."""

import csv
import json

import pytest

from exoflow.records.summary import write_summary

SETTINGS = {
    "conditions": {"level": {"seeds": [1]}, "weak": {"seeds": [1]}},
    "exported": ["level_seed1"],
    "studies": ["barati"],
}


@pytest.fixture
def results(tmp_path):
    files = {
        "reflex/level.json": {
            "status": "ok",
            "gait": {"speed_m_s": 1.31, "hip_r": 0.97, "fell": False, "grf_peak_BW": [1.1]},
            "cycle": {"gait_pct": [0, 1], "hip_deg": [30.0, 29.5]},
        },
        "reflex/weak.json": {"status": "no_gait", "gait": None, "reason": "fell"},
        "metabolics/level.json": {
            "status": "ok",
            "controllers": {
                "none": {"speed_m_s": 1.31},
                "dofc": {"change_cot_pct": -4.0, "speed_m_s": 1.3, "cycle": {"gait_pct": [0]}},
            },
        },
        "metabolics/weak.json": {"status": "skipped", "controllers": {}},
        "export/level_seed1.json": {"status": "ok", "max_abs_error_Nm": {"host": 3e-7}},
        "trial/barati.json": {
            "status": "ok",
            "conditions": {"lstm_ppo": {"mean_pct": 9.1, "sd_pct": 3.9, "p": 0.018, "t": 4.7}},
        },
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    curve = tmp_path / "policy/level/seed1.csv"
    curve.parent.mkdir(parents=True)
    curve.write_text("step,reward_mean,change_cot_pct,speed_m_s,std\n100,-1,2.5,1.3,0.4\n")
    return tmp_path


def test_metrics_hold_the_numbers_and_leave_out_what_was_skipped(results, tmp_path):
    path, _, _ = write_summary(results, SETTINGS, tmp_path / "report")
    assert json.loads(path.read_text()) == {
        "level": {
            "gait": {"speed_m_s": 1.31, "hip_r": 0.97},
            "dofc": {"change_cot_pct": -4.0, "speed_m_s": 1.3},
        },
        "export": {"level_seed1": {"max_abs_error_Nm": 3e-7}},
        "trial": {"barati": {"lstm_ppo": {"mean_pct": 9.1, "sd_pct": 3.9, "p": 0.018}}},
    }


def test_curves_and_cycles_are_long_tables(results, tmp_path):
    _, curves, cycles = write_summary(results, SETTINGS, tmp_path / "report")
    with curves.open() as stream:
        assert list(csv.DictReader(stream)) == [
            {
                "name": "level/seed1",
                "step": "100",
                "reward_mean": "-1",
                "change_cot_pct": "2.5",
                "speed_m_s": "1.3",
            }
        ]
    with cycles.open() as stream:
        assert [(row["name"], row["hip_deg"]) for row in csv.DictReader(stream)] == [
            ("level", "30.0"),
            ("level", "29.5"),
        ]


def test_an_empty_results_folder_gives_empty_tables(tmp_path):
    path, curves, _ = write_summary(tmp_path, SETTINGS, tmp_path / "report")
    assert json.loads(path.read_text()) == {}
    assert curves.read_text() == "name,step,reward_mean,change_cot_pct,speed_m_s\n"
