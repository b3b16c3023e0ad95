"""From conditions and grids to one Condition per id."""

import pytest

from exoflow.config.conditions import Condition, Impairment
from exoflow.config.expand import expand_conditions
from exoflow.errors import ParamsError


def message(conditions) -> str:
    with pytest.raises(ParamsError) as caught:
        expand_conditions(conditions, "params.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_written_conditions_keep_their_ids_and_order():
    found = expand_conditions({"slow": {"speed_m_s": 1}, "b": {"speed_m_s": 1.3}}, "x")
    assert list(found) == ["slow", "b"]
    assert found["slow"] == Condition(speed_m_s=1.0)


def test_grid_makes_every_combination_with_readable_ids():
    weak = {"side": "left", "muscles": ["soleus"], "excitation_ceiling": 0.5}
    grid = {
        "speed_m_s": [1.0, 1.3],
        "slope_deg": [-3, 0],
        "impairment": {"none": None, "weak": weak},
        "seeds": [1, 2],
    }
    found = expand_conditions({"mine": {"speed_m_s": 1.1}, "grid": grid}, "x")
    assert len(found) == 1 + 2 * 2 * 2
    assert list(found)[:3] == ["mine", "v1.00_s-3.0_none", "v1.30_s-3.0_none"]
    last = found["v1.30_s+0.0_weak"]
    assert last.impairment == Impairment("left", ("soleus",), 0.5)
    assert last.seeds == (1, 2)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (
            {"steep": {"speed_m_s": 1.0, "slope_deg": 25}},
            "params.yaml: conditions.steep.slope_deg = 25 is outside -15..15. "
            "Lower it, or extend simulation/model_data.py.",
        ),
        (
            {"slow": {"speed_m_s": 0.3}},
            "params.yaml: conditions.slow.speed_m_s = 0.3 is outside 0.5..2. Raise it.",
        ),
        (
            {"slow": {}},
            "params.yaml: conditions.slow.speed_m_s is missing. "
            "Walking speed the gait is searched for, m/s.",
        ),
        (
            {"v1.3": {"speed_m_s": 1.3}},
            "params.yaml: conditions.v1.3: an id starts with a letter and holds letters, digits, "
            "_, + or -.",
        ),
        (
            {"a": {"speed_m_s": 1, "start_from": "c"}, "b": {"speed_m_s": 1}},
            "params.yaml: conditions.a.start_from = c is not a condition. Known: a, b.",
        ),
        (
            {"a": {"speed_m_s": 1, "start_from": "b"}, "b": {"speed_m_s": 1, "start_from": "a"}},
            "params.yaml: conditions.a.start_from goes in a circle: a -> b -> a.",
        ),
        (
            {"a": {"speed_m_s": 1, "start_from": "b", "warm_start": "cold"}},
            "params.yaml: conditions.a has both start_from and warm_start. Keep one.",
        ),
        (
            {"a": {"speed_m_s": 1, "seeds": [1, 1]}},
            "params.yaml: conditions.a.seeds = [1, 1] must be different seeds.",
        ),
        (
            {"grid": {"speed_m_s": [1.0, 1.001]}},
            "params.yaml: conditions.grid.speed_m_s = [1.0, 1.001]: two values are the same to "
            "2 decimals, which the ids keep.",
        ),
        (
            {"grid": {"speed": [1.0]}},
            "params.yaml: conditions.grid.speed is not a setting. Did you mean speed_m_s? "
            "Allowed: speed_m_s, slope_deg, impairment, seeds, warm_start.",
        ),
        (
            {"grid": {"speed_m_s": [1.0, 9.0]}},
            "params.yaml: conditions.grid (v9.00_s+0.0_none).speed_m_s = 9.0 is outside 0.5..2. "
            "Lower it.",
        ),
        (
            {},
            "params.yaml: conditions = {} must hold at least one condition, "
            "such as level: {speed_m_s: 1.3}.",
        ),
    ],
)
def test_bad_conditions_are_named(conditions, expected):
    assert message(conditions) == expected


def test_impairment_needs_known_muscles():
    weak = {"side": "right", "muscles": ["solues"], "excitation_ceiling": 0.5}
    said = message({"a": {"speed_m_s": 1, "impairment": weak}})
    assert said.startswith(
        "params.yaml: conditions.a.impairment.muscles[0] = solues is unknown. Did you mean soleus?"
    )
