"""The matrix of the report: which cells it has, and why some are empty."""

from exoflow.figures.matrix import is_matrix, matrix_figure, places
from exoflow.figures.report import render_report
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
