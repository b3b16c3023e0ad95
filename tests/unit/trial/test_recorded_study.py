"""From files to results on a synthetic study whose truth is known."""

import csv
import hashlib
import json

import numpy as np
import pytest
from synthetic_trial import draw_walkers, write_study

from exoflow.stages import trial
from exoflow.trial.analysis import analyze, tabulate
from exoflow.trial.study import load_study


@pytest.fixture(scope="module")
def study(synthetic):
    return load_study(synthetic[0])


@pytest.fixture(scope="module")
def result(study):
    return analyze(study)


@pytest.mark.parametrize("controller", ["fast", "slow"])
def test_reductions_are_near_the_truth(study, synthetic, controller):
    for rates, walker in zip(study.rates.subjects, synthetic[1], strict=True):
        found = rates.reductions[controller]
        # Four standard errors of breath noise; one in 16 000 is further away.
        assert abs(found.pct - walker.reduction_pct[controller]) < 4 * found.standard_error_pct
        # The project's facts give 2 to 3 points for breath noise of 7 to 12 %.
        assert 1 < found.standard_error_pct < 5


@pytest.mark.parametrize("phases", ["markers", "times", "files"])
@pytest.mark.parametrize("layout", ["csv", "omnia"])
def test_every_layout_and_kind_of_phases_gives_the_same_answer(tmp_path, layout, phases):
    rng = np.random.default_rng(21)
    walkers = draw_walkers(2, rng)
    found = load_study(
        write_study(tmp_path / "s", walkers, rng, layout=layout, phases=phases)
    ).reductions.reduction_pct["fast"]
    rng = np.random.default_rng(21)
    reference = load_study(
        write_study(tmp_path / "reference", draw_walkers(2, rng), rng, phases="times")
    ).reductions.reduction_pct["fast"]
    # A marker stands in the row of the breath after it: a breath more or less at the edges.
    assert found == pytest.approx(reference, abs=1.0)


def test_conditions_hold_what_readers_of_the_json_expect(result):
    for controller in ("fast", "slow"):
        condition = result["conditions"][controller]
        reduction = condition["reduction_pct"]
        assert set(reduction) == {"mean", "sd", "ci95", "n"}
        assert reduction["n"] == 6
        values = list(condition["per_subject_pct"].values())
        assert reduction["mean"] == pytest.approx(np.mean(values))
        assert reduction["sd"] == pytest.approx(np.std(values, ddof=1))
    for test in result["tests"]:
        assert {"name", "statistic", "p_value", "p_adjusted"} <= set(test)
        assert 0 <= test["p_value"] <= test["p_adjusted"] + 1e-12 <= 1 + 1e-9


def test_the_declared_test_comes_first(result):
    first = result["tests"][0]
    assert first["primary"] is True
    assert first["name"] == "Fast against free walking, one-sample t"
    assert first["p_value"] == result["primary"]["p"] == result["conditions"]["fast"]["p"]
    assert sum(test["primary"] for test in result["tests"]) == 1


def test_net_rates_can_be_the_declared_measure(recorded_folder):
    recorded_folder.values["analysis"]["primary"] |= {
        "measure": "net_metabolic_rate_W_kg",
        "test": "paired_t",
    }
    result = analyze(load_study(recorded_folder.save()))
    first = result["tests"][0]
    assert (first["name"], first["primary"]) == ("Fast against free walking, paired t", True)
    rates = result["rates"]
    free, fast = (
        np.array(list(rates[name]["net_metabolic_rate_W_kg"]["per_subject"].values()))
        for name in ("free", "fast")
    )
    assert result["saving"]["fast"]["mean_W_kg"] == pytest.approx((free - fast).mean())
    assert result["primary"]["p"] == result["saving"]["fast"]["p"] == first["p_value"]
    assert "mean saving of the net metabolic rate" in result["statements"][0]
    assert "W/kg" in result["statements"][0]


def test_table_has_a_row_per_subject_and_condition(study):
    rows = tabulate(study)
    assert len(rows) == 6 * 4
    assert len({(row["subject"], row["condition"]) for row in rows}) == 24
    exo = next(r for r in rows if (r["subject"], r["condition"]) == ("1", "fast"))
    free = next(r for r in rows if (r["subject"], r["condition"]) == ("1", "free"))
    net, free_net = exo["net_metabolic_rate_W_kg"], free["net_metabolic_rate_W_kg"]
    assert exo["net_metabolic_rate_reduction_pct"] == pytest.approx(100 * (1 - net / free_net))
    assert exo["reduction_ci95_low_pct"] < exo["net_metabolic_rate_reduction_pct"]


def test_a_failed_check_is_in_the_tables_and_nothing_is_dropped(recorded_folder):
    # Carbon dioxide of the whole of subject 1 a little above oxygen: 1.02 is hyperventilation, from
    # 1.05 on it would be taken for swapped columns.
    file = recorded_folder.recording(1)
    rows = [line.split(",") for line in file.read_text().splitlines()]
    for row in rows[1:]:
        row[2] = f"{1.02 * float(row[1]):.2f}"
    file.write_text("\n".join(",".join(row) for row in rows) + "\n")
    study = load_study(recorded_folder.study)
    result = analyze(study)
    flags = [row["flags"].split() for row in tabulate(study) if row["subject"] == "1"]
    assert all("rer_high" in names for names in flags)
    bouts = [bout for bout in result["bouts"] if bout["subject"] == "1"]
    assert len(bouts) == 6
    assert all("rer_high" in bout["flags"].split() for bout in bouts)
    assert {"subject": "1", "condition": "fast", "flag": "rer_high"} in result["flags"]
    assert any(s.startswith("Checks failed in 6 of 12 bouts") for s in result["statements"])


