"""What differs between experiments."""

from exoflow.records.comparison import ABSENT, Row, change, metric_rows, setting_rows
from exoflow.records.seeds import Sample


def test_only_settings_that_differ_are_rows():
    first = {"policy": {"steps": 512, "gamma": 0.99}, "exo": {}}
    second = {"policy": {"steps": 768, "gamma": 0.99}, "exo": {}}
    assert setting_rows([first, second]) == [Row(("policy", "steps"), (512, 768))]


def test_a_condition_that_one_side_lacks_is_one_row():
    new = {"speed_m_s": 1.0, "seeds": [1]}
    rows = setting_rows([{"conditions": {}}, {"conditions": {"slow": new}}])
    assert rows == [Row(("conditions",), ({}, {"slow": new}))]
    both = [{"conditions": {"level": 1}}, {"conditions": {"level": 1, "slow": new}}]
    assert setting_rows(both) == [Row(("conditions", "slow"), (ABSENT, new))]


def test_null_is_a_value_and_not_an_absence():
    rows = setting_rows([{"id": "a", "impairment": None}, {"id": "a"}])
    assert rows == [Row(("impairment",), (None, ABSENT))]


def test_metrics_differ_in_any_digit_and_in_any_seed():
    key = ("level", "policy", "cot")
    first, second = {key: Sample((1.0, 3.0), True)}, {key: Sample((2.0, 2.0), True)}
    assert metric_rows([first, first]) == []
    assert metric_rows([first, first], everything=True)
    (row,) = metric_rows([first, second])
    assert change(row) == 0.0
    assert metric_rows([first, {key: Sample((1.0, 3.0 + 1e-12), True)}])


def test_a_metric_that_one_side_lacks_is_a_row_without_a_change():
    (row,) = metric_rows([{("level", "cot"): Sample((1.0,))}, {}])
    assert row.values[1] is ABSENT
    assert change(row) is None
