"""Figures from results: complete, repeatable, honest about gaps."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

from exoflow.figures.gait import gait_figure, norm_band, save_gait_figure, stride_rows
from exoflow.figures.learning import learning_figure, search_figure
from exoflow.figures.metabolics import changes_figure, metabolics_figure, save_metabolics_figure
from exoflow.figures.numbers import fixed, is_reduction, known, probability, scientific, signed
from exoflow.figures.results import Policy
from exoflow.figures.student import student_fidelity_figure, student_history_figure
from exoflow.figures.torque import torque_figure


def words(svg: str) -> str:
    """All text of an SVG."""
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_gait_figure_has_panels_units_and_heading(fake: SimpleNamespace) -> None:
    text = words(gait_figure(fake.reflex("level")))
    for part in (
        "Hip flexion, r = 0.97", "Knee flexion", "Ankle dorsiflexion", "Angle (deg)",
        "Hip extension moment, r = 0.81", "Ankle plantarflexion moment", "Moment (Nm/kg)",
        "Knee power", "Power (W/kg)", "SD",
    ):  # fmt: skip
        assert part in text
    for part in ("Force (body weights)", "Gait cycle (%)", "norm ± 1 SD", "left leg", "1.28 m/s"):
        assert part in text
    for part in (
        "Koelewijn 2019",
        "stance 62 % of the cycle, knee flexion in stance 18°, in swing",
    ):
        assert part in text


def test_stride_rows_put_the_gait_beside_the_measured(fake: SimpleNamespace) -> None:
    result = fake.reflex("level")
    result["gait"] |= {"speed_m_s": 1.3, "stride_frequency_Hz": 0.9, "stride_length_m": 1.3 / 0.9}
    rows = stride_rows(result)
    assert rows[0] == ("this gait, 1.30 m/s", "0.90", "1.44", "6.10 W, 3.60 U")
    # 0.9 / 0.9229 - 1 = -2.5 %; 6.1 / 3.2175 - 1 = +90 %.
    assert rows[1] == ("Koelewijn 2019, 1.30 m/s", "0.92 (−2 %)", "1.41 (+3 %)", "3.22 (+90 %)")
    assert ("Luo 2024, 1.25 m/s", "", "", "2.33 net") in rows
    # Nobody measured near 3 degrees, 5.2 %.
    assert len(stride_rows(fake.reflex("uphill"))) == 1


def test_gait_figure_of_no_gait_gives_the_reason(fake: SimpleNamespace) -> None:
    text = words(gait_figure(fake.reflex("uphill", "no_gait", "fell after 2 s & more")))
    assert "no gait (fell after 2 s & more)" in " ".join(text.split())


def test_gait_figure_without_left_leg_and_spread_still_draws(fake: SimpleNamespace) -> None:
    result = fake.reflex("level")
    result["cycle"] = {
        name: values
        for name, values in result["cycle"].items()
        if name in ("gait_pct", "hip_deg", "knee_deg", "ankle_deg")
    }
    assert "left leg" not in words(gait_figure(result))


def test_norm_band_is_the_recorded_one_else_by_speed(fake: SimpleNamespace) -> None:
    result = fake.reflex("level")
    assert norm_band(result) == "Free"
    result["gait"]["norm_speed_band"] = "Slow"
    assert norm_band(result) == "Slow"
    del result["gait"]["norm_speed_band"]
    assert norm_band(result | {"gait": {"speed_m_s": 1.7}}) == "Fast"


def test_heading_says_only_what_is_recorded(fake: SimpleNamespace) -> None:
    # A metabolics result keeps no settings: the slope is unknown, not level.
    assert "uphill" in words(metabolics_figure(fake.metabolics("uphill")))
    assert "level" not in words(metabolics_figure(fake.metabolics("uphill")))
    assert "uphill, target 1.00 m/s, slope +3.0°" in words(gait_figure(fake.reflex("uphill")))


def test_metabolics_figure_shows_value_change_speed_and_falls(fake: SimpleNamespace) -> None:
    text = words(metabolics_figure(fake.metabolics("weak_plantarflexors")))
    for part in ("No exo", "Exo off", "Policy", "5.71", "−6.4 %", "1.27 m/s", "fell at"):
        assert part in text


def with_two_policies(result: dict) -> dict:
    """A second policy that fell in one of three walks, and what the group says."""
    first = result["controllers"]["policy_seed1"]
    walks = [*first["walks"][:2], {"fell": True, "fall_time_s": 4.2, "slope_change_deg": 1.0}]
    second = first | {"walks": walks, "fell": True, "fall_time_s": 4.2, "fall_fraction": 1 / 3}
    result["controllers"]["policy_seed2"] = second
    interval = {"mean": -6.0, "ci95": [-8.0, -4.0]}
    result["groups"] = {
        "policy": {"n": 2, "n_fell": 1, "change_cot_pct": interval, "change_power_pct": interval}
    }
    return result


def test_metabolics_figure_shows_partial_falls_seeds_and_lags(fake: SimpleNamespace) -> None:
    text = words(metabolics_figure(with_two_policies(fake.metabolics("level"))))
    for part in ("fell 1/3", "Policy, 2 seeds: −6.0 [−8.0, −4.0] %", "Muscles' moment, right hip",
                 "+124 ms", "−87 ms"):  # fmt: skip
        assert part in text
    bars = words(metabolics_figure(fake.metabolics("level"), timing=False))
    assert "ms" not in bars.split() and "2 seeds" not in bars


def test_lags_of_many_controllers_are_left_to_the_table(fake: SimpleNamespace) -> None:
    result = with_two_policies(fake.metabolics("level"))
    controllers = result["controllers"]
    controllers["policy_seed3"] = controllers["policy_seed1"]
    assert "+124 ms" not in words(torque_figure(result))


def test_changes_figure_marks_the_walks_that_fell(fake: SimpleNamespace) -> None:
    assert "fell 1/3" in words(changes_figure([with_two_policies(fake.metabolics("level"))]))


def test_skipped_metabolics_gives_the_reason() -> None:
    skipped = {"status": "skipped", "reason": "no gait", "condition": "uphill"}
    assert "not evaluated (no gait)" in " ".join(words(metabolics_figure(skipped)).split())


def test_changes_figure_marks_skipped_and_fallen(fake: SimpleNamespace) -> None:
    skipped = {"status": "skipped", "reason": "no gait", "condition": "uphill"}
    text = words(changes_figure([fake.metabolics("weak_plantarflexors"), skipped]))
    assert "skipped" in text and "fell" in text and "Change against no exo (%)" in text
    assert changes_figure([skipped]) is None


def test_torque_figure_leaves_out_what_cannot_push(fake: SimpleNamespace) -> None:
    result = fake.metabolics("level")
    text = words(torque_figure(result))
    assert "Torque (Nm, flexion +)" in text and "Power (W)" in text
    result["controllers"] = {"none": {"fell": True}}
    assert torque_figure(result) is None


def test_learning_and_search_need_a_history(fake: SimpleNamespace) -> None:
    curve = {name: column.to_numpy() for name, column in fake.curve().items()}
    policies = [Policy("level", seed, {}, curve) for seed in (1, 2)]
    text = words(learning_figure(policies))
    assert "level, seed 2" in text and "Control steps (million)" in text
    assert learning_figure([Policy("level", 1, {}, {})]) is None
    assert "Evaluations" in words(search_figure([fake.reflex("level")]))
    assert search_figure([fake.reflex("uphill", "no_gait", "fell")]) is None


def test_student_figures(fake: SimpleNamespace) -> None:
    student = fake.student()
    assert "Epoch" in words(student_history_figure(student))
    text = words(student_fidelity_figure(student))
    assert "fell" in text and "−4.9" in text and "teacher (policy)" in text
    assert student_history_figure({}) is None
    assert student_fidelity_figure({"per_condition": {"level": {}}}) is None


def test_svg_is_the_same_every_time_and_carries_no_date(fake: SimpleNamespace) -> None:
    for draw, result in (
        (gait_figure, fake.reflex("level")),
        (metabolics_figure, fake.metabolics("level")),
        (torque_figure, fake.metabolics("level")),
    ):
        svg = draw(result)
        assert svg == draw(result)
        assert "<dc:date>" not in svg and "Matplotlib v" not in svg


def test_saved_figures_are_files(fake: SimpleNamespace, tmp_path: Path) -> None:
    save_gait_figure(fake.reflex("level"), tmp_path / "new" / "level.svg")
    save_metabolics_figure(fake.metabolics("level"), tmp_path / "m.svg")
    assert (tmp_path / "new" / "level.svg").read_text().startswith("<?xml")
    assert (tmp_path / "m.svg").stat().st_size > 1000


def test_numbers_read_as_in_print() -> None:
    assert fixed(-0.001) == "0.00"
    assert fixed(-1.5, 1) == "−1.5"
    assert signed(2.04) == "+2.0"
    assert signed(-0.04) == "0.0"
    assert is_reduction(-0.06) and not is_reduction(-0.04) and not is_reduction(0.3)
    assert probability(0.0180) == ".018"
    assert probability(0.0004) == "< .001"
    assert scientific(3.1e-7) == "3.1e−7"
    assert scientific(1e-5) == "1e−5"
    assert scientific(0.0) == "0e0"
    assert known(float("nan")) is None and known(True) is None and known("1") is None
