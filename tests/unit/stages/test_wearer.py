"""The phase that lets a walker get used to the exo, and what the comparison makes of it."""

import json

import pytest

from exoflow.config import build_params, phase_settings
from exoflow.config.params import SECTIONS
from exoflow.simulation import Dofc
from exoflow.stages import metabolics, wearer

SMALL = {
    "reflex": {"population": 4, "timestep_s": 0.002, "slopes_deg": [0.0]},
    "wearer": {
        "enabled": True, "evaluations": 5, "duration_s": 1.5, "gain_shares": [0.4, 3.0],
        "delays_s": [0.15],
    },
    "metabolics": {
        "duration_s": 6.0, "last_strides": 2, "timestep_s": 0.002, "slopes_deg": [0.0],
        "noise_seeds": [1],
    },
}  # fmt: skip
PARAMS = build_params(
    {"conditions": {"level": {"speed_m_s": 1.27}}, **{name: {} for name in SECTIONS}, **SMALL}
)


@pytest.fixture
def used_to(level_gait, tmp_path):
    """The wearer of that gait: file and content."""
    output = tmp_path / "results/wearer/level.json"
    wearer.run("level", phase_settings(PARAMS, "wearer", "level"), level_gait, output)
    return output, json.loads(output.read_text())


def test_wearer_names_his_law_the_human_before_and_the_control(used_to, level_gait):
    _, result = used_to
    before = json.loads(level_gait.read_text())
    assert (result["phase"], result["status"], result["not_adapted"]) == ("wearer", "ok", None)
    assert result["adaptation"]["law"] == "dofc"
    assert result["adaptation"]["reference"]["parameters"] == before["parameters"]
    assert result["reflexes"] == "h0918_rs3+exo_hip"
    # The control was searched as often, with nothing worn and nothing to feel.
    assert result["control"]["evaluations"] == result["evaluations"] == 5
    assert result["control"]["reflexes"] == "h0918_rs3"
    assert result["control"]["gait"]["exo_positive_power_W"] == 0.0


def test_search_with_and_without_the_exo_is_of_the_same_walks_and_weights():
    """Only how long and how much effort counts differ from the search that found the walker."""
    settings = phase_settings(PARAMS, "wearer", "level")
    found_by = settings["reflex"]
    searched = wearer.search_settings(settings, {**settings["wearer"], "effort": 3.0})
    assert set(searched) == {"condition", "model", "reflex"}
    changed = {name for name, value in searched["reflex"].items() if value != found_by[name]}
    assert changed == {
        "duration_s", "objective", "payload_pelvis_kg", "payload_thigh_kg"
    }  # fmt: skip
    assert searched["reflex"]["duration_s"] == 1.5
    assert searched["reflex"]["objective"] == {**found_by["objective"], "effort": 3.0}


def test_laws_to_start_from_are_every_gain_with_every_delay():
    chosen = {"gain_shares": [1.1, 0.5], "delays_s": [0.1, 0.2], "filter_tau_s": 0.03}
    assert wearer.starting_laws(chosen, 10.0) == [
        Dofc(11.0, 0.1, 0.03), Dofc(11.0, 0.2, 0.03), Dofc(5.0, 0.1, 0.03), Dofc(5.0, 0.2, 0.03)
    ]  # fmt: skip


def test_comparison_holds_the_human_before_the_control_and_the_law_he_is_used_to(used_to):
    output, result = used_to
    settings = phase_settings(PARAMS, "metabolics", "level")
    metabolics.run("level", settings, output, [], output.with_name("compared.json"))
    compared = json.loads(output.with_name("compared.json").read_text())["controllers"]
    assert set(compared) == {"none", "control", "off", "zero_torque", "dofc"}
    done = result["adaptation"]
    law = Dofc(*(done[name] for name in ("gain_Nm", "delay_s", "filter_tau_s")))
    assert compared["dofc"]["gain_Nm"] == law.gain_Nm
    assert compared["none"]["change_cot_pct"] == 0.0
    assert compared["control"]["rms_torque_Nm"] == 0.0 < compared["dofc"]["rms_torque_Nm"]


def test_a_condition_without_a_gait_has_no_wearer(level_gait, tmp_path):
    level_gait.write_text(json.dumps({"status": "no_gait", "reason": "fell", "condition": "level"}))
    output = tmp_path / "results/wearer/level.json"
    wearer.run("level", phase_settings(PARAMS, "wearer", "level"), level_gait, output)
    assert json.loads(output.read_text()) == {
        "phase": "wearer", "status": "skipped", "reason": "fell", "condition": "level"
    }  # fmt: skip


def test_who_falls_with_the_exo_stays_as_he_was(level_gait, tmp_path, monkeypatch):
    monkeypatch.setattr(wearer, "_falls_with_it", lambda found, settings: "fell at 2 s")
    output = tmp_path / "results/wearer/level.json"
    wearer.run("level", phase_settings(PARAMS, "wearer", "level"), level_gait, output)
    result, before = json.loads(output.read_text()), json.loads(level_gait.read_text())
    assert result["not_adapted"] == "fell at 2 s"
    assert "adaptation" not in result and result["parameters"] == before["parameters"]
