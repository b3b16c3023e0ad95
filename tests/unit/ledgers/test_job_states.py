"""States of jobs from events, records and files."""

import os
import socket

import psutil
import pytest
from hand_made_runs import (
    FAST,
    FAST_POLICY,
    NOW_S,
    REPORT,
    SLOW,
    SLOW_POLICY,
    event,
    job,
    params,
    states,
    status_of,
    write_record,
    write_result,
)

from exoflow.ledgers.content import read_contents
from exoflow.ledgers.snakemake_records import INCOMPLETE, record_place
from exoflow.records.run_events import SIGN_OF_LIFE, give_sign_of_life
from exoflow.records.run_status import (
    CURRENT,
    DONE,
    FAILED,
    MISSING,
    RUNNING,
    STALE,
    STOPPED,
    WAITING,
)


def began(run="a", time_s=NOW_S - 100, planned=(SLOW, FAST, SLOW_POLICY)):
    """A call with its plan, of a process that is long gone."""
    return [
        event("began", time_s, run, command="/bin/snakemake --cores 2", pid=1, born_s=1.0,
              host=socket.gethostname()),
        event("resources", time_s, run, cores=2),
        event("planned", time_s, run, outputs=list(planned)),
    ]  # fmt: skip


def test_without_any_run_files_say_what_there_is(tmp_path):
    write_result(tmp_path, SLOW)
    found = states(status_of(tmp_path, []))
    assert found[SLOW] == CURRENT
    assert found[FAST] == found[SLOW_POLICY] == MISSING


def test_jobs_of_a_running_call_wait_run_and_end(tmp_path):
    write_result(tmp_path, SLOW)
    events = [
        *began(),
        *job(1, SLOW, NOW_S - 90, NOW_S - 30),
        *job(2, FAST, NOW_S - 20, None),
    ]
    status = status_of(tmp_path, events, living="a")
    found = states(status)
    assert (found[SLOW], found[FAST], found[SLOW_POLICY]) == (DONE, RUNNING, WAITING)
    assert found[FAST_POLICY] == MISSING  # not asked for
    by_path = {one.job.path: one for one in status.jobs}
    assert by_path[SLOW].took_s == pytest.approx(60)
    assert by_path[FAST].took_s == pytest.approx(20)
    assert status.alive


def test_a_job_that_nobody_said_to_have_ended_has_if_its_record_says_so(tmp_path):
    # As with --quiet progress, which every stage of DVC has.
    write_result(tmp_path, SLOW)
    write_record(tmp_path, SLOW, NOW_S - 40, {})
    status = status_of(tmp_path, [*began(), *job(1, SLOW, NOW_S - 90, None)], living="a")
    assert states(status)[SLOW] == DONE
    assert status.jobs[0].took_s == pytest.approx(50)


def test_a_record_of_an_earlier_run_ends_no_job(tmp_path):
    write_result(tmp_path, SLOW)
    write_record(tmp_path, SLOW, NOW_S - 5000, {})
    status = status_of(tmp_path, [*began(), *job(1, SLOW, NOW_S - 90, None)], living="a")
    assert states(status)[SLOW] == RUNNING


def test_a_killed_call_ended_without_saying_so_and_its_job_is_stopped(tmp_path):
    status = status_of(tmp_path, [*began(), *job(1, SLOW, NOW_S - 90, None)])
    assert not status.alive
    assert status.calls[-1].was_killed
    found = states(status)
    assert (found[SLOW], found[FAST]) == (STOPPED, MISSING)


def test_a_killed_call_was_last_heard_of_when_it_last_left_word(tmp_path):
    (tmp_path / SIGN_OF_LIFE).parent.mkdir(parents=True)
    give_sign_of_life("a", tmp_path)
    os.utime(tmp_path / SIGN_OF_LIFE, (NOW_S - 7, NOW_S - 7))
    assert status_of(tmp_path, began()).calls[-1].last_s == NOW_S - 7
    assert status_of(tmp_path, began("b")).calls[-1].last_s == NOW_S - 100  # of another run


def test_what_a_stopped_job_left_is_no_result(tmp_path):
    # Jobs may outlive their Snakemake: the file is there, and the mark that it is being made.
    write_result(tmp_path, SLOW)
    mark = record_place(tmp_path, SLOW, INCOMPLETE)
    mark.parent.mkdir(parents=True)
    mark.touch()
    events = [*began(), *job(1, SLOW, NOW_S - 90, None), event("ended", NOW_S - 50)]
    assert states(status_of(tmp_path, events))[SLOW] == STOPPED
    mark.unlink()  # as after dvc checkout
    assert states(status_of(tmp_path, events))[SLOW] == CURRENT


def test_a_call_that_said_its_end_was_not_killed(tmp_path):
    status = status_of(tmp_path, [*began(), event("ended", NOW_S - 1)])
    assert not status.calls[-1].was_killed


def test_a_call_whose_process_lives_is_at_work(tmp_path):
    events = began()
    events[0]["pid"] = os.getpid()
    assert status_of(tmp_path, events).calls[-1].was_killed  # another process has its number
    events[0]["born_s"] = psutil.Process().create_time()
    assert status_of(tmp_path, events).alive


