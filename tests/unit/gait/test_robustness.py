"""Robustness of a gait: the draws, the counting, and independence of threads."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from exoflow.errors import CheckpointError
from exoflow.gait.robustness import (
    PUSH_FORCE_N,
    Disturbances,
    Fraction,
    Robustness,
    StepOutcome,
    Trial,
    draw,
    measure_robustness,
)
from exoflow.records.json_io import read_json
from exoflow.simulation.model_data import DOF_NAMES
from exoflow.stages import robustness as stage

REFERENCE = Path(__file__).parents[3] / "data" / "reference" / "level.json"


@pytest.fixture(scope="module")
def gait():
    return read_json(REFERENCE)


def trials(*survived):
    return tuple(Trial({}, bool(s), 10.0 if s else 1.0, 1.3) for s in survived)


def at_step(timestep_s, starts):
    return StepOutcome(timestep_s, trials(1)[0], 1.1, (), starts, (), ())


def test_draws_have_the_sizes_and_spreads_they_say():
    draws = draw(Disturbances(n_pushes=4000, n_starts=4000))
    force = draws.push_force_N
    assert np.abs(force).min() >= PUSH_FORCE_N[0] and np.abs(force).max() <= PUSH_FORCE_N[1]
    assert np.abs(force).mean() == pytest.approx(35.0, abs=1.0)
    assert (force > 0).mean() == pytest.approx(0.5, abs=0.03)
    assert 0.0 <= draws.push_phase.min() and draws.push_phase.max() < 1.0
    assert draws.push_phase.mean() == pytest.approx(0.5, abs=0.02)
    tilt = DOF_NAMES.index("pelvis_tilt")
    assert draws.position_change[:, tilt:].std() == pytest.approx(0.02, rel=0.05)
    assert not draws.position_change[:, :tilt].any(), "place and height are not changed"
    assert draws.velocity_change.std() == pytest.approx(0.1, rel=0.05)


def test_fewer_trials_are_the_first_of_more():
    few, many = draw(Disturbances(n_pushes=3, n_starts=5)), draw(Disturbances(seed=1))
    assert np.array_equal(few.push_force_N, many.push_force_N[:3])
    assert np.array_equal(few.velocity_change, many.velocity_change[:5])
    assert not np.array_equal(few.push_force_N, draw(Disturbances(seed=2)).push_force_N[:3])


def test_interval_is_wilsons():
    # 8 of 10 with z = 1.96: centre (0.8 + z^2/20) / (1 + z^2/10) = 0.7166, half width 0.2265
    fraction = Fraction.of(trials(1, 1, 1, 1, 1, 1, 1, 1, 0, 0))
    assert (fraction.survived, fraction.trials, fraction.share) == (8, 10, 0.8)
    assert (fraction.low, fraction.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_no_trials_say_nothing():
    assert Fraction.of(()) == Fraction(0, 0, 0.0, 1.0)


def test_agreement_compares_shares_with_the_other_intervals_and_trials_one_by_one():
    good, bad = trials(*[1] * 10), trials(*[0] * 10)
    mixed = trials(*[1] * 9, 0)
    steps = (at_step(0.001, good), at_step(0.002, mixed))
    found = Robustness(Disturbances(), steps).agreement("starts")
    # 10/10 has the interval 72..100 %, which holds 90 %; 9/10 has 60..98 %, without 100 %
    assert not found.within_intervals
    assert (found.same_outcome, found.trials) == (9, 10)
    same = Robustness(Disturbances(), (at_step(0.001, good), at_step(0.002, good)))
    assert same.agreement("starts").within_intervals
    steps = (at_step(0.001, good), at_step(0.002, bad))
    found = Robustness(Disturbances(), steps).agreement("starts")
    assert not found.within_intervals and found.same_outcome == 0


def test_result_does_not_depend_on_threads(gait):
    asked = Disturbances(3, 3, 1.0, slope_changes_deg=(1.0,), mass_scales=(0.9,))
    one = measure_robustness(gait, [0.002], asked, threads=1)
    two = measure_robustness(gait, [0.002], asked, threads=2)
    assert asdict(one) == asdict(two)
    step = one.steps[0]
    assert step.undisturbed.survived
    assert len(step.pushes) == len(step.starts) == 3
    assert len({trial.speed_m_s for trial in step.starts}) == 3, "each start is another"
    assert 0.9 < step.stride_s < 1.4
    assert step.slopes[0].disturbance == {"slope_change_deg": 1.0}


def test_hard_pushes_are_survived_less_than_none(gait, monkeypatch):
    monkeypatch.setattr("exoflow.gait.robustness.PUSH_FORCE_N", (600.0, 601.0))
    asked = Disturbances(4, 0, 3.0, slope_changes_deg=(), mass_scales=())
    step = measure_robustness(gait, [0.002], asked).steps[0]
    assert step.undisturbed.survived
    assert not any(trial.survived for trial in step.pushes)
    assert all(0.0 < trial.walked_s < 3.0 for trial in step.pushes)


def test_a_gait_that_falls_by_itself_survives_no_push(gait):
    values = dict.fromkeys(gait["parameters"], 0.0) | {"stance_load_threshold": 0.1}
    asked = Disturbances(2, 1, 2.0, slope_changes_deg=(), mass_scales=())
    step = measure_robustness({**gait, "parameters": values}, [0.002], asked).steps[0]
    assert not step.undisturbed.survived
    assert [trial.survived for trial in step.pushes] == [False, False]


def test_table_fits_80_columns_and_json_holds_every_trial(gait, tmp_path, capsys):
    output = tmp_path / "robust.json"
    stage.run(
        REFERENCE, timesteps_ms=(1.0, 2.0), n_pushes=2, n_starts=1, duration_s=1.0, output=output
    )
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "pushes 10..60 N 2/2 (34..100 %)     2/2 (34..100 %)" in out
    assert "within their intervals; 2 of 2 ended alike at all steps" in out
    result = read_json(output)
    assert result["condition"] == "level"
    step = result["timesteps"]["2_ms"]
    assert step["fractions"]["pushes"]["survived"] == 2
    assert [set(push["disturbance"]) for push in step["pushes"]] == [{"force_N", "phase"}] * 2
    stage.run(
        REFERENCE, timesteps_ms=(1.0, 2.0), n_pushes=2, n_starts=1, duration_s=1.0, threads=1,
        as_json=True,
    )  # fmt: skip
    assert json.loads(capsys.readouterr().out) == result


def test_a_result_without_a_gait_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(CheckpointError, match=r"x\.json: holds no gait"):
        stage.run(path)
