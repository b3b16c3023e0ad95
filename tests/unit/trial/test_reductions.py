"""reductions.csv: the exact line a bad cell, row or column gets."""

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.reductions import read_reductions
from exoflow.trial.schema import did_you_mean

SUBJECTS = ("1", "2", "03")
CONTROLLERS = ("fast", "slow")


def read(file):
    return read_reductions(file, SUBJECTS, CONTROLLERS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "2,fast,4,",
            "2,fast,nan,",
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct = nan is not finite. "
            "Give a number in %.",
        ),
        (
            "2,fast,4,",
            "2,fast,,",
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct is empty. "
            "Give a number in %.",
        ),
        (
            "2,fast,4,",
            "2,fast,four,",
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct = 'four' is not a number. "
            "Give one in %, with a decimal point.",
        ),
        (
            "2,fast,4,",
            "2,fast,7_9,",
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct = '7_9' is not a number. "
            "Give one in %, with a decimal point.",
        ),
        (
            "2,fast,4,",
            '2,fast,"4,1",',
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct = '4,1' is not a number. "
            "Give one in %, with a decimal point.",
        ),
        (
            "2,fast,4,",
            "2,fast,4,1,",
            "row 3 has 5 cells, the header has 4. Write numbers with a decimal point.",
        ),
        (
            "2,fast,4,",
            "2,fast",
            "row 3 has 2 cells, the header has 4. Complete the row; the file may be cut.",
        ),
        (
            "2,fast,4,",
            "2,fast,400,",
            "row 3 (subject 2, fast): net_metabolic_rate_reduction_pct = 400 % is outside "
            "-100..100.",
        ),
        (
            "1,fast,2,7.5",
            "1,fast,2,-7.5",
            "row 2 (subject 1, fast): peak_torque_Nm = -7.5 Nm is outside 0..300.",
        ),
        (
            "2,fast,4,",
            "1,fast,4,",
            "row 3 (subject 1, fast) is given twice. Keep one row per subject and controller.",
        ),
        (
            "2,fast,4,",
            "4,fast,4,",
            "row 3: subject = '4' is not in study.yaml. Allowed: 03, 1, 2.",
        ),
        (
            "2,fast,4,",
            "2,fats,4,",
            "row 3: controller = 'fats' is not in study.yaml. Did you mean fast? "
            "Allowed: fast, slow.",
        ),
        (
            "2,fast,4,\n",
            "\n",
            "subject 2 has no row for controller fast. Paired tests need every subject with every "
            "controller: add it, or remove the subject from study.yaml and from this file.",
        ),
        (
            "subject,controller,net_metabolic_rate_reduction_pct,peak_torque_Nm",
            "subject,controller,net_metabolic_rate_reduction,peak_torque_Nm",
            "row 1: unknown column 'net_metabolic_rate_reduction'. Did you mean "
            "net_metabolic_rate_reduction_pct? Allowed: controller, "
            "net_metabolic_rate_reduction_pct, peak_torque_Nm, subject.",
        ),
        (
            "net_metabolic_rate_reduction_pct,peak_torque_Nm",
            "peak_torque_Nm",
            "column net_metabolic_rate_reduction_pct is missing. Columns found: subject, "
            "controller, peak_torque_Nm.",
        ),
        (
            "subject,controller,net_metabolic_rate_reduction_pct,peak_torque_Nm",
            "subject;controller;net_metabolic_rate_reduction_pct;peak_torque_Nm",
            "row 1: columns are separated by ';'. Save it with commas.",
        ),
        (
            "net_metabolic_rate_reduction_pct,peak_torque_Nm",
            "net_metabolic_rate_reduction_pct,subject",
            "row 1: column subject is given twice.",
        ),
    ],
)
def test_a_mistake_gets_its_own_line(study_folder, old, new, message):
    study_folder.change(study_folder.reductions, old, new)
    with pytest.raises(TrialDataError) as error:
        read(study_folder.reductions)
    assert str(error.value) == f"{study_folder.reductions}: {message}"


def test_empty_file_is_named(study_folder):
    study_folder.reductions.write_text("")
    with pytest.raises(TrialDataError) as error:
        read(study_folder.reductions)
    assert str(error.value) == (
        f"{study_folder.reductions}: is empty. "
        "Columns needed: subject, controller, net_metabolic_rate_reduction_pct."
    )


def test_other_encodings_are_refused(study_folder):
    study_folder.reductions.write_bytes("subject,größe\n".encode("latin-1"))
    with pytest.raises(TrialDataError) as error:
        read(study_folder.reductions)
    assert str(error.value) == (f"{study_folder.reductions}: is not UTF-8 text. Save it as UTF-8.")


def test_row_order_byte_order_mark_and_line_ends_do_not_matter(study_folder):
    expected = read(study_folder.reductions)
    header, *rows = study_folder.reductions.read_text().splitlines()
    text = "\ufeff" + "\r\n".join([header, *reversed(rows), ",,,", ""])
    study_folder.reductions.write_bytes(text.encode())
    assert read(study_folder.reductions) == expected


def test_torque_column_may_be_absent(study_folder):
    rows = [line.rsplit(",", 1)[0] for line in study_folder.reductions.read_text().splitlines()]
    study_folder.reductions.write_text("\n".join(rows))
    assert read(study_folder.reductions).peak_torque_Nm["slow"] == (None, None, None)


def test_hint_lists_what_was_available():
    assert did_you_mean("fats", ["slow", "fast"]) == "Did you mean fast? Allowed: fast, slow."
    assert did_you_mean("x", ["slow", "fast"]) == "Allowed: fast, slow."