@pytest.mark.parametrize(("silent_s", "alive"), [(30, True), (90, False)])
def test_a_call_on_another_computer_is_at_work_while_it_leaves_word(tmp_path, silent_s, alive):
    events = began(time_s=NOW_S - 1000)
    events[0]["host"] = "elsewhere"
    (tmp_path / SIGN_OF_LIFE).parent.mkdir(parents=True)
    give_sign_of_life("a", tmp_path)
    os.utime(tmp_path / SIGN_OF_LIFE, (NOW_S - silent_s, NOW_S - silent_s))
    assert status_of(tmp_path, events).alive is alive


def test_failed_until_it_is_made(tmp_path):
    log = tmp_path / "results/logs/reflex/slow.log"
    log.parent.mkdir(parents=True)
    log.write_text("1 %\r2 %\nSimulationError: no\n")
    events = [
        *began(),
        *job(1, SLOW, NOW_S - 90, None),
        event("failed", NOW_S - 80, job=1, output=SLOW),
        event("ended", NOW_S - 70, error="At least one job did not complete"),
    ]
    status = status_of(tmp_path, events)
    assert states(status)[SLOW] == FAILED
    assert status.jobs[0].said == "2 %\nSimulationError: no"
    again = [*events, *began("b", NOW_S - 20), *job(1, SLOW, NOW_S - 10, None, "b")]
    assert states(status_of(tmp_path, again, living="b"))[SLOW] == RUNNING
    write_result(tmp_path, SLOW)
    assert states(status_of(tmp_path, events))[SLOW] == CURRENT  # as after dvc checkout


def test_calls_that_follow_each_other_are_one_picture(tmp_path):
    for path in (SLOW, FAST, SLOW_POLICY):
        write_result(tmp_path, path)
    first = [*began("a", 1000.0), *job(1, SLOW, 1010.0, 1060.0), event("ended", 1061.0)]
    second = [*began("b", 1100.0, ()), event("ended", 1101.0, "b")]
    status = status_of(tmp_path, [*first, *second])
    assert len(status.calls) == 2
    assert states(status)[SLOW] == DONE
    assert states(status)[FAST] == CURRENT
    # 1061 to 1182 s is more than two minutes: what ended before is history.
    later = [*began("b", 1182.0, ()), event("ended", 1183.0, "b")]
    status = status_of(tmp_path, [*first, *later])
    assert len(status.calls) == 1
    assert states(status)[SLOW] == CURRENT


def test_a_result_is_stale_if_what_it_needs_is_made_anew_with_another_content(tmp_path):
    for path in (SLOW, FAST, SLOW_POLICY, REPORT):
        write_result(tmp_path, path, path)
    events = [*began(planned=(SLOW,)), *job(1, SLOW, NOW_S - 90, NOW_S - 30)]
    same = read_contents(tmp_path).sha256(SLOW)
    write_record(tmp_path, SLOW_POLICY, NOW_S - 9000, {SLOW: same})
    assert states(status_of(tmp_path, events, living="a"))[SLOW_POLICY] == CURRENT
    write_record(tmp_path, SLOW_POLICY, NOW_S - 9000, {SLOW: "00"})
    assert states(status_of(tmp_path, events, living="a"))[SLOW_POLICY] == STALE
    assert states(status_of(tmp_path, events, living="a"))[REPORT] == STALE


def test_a_gait_may_start_from_one_that_stands_further_down(tmp_path):
    conditions = {
        "steep": {"speed_m_s": 1.0, "slope_deg": 3.0, "start_from": "slow"},
        "slow": {"speed_m_s": 1.0, "warm_start": "cold"},
    }
    asked = params(conditions=conditions, export={"policies": [], "targets": ["host"]})
    write_result(tmp_path, "results/reflex/steep.json")
    found = states(status_of(tmp_path, [], asked=asked))
    assert (found["results/reflex/steep.json"], found[SLOW]) == (STALE, MISSING)


def test_time_left_counts_what_the_call_plans_and_all_that_is_not_current(tmp_path):
    write_result(tmp_path, SLOW)
    # One reflex job took 100 s; the other is alike (same work) and has run for 40 s: 60 s left.
    asked = params(student={"enabled": False}, export={"policies": [], "targets": ["host"]})
    events = [
        *began(planned=(SLOW, FAST)),
        *job(1, SLOW, NOW_S - 200, NOW_S - 100),
        *job(2, FAST, NOW_S - 40, None),
    ]
    status = status_of(tmp_path, events, living="a", asked=asked)
    assert status.left_s == pytest.approx(60)
    assert status.all_left_s > status.left_s
    assert status.unknown == ()


def test_nothing_is_known_before_a_job_has_ended(tmp_path):
    status = status_of(tmp_path, [*began(), *job(1, SLOW, NOW_S - 90, None)], living="a")
    assert status.left_s is None
    assert status.unknown[0] == "reflex"
