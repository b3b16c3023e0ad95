"""Which job needs which."""

from hand_made_runs import FAST, FAST_POLICY, SLOW, SLOW_POLICY, params

from exoflow.records.job_graph import jobs_of, name_of, without_detours


def by_path(asked):
    return {one.path: one for one in jobs_of(asked)}


def test_policies_need_their_gait_and_all_come_together_in_the_student():
    jobs = by_path(params())
    assert jobs[SLOW].needs == ()
    assert jobs[SLOW_POLICY].needs == (SLOW,)
    assert jobs["results/metabolics/slow.json"].needs == (SLOW, SLOW_POLICY)
    assert set(jobs["results/student/student.npz"].needs) == {SLOW, FAST, SLOW_POLICY, FAST_POLICY}
    assert jobs["results/export/fast_seed1.zip"].needs == (FAST_POLICY,)


def test_a_wearer_and_a_teacher_stand_in_between():
    jobs = by_path(params(wearer={"enabled": True}, teacher={"enabled": True}))
    worn = "results/wearer/slow.json"
    assert jobs[worn].needs == (SLOW,)
    assert jobs[SLOW_POLICY].needs == (worn,)
    assert "results/teacher/teacher.npz" in jobs["results/metabolics/slow.json"].needs
    assert "results/teacher/teacher.npz" in jobs["results/student/student.npz"].needs
    assert SLOW_POLICY not in jobs["results/student/student.npz"].needs


def test_jobs_are_named_as_their_logs_are():
    policy = by_path(params())[SLOW_POLICY]
    assert (policy.name, policy.condition) == ("slow/seed1", "slow")
    assert policy.log == "results/logs/policy/slow/seed1.log"
    assert str(policy) == "policy slow/seed1"
    assert str(by_path(params())["results/report/report.html"]) == "report"
    assert name_of("results/policy/v1.05_s+2/seed2.npz") == "v1.05_s+2/seed2"  # of a grid


def test_edges_that_a_longer_way_stands_for_are_left_out():
    # c needs b and a, b needs a: the edge from a to c says nothing new.
    assert without_detours({"a": (), "b": ("a",), "c": ("a", "b")}) == {
        "a": (), "b": ("a",), "c": ("b",),
    }  # fmt: skip
