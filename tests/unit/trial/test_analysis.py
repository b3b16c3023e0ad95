"""The published study against the numbers worked out for it, and what is said about them."""

import dataclasses
from hashlib import sha256

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.analysis import analyze, tabulate
from exoflow.trial.study import load_study


@pytest.fixture
def result(barati):
    return analyze(load_study(barati))


def reduced_by(study, reduction_pct):
    """The same study with other reductions, and subjects to match."""
    n = len(next(iter(reduction_pct.values())))
    subjects = tuple(
        dataclasses.replace(study.subjects[0], id=str(i + 1), sex=None) for i in range(n)
    )
    reductions = dataclasses.replace(
        study.reductions,
        subjects=tuple(s.id for s in subjects),
        reduction_pct=reduction_pct,
        peak_torque_Nm=dict.fromkeys(reduction_pct, (None,) * n),
    )
    return dataclasses.replace(study, subjects=subjects, reductions=reductions)


# mean, SD, interval, t, p, d_z, g, exact Wilcoxon, exact sign flip; all with 3 degrees of freedom.
BARATI = {
    "lstm_ppo": (9.100, 3.858, (3.0, 15.2), 4.72, 0.0180, 2.36, 1.72, 0.125, 0.125),
    "dofc": (5.750, 3.474, (0.2, 11.3), 3.31, 0.0454, 1.66, 1.20, 0.125, 0.125),
    "difference": (3.350, 3.355, (-2.0, 8.7), 2.00, 0.140, 1.00, 0.73, 0.25, 0.25),
}


@pytest.mark.parametrize("name", BARATI)
def test_barati_numbers(result, name):
    record = result["difference"] if name == "difference" else result["conditions"][name]
    mean, sd, interval, t, p, d_z, g, wilcoxon, sign_flip = BARATI[name]
    assert record["mean_pct"] == pytest.approx(mean, abs=5e-4)
    assert record["sd_pct"] == pytest.approx(sd, abs=5e-4)
    assert record["ci95_pct"] == pytest.approx(interval, abs=0.05)
    assert record["t"] == pytest.approx(t, abs=0.005)
    assert record["df"] == 3
    assert record["p"] == pytest.approx(p, abs=5e-4)
    assert record["d_z"] == pytest.approx(d_z, abs=0.0051)
    assert record["hedges_g"] == pytest.approx(g, abs=0.005)
    assert record["wilcoxon_p"] == wilcoxon
    assert record["sign_flip_p"] == sign_flip


def test_barati_by_hand(result):
    # (7.9 + 11.6 + 4.2 + 12.7) / 4 = 36.4 / 4 = 9.1. Deviations -1.2, 2.5, -4.9, 3.6 squared:
    # 1.44 + 6.25 + 24.01 + 12.96 = 44.66; SD = sqrt(44.66 / 3); t = 9.1 / (SD / 2).
    sd = (44.66 / 3) ** 0.5
    record = result["conditions"]["lstm_ppo"]
    assert record["mean_pct"] == pytest.approx(9.1)
    assert record["sd_pct"] == pytest.approx(sd)
    assert record["t"] == pytest.approx(18.2 / sd)
    # Differences 6.7, 4.7, -1.2, 3.2: sum 13.4.
    assert result["difference"]["mean_pct"] == pytest.approx(13.4 / 4)
    assert result["difference"]["per_subject_pct"] == {"1": 6.7, "2": 4.7, "3": -1.2, "4": 3.2}


def test_barati_correction_and_power(result):
    assert result["holm_sidak"] == pytest.approx(HOLM_SIDAK, abs=5e-4)
    assert result["smallest_exact_p"] == 0.125
    assert result["small_sample"] is True
    assert result["power"]["d_z_needed"] == pytest.approx(2.13, abs=0.005)
    assert result["primary"]["controller"] == "lstm_ppo"
    assert result["primary"]["p"] == result["conditions"]["lstm_ppo"]["p"]


def test_barati_says_what_four_subjects_cannot_support(result):
    said = result["statements"]
    for sentence in (
        "With Holm-Sidak over the 3 tests together nothing stays below .05 "
        "(corrected p: LSTM-PPO .053, DOFC .089, difference .140).",
        "A difference between LSTM-PPO and DOFC is not shown: 3.35 percentage points "
        "(SD 3.36, 95 % interval -2.0 to 8.7; t(3) = 2.00, p = .140).",
        "Not every subject follows the mean: better with DOFC did subject 3 (5.4 against 4.2 %).",
        "Without a normal distribution assumed nothing can be shown: with n = 4 the smallest "
        "possible two-sided p of a sign-flip or Wilcoxon test is .125, and below n = 6 neither "
        "can reach .05.",
        "The t tests assume normally distributed reductions; 4 values cannot check that, nor "
        "tell an outlier from an ordinary subject.",
        "Confidence intervals are wider than the means they are about (in percentage points: "
        "LSTM-PPO 12, DOFC 11).",
    ):
        assert sentence in said
    assert "so it is not a preregistration" in said[0]
    assert "d_z is at least 2.13" in " ".join(said)


