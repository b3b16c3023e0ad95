"""Bad raw studies: one line each, with file, key or row, what was expected and what to do."""

import numpy as np
import pytest
from synthetic_trial import draw_walkers, write_study

from exoflow.errors import TrialDataError
from exoflow.stages import trial
from exoflow.trial.analysis import analyze
from exoflow.trial.study import load_study


def refused(study):
    with pytest.raises(TrialDataError) as error:
        analyze(load_study(study))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_raw_study_is_read(recorded_folder):
    study = load_study(recorded_folder.study)
    assert [rate.bout.name for rate in study.rates.bouts][:6] == [
        "subject 1, stand 1", "subject 1, free 1", "subject 1, fast 1", "subject 1, slow 1",
        "subject 1, free 2", "subject 1, stand 2",
    ]  # fmt: skip


def test_a_marker_that_never_ends(recorded_folder):
    file = recorded_folder.recording(2)
    lines = file.read_text().splitlines()
    last = max(i for i, line in enumerate(lines) if line.endswith(",end"))
    lines[last] = lines[last].removesuffix("end")
    start = next(line for line in reversed(lines) if line.endswith(",stand"))
    file.write_text("\n".join(lines) + "\n")
    assert refused(recorded_folder.study) == (
        f"{recorded_folder.study}: data.sessions[1].order[5]: s2.csv: stand, started by marker "
        f"'stand' at {float(start.split(',')[0]):g} s, never ends: expected marker 'end', found "
        f"none. The recording ends at {float(lines[-1].split(',')[0]):g} s: if it was cut, export "
        "it again. Add the marker, or give phases by times."
    )


def test_a_phase_outside_the_recording(recorded_folder):
    data = recorded_folder.values["data"]
    data["phases"] = "times"
    del data["markers"]
    data["sessions"][0]["start_min"] = 10
    file = recorded_folder.recording(1)
    first, last = (float(file.read_text().splitlines()[k].split(",")[0]) for k in (1, -1))
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[0].order[4]: free at 2520..2880 s is outside "
        f"s1.csv, which holds {first:g}..{last:g} s. Correct the times, or the file."
    )


def test_a_subject_without_mass(recorded_folder):
    del recorded_folder.values["subjects"][1]["body_mass_kg"]
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: subjects[1].body_mass_kg is missing (subject 2). "
        "Give it in kg: net rates are per body mass."
    )


def test_a_mass_nobody_has(recorded_folder):
    recorded_folder.values["subjects"][1]["body_mass_kg"] = 0
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: subjects[1].body_mass_kg = 0 is outside 10..300. "
        "Give kg, without the device."
    )


def test_one_subject(recorded_folder):
    del recorded_folder.values["subjects"][1]
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: subjects: 1 subject; a spread needs at least 2. "
        "Add subjects, or report the single value as a case."
    )


def test_a_subject_twice(recorded_folder):
    recorded_folder.values["subjects"][1]["id"] = "1"
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: subjects[1].id = 1 is given twice. Give every subject its own."
    )


def test_a_session_twice(recorded_folder):
    recorded_folder.values["data"]["sessions"][1]["subject"] = "1"
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[1].name = 1 is given twice for subject 1. "
        "Give every session of a subject its own name."
    )


def test_a_recording_of_two_sessions(recorded_folder):
    recorded_folder.values["data"]["sessions"][1]["file"] = "recordings/s1.csv"
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[1].order[0]: file s1.csv is given twice. Every "
        "recording belongs to one session, and with phases: files to one bout."
    )


def test_a_copy_of_a_recording_under_another_name(recorded_folder):
    one, two = (recorded_folder.recording(k) for k in (1, 2))
    two.write_bytes(one.read_bytes())
    assert refused(recorded_folder.study) == (
        f"{two} is the same file as {one}. Every bout needs its own recording: name the right "
        "one in study.yaml."
    )


