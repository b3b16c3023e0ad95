"""Counting what a parameter file asks for, by hand."""

import pytest

from exoflow.config.params import SECTIONS, build_params
from exoflow.config.workload import JOB_START_S, WALKED_SHARE, Speeds, jobs_of, plan

SPEEDS = Speeds(physics_steps=1e5, ticks={"mlp": 1000.0, "lstm_window": 500.0}, segments=100.0)


def params(**changes):
    conditions = {
        "a": {"speed_m_s": 1.0, "seeds": [1, 2], "warm_start": "start.csv"},
        "b": {"speed_m_s": 1.2, "seeds": [1], "warm_start": "start.csv"},
    }
    data = {"conditions": conditions, **{name: {} for name in SECTIONS}}
    return build_params({**data, **changes})


def test_jobs_are_those_of_conditions_and_seeds():
    counts = {phase: len(jobs) for phase, jobs in jobs_of(params()).items()}
    assert counts == {
        "reflex": 2, "wearer": 0, "policy": 3, "teacher": 0, "metabolics": 2, "student": 1,
        "export": 0, "trial": 1, "report": 1,
    }  # fmt: skip
    assert len(jobs_of(params(teacher={"enabled": True}))["teacher"]) == 1
    assert len(jobs_of(params(wearer={"enabled": True}))["wearer"]) == 2


def test_a_search_and_a_training_take_what_their_steps_take():
    asked = params(
        reflex={"evaluations": 500, "duration_s": 10.0, "slopes_deg": [0.0], "threads": 2},
        policy={
            "kind": "mlp", "steps": 100_000, "evaluate_every": 100_000, "evaluation_walkers": 5,
            "evaluation_s": 10.0,
        },
    )  # fmt: skip
    search, training = (jobs_of(asked)[phase][0] for phase in ("reflex", "policy"))
    # 500 candidates x 2 walks (one with the payload) x 10,000 steps of 1 ms.
    assert search.physics_steps == pytest.approx(WALKED_SHARE * 1e7)
    assert SPEEDS.seconds(search) == pytest.approx(JOB_START_S + WALKED_SHARE * 1e7 / 1e5 / 2)
    # Two evaluations of 5 walks of 10 s, and 100,000 ticks.
    assert training.physics_steps == pytest.approx(2 * 5 * 10_000)
    assert SPEEDS.seconds(training) == pytest.approx(JOB_START_S + 1.0 / 2 + 100.0)


def test_jobs_of_one_thread_run_side_by_side_and_those_of_two_do_not():
    two = plan(params(), SPEEDS, cores=2)
    four = plan(params(), SPEEDS, cores=4)
    assert four["reflex"].wall_s == pytest.approx(two["reflex"].wall_s / 2)
    assert four["reflex"].core_hours == pytest.approx(two["reflex"].core_hours)
    assert two["metabolics"].wall_s == pytest.approx(two["metabolics"].job_s)
    assert two["teacher"].jobs == 0 and two["teacher"].wall_s == 0.0
