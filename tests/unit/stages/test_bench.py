"""What `exoflow bench` reports; its figures themselves are no matter for a test."""

import time

import pytest

from exoflow.stages import bench


@pytest.mark.slow
def test_engine_figures_have_every_key_and_fit_together(capsys):
    result = bench.engine_figures(repeats=1)
    for key in (
        "real_time_factor_1ms_per_core", "real_time_factor_2ms_per_core", "thread_scaling_2",
        "env_steps_per_s_per_core", "python_loop_real_time_factor_1ms",
        "real_time_factor_1ms_all_cores", "whole_step_per_bare_mj_step",
    ):  # fmt: skip
        assert result[key] > 0.0, key
    parts = result["us_per_step"]
    assert set(parts) == {
        "skeleton", "muscle_paths", "contact", "muscles", "metabolics", "reflexes", "integration",
        "whole_step", "bare_mj_step",
    }  # fmt: skip
    expected = 1e3 / result["real_time_factor_1ms_per_core"]
    assert parts["whole_step"] == pytest.approx(expected)
    assert max(len(line) for line in bench._table(result).splitlines()) <= 80


def test_a_search_is_timed_to_its_first_walk_and_to_its_end():
    class Found:
        evaluations, score = 7, 1.5

    class Search:
        def __init__(self, settings, label, watch):
            self.watch = watch

        def run(self, values, folder):
            time.sleep(0.01)
            self.watch("cold0")
            time.sleep(0.01)
            self.watch("cold0")
            return Found()

    figures = bench._timed_search(Search, {"reflex": {"threads": 2}}, None, "cold")
    assert 0.01 <= figures["first_walk_s"] < figures["wall_s"]
    assert (figures["evaluations"], figures["score"], figures["threads"]) == (7, 1.5, 2)


def test_a_search_that_never_walks_says_so():
    class Found:
        evaluations, score = 1, 90.0

    class Search:
        def __init__(self, *_):
            pass

        def run(self, *_):
            return Found()

    figures = bench._timed_search(Search, {"reflex": {"threads": 1}}, None, "cold")
    table = bench._search_table({"cpu": "x", "cold": {"seed1": figures}, "conditions": {}})
    assert figures["first_walk_s"] is None
    assert "none" in table
