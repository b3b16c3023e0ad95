"""The matrix of the report: which cells it has, and why some are empty."""

from exoflow.figures.matrix import is_matrix, matrix_figure, places
from exoflow.figures.report import render_report
from exoflow.figures.report_tables import legs_table
from exoflow.figures.results import Results


def _results(slopes=(-3.0, 3.0)) -> Results:
    asked, metabolics, reflex = {}, {}, {}
    for speed in (1.0, 1.2):
        for slope in slopes:
            name = f"v{speed:g}_s{slope:g}"
            asked[name] = {"speed_m_s": speed, "slope_deg": slope, "impairment": None}
            reflex[name] = {"status": "ok", "settings": {"condition": asked[name]}}
            change = {"mean": -4.0, "ci95": [-5.0, -3.0], "iqm": -4.2, "iqm_ci95": [-5.0, -3.5]}
            metabolics[name] = {
                "status": "ok", "controllers": {}, "condition": name,
                "groups": {"policy": {"n": 3, "n_fell": 0, "change_cot_pct": change}},
            }  # fmt: skip
    fallen = next(iter(asked))
    reason = "the walker fell after 3.0 s of 60 s"
    reflex[fallen] = {**reflex[fallen], "status": "failed", "reason": reason}
    metabolics[fallen] |= {
        "status": "skipped",
        "groups": {},
        "reason": f"no gait for {fallen}: {reason}",
    }
    return Results(tuple(asked), asked=asked, reflex=reflex, metabolics=metabolics)


def test_cells_show_the_interquartile_mean_and_empty_ones_their_reason():
    cells = places(_results())
    assert is_matrix(cells)
    empty, *full = cells
    assert empty.change_pct is None and "the walker fell after 3.0 s" in empty.reason
    assert {(one.change_pct, one.interval, one.n) for one in full} == {(-4.2, (-5.0, -3.5), 3)}
    svg = matrix_figure(cells)
    assert svg.count("\u22124.2") == 3


def test_one_slope_is_no_matrix():
    assert not is_matrix(places(_results(slopes=(0.0,))))


def test_the_report_names_the_cells_that_stay_empty():
    page = render_report(_results())
    assert "over speed and slope" in page
    assert "the walker fell after 3.0 s" in page


def test_legs_are_compared_where_one_is_weak():
    results = _results()
    assert legs_table(results) is None
    name = results.conditions[-1]
    weak = {"side": "right", "muscles": ["soleus"], "excitation_ceiling": 0.25}
    results.reflex[name]["settings"]["condition"]["impairment"] = weak
    legs = {
        "rms_torque_r_Nm": 4.04, "rms_torque_l_Nm": 2.0, "exo_power_r_W": 3.0,
        "exo_power_l_W": 1.0, "rmse_hip_deg": 5.0, "rmse_knee_deg": 6.0, "rmse_ankle_deg": 7.0,
        "rmse_deg": 6.0,
    }  # fmt: skip
    walked = {"fell": False, "speed_m_s": 1.0, "cot_wang2012_J_kg_m": 5.0, "legs": legs}
    results.metabolics[name]["controllers"] = {
        "none": walked, "policy_seed1": {**walked, "change_cot_pct": -3.0},
    }  # fmt: skip
    bare, helped = legs_table(results).rows
    assert [cell.text for cell in bare.cells[1:3]] == ["", ""]
    assert [cell.text for cell in helped.cells[1:3]] == ["4.0", "2.0"]
    assert helped.cells[8].text == "6.0"
