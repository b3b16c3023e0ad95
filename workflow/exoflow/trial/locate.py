"""Where the bouts of a session lie in its recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.description import RecordingPlan, Session, Slot
from exoflow.trial.recording import Marker, Recording
from exoflow.trial.session_schema import END_MARKER

# The last breath ends a little before the operator's clock does.
END_TOLERANCE_S = 10.0


@dataclass(frozen=True)
class LocatedBout:
    """One bout in its recording.

    Attributes
    ----------
    number : int
        Which bout of its activity in the session, from 1.
    position : int
        Which bout of the session, from 1.
    start_s, end_s : float
        s since the start of the recording.
    middle_s : float
        s since the start of the session: what a baseline is interpolated to.
    """

    session: Session
    slot: Slot
    number: int
    position: int
    recording: Recording
    start_s: float
    end_s: float
    middle_s: float

    @property
    def name(self) -> str:
        """Subject, session, activity and number, for messages."""
        subject, session = self.session.subject, self.session.name
        where = f"subject {subject}" if session == "1" else f"subject {subject}, session {session}"
        return f"{where}, {self.slot.activity} {self.number}"


def locate_bouts(
    session: Session, recordings: Mapping[Path, Recording], plan: RecordingPlan
) -> list[LocatedBout]:
    """Every bout of a session with its start and end.

    Raises
    ------
    TrialDataError
        If a marker is missing, out of order or never ends, or a bout lies outside its
        recording; names the recording and the key of study.yaml.
    """
    if plan.phases == "markers":
        spans = _marked_spans(session, recordings[session.slots[0].file], plan.markers)
    else:
        spans = [_span(slot, recordings[slot.file]) for slot in session.slots]
    counts: dict[str, int] = {}
    bouts = []
    for position, (slot, (start, end)) in enumerate(
        zip(session.slots, spans, strict=True), start=1
    ):
        counts[slot.activity] = counts.get(slot.activity, 0) + 1
        one_clock = plan.phases != "files"
        bouts.append(
            LocatedBout(
                session=session,
                slot=slot,
                number=counts[slot.activity],
                position=position,
                recording=recordings[slot.file],
                start_s=start,
                end_s=end,
                middle_s=(start + end) / 2 if one_clock else slot.planned_middle_s,
            )
        )
    return bouts


def _span(slot: Slot, recording: Recording) -> tuple[float, float]:
    """Start and end of a bout given by times, or of the whole recording."""
    first, last = float(recording.time_s[0]), float(recording.time_s[-1])
    if slot.start_s is None or slot.end_s is None:
        # A row stands for the time before it.
        return max(0.0, 2 * first - float(recording.time_s[1])), last
    if slot.start_s >= last or slot.end_s > last + END_TOLERANCE_S:
        raise TrialDataError(
            f"{slot.place}: {slot.activity} at {slot.start_s:g}..{slot.end_s:g} s is outside "
            f"{recording.file}, which holds {first:g}..{last:g} s. Correct the times, or the file."
        )
    return slot.start_s, slot.end_s


def _marked_spans(
    session: Session, recording: Recording, markers: Mapping[str, str]
) -> list[tuple[float, float]]:
    """Spans between the start marker of each planned bout and the end marker after it."""
    known = {text.casefold(): name for name, text in markers.items()}
    waiting = iter([marker for marker in recording.markers if _words(marker) in known])
    spans = []
    for slot in session.slots:
        start = next(waiting, None)
        if start is None or known[_words(start)] != slot.activity:
            raise TrialDataError(
                f"{slot.place}: {recording.file}: expected marker {markers[slot.activity]!r} "
                f"({slot.activity}), found {_shown(start)}. Correct order, or give phases by times."
            )
        end = next(waiting, None)
        if end is None or known[_words(end)] != END_MARKER:
            raise TrialDataError(
                f"{slot.place}: {recording.file}: {slot.activity}, started by marker "
                f"{_shown(start)}, never ends: expected marker {markers[END_MARKER]!r}, found "
                f"{_shown(end)}. {_remedy(end, recording)}"
            )
        spans.append((start.time_s, end.time_s))
    for marker in waiting:
        raise TrialDataError(
            f"{session.place}.order: {recording.file} goes on with marker {_shown(marker)} after "
            "the last bout in order. Add the bout, or change markers."
        )
    return spans


def _remedy(end: Marker | None, recording: Recording) -> str:
    remedy = "Add the marker, or give phases by times"
    last = f"The recording ends at {recording.time_s[-1]:g} s: if it was cut, export it again. "
    return f"{last if end is None else ''}{remedy}."


def _shown(marker: Marker | None) -> str:
    return "none" if marker is None else f"{marker.text!r} at {marker.time_s:g} s"


def _words(marker: Marker) -> str:
    return " ".join(marker.text.split()).casefold()
