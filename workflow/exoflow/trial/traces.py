"""The breaths of a session on one clock, for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.trial.bout_rates import BoutRate
from exoflow.trial.description import Session
from exoflow.trial.energy import assumed_vco2_mL_min, find_equation, metabolic_power_W
from exoflow.trial.net_rates import Rates


@dataclass(frozen=True)
class Trace:
    """One session.

    Attributes
    ----------
    time_min, power_W_kg : ndarray, shape (n_breaths,)
        Gross power per body mass; NaN where a row holds no gas.
    windows : list of dict
        `label`, `bout_start_min`, `start_min`, `end_min`, `mean_W_kg`, `flagged`.
    """

    title: str
    time_min: np.ndarray
    power_W_kg: np.ndarray
    windows: list[dict[str, Any]]


def trace_session(rates: Rates, session: Session) -> Trace:
    """Breaths and windows of one session.

    With one file per bout, each stands where the protocol has it.
    """
    bouts = [rate for rate in rates.bouts if rate.bout.session is session]
    mass = rates.body_mass_kg[session.subject]
    times, powers, drawn = [], [], set()
    for rate in bouts:
        if rate.bout.slot.file not in drawn:
            drawn.add(rate.bout.slot.file)
            times.append((rate.bout.recording.time_s + _shift_s(rate)) / 60)
            powers.append(_power_W(rates, rate) / mass)
    named = f"Subject {session.subject}"
    return Trace(
        title=named if session.name == "1" else f"{named}, session {session.name}",
        time_min=np.concatenate(times),
        power_W_kg=np.concatenate(powers),
        windows=[_window(rate) for rate in bouts],
    )


def _shift_s(rate: BoutRate) -> float:
    """From the clock of the recording to that of the session."""
    return rate.bout.middle_s - (rate.bout.start_s + rate.bout.end_s) / 2


def _power_W(rates: Rates, rate: BoutRate) -> np.ndarray:
    recording, choices = rate.bout.recording, rates.choices
    vco2 = recording.vco2_mL_min
    if not recording.has_vco2 and choices.assumed_rer is not None:
        vco2 = assumed_vco2_mL_min(recording.vo2_mL_min, choices.assumed_rer)
    return metabolic_power_W(recording.vo2_mL_min, vco2, find_equation(choices.equation))


def _window(rate: BoutRate) -> dict[str, Any]:
    shift = _shift_s(rate)
    # A fit uses the whole bout.
    start = rate.bout.start_s if rate.estimate == "transient_fit" else rate.window.start_s
    return {
        "label": f"{rate.bout.slot.activity} {rate.bout.number}",
        "bout_start_min": (rate.bout.start_s + shift) / 60,
        "start_min": (start + shift) / 60,
        "end_min": (rate.window.end_s + shift) / 60,
        "mean_W_kg": rate.gross_W_kg,
        "flagged": bool(rate.flags),
    }
