"""The phases `policy` and `student`: files in, files out, on real walkers and tiny networks."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings
from exoflow.config.model import ModelSettings
from exoflow.config.phases import TEACHERS_OWN
from exoflow.config.policy import PolicySettings
from exoflow.config.student import StudentSettings
from exoflow.config.teacher import TeacherSettings
from exoflow.control.policy_format import NumpyPolicy, load_policy
from exoflow.errors import ParamsError
from exoflow.stages import policy, student, teacher

START = Path(__file__).parents[3] / "data" / "reflexes" / "start_level.csv"
WALKER = {"speed_m_s": 1.3, "slope_deg": 0.0, "impairment": None}
POLICY = PolicySettings(
    hidden=8,
    width=8,
    steps=256,
    n_walkers=4,
    buffer=128,
    batch=64,
    epochs=1,
    evaluate_every=128,
    evaluation_walkers=2,
    evaluation_s=1.0,
)
STUDENT = StudentSettings(
    channels=4, layers=2, walk_s=4.0, walkers=2, dagger_rounds=1, epochs=1, batch=8
)
COMMON = {"model": to_plain(ModelSettings()), "exo": to_plain(ExoSettings())}
POLICY_SETTINGS = {**COMMON, "condition": WALKER, "policy": to_plain(POLICY), "seed": 1}
STUDENT_SETTINGS = {
    **COMMON,
    "conditions": {"level": {**WALKER, "seeds": [1]}},
    "student": to_plain(STUDENT),
}


@pytest.fixture
def gait(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with START.open(newline="") as stream:
        parameters = {row["parameter"]: float(row["value"]) for row in csv.DictReader(stream)}
    return _write(
        tmp_path / "results" / "reflex" / "level.json",
        {
            "phase": "reflex",
            "status": "ok",
            "reason": None,
            "condition": "level",
            "reflexes": "h0918_rs3",
            "parameters": parameters,
        },
    )


def _write(path: Path, content: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def _no_gait(folder: Path) -> Path:
    content = {"phase": "reflex", "status": "no_gait", "reason": "fell after 2 s"}
    return _write(folder / "steep.json", content | {"condition": "steep"})


def _train(gait: Path, folder: str) -> dict[str, Path]:
    output = Path(folder) / "seed1.npz"
    policy.run("level", 1, POLICY_SETTINGS, gait, output)
    return {suffix: output.with_suffix(suffix) for suffix in (".npz", ".onnx", ".csv", ".json")}


def test_policy_writes_the_same_bytes_twice_and_leaves_no_checkpoint(gait, tmp_path):
    first, second = _train(gait, "one"), _train(gait, "two")
    for suffix, path in first.items():
        assert path.read_bytes() == second[suffix].read_bytes(), suffix
    assert not list(tmp_path.rglob("*.pt*"))
    summary = json.loads(first[".json"].read_text())
    assert (summary["phase"], summary["status"], summary["reason"]) == ("policy", "ok", None)
    assert (summary["condition"], summary["seed"], summary["steps"]) == ("level", 1, 256)
    with first[".csv"].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["step"] for row in rows] == ["0", "128", "256"]
    assert rows[0]["reward_mean"] == ""
    weights = load_policy(first[".npz"])
    replayed = NumpyPolicy(weights).run(weights.golden_inputs)
    np.testing.assert_allclose(replayed, weights.golden_outputs, atol=1e-4)
    assert (tmp_path / "results" / "runs" / "policy" / "level" / "seed1.run.json").is_file()


def test_policy_without_a_gait_is_skipped_with_its_reason(gait, tmp_path):
    output = tmp_path / "steep" / "seed1.npz"
    policy.run("steep", 1, POLICY_SETTINGS, _no_gait(tmp_path), output)
    stored = load_policy(output)
    assert (stored.status, stored.reason) == ("skipped", "no policy for steep: fell after 2 s")
    assert json.loads(output.with_suffix(".json").read_text())["status"] == "skipped"
    assert output.with_suffix(".csv").read_text().startswith("step,reward_mean,")
    assert not output.with_suffix(".onnx").exists()


def test_walker_that_cannot_carry_the_exo_is_skipped(gait, tmp_path):
    exo = to_plain(dataclasses.replace(ExoSettings(), mass_pelvis_kg=20.0, mass_thigh_kg=10.0))
    output = tmp_path / "seed1.npz"
    policy.run("level", 1, {**POLICY_SETTINGS, "exo": exo}, gait, output)
    assert "with the exo worn and off" in load_policy(output).reason


def test_student_learns_from_the_policies_there_are(gait, tmp_path):
    weights = _train(gait, "policy")[".npz"]
    skipped = tmp_path / "steep" / "seed1.npz"
    policy.run("steep", 1, POLICY_SETTINGS, _no_gait(tmp_path), skipped)
    outputs = [tmp_path / run / "student.npz" for run in "ab"]
    for output in outputs:
        student.run(STUDENT_SETTINGS, [gait, _no_gait(tmp_path)], [weights, skipped], output)
    for suffix in (".npz", ".json", ".onnx"):
        first, second = (output.with_suffix(suffix).read_bytes() for output in outputs)
        assert first == second, suffix
    stored = load_policy(outputs[0])
    assert (stored.kind, stored.n_features, len(stored.golden_inputs)) == ("tcn", 2, 1500)
    replayed = NumpyPolicy(stored).run(stored.golden_inputs)
    np.testing.assert_allclose(replayed, stored.golden_outputs, atol=1e-4)
    result = json.loads(outputs[0].with_suffix(".json").read_text())
    assert set(result["per_condition"]) == {"level"}
    level = result["per_condition"]["level"]
    assert {"r", "rmse_Nm"} <= set(level["open_loop"])
    assert {"fell", "r", "rmse_Nm", "change_cot_pct", "teacher_change_cot_pct"} <= set(
        level["closed_loop"]
    )
    assert len(result["history"]) == 2
    assert result["open_loop"]["rmse_Nm_kg"] == pytest.approx(
        result["open_loop"]["rmse_Nm"] / 74.5, rel=0.05
    )


def test_student_without_teachers_is_skipped(gait, tmp_path):
    skipped = tmp_path / "steep" / "seed1.npz"
    policy.run("steep", 1, POLICY_SETTINGS, _no_gait(tmp_path), skipped)
    output = tmp_path / "student.npz"
    student.run(STUDENT_SETTINGS, [_no_gait(tmp_path)], [skipped], output)
    assert load_policy(output).status == "skipped"
    result = json.loads(output.with_suffix(".json").read_text())
    assert result["reason"] == "no condition has both a gait and a policy"


TEACHER = TeacherSettings(enabled=True, hidden=8, width=8, steps=256, n_walkers=4, buffer=128)
TEACHER_SETTINGS = {
    **COMMON,
    "conditions": {
        "level": {**WALKER, "seeds": [1]},
        "steep": {**WALKER, "slope_deg": 9.0, "seeds": [1]},
    },
    "policy": {name: value for name, value in to_plain(POLICY).items() if name not in TEACHERS_OWN},
    "teacher": to_plain(TEACHER),
}


def test_one_teacher_learns_on_all_walkers_there_are_and_teaches_the_student(gait, tmp_path):
    outputs = [tmp_path / run / "teacher.npz" for run in "ab"]
    for output in outputs:
        teacher.run(TEACHER_SETTINGS, [gait, _no_gait(tmp_path)], output)
    for suffix in (".npz", ".json", ".csv"):
        first, second = (output.with_suffix(suffix).read_bytes() for output in outputs)
        assert first == second, suffix
    result = json.loads(outputs[0].with_suffix(".json").read_text())
    assert (result["status"], result["conditions"]) == ("ok", ["level"])
    assert result["left_out"] == {"steep": "fell after 2 s"}
    weights = load_policy(outputs[0])
    assert [one["name"] for one in weights.io["told"]] == ["speed", "slope"]
    taught = tmp_path / "student.npz"
    student.run(STUDENT_SETTINGS, [gait], [outputs[0]], taught)
    source = json.loads(taught.with_suffix(".json").read_text())["teachers"]["level"]
    assert source["told"] == {"speed": 1.3, "slope": 0.0}


def test_a_teacher_needs_a_walker_for_everybody(gait, tmp_path):
    few = {**TEACHER_SETTINGS, "teacher": {**to_plain(TEACHER), "n_walkers": 2}}
    with pytest.raises(ParamsError, match="n_walkers = 2 are less than the 3 walkers"):
        teacher.run(few, [gait], tmp_path / "teacher.npz")


def test_a_teacher_without_walkers_is_skipped(gait, tmp_path):
    output = tmp_path / "teacher.npz"
    teacher.run(TEACHER_SETTINGS, [_no_gait(tmp_path)], output)
    assert load_policy(output).status == "skipped"
    assert json.loads(output.with_suffix(".json").read_text())["status"] == "skipped"
