"""What each job gets of the parameters, and that nothing else reaches it."""

import json

import pytest

from exoflow.config import PHASES, build_params, phase_settings, settings_json, with_execution
from exoflow.config.params import SECTIONS
from exoflow.errors import ParamsError

BASE = {
    "conditions": {
        "level": {"speed_m_s": 1.3, "seeds": [1, 2]},
        "slow": {"speed_m_s": 1.0, "start_from": "level"},
    },
    **{name: {} for name in SECTIONS},
}


def settings_after(phase, change=None, condition="level", seed=1) -> str:
    return settings_json(build_params({**BASE, **(change or {})}), phase, condition, seed)


def test_reflex_gets_its_walker_the_model_and_its_own_section():
    settings = phase_settings(build_params(BASE), "reflex", "slow")
    assert set(settings) == {"condition", "model", "reflex"}
    assert settings["condition"]["start_from"] == "level"
    assert settings["condition"]["speed_m_s"] == 1.0
    assert "seeds" not in settings["condition"], "one more seed must not search the gait again"
    assert settings["reflex"]["objective"]["gait"] == 100.0


@pytest.mark.parametrize("phase", PHASES)
def test_settings_are_json_with_sorted_keys(phase):
    text = settings_after(phase)
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


WALKING = {"reflex", "wearer", "policy", "teacher", "metabolics", "student"}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"reflex": {"evaluations": 3000}}, {"reflex", "wearer"}),
        ({"wearer": {"evaluations": 3000}}, {"wearer"}),
        ({"reflex": {"threads": 1, "checkpoint_every_s": 1}}, set()),
        ({"policy": {"steps": 8192}}, {"policy"}),
        ({"policy": {"angle_noise_rad": 0.1}}, {"wearer", "policy", "teacher", "metabolics"}),
        ({"model": {"specific_tension_MPa": 0.3}}, WALKING),
        ({"exo": {"torque_limit_Nm": 15}}, {*WALKING, "export"} - {"reflex"}),
        ({"exo": {"mass_pelvis_kg": 1.5}}, WALKING - {"reflex"}),
        ({"metabolics": {"last_strides": 5}}, {"metabolics"}),
        ({"teacher": {"steps": 16384}}, {"teacher"}),
        ({"student": {"epochs": 3}}, {"student"}),
        ({"export": {"tolerance_Nm": 1e-6}}, {"export"}),
        ({"export": {"policies": ["student"]}}, {"report"}),
        ({"report": {"title": "Mine"}}, {"report"}),
    ],
)
def test_a_change_reaches_only_the_phases_that_use_it(change, touched):
    changed = {phase for phase in PHASES if settings_after(phase) != settings_after(phase, change)}
    assert changed == touched


def test_a_change_of_one_condition_does_not_reach_the_other():
    change = {"conditions": {**BASE["conditions"], "slow": {"speed_m_s": 0.9}}}
    for phase in ("reflex", "policy", "metabolics"):
        assert settings_after(phase) == settings_after(phase, change)
    assert settings_after("student") != settings_after("student", change)


def test_thread_counts_come_back_from_params_or_defaults():
    params = build_params({**BASE, "reflex": {"threads": 7}})
    recorded = json.loads(settings_json(params, "reflex", "level"))
    assert "threads" not in recorded["reflex"]
    assert with_execution(recorded, "reflex", params) == phase_settings(params, "reflex", "level")
    assert with_execution(recorded, "reflex")["reflex"]["threads"] == 2


def test_unknown_conditions_and_phases_are_named():
    params = build_params(BASE)
    with pytest.raises(ParamsError, match=r"steep is not a condition\. Known: level, slow\."):
        phase_settings(params, "reflex", "steep")
    with pytest.raises(ParamsError, match="walk is not a phase"):
        phase_settings(params, "walk")
