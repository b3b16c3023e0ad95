"""The part of study.yaml that says which recording holds which bout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.description import (
    PHASE_SOURCES,
    Protocol,
    RecordingPlan,
    Session,
    Slot,
    Subject,
)
from exoflow.trial.schema import Section

END_MARKER = "end"
LONGEST_SESSION_MIN = 24 * 60.0
# start and end, s, of a bout by the protocol
Span = tuple[float, float]


def read_recording_plan(
    data: Section, subjects: Sequence[Subject], controllers: Sequence[str], protocol: Protocol
) -> RecordingPlan:
    """Read `data:` of a study with recordings, and check that it names every subject's bouts.

    Raises
    ------
    TrialDataError
        Names the key at fault, or the recording that is missing.
    """
    for number, subject in enumerate(subjects):
        if subject.body_mass_kg is None:
            raise TrialDataError(
                f"{data.file}: subjects[{number}].body_mass_kg is missing (subject {subject.id}). "
                "Give it in kg: net rates are per body mass."
            )
    phases = data.choice("phases", PHASE_SOURCES)
    markers = _markers(data.section("markers"), controllers) if phases == "markers" else {}
    column_map = data.mapping_if_given("column_map")
    sessions = tuple(
        _session(section, phases, [s.id for s in subjects], controllers, protocol)
        for section in data.sections("sessions")
    )
    _check_sessions(data, sessions, [s.id for s in subjects], controllers)
    return RecordingPlan(phases, markers, column_map, sessions)


def planned_spans(protocol: Protocol) -> list[tuple[str, Span]]:
    """Activities of the protocol without rests, each with its start and end, s."""
    spans = []
    clock = 0.0
    for bout in protocol.bouts:
        end = clock + 60 * bout.duration_min
        if bout.activity != "rest":
            spans.append((bout.activity, (clock, end)))
        clock = end
    return spans


def _markers(section: Section, controllers: Sequence[str]) -> dict[str, str]:
    markers = {
        name: section.text(name, wanted="the text of the marker")
        for name in ("stand", "free", *controllers, END_MARKER)
    }
    section.finish()
    seen: dict[str, str] = {}
    for name, text in markers.items():
        other = seen.setdefault(text.casefold(), name)
        if other != name:
            raise TrialDataError(
                f"{section.where(name)} = {text!r} is also the marker of {other}. "
                "Give every activity its own text."
            )
    return markers


def _session(
    section: Section,
    phases: str,
    subjects: Sequence[str],
    controllers: Sequence[str],
    protocol: Protocol,
) -> Session:
    subject = section.identifier("subject")
    if subject not in subjects:
        raise TrialDataError(
            f"{section.where('subject')} = {subject!r} is not among subjects. "
            f"Allowed: {', '.join(subjects)}."
        )
    name = section.identifier("name") if section.has("name") else "1"
    activities = ["stand", "free", *controllers]
    readers = {"markers": _marked_slots, "times": _timed_slots, "files": _filed_slots}
    slots = readers[phases](section, activities, protocol)
    section.finish()
    done = [slot.activity for slot in slots]
    for activity in ("stand", "free"):
        if activity not in done:
            raise TrialDataError(
                f"{section.file}: {section.place} (subject {subject}) has no bout of {activity}. "
                "A net rate and a reduction need standing and free walking of the same session."
            )
    return Session(subject, name, f"{section.file}: {section.place}", slots)


def _marked_slots(
    section: Section, activities: Sequence[str], protocol: Protocol
) -> tuple[Slot, ...]:
    file = recording_file(section)
    place = section.where("order")
    # Where the bouts are is only known once the recording is read; the plan gives no times.
    return tuple(
        Slot(activity, f"{place}[{i}]", file, None, None, 0.0)
        for i, activity in enumerate(section.words("order", activities))
    )


def _timed_slots(
    section: Section, activities: Sequence[str], protocol: Protocol
) -> tuple[Slot, ...]:
    file = recording_file(section)
    if section.has("bouts"):
        return tuple(_timed_slot(bout, file, activities) for bout in section.sections("bouts"))
    start = 60 * (section.number_if_given("start_min", 0, LONGEST_SESSION_MIN) or 0.0)
    return tuple(
        Slot(activity, place, file, start + a, start + b, start + (a + b) / 2)
        for activity, place, (a, b) in _ordered(section, activities, protocol)
    )


def _timed_slot(bout: Section, file: Path, activities: Sequence[str]) -> Slot:
    activity = bout.choice("activity", activities)
    start = 60 * bout.number("start_min", 0, LONGEST_SESSION_MIN)
    end = 60 * bout.number("end_min", 0, LONGEST_SESSION_MIN)
    bout.finish()
    if end <= start:
        raise TrialDataError(
            f"{bout.where('end_min')} = {end / 60:g} is not after start_min = {start / 60:g}."
        )
    return Slot(activity, f"{bout.file}: {bout.place}", file, start, end, (start + end) / 2)


def _filed_slots(
    section: Section, activities: Sequence[str], protocol: Protocol
) -> tuple[Slot, ...]:
    bouts = section.sections("bouts")
    found = [
        (
            bout.choice("activity", activities),
            recording_file(bout),
            bout.number_if_given("start_min", 0, LONGEST_SESSION_MIN),
        )
        for bout in bouts
    ]
    for bout in bouts:
        bout.finish()
    spans = planned_spans(protocol)
    fits = sorted(a for a, _, _ in found) == sorted(a for a, _ in spans)
    slots = []
    for i, (bout, (activity, file, start_min)) in enumerate(zip(bouts, found, strict=True)):
        if start_min is not None:
            length_s = next(b - a for name, (a, b) in spans if name == activity)
            middle = 60 * start_min + length_s / 2
        elif fits:
            middle = sum(spans[i][1]) / 2
        else:
            raise TrialDataError(
                f"{bout.where('start_min')} is missing. These bouts are not those of "
                "protocol.bouts, so give every one its start in the session, minutes."
            )
        slots.append(Slot(activity, f"{bout.file}: {bout.place}", file, None, None, middle))
    return tuple(slots)


def _ordered(
    section: Section, activities: Sequence[str], protocol: Protocol
) -> list[tuple[str, str, Span]]:
    """Activity, place and span of every bout: the protocol's times in the session's order."""
    spans = planned_spans(protocol)
    planned = [activity for activity, _ in spans]
    order = section.words("order", activities) if section.has("order") else planned
    if sorted(order) != sorted(planned):
        raise TrialDataError(
            f"{section.where('order')} lists {', '.join(order)}; protocol.bouts has "
            f"{', '.join(planned)}. List the same bouts, or give bouts with start_min and end_min."
        )
    place = section.where("order")
    return [
        (activity, f"{place}[{i}]", span)
        for i, (activity, (_, span)) in enumerate(zip(order, spans, strict=True))
    ]


def recording_file(section: Section) -> Path:
    """The file under `file`, which must lie in the folder of study.yaml."""
    name = section.text("file", wanted="the name of a recording in the folder of study.yaml")
    folder = section.file.parent
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise TrialDataError(
            f"{section.where('file')} = {name!r} is outside the folder of the study. "
            "Put the recording beside study.yaml, so that its hash is recorded."
        )
    file = folder / name
    if not file.is_file():
        raise TrialDataError(
            f"{section.where('file')} = {name!r}: no such file in {folder}. "
            "Put the recording there, or correct the name."
        )
    return file


def _check_sessions(
    data: Section,
    sessions: Sequence[Session],
    subjects: Sequence[str],
    controllers: Sequence[str],
) -> None:
    names: set[tuple[str, str]] = set()
    owner: dict[Path, str] = {}
    for session in sessions:
        key = (session.subject, session.name)
        if key in names:
            raise TrialDataError(
                f"{session.place}.name = {session.name} is given twice for subject "
                f"{session.subject}. Give every session of a subject its own name."
            )
        names.add(key)
        own: set[Path] = set()
        for slot in session.slots:
            if owner.setdefault(slot.file, session.place) != session.place or (
                slot.file in own and slot.start_s is None and not data.values.get("markers")
            ):
                raise TrialDataError(
                    f"{slot.place}: file {slot.file.name} is given twice. Every recording "
                    "belongs to one session, and with phases: files to one bout."
                )
            own.add(slot.file)
    for subject in subjects:
        done = {slot.activity for s in sessions if s.subject == subject for slot in s.slots}
        for controller in controllers:
            if controller not in done:
                raise TrialDataError(
                    f"{data.where('sessions')}: subject {subject} has no bout of {controller}. "
                    "Paired tests need every subject with every controller: add it, or remove "
                    "the subject from study.yaml."
                )
