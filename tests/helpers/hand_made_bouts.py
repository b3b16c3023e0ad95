"""Small recordings and bouts for arithmetic done by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from exoflow.trial.bout_rates import BoutRate
from exoflow.trial.description import RateChoices, Session, Slot
from exoflow.trial.locate import LocatedBout
from exoflow.trial.recording import Marker, Recording
from exoflow.trial.window import WindowMean

CHOICES = RateChoices(
    equation="brockway",
    window_min=3.0,
    stand_baseline="mean",
    free_baseline="mean",
    walking_estimate="window_mean",
    assumed_rer=None,
)


def make_recording(
    time_s,
    vo2_mL_min,
    vco2_mL_min=None,
    *,
    rer=0.85,
    sampling="breath",
    markers=(),
    energy_W=None,
    energy_equation=None,
    mass_kg=None,
) -> Recording:
    """A recording from numbers; carbon dioxide by a ratio where none is given."""
    time = np.asarray(time_s, dtype=float)
    vo2 = np.broadcast_to(np.asarray(vo2_mL_min, dtype=float), time.shape).copy()
    vco2 = rer * vo2 if vco2_mL_min is None else np.asarray(vco2_mL_min, dtype=float)
    nothing = np.full(time.size, np.nan)
    return Recording(
        cart="custom",
        file="s1.csv",
        sha256="0" * 64,
        sampling=sampling,
        rows=np.arange(time.size) + 2,
        time_s=time,
        vo2_mL_min=vo2,
        vco2_mL_min=vco2,
        heart_rate_bpm=nothing,
        phase=("",) * time.size,
        markers=tuple(Marker(float(at), text) for at, text in markers),
        energy_W=nothing if energy_W is None else np.asarray(energy_W, dtype=float),
        energy_equation=energy_equation,
        mass_kg=mass_kg,
    )


def make_session(activities, subject="1", name="1") -> Session:
    """A session whose slots have neither file nor times of their own."""
    slots = tuple(
        Slot(activity, f"study.yaml: data.sessions[0].order[{i}]", Path("s1.csv"), None, None, 0.0)
        for i, activity in enumerate(activities)
    )
    return Session(subject, name, "study.yaml: data.sessions[0]", slots)


def make_bout(session, position, start_s, end_s, recording, number=1) -> LocatedBout:
    """One bout of a session, `position` from 1."""
    return LocatedBout(
        session=session,
        slot=session.slots[position - 1],
        number=number,
        position=position,
        recording=recording,
        start_s=start_s,
        end_s=end_s,
        middle_s=(start_s + end_s) / 2,
    )


def make_rates(session, gross_W_kg, standard_errors_W_kg, middles_s) -> list[BoutRate]:
    """Measured bouts with given rates; nothing else about them matters."""
    recording = make_recording([1, 2], 1000)
    counts: dict[str, int] = {}
    rates = []
    for position, slot in enumerate(session.slots, start=1):
        counts[slot.activity] = counts.get(slot.activity, 0) + 1
        middle = middles_s[position - 1]
        bout = make_bout(
            session, position, middle - 90, middle + 90, recording, counts[slot.activity]
        )
        rates.append(
            BoutRate(
                bout=bout,
                window=WindowMean(
                    bout.start_s, bout.end_s, 1000, 850, 340, 3, 60, 0, 0, 4.0, 0.0, 9.0, ()
                ),
                vo2_mL_min=1000,
                vco2_mL_min=850,
                gross_W_kg=gross_W_kg[position - 1],
                standard_error_W_kg=standard_errors_W_kg[position - 1],
                estimate="window_mean",
                cart_energy_difference_pct=None,
                flags=(),
            )
        )
    return rates