def test_equal_reductions(recorded_folder):
    # The breaths of subject 1 again, and one more after the last marker.
    text = recorded_folder.recording(1).read_text()
    recorded_folder.recording(2).write_text(text + "2900,500,400,\n")
    sessions = recorded_folder.values["data"]["sessions"]
    sessions[1]["order"] = sessions[0]["order"]
    study = recorded_folder.save()
    value = load_study(study).reductions.reduction_pct["fast"][0]
    assert refused(study) == (
        f"{study}: fast: all 2 values equal {value:g}: no spread, t does not exist. Check whether "
        "the numbers were copied from one subject to the others."
    )


def swap_gases(file):
    """Carbon dioxide under the name of oxygen, and the reverse."""
    rows = [line.split(",") for line in file.read_text().splitlines()]
    swapped = [[time, vco2, vo2, *rest] for time, vo2, vco2, *rest in rows[1:]]
    file.write_text("\n".join(",".join(row) for row in [rows[0], *swapped]) + "\n")


def test_swapped_gases_that_no_other_column_of_the_file_tells(recorded_folder):
    """1 / .83 = 1.2 is possible in hard exercise, but not of somebody who stands."""
    file = recorded_folder.recording(2)
    swap_gases(file)
    message = refused(recorded_folder.study)
    assert message.startswith(f"{file}: subject 2, stand 1: VCO2 / VO2 is 1.2")
    assert message.endswith(
        ", expected below 1.05 at a steady state. The columns may be swapped: correct their "
        "names. If they are right, leave this subject out: no equation gives the energy."
    )


def test_swapped_gases_in_one_file_of_a_session(tmp_path):
    """The inverse of its ratio is what the other files have."""
    rng = np.random.default_rng(13)
    study = write_study(tmp_path / "files", draw_walkers(2, rng), rng, phases="files")
    file = next(study.parent.glob("recordings/s1_*_fast.csv"))
    swap_gases(file)
    assert refused(study).startswith(f"{file}: subject 1, fast 1: VCO2 / VO2 is 1.")


def test_a_missing_file(recorded_folder):
    recorded_folder.recording(2).unlink()
    assert refused(recorded_folder.study) == (
        f"{recorded_folder.study}: data.sessions[1].file = 'recordings/s2.csv': no such file in "
        f"{recorded_folder.study.parent}. Put the recording there, or correct the name."
    )


@pytest.mark.parametrize("name", ["../s1.csv", "/tmp/s1.csv"])
def test_a_file_outside_the_study(recorded_folder, name):
    recorded_folder.values["data"]["sessions"][0]["file"] = name
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[0].file = {name!r} is outside the folder of the "
        "study. Put the recording beside study.yaml, so that its hash is recorded."
    )


def test_an_unknown_equation(recorded_folder):
    recorded_folder.values["measurement"]["energy_equation"] = "brokway"
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: measurement.energy_equation = 'brokway' is unknown. Did you "
        "mean brockway? Allowed: brockway, brockway_rounded, cosmed_legacy, elia_livesey, "
        "peronnet_massicotte, weir, weir_rounded."
    )


def test_a_bout_shorter_than_the_window(recorded_folder):
    recorded_folder.values["measurement"]["window_min"] = 8
    message = refused(recorded_folder.save())
    assert message.startswith(
        f"{recorded_folder.study}: data.sessions[0].order[0]: subject 1, stand 1 lasts "
    )
    assert message.endswith(
        "shorter than the window of 480 s. Correct the times, or lower measurement.window_min."
    )


def test_a_wrong_body_mass_gives_a_rate_nobody_has(recorded_folder):
    recorded_folder.values["subjects"][0]["body_mass_kg"] = 10
    message = refused(recorded_folder.save())
    file = recorded_folder.recording(1)
    assert message.startswith(f"{file}: subject 1, free 1: gross rate ")
    assert message.endswith(
        "is outside 0.5..25. Check the unit of VO2 (mL/min or L/min) and body_mass_kg."
    )