def test_sensitivity_covers_every_choice_and_marks_the_declared_one(result):
    rows = [row for row in result["sensitivity"] if row["controller"] == "fast"]
    # 6 equations, 2 and 3 min and the fit, 2 baselines.
    assert len(rows) == 6 * 3 * 2
    declared = [row for row in rows if row["declared"]]
    assert [(d["equation"], d["window"], d["baseline"]) for d in declared] == [
        ("brockway", "3 min", "mean")
    ]
    assert declared[0]["mean_pct"] == pytest.approx(result["conditions"]["fast"]["mean_pct"])
    by_equation = [r["mean_pct"] for r in rows if (r["window"], r["baseline"]) == ("3 min", "mean")]
    # Equations nearly cancel in percentages of the net rate.
    assert max(by_equation) - min(by_equation) < 0.2


def test_a_window_that_does_not_fit_leaves_a_reason(recorded_folder):
    # Two-minute bouts: no window of 3 min, but the fit works.
    data = recorded_folder.values["data"]
    data["phases"] = "times"
    del data["markers"]
    for session in data["sessions"]:
        order = session.pop("order")
        starts = (0, 5, 14, 23, 32, 41)
        session["bouts"] = [
            {"activity": activity, "start_min": start, "end_min": start + 2}
            for activity, start in zip(order, starts, strict=True)
        ]
    recorded_folder.values["measurement"] |= {"window_min": 2, "walking_estimate": "transient_fit"}
    result = analyze(load_study(recorded_folder.save()))
    rows = {row["window"]: row for row in result["sensitivity"]}
    assert rows["3 min"]["mean_pct"] is None
    assert "shorter than the window of 180 s" in rows["3 min"]["reason"]
    assert rows["transient fit"]["mean_pct"] is not None
    assert {b["estimate"] for b in result["bouts"] if b["activity"] != "stand"} == {"transient_fit"}


def test_every_input_file_is_hashed(result, synthetic):
    folder = synthetic[0].parent
    assert set(result["input_sha256"]) == {
        "study.yaml", *(f"recordings/s{k}.csv" for k in range(1, 7)),
    }  # fmt: skip
    for name, digest in result["input_sha256"].items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_methods_state_the_choices(result):
    for words in (
        "16.580 VO2 + 4.510 VCO2",
        "Brockway 1987",
        "the last 3 min of each bout",
        "bouts were found by markers set by the operator",
        "Standing was the mean of all its bouts",
        "the estimand is the population mean of the per-subject reductions",
        "Holm-Sidak",
        "Greenhouse-Geisser",
    ):
        assert words in result["methods"]


def test_second_sessions_have_their_own_baselines(recorded_folder):
    # Subject 2's recording as a second visit of subject 1: each is compared with its own day.
    values = recorded_folder.values
    single = load_study(recorded_folder.study).reductions.reduction_pct["fast"]
    extra = dict(values["data"]["sessions"][1], subject="1", name="2")
    text = recorded_folder.recording(2).read_text()
    (recorded_folder.study.parent / "recordings/s1b.csv").write_text(text + "2900,500,400,\n")
    extra["file"] = "recordings/s1b.csv"
    values["data"]["sessions"].append(extra)
    both = load_study(recorded_folder.save()).reductions.reduction_pct["fast"]
    # The reduction does not depend on the mass, so the second visit is subject 2's.
    assert both[0] == pytest.approx(np.mean(single))


def test_outputs_are_whole_and_the_same_every_time(synthetic, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for run in ("a", "b"):
        trial.run(synthetic[0], tmp_path / run)
    names = {path.name.removeprefix("synthetic.") for path in (tmp_path / "a").iterdir()}
    figures = ("", "bars.", "rates.", "baselines.", "timeline.")
    assert names == {
        "json", "csv", "bouts.csv", "sensitivity.csv", "methods.md",
        *(f"{name}{kind}" for name in figures for kind in ("svg", "png")),
    }  # fmt: skip
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    assert b"<dc:date>" not in (tmp_path / "a/synthetic.timeline.svg").read_bytes()
    bouts = list(csv.DictReader((tmp_path / "a/synthetic.bouts.csv").open(newline="")))
    assert len(bouts) == 6 * 6
    written = json.loads((tmp_path / "a/synthetic.json").read_text())
    assert written["data"] == "recordings"
    assert written["n_subjects"] == 6


def test_warnings_of_reading_are_told_in_words(tmp_path):
    rng = np.random.default_rng(22)
    file = write_study(tmp_path / "pilot", draw_walkers(2, rng), rng)
    recording = file.parent / "recordings/s2.csv"
    rows = [line.split(",") for line in recording.read_text().splitlines()]
    rows[101][0] = rows[100][0]
    recording.write_text("\n".join(",".join(row) for row in rows) + "\n")
    result = analyze(load_study(file))
    assert result["recordings"][1]["warnings"] == ["times do not increase in row 102: left out"]
    assert (
        "Reading 1 of 2 recordings gave warnings (s2.csv): see warnings of recordings in the "
        "JSON file."
    ) in result["statements"]
