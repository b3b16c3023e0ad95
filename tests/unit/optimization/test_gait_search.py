"""The gait search: restarts of a cold start, threads, what it reports on the way."""

import pytest

from exoflow.config import to_plain
from exoflow.config.conditions import Condition
from exoflow.config.exo import ExoSettings
from exoflow.config.model import ModelSettings
from exoflow.config.reflex import ReflexSettings
from exoflow.optimization.gait_search import GaitSearch
from exoflow.simulation import Dofc, SensorNoise, ZeroTorque
from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values


@pytest.fixture
def settings():
    """Settings of a search of seconds."""
    small = {
        "evaluations": 9, "population": 4, "duration_s": 1.5, "timestep_s": 0.002,
        "slopes_deg": [0.0, 1.0], "payload_pelvis_kg": 0.0, "payload_thigh_kg": 0.0,
        "cold_evaluations": 5, "cold_restarts": 2, "staged_speeds_m_s": [1.0], "threads": 1,
    }  # fmt: skip
    return {
        "condition": to_plain(Condition(speed_m_s=1.3)),
        "model": to_plain(ModelSettings()),
        "reflex": to_plain(ReflexSettings()) | small,
    }


@pytest.fixture
def start():
    return load_start_values(DATA / "reflexes" / "start_level.csv")


def test_threads_do_not_change_the_gait_that_is_found(settings, start):
    alone = GaitSearch(settings, "one").run(start, None)
    settings["reflex"]["threads"] = 2
    together = GaitSearch(settings, "two").run(start, None)
    assert together == alone


def test_cold_start_tries_its_first_speed_twice_and_goes_on(settings):
    found = GaitSearch(settings, "cold").run(None, None)
    # each search tries its start, then whole generations of 4: twice 5 at 1.0 m/s, 5 at
    # 1.3 m/s and 9 on both slopes
    assert found.evaluations == 2 * 5 + 5 + 9
    assert found.history[-1] == (found.evaluations, found.score)


def test_restarts_are_searches_of_their_own(settings):
    once = GaitSearch(settings | {"reflex": settings["reflex"] | {"cold_restarts": 1}}, "once")
    twice = GaitSearch(settings, "twice")
    first, best = once.run(None, None), twice.run(None, None)
    stage_end = 5
    assert best.history[0] == first.history[0], "both start from the published values"
    reached = min(value for _, value in best.history[:stage_end])
    assert reached <= min(value for _, value in first.history[:stage_end])


def test_walks_without_a_fall_are_told_on_the_way(settings, start):
    stages = []
    GaitSearch(settings, "watched", stages.append).run(start, None)
    assert stages and set(stages) == {"robust"}


def test_search_with_an_exo_on_does_not_depend_on_threads(settings, start):
    adapting = {
        "exo": to_plain(ExoSettings()), "law": Dofc(8.0, 0.15, 0.03), "noise": SensorNoise()
    }  # fmt: skip
    alone = GaitSearch(settings, "one", **adapting).run(start, None)
    settings["reflex"]["threads"] = 2
    assert GaitSearch(settings, "two", **adapting).run(start, None) == alone
    bare = GaitSearch(settings, "bare").run(start, None)
    assert bare.history[0] != alone.history[0], "the law is felt from the start"


def test_the_payload_is_left_out_where_an_exo_is_worn(settings):
    settings["reflex"] |= {"payload_pelvis_kg": 2.0, "payload_thigh_kg": 0.45}
    bare = GaitSearch(settings, "bare").variants(0.002)
    worn = GaitSearch(settings, "worn", exo=to_plain(ExoSettings()), law=ZeroTorque())
    masses = [sum(b.mass for b in w.model.bodies) for w in (*bare, *worn.variants(0.002))]
    own = masses[0]
    assert masses == pytest.approx([own, own, own + 2.9, own + 2.9, own + 2.9])
