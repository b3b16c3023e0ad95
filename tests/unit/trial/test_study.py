"""study.yaml: what is read, and the exact line a mistake gets."""

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.study import load_study


def test_reads_the_whole_study(study_folder):
    study = load_study(study_folder.study)
    assert study.id == "pilot"
    assert [s.id for s in study.subjects] == ["1", "2", "03"]
    assert study.subjects[1].body_mass_kg == 80
    assert study.subjects[2].sex is None
    assert [b.activity for b in study.protocol.bouts] == ["stand", "free", "fast", "slow"]
    assert study.primary.controller == "fast"
    assert study.difference == ("fast", "slow")
    assert study.reductions.reduction_pct == {"fast": (2, 4, 6), "slow": (1, 5, 3)}
    assert study.reductions.peak_torque_Nm["fast"] == (7.5, None, 8)


def test_leading_zeros_are_not_octal(study_folder):
    study_folder.change(study_folder.study, "id: 03", "id: 010")
    study_folder.reductions.write_text(study_folder.reductions.read_text().replace("03,", "010,"))
    assert load_study(study_folder.study).subjects[2].id == "010"


def test_barati_is_table_iv(barati):
    study = load_study(barati)
    assert study.id == "barati"
    assert study.reductions.reduction_pct == {
        "lstm_ppo": (7.9, 11.6, 4.2, 12.7),
        "dofc": (1.2, 6.9, 5.4, 9.5),
    }
    assert study.reductions.peak_torque_Nm == {
        "lstm_ppo": (7.7, 7.8, 6.8, 7.7),
        "dofc": (7.4, 7.5, 7.0, 7.9),
    }
    assert [s.body_mass_kg for s in study.subjects] == [66, 69, 74, 62]
    # Table III: 5 + 6 + 5 + 6 + 5 + 6 + 5 + 6 + 5 minutes.
    assert sum(b.duration_min for b in study.protocol.bouts) == 49
    # 4.9 km/h.
    assert study.protocol.speed_m_s == pytest.approx(4.9 / 3.6, abs=5e-4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  speed_m_s: 1.25",
            "  sped_m_s: 1.25",
            "protocol.sped_m_s is not a known key. Did you mean speed_m_s?",
        ),
        (
            "  speed_m_s: 1.25\n",
            "",
            "protocol.speed_m_s is missing. Give a number in 0.1..3.",
        ),
        (
            "  speed_m_s: 1.25",
            "  speed_m_s: 4.5",
            "protocol.speed_m_s = 4.5 is outside 0.1..3. Give m/s (5 km/h = 1.389 m/s).",
        ),
        (
            "  speed_m_s: 1.25",
            "  speed_m_s: '1,25'",
            "protocol.speed_m_s = '1,25' is not a number. Give one in 0.1..3.",
        ),
        (
            "  speed_m_s: 1.25",
            "  speed_m_s: .nan",
            "protocol.speed_m_s = nan is not a number. Give one in 0.1..3.",
        ),
        (
            "  controller_order: randomised",
            "  controller_order: randomised\n  slope: 0",
            "protocol.slope is not a known key. Allowed: bouts, controller_order, speed_m_s.",
        ),
        (
            "{id: 03}",
            "{id: 03, agee_years: 3}",
            "subjects[2].agee_years is not a known key. Did you mean age_years? "
            "Allowed: age_years, body_mass_kg, id, sex.",
        ),
        ("{id: 03}", "{id: 2}", "subjects[2].id = 2 is given twice. Give every subject its own."),
        (
            "{id: 03}",
            "{id: Jane Doe}",
            "subjects[2].id = 'Jane Doe' is not a name. Use letters, digits, '_' or '-'.",
        ),
        (
            "sex: male",
            "sex: mal",
            "subjects[1].sex = 'mal' is unknown. Did you mean male? Allowed: female, male, other.",
        ),
        (
            "{id: slow, label",
            "{id: free, label",
            "controllers[1].id = 'free' has a meaning of its own. Rename it.",
        ),
        (
            "{id: slow, label",
            "{id: fast, label",
            "controllers[1].id = 'fast' is given twice. Rename one.",
        ),
        (
            "    - {activity: free, duration_min: 6}\n",
            "",
            "protocol.bouts: no bout of free. A reduction of the net rate needs standing, "
            "free walking and every controller.",
        ),
        (
            "    controller: fast",
            "    controller: fasst",
            "analysis.primary.controller = 'fasst' is unknown. Did you mean fast? "
            "Allowed: fast, slow.",
        ),
        (
            "    test: one_sample_t",
            "    test: mixed_model",
            "analysis.primary.test = 'mixed_model' is unknown. Allowed: one_sample_t.",
        ),
        (
            "[fast, slow]",
            "[fast, fast]",
            "analysis.difference must list 2 different names.",
        ),
        (
            "[fast, slow]",
            "[fast, sloww]",
            "analysis.difference: 'sloww' is unknown. Did you mean slow? Allowed: fast, slow.",
        ),
        (
            "data: {reductions: reductions.csv}",
            "data: {breaths: carts}",
            "data.reductions is missing. Give the name of a csv beside this file.",
        ),
        (
            "title: Two laws on four walkers",
            "title: 7",
            "title = 7 is not a text. Quote it.",
        ),
        (
            "data: {reductions: reductions.csv}",
            "data: reductions.csv",
            "data must be a mapping of 'key: value' lines.",
        ),
        (
            "  difference: [fast, slow]",
            "  difference: [fast, slow]\n  difference: [slow, fast]",
            "not valid YAML: line 28: key difference given twice.",
        ),
    ],
)
def test_a_mistake_gets_its_own_line(study_folder, old, new, message):
    study_folder.change(study_folder.study, old, new)
    with pytest.raises(TrialDataError) as error:
        load_study(study_folder.study)
    assert str(error.value) == f"{study_folder.study}: {message}"


def test_one_subject_is_refused(study_folder):
    study_folder.change(
        study_folder.study, "  - {id: 2, sex: male, age_years: 40, body_mass_kg: 80}\n", ""
    )
    study_folder.change(study_folder.study, "  - {id: 03}\n", "")
    with pytest.raises(TrialDataError) as error:
        load_study(study_folder.study)
    assert str(error.value) == (
        f"{study_folder.study}: subjects: 1 subject; a spread needs at least 2. "
        "Add subjects, or report the single value as a case."
    )


def test_missing_file_is_named(tmp_path):
    with pytest.raises(TrialDataError) as error:
        load_study(tmp_path / "study.yaml")
    assert str(error.value) == f"{tmp_path}/study.yaml: no such file."


def test_broken_yaml_names_the_line(study_folder):
    study_folder.change(study_folder.study, "[fast, slow]", "[fast, slow")
    with pytest.raises(TrialDataError, match=r"study\.yaml: not valid YAML: line \d+: "):
        load_study(study_folder.study)


def test_folder_name_must_do_as_an_id(study_folder):
    folder = study_folder.study.parent.rename(study_folder.study.parent.parent / "my pilot")
    with pytest.raises(TrialDataError) as error:
        load_study(folder / "study.yaml")
    assert str(error.value) == (
        f"{folder}/study.yaml: the folder name 'my pilot' is the study's id. "
        "Use letters, digits, '_' or '-'."
    )
