"""Where bouts are: by markers, by times, as whole files; and the line a mistake gets."""

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made_bouts import make_recording, make_session

from exoflow.errors import TrialDataError
from exoflow.trial.description import RecordingPlan
from exoflow.trial.locate import locate_bouts

FILE = Path("s1.csv")
MARKERS = {"stand": "Stand", "free": "Walk", "exo": "Exo", "end": "Stop"}
PLACE = "study.yaml: data.sessions[0].order"


def plan(phases):
    return RecordingPlan(phases, MARKERS if phases == "markers" else {}, None, ())


def located(session, recording, phases="markers"):
    return locate_bouts(session, {FILE: recording}, plan(phases))


def marked(*markers):
    return make_recording(range(3, 1200, 3), 1000, markers=markers)


def test_markers_give_starts_and_ends():
    bouts = located(
        make_session(["stand", "free", "free"]),
        marked(
            (3, "stand"), (300, "STOP"), (310, "talked"), (320, " walk "), (680, "stop"),
            (700, "walk"), (1000, "stop"),
        ),
    )  # fmt: skip
    assert [(b.start_s, b.end_s) for b in bouts] == [(3, 300), (320, 680), (700, 1000)]
    assert [(b.slot.activity, b.number, b.position) for b in bouts] == [
        ("stand", 1, 1), ("free", 1, 2), ("free", 2, 3),
    ]  # fmt: skip
    assert bouts[2].middle_s == 850
    assert bouts[2].name == "subject 1, free 2"


@pytest.mark.parametrize(
    ("markers", "message"),
    [
        (
            [(3, "stand"), (300, "stop"), (320, "walk")],
            f"{PLACE}[1]: s1.csv: free, started by marker 'walk' at 320 s, never ends: expected "
            "marker 'Stop', found none. The recording ends at 1197 s: if it was cut, export it "
            "again. Add the marker, or give phases by times.",
        ),
        (
            [(3, "stand"), (320, "walk"), (680, "stop")],
            f"{PLACE}[0]: s1.csv: stand, started by marker 'stand' at 3 s, never ends: expected "
            "marker 'Stop', found 'walk' at 320 s. Add the marker, or give phases by times.",
        ),
        (
            [(3, "walk"), (300, "stop"), (320, "walk"), (680, "stop")],
            f"{PLACE}[0]: s1.csv: expected marker 'Stand' (stand), found 'walk' at 3 s. Correct "
            "order, or give phases by times.",
        ),
        (
            [],
            f"{PLACE}[0]: s1.csv: expected marker 'Stand' (stand), found none. Correct order, or "
            "give phases by times.",
        ),
        (
            [(3, "stand"), (300, "stop"), (320, "walk"), (680, "stop"), (700, "exo")],
            "study.yaml: data.sessions[0].order: s1.csv goes on with marker 'exo' at 700 s after "
            "the last bout in order. Add the bout, or change markers.",
        ),
    ],
)
def test_markers_that_do_not_fit_are_refused(markers, message):
    with pytest.raises(TrialDataError) as error:
        located(make_session(["stand", "free"]), marked(*markers))
    assert str(error.value) == message


def timed(*spans):
    session = make_session(["free"] * len(spans))
    slots = tuple(
        replace(slot, start_s=start, end_s=end)
        for slot, (start, end) in zip(session.slots, spans, strict=True)
    )
    return replace(session, slots=slots)


def test_times_are_taken_as_they_are():
    bouts = located(timed((0, 300), (400, 700)), marked(), "times")
    assert [(b.start_s, b.end_s) for b in bouts] == [(0, 300), (400, 700)]


def test_a_recording_may_end_a_breath_early():
    assert located(timed((900, 1205)), marked(), "times")[0].end_s == 1205


@pytest.mark.parametrize("span", [(900, 1300), (1300, 1500)])
def test_a_phase_outside_the_recording_is_refused(span):
    with pytest.raises(TrialDataError) as error:
        located(timed(span), marked(), "times")
    assert str(error.value) == (
        f"{PLACE}[0]: free at {span[0]}..{span[1]} s is outside s1.csv, which holds 3..1197 s. "
        "Correct the times, or the file."
    )


def test_a_file_of_its_own_is_the_whole_bout():
    # The first row ends at 500 s and stands for the 3 s before it.
    recording = make_recording(range(500, 800, 3), 1000)
    bout = located(make_session(["free"]), recording, "files")[0]
    assert (bout.start_s, bout.end_s) == (497, 797)