def test_a_clear_result_is_said_to_be_one(barati):
    study = load_study(barati)
    fast = tuple(10 + 0.1 * i for i in range(8))
    slow = tuple(5 + 0.2 * i for i in range(8))
    result = analyze(reduced_by(study, {"lstm_ppo": fast, "dofc": slow}))
    said = " ".join(result["statements"])
    assert result["small_sample"] is False
    assert "A difference between LSTM-PPO and DOFC is shown" in said
    assert "Every subject did better with LSTM-PPO." in said
    assert "LSTM-PPO, DOFC, difference stays below .05" in said
    assert "The smallest possible exact two-sided p with n = 8 is .008." in said
    assert "wider than the means" not in said


def test_a_secondary_difference_counts_after_correction_only(barati):
    # Uncorrected p of the difference is below .05, corrected it is not.
    study = load_study(barati)
    reductions = {"lstm_ppo": (9, -7, 4, -2), "dofc": (6, -8, 2, -5)}
    result = analyze(reduced_by(study, reductions))
    assert result["difference"]["p"] < 0.05 < result["holm_sidak"]["difference"]
    assert "DOFC is not shown" in " ".join(result["statements"])


def test_one_controller_needs_no_difference(barati):
    study = load_study(barati)
    study = dataclasses.replace(study, controllers=study.controllers[:1], difference=None)
    result = analyze(study)
    assert result["difference"] is None
    assert result["holm_sidak"] == pytest.approx(
        {"lstm_ppo": result["conditions"]["lstm_ppo"]["p"]}
    )
    assert {row["condition"] for row in tabulate(study)} == {"lstm_ppo"}
    assert [test["kind"] for test in result["tests"]] == ["t", "wilcoxon", "sign_flip"]


def test_equal_reductions_are_refused(barati):
    study = reduced_by(load_study(barati), {"lstm_ppo": (5.0, 5.0), "dofc": (1.0, 2.0)})
    with pytest.raises(TrialDataError) as error:
        analyze(study)
    assert str(error.value) == (
        f"{barati.parent / 'reductions.csv'}: lstm_ppo: all 2 values equal 5: no spread, t does "
        "not exist. Check whether the numbers were copied from one subject to the others."
    )


def test_table_has_a_row_per_subject_and_condition(barati):
    rows = tabulate(load_study(barati))
    assert [(r["subject"], r["condition"]) for r in rows] == [
        (subject, controller) for subject in "1234" for controller in ("lstm_ppo", "dofc")
    ]
    assert rows[0]["net_metabolic_rate_reduction_pct"] == 7.9
    assert rows[0]["peak_torque_Nm"] == 7.7
    # Published reductions say nothing about rates.
    assert rows[0]["net_metabolic_rate_W_kg"] is None


def test_barati_reductions_under_the_keys_that_others_read(result):
    for name in ("lstm_ppo", "dofc"):
        mean, sd, interval = BARATI[name][:3]
        reduction = result["conditions"][name]["reduction_pct"]
        assert reduction["mean"] == pytest.approx(mean, abs=5e-4)
        assert reduction["sd"] == pytest.approx(sd, abs=5e-4)
        assert reduction["ci95"] == pytest.approx(interval, abs=0.05)
        assert reduction["n"] == 4


HOLM_SIDAK = {"lstm_ppo": 0.053, "dofc": 0.089, "difference": 0.140}


def test_barati_tests_as_a_list(result):
    found = {(t["condition"], t["kind"]): t for t in result["tests"]}
    assert len(found) == len(result["tests"]) == 9
    for name, (*_, t, p, _, _, wilcoxon, sign_flip) in BARATI.items():
        assert found[name, "t"]["statistic"] == pytest.approx(t, abs=0.005)
        assert found[name, "t"]["df"] == 3
        assert found[name, "t"]["p_value"] == pytest.approx(p, abs=5e-4)
        assert found[name, "t"]["p_adjusted"] == pytest.approx(HOLM_SIDAK[name], abs=5e-4)
        assert found[name, "wilcoxon"]["p_value"] == wilcoxon
        assert found[name, "sign_flip"]["p_value"] == sign_flip
    first = result["tests"][0]
    assert (first["name"], first["primary"]) == (
        "LSTM-PPO against free walking, one-sample t",
        True,
    )
    # Ranks of 6.7, 4.7, -1.2, 3.2 are 4, 3, 1, 2: one is negative, and its rank is 1.
    assert found["difference", "wilcoxon"]["statistic"] == 1
    # The statistic of a sign flip is the mean.
    assert found["difference", "sign_flip"]["statistic"] == pytest.approx(3.35)


def test_a_summary_study_hashes_its_files(result, barati):
    assert set(result["input_sha256"]) == {"study.yaml", "reductions.csv"}
    assert result["input_sha256"]["study.yaml"] == sha256(barati.read_bytes()).hexdigest()
    assert (result["data"], result["bouts"]) == ("published reductions", None)
    assert "reductions per subject are those published" in result["methods"]