def test_no_carbon_dioxide_and_no_assumed_ratio(recorded_folder):
    for k in (1, 2):
        file = recorded_folder.recording(k)
        rows = [line.split(",") for line in file.read_text().splitlines()]
        file.write_text("\n".join(",".join([*row[:2], row[3]]) for row in rows) + "\n")
    del recorded_folder.values["data"]["column_map"]["columns"]["vco2"]
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.recording(1)}: no carbon dioxide in this recording. Give "
        "measurement.assumed_rer, such as 0.85; the rates are then estimates."
    )
    recorded_folder.values["measurement"]["assumed_rer"] = 0.85
    result = analyze(load_study(recorded_folder.save()))
    assert all("assumed_rer" in bout["flags"] for bout in result["bouts"])
    assert (
        "2 recordings hold no carbon dioxide: their rates are estimates from an assumed "
        "respiratory exchange ratio." in result["statements"]
    )
    assert "these rates are estimates" in result["methods"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda v: v["data"].update(phases="clock"),
            "data.phases = 'clock' is unknown. Allowed: files, markers, times.",
        ),
        (
            lambda v: v["data"]["markers"].pop("end"),
            "data.markers.end is missing. Give the text of the marker.",
        ),
        (
            lambda v: v["data"]["markers"].update(fast="Free"),
            "data.markers.fast = 'Free' is also the marker of free. Give every activity its own "
            "text.",
        ),
        (
            lambda v: v["data"]["sessions"][0].update(subject="7"),
            "data.sessions[0].subject = '7' is not among subjects. Allowed: 1, 2.",
        ),
        (
            lambda v: v["data"]["sessions"][0].update(order=["stand", "fast", "slow"]),
            "data.sessions[0] (subject 1) has no bout of free. A net rate and a reduction need "
            "standing and free walking of the same session.",
        ),
        (
            lambda v: v["data"]["sessions"][0].update(order=["stand", "free", "fasst"]),
            "data.sessions[0].order[2] = 'fasst' is unknown. Did you mean fast? Allowed: fast, "
            "free, slow, stand.",
        ),
        (
            lambda v: v["data"]["sessions"][0].update(order=["stand", "free", "fast"]),
            "data.sessions: subject 1 has no bout of slow. Paired tests need every subject with "
            "every controller: add it, or remove the subject from study.yaml.",
        ),
        (
            lambda v: v["measurement"].update(assumed_rer=2),
            "measurement.assumed_rer = 2 is outside 0.7..1.",
        ),
        (
            lambda v: v["measurement"].update(stand_baseline="last"),
            "measurement.stand_baseline = 'last' is unknown. Allowed: interpolated, mean.",
        ),
        (
            lambda v: v["analysis"]["primary"].update(test="paired_t"),
            "analysis.primary.test = 'paired_t' is unknown. Allowed: one_sample_t.",
        ),
        (
            lambda v: v["data"].update(reductions="reductions.csv"),
            "data.reductions is not a known key. Allowed: column_map, markers, phases, sessions.",
        ),
    ],
)
def test_keys_of_raw_studies(recorded_folder, change, message):
    change(recorded_folder.values)
    assert refused(recorded_folder.save()) == f"{recorded_folder.study}: {message}"


def test_times_of_other_bouts_than_the_protocols(recorded_folder):
    data = recorded_folder.values["data"]
    data["phases"] = "times"
    del data["markers"]
    data["sessions"][0]["order"] = ["stand", "free", "fast", "slow"]
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[0].order lists stand, free, fast, slow; "
        "protocol.bouts has stand, free, fast, slow, free, stand. List the same bouts, or give "
        "bouts with start_min and end_min."
    )


def test_a_bout_that_ends_before_it_starts(recorded_folder):
    data = recorded_folder.values["data"]
    data["phases"] = "times"
    del data["markers"]
    data["sessions"][0].pop("order")
    data["sessions"][0]["bouts"] = [{"activity": "stand", "start_min": 5, "end_min": 4}]
    assert refused(recorded_folder.save()) == (
        f"{recorded_folder.study}: data.sessions[0].bouts[0].end_min = 4 is not after "
        "start_min = 5."
    )


def test_nothing_is_written_after_bad_input(recorded_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded_folder.recording(2).write_text("time_s,vo2_mL_min\n1,2\n")
    with pytest.raises(TrialDataError):
        trial.run(recorded_folder.study, tmp_path / "results/trial")
    assert not (tmp_path / "results").exists()
