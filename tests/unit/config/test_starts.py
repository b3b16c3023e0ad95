"""The shipped start values nearest to a condition."""

import pytest

from exoflow.config import load_params
from exoflow.config.conditions import Condition, Impairment
from exoflow.config.expand import expand_conditions
from exoflow.config.starts import SHIPPED, nearest_start
from exoflow.simulation.model_data import DATA

PLANTARFLEXORS = Impairment("right", ("soleus", "gastroc"), 0.3)
HIP_FLEXORS = Impairment("left", ("rect_fem", "iliopsoas"), 0.5)


def test_every_shipped_table_is_listed_once():
    files = sorted(path.name for path in (DATA / "reflexes").glob("start_*.csv"))
    assert sorted(start.file for start in SHIPPED) == files


@pytest.mark.parametrize(
    "condition, file",
    [
        (Condition(1.3), "start_level.csv"),
        (Condition(1.0, -6.0), "start_down_5.csv"),
        # 0.2 m/s and 0 deg away from uphill; 1 step of speed less than the 3 of slope to level.
        (Condition(1.2, 3.0), "start_uphill.csv"),
        (Condition(1.0, 0.0, PLANTARFLEXORS), "start_plantarflexors_25.csv"),
        (Condition(1.0, 0.0, HIP_FLEXORS), "start_hip_flexors_50.csv"),
    ],
)
def test_nearest_in_speed_slope_and_strength(condition, file):
    assert nearest_start(condition) == f"data/reflexes/{file}"


def test_a_grid_may_ask_for_the_nearest():
    grid = {"speed_m_s": [0.8, 1.4], "warm_start": "nearest"}
    found = expand_conditions({"grid": grid}, "params.yaml")
    assert [one.warm_start for one in found.values()] == [
        "data/reflexes/start_speed_080.csv", "data/reflexes/start_speed_140.csv"
    ]  # fmt: skip


def test_the_full_matrix_starts_from_many_tables():
    params = load_params(DATA.parent / "config" / "full.yaml")
    assert len({one.warm_start for one in params.conditions.values()}) > 8
