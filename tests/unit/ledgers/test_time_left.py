"""Expected times, with numbers worked out by hand."""

import pytest
from hand_made_runs import FAST, FAST_POLICY, SLOW, SLOW_POLICY, params

from exoflow.config.policy import PolicySettings
from exoflow.config.workload import JOB_START_S, Speeds, Work
from exoflow.ledgers import time_left as module
from exoflow.ledgers.time_left import TYPICAL, expected_times, left_of_job, ratio, time_left
from exoflow.records.job_graph import jobs_of
from exoflow.records.run_status import WAITING, JobStatus


@pytest.fixture
def works(monkeypatch):
    """Reflex: 92 and 192 s of typical work; policies: 42 s each; everything starts in 8 s."""
    monkeypatch.setattr(module, "TYPICAL", Speeds(100.0, {"mlp": 10.0}, 1.0))
    made = {
        SLOW: Work(9200.0),
        FAST: Work(19200.0, threads=2),
        SLOW_POLICY: Work(ticks={"mlp": 420.0}),
        FAST_POLICY: Work(ticks={"mlp": 420.0}),
    }
    monkeypatch.setattr(module, "works_of", lambda params: made)
    assert JOB_START_S == 8.0
    return made


def test_a_job_is_compared_with_those_of_its_phase(works):
    # SLOW is typical for 8 + 9200 / 100 = 100 s and took 300 s: reflex is 3 times as slow here.
    # FAST is typical for 8 + 19200 / 100 / 2 = 104 s.
    # SLOW_POLICY is typical for 8 + 420 / 10 = 50 s and took 75 s: policy is 1.5 times as slow.
    found = expected_times(params(), {SLOW: 300.0, SLOW_POLICY: 75.0})
    assert found[FAST] == pytest.approx(3 * 104)
    assert found[FAST_POLICY] == pytest.approx(1.5 * 50)


def test_a_phase_without_times_is_compared_with_all(works):
    # 300 s for 100 s of typical work.
    assert expected_times(params(), {SLOW: 300.0})[FAST_POLICY] == pytest.approx(3 * 50)


def test_nothing_is_expected_where_no_job_has_ended(works):
    assert set(expected_times(params(), {}).values()) == {None}
    assert set(expected_times(params(), {"results/reflex/deleted.json": 9.0}).values()) == {None}


def test_ratio_weighs_long_jobs_more():
    # (30 + 10) / (10 + 10), not the mean of 3 and 1... which is the same here; so uneven ones:
    # (30 + 10) / (10 + 30) = 1, while the mean of 3 and 1/3 is 1.67.
    assert ratio({"a": 30.0, "b": 10.0}, {"a": 10.0, "b": 30.0}) == pytest.approx(1.0)


def test_a_job_at_work_has_its_rest_left_and_never_nothing():
    assert left_of_job(100.0, None) == 100.0
    assert left_of_job(100.0, 40.0) == 60.0
    assert left_of_job(100.0, 95.0) == 10.0
    assert left_of_job(100.0, 500.0) == 10.0
    assert left_of_job(None, 40.0) is None


def ahead(lefts):
    jobs = {one.path: one for one in jobs_of(params())}
    return [JobStatus(jobs[path], WAITING, left_s=left_s) for path, left_s in lefts.items()]


def test_phases_follow_each_other_and_jobs_run_side_by_side_as_threads_allow(works):
    lefts = {SLOW: 100.0, FAST: 60.0, SLOW_POLICY: 50.0, FAST_POLICY: 30.0}
    # 2 cores: FAST takes both, so reflex goes one by one, 160 s; policies fit side by side:
    # half of 80 s is less than the longest, 50 s.
    assert time_left(params(), ahead(lefts), 2) == pytest.approx(160 + 50)
    # 4 cores: two reflex jobs at once: half of 160 s is less than the longest, 100 s.
    assert time_left(params(), ahead(lefts), 4) == pytest.approx(100 + 50)
    # 1 core: one after another.
    assert time_left(params(), ahead(lefts), 1) == pytest.approx(160 + 80)


def test_on_a_cluster_jobs_count_and_not_their_threads(works):
    assert time_left(params(), ahead({SLOW: 100.0, FAST: 60.0}), 2, False) == pytest.approx(100)


def test_what_is_not_known_is_not_counted(works):
    assert time_left(params(), ahead({SLOW: None, FAST: 60.0}), 2) == pytest.approx(60)
    assert time_left(params(), ahead({SLOW: None}), 2) is None


def test_every_kind_of_network_has_a_typical_speed():
    choices = PolicySettings.__dataclass_fields__["kind"].metadata["setting"].choices
    assert set(TYPICAL.ticks) == set(choices)
