"""Tables, curves and the page of a comparison."""

import numpy as np
import pytest

from exoflow.figures.comparison_curves import over_seeds
from exoflow.figures.comparison_page import figures
from exoflow.figures.comparison_text import Compared, comparison_text, number, sample_cell, signed
from exoflow.figures.drift_text import drift_text
from exoflow.records.comparison import ABSENT, Row
from exoflow.records.drift import drifts
from exoflow.records.seeds import Sample

LONG = "cot_uchida2016_s060_J_kg_m"


def compared(names, metrics=(), settings=()):
    return Compared(
        tuple(names), tuple("commit 0123456" for _ in names), settings, ["a.py", "b.py"], metrics
    )


def many_metrics(n_experiments):
    values = tuple(Sample((-123.456, -120.0 - at), True) for at in range(n_experiments))
    return [
        Row(("weak_plantarflexors", "policy", name), values) for name in (LONG, "change_cot_pct")
    ]


@pytest.mark.parametrize("n_experiments", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("name", ["main", "a_branch_of_a_lab/with_a_long_name_that_says_much"])
def test_no_line_is_wider_than_a_terminal(n_experiments, name):
    names = [f"{name}{at}" for at in range(n_experiments)]
    key = ("conditions", "weak_plantarflexors_on_the_steepest_slope", "actuator_delay_s")
    settings = [Row(key, tuple(f"{at}" * 40 for at in range(n_experiments)))]
    text = comparison_text(compared(names, many_metrics(n_experiments), settings))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert LONG in text
    assert "actuator_delay_s" in text
    for one in names:
        assert one in text


def test_blocks_of_many_experiments_all_begin_with_the_first():
    names = [f"e{at}" for at in range(9)]
    text = comparison_text(compared(names, many_metrics(9)))
    heads = [line for line in text.splitlines() if line.startswith("weak_plantarflexors")]
    assert len(heads) > 1
    assert all(head.split()[2] == "e0" for head in heads)
    shown = [word for head in heads for word in head.split()[3:]]
    assert shown == names[1:]


def test_cells_say_mean_spread_and_number_of_seeds():
    assert sample_cell(Sample((-2.0, -4.0), True)) == "-3.0000 ±1.4 (2)"
    assert sample_cell(Sample((-2.0,), True)) == "-2.0000 (1)"
    assert sample_cell(Sample((6.5601,))) == "6.5601"
    assert sample_cell(ABSENT) == "-"


def test_numbers_keep_their_digits_when_they_are_small_or_large():
    assert number(8.9407e-8) == "8.94e-08"
    assert number(0.0) == "0.0"
    assert signed(0.00456789) == "+0.00457"
    assert signed(-0.25) == "-0.250"
    assert signed(0.0) == "0"
    assert signed(None) == ""


def test_seeds_are_averaged_where_all_of_them_have_values():
    seeds = [
        {"step": np.array([0.0, 10.0, 20.0]), "cot": np.array([1.0, np.nan, 3.0])},
        {"step": np.array([0.0, 10.0]), "cot": np.array([2.0, 4.0])},
    ]
    step, mean, lowest, highest = over_seeds(seeds, "cot")
    # The second seed ends at 10, where the first is halfway from 1 to 3.
    assert step.tolist() == [0.0, 10.0]
    assert mean.tolist() == [1.5, 3.0]
    assert lowest.tolist() == [1.0, 2.0]
    assert highest.tolist() == [2.0, 4.0]
    assert over_seeds(seeds, "reward") is None


def test_only_figures_that_say_something_else_are_shown_on_both_sides(tmp_path):
    drawn = '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text></svg>'
    for name in ("a", "b"):
        (tmp_path / name / "reflex").mkdir(parents=True)
        (tmp_path / name / "reflex/same.svg").write_text(drawn.format(1))
        (tmp_path / name / "reflex/other.svg").write_text(drawn.format(name))
        (tmp_path / name / "reflex/other.png").write_bytes(name.encode())
    (tmp_path / "a/reflex/only.svg").write_text(drawn.format(2))
    folders = {name: tmp_path / name for name in ("a", "b")}
    found = {one.title: one.sides for one in figures(folders, everything=False)}
    assert list(found) == ["reflex/only.svg", "reflex/other.svg"]
    assert [side.picture is None for side in found["reflex/only.svg"]] == [False, True]
    assert len(list(figures(folders, everything=True))) == 3


def test_a_replay_is_told_in_80_columns_and_marks_what_is_beyond():
    key = ("policy", LONG)
    old = {key: Sample((1.0, 1.1), True), ("gait", "hip_r"): Sample((0.9,))}
    new = {key: Sample((9.0, 9.1), True), ("gait", "hip_r"): Sample((0.901,))}
    found = drifts(old, new, {key: [old[key]]})
    text = drift_text("weak_plantarflexors", 12, ["results/reflex/a.json"], found, "cpu: A, B")
    assert max(len(line) for line in text.splitlines()) <= 80
    lines = text.splitlines()
    assert lines[0] == "weak_plantarflexors: equal exoflow hash, 11 of 12 files"
    assert [line[0] for line in lines if LONG in line] == ["!"]
    assert "2 drifted, 1 beyond" in text
    assert drift_text("a", 3, [], drifts(old, old, {}), None).endswith("2 metrics, no drift")
