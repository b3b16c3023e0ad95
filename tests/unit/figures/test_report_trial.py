"""What the report shows of a trial with recordings."""

from exoflow.figures.report_trial import failed_checks, recorded_pictures, sensitivity_summary
from exoflow.figures.results import Study

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><text>drawn</text></svg>'


def alternative(equation, window, mean, p, declared=False, reason=""):
    return {
        "controller": "fast",
        "equation": equation,
        "window": window,
        "baseline": "mean",
        "declared": declared,
        "n": 8,
        "mean_pct": mean,
        "sd_pct": None if mean is None else 4.0,
        "ci95_low_pct": None if mean is None else mean - 3,
        "ci95_high_pct": None if mean is None else mean + 3,
        "p": p,
        "reason": reason,
    }


def make_study(**changes) -> Study:
    result = {
        "data": "recordings",
        "choices": {"equation": "brockway"},
        "conditions": {"fast": {"label": "Fast"}},
        "sensitivity": [
            alternative("brockway", "3 min", 9.04, 0.0123, declared=True),
            alternative("weir", "3 min", 9.11, 0.0141),
            alternative("brockway", "2 min", None, None, reason="too short"),
        ],
        "bouts": [
            {
                "subject": "1", "session": "1", "activity": "free", "number": 2,
                "flags": "slope rer_high", "gross_metabolic_rate_W_kg": 4.812, "rer": 1.021,
                "change_pct": 7.26, "n_breaths": 61,
            },
            {"subject": "2", "flags": ""},
        ],
    }  # fmt: skip
    return Study("pilot", result | changes, SVG, {"bars": SVG, "timeline": SVG})


def cells(row):
    return [cell.text or cell.reason for cell in row.cells]


def test_equations_are_gathered_into_one_line_per_window():
    table = sensitivity_summary(make_study())
    assert len(table.rows) == 2
    assert table.rows[0].head == "Fast"
    assert cells(table.rows[0]) == [
        "3 min, declared", "mean", "9.0", "6.0 to 12.0", ".012", "9.0 to 9.1", ".014",
    ]  # fmt: skip


def test_a_choice_without_a_number_shows_its_reason():
    assert cells(sensitivity_summary(make_study()).rows[1])[2] == "too short"


def test_only_bouts_with_a_failed_check_are_listed():
    table = failed_checks(make_study())
    assert len(table.rows) == 1
    assert cells(table.rows[0]) == [
        "1", "free 2", "slope rer_high", "4.81", "1.02", "7.3", "61",
    ]  # fmt: skip


def test_missing_pictures_leave_their_place():
    pictures = recorded_pictures(make_study())
    assert [bool(picture.svg) for picture in pictures] == [True, False, False, True]
    assert pictures[1].reason == "the trial phase wrote no picture of rates"


def test_published_reductions_have_none_of_it():
    study = make_study(data="published reductions", sensitivity=None, bouts=None)
    assert recorded_pictures(study) == []
    assert sensitivity_summary(study) is None
    assert failed_checks(study) is None
