"""Read the recordings a study names."""

from __future__ import annotations

from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart
from exoflow.trial.description import RecordingPlan
from exoflow.trial.recording import Recording


def read_recordings(plan: RecordingPlan) -> dict[Path, Recording]:
    """Every recording of a study, once.

    Raises
    ------
    TrialDataError
        If one cannot be read, is shorter than two rows, or is a copy of another.
    """
    recordings: dict[Path, Recording] = {}
    same: dict[str, Path] = {}
    for file in plan.files:
        recording = read_cart(file, plan.column_map)
        if recording.time_s.size < 2:
            raise TrialDataError(
                f"{file}: holds {recording.time_s.size} row of gas exchange, at least 2 are "
                "needed. Export the whole recording."
            )
        twin = same.setdefault(recording.sha256, file)
        if twin != file:
            raise TrialDataError(
                f"{file} is the same file as {twin}. Every bout needs its own recording: "
                "name the right one in study.yaml."
            )
        recordings[file] = recording
    return recordings
