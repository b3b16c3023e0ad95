"""Figures of trials: what they show, the same bytes every time, and nothing cut off."""

import copy
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from exoflow.figures.style import house_style, new_figure, png_bytes
from exoflow.figures.trial import MOST_TOLD_APART, subject_style, trial_figure
from exoflow.figures.trial_bars import bars_figure
from exoflow.figures.trial_baselines import baselines_figure
from exoflow.figures.trial_rates import rates_figure
from exoflow.figures.trial_timeline import SessionTrace, WindowOfBout, timeline_figure

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make_recorded(n: int = 3) -> dict:
    """A result of the trial phase with recordings, of n subjects."""
    subjects = [str(k + 1) for k in range(n)]

    def condition(label: str, mean: float) -> dict:
        values = {s: mean + 2.0 * k for k, s in enumerate(subjects)}
        return {
            "label": label,
            "mean_pct": mean + n - 1,
            "ci95_pct": [mean - 3, mean + 2 * n],
            "per_subject_pct": values,
            "per_subject_ci95_pct": {s: [v - 4, v + 4] for s, v in values.items()},
        }

    def rates(level: float) -> dict:
        per_subject = {s: level + 0.1 * k for k, s in enumerate(subjects)}
        return {"net_metabolic_rate_W_kg": {"per_subject": per_subject}}

    def pairs(first: float, step: float) -> dict:
        return {
            "n": n,
            "bias_W_kg": step,
            "sd_W_kg": 0.1,
            "limits_W_kg": [step - 0.196, step + 0.196],
            "pairs": [
                {
                    "subject": s,
                    "session": "1",
                    "first_W_kg": first + 0.1 * k,
                    "last_W_kg": first + 0.1 * k + step * (k + 1),
                    "difference_pct": 1.0,
                    "drifts": k == 0,
                }
                for k, s in enumerate(subjects)
            ],
        }

    return {
        "title": "A study",
        "n_subjects": n,
        "small_sample": n < 6,
        "smallest_exact_p": 2.0 ** (1 - n),
        "subjects": [{"id": s} for s in subjects],
        "controllers": ["fast", "slow"],
        "conditions": {"fast": condition("Fast", 8.0), "slow": condition("Slow", 4.0)},
        "difference": {
            **condition("difference", 4.0),
            "first": "fast",
            "second": "slow",
        },
        "rates": {"stand": {}, "free": rates(3.2), "fast": rates(2.9), "slow": rates(3.0)},
        "baselines": {"stand": pairs(1.4, 0.02), "free": pairs(4.8, 0.1)},
    }


def make_session(title: str, flagged: bool = False) -> SessionTrace:
    time_min = np.linspace(0, 20, 400)
    windows = (
        WindowOfBout("stand 1", 0, 2, 5, 1.4, False),
        WindowOfBout("free 1", 5, 8, 11, 4.8, flagged),
    )
    return SessionTrace(title, time_min, 3 + np.sin(time_min), windows)


def text_of(drawing) -> str:
    return " ".join(" ".join(ElementTree.fromstring(drawing.svg).itertext()).split())


FIGURES = {
    "reductions": lambda result: trial_figure(result),
    "bars": lambda result: bars_figure(result),
    "rates": lambda result: rates_figure(result),
    "baselines": lambda result: baselines_figure(result),
    "timeline": lambda result: timeline_figure(
        result["title"], [make_session(f"Subject {s['id']}") for s in result["subjects"]]
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_both_forms_are_the_same_every_time(name):
    first, second = (FIGURES[name](make_recorded()) for _ in range(2))
    assert first.svg == second.svg
    assert first.png == second.png
    assert first.png.startswith(PNG_SIGNATURE)
    assert "<dc:date>" not in first.svg
    assert b"Software" not in first.png


@pytest.mark.parametrize("name", FIGURES)
def test_large_studies_are_drawn_too(name):
    assert FIGURES[name](make_recorded(60)).png.startswith(PNG_SIGNATURE)


def test_every_subject_is_a_line():
    said = text_of(rates_figure(make_recorded(8)))
    assert all(f"subject {k}" in said for k in range(1, 9))
    assert "Net metabolic rate (W/kg)" in said
    assert "Walking minus standing, per body mass." in said


def test_bars_say_what_their_intervals_are():
    result = make_recorded()
    said = text_of(bars_figure(result))
    assert "Subjects: 95 % intervals of their own breath noise." in said
    summary = copy.deepcopy(result)
    for condition in summary["conditions"].values():
        del condition["per_subject_ci95_pct"]
    assert "Single subjects have no intervals" in text_of(bars_figure(summary))


def test_baselines_name_sessions_that_drift_in_red():
    drawing = baselines_figure(make_recorded())
    assert "95 % limits of agreement" in text_of(drawing)
    assert "#cf222e" in drawing.svg


def test_baselines_measured_once_are_no_figure():
    result = make_recorded()
    for name in ("stand", "free"):
        result["baselines"][name] = {"n": 0, "pairs": []}
    assert "Each baseline was measured once" in text_of(baselines_figure(result))


def test_timeline_names_bouts_and_marks_failed_checks():
    plain = timeline_figure("A study", [make_session("Subject 1")])
    flagged = timeline_figure("A study", [make_session("Subject 1", flagged=True)])
    said = text_of(plain)
    assert all(word in said for word in ("Subject 1", "stand 1", "free 1", "Time (min)"))
    assert "#cf222e" not in plain.svg
    assert "#cf222e" in flagged.svg


def test_timeline_says_how_many_sessions_it_leaves_out():
    said = text_of(timeline_figure("A", [make_session(f"Subject {k}") for k in range(14)]))
    assert "The first 12 of 14 sessions." in said
    assert "Subject 11" in said
    assert "Subject 12" not in said


def test_png_has_print_resolution():
    with house_style():
        png = png_bytes(new_figure(2.0, 1.0))
    # Width and height stand in bytes 16 to 24: 2 and 1 inch at 200 dots.
    assert int.from_bytes(png[16:20], "big") == 400
    assert int.from_bytes(png[20:24], "big") == 200


def test_no_two_subjects_with_a_name_look_the_same():
    """In colour and dash together: the marker alone is too little on a line."""
    styles = [subject_style(k, MOST_TOLD_APART) for k in range(MOST_TOLD_APART)]
    assert len({(s["color"], s["linestyle"]) for s in styles}) == MOST_TOLD_APART
