"""From recordings to net metabolic rates and reductions per subject.

Estimand of a study: the population mean of the per-subject reductions
100 (free - exo) / free of the net rate (walking minus standing, per body mass).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.trial.baselines import SubjectRates, subject_rates
from exoflow.trial.bout_rates import BoutRate, measure_bout, refuse_exchanged_gases
from exoflow.trial.description import RateChoices, RecordingPlan, Subject
from exoflow.trial.locate import LocatedBout, locate_bouts
from exoflow.trial.recording import Recording
from exoflow.trial.recordings import read_recordings
from exoflow.trial.reductions import Reductions

NET_RATE_COLUMN = "net_metabolic_rate_W_kg"


@dataclass(frozen=True)
class Rates:
    """Every bout and every subject of a study with recordings.

    Attributes
    ----------
    bouts : tuple of BoutRate
        In the order of the sessions.
    subjects : tuple of SubjectRates
        In the order of study.yaml.
    """

    plan: RecordingPlan
    choices: RateChoices
    body_mass_kg: dict[str, float]
    controllers: tuple[str, ...]
    bouts: tuple[BoutRate, ...]
    subjects: tuple[SubjectRates, ...]

    @property
    def recordings(self) -> tuple[Recording, ...]:
        """Every recording once, in the order of the sessions."""
        found = {rate.bout.slot.file: rate.bout.recording for rate in self.bouts}
        return tuple(found.values())

    def bouts_of(self, subject: str) -> list[BoutRate]:
        """All bouts of a subject, in order."""
        return [rate for rate in self.bouts if rate.bout.session.subject == subject]

    def as_reductions(self) -> Reductions:
        """The record the statistics start from."""
        return Reductions(
            subjects=tuple(s.subject for s in self.subjects),
            reduction_pct={
                c: tuple(s.reductions[c].pct for s in self.subjects) for c in self.controllers
            },
            peak_torque_Nm={c: (None,) * len(self.subjects) for c in self.controllers},
        )

    def net_W_kg(self, condition: str) -> np.ndarray:
        """Net rate of every subject, W/kg, shape (n_subjects,)."""
        return np.array([s.net_W_kg[condition] for s in self.subjects])

    def difference_errors_pct(self, first: str, second: str) -> dict[str, float]:
        """Standard error of breath noise of first minus second, by subject."""
        return {
            s.subject: s.difference_standard_error_pct(
                first,
                second,
                np.array([rate.standard_error_W_kg for rate in self.bouts_of(s.subject)]),
            )
            for s in self.subjects
        }


def measure_rates(
    plan: RecordingPlan,
    subjects: Sequence[Subject],
    controllers: Sequence[str],
    choices: RateChoices,
) -> Rates:
    """Read every recording of a plan and work out the rates.

    Raises
    ------
    TrialDataError
        Names the recording, the bout and what to do.
    """
    recordings = read_recordings(plan)
    located = [
        bout for session in plan.sessions for bout in locate_bouts(session, recordings, plan)
    ]
    masses = {s.id: float(s.body_mass_kg or np.nan) for s in subjects}
    rates = rates_of(plan, located, masses, controllers, choices)
    for session in plan.sessions:
        refuse_exchanged_gases([rate for rate in rates.bouts if rate.bout.session is session])
    return rates


def rates_of(
    plan: RecordingPlan,
    located: Sequence[LocatedBout],
    body_mass_kg: Mapping[str, float],
    controllers: Sequence[str],
    choices: RateChoices,
) -> Rates:
    """Rates of located bouts by one set of choices."""
    bouts = [measure_bout(bout, body_mass_kg[bout.session.subject], choices) for bout in located]
    return Rates(
        plan=plan,
        choices=choices,
        body_mass_kg=dict(body_mass_kg),
        controllers=tuple(controllers),
        bouts=tuple(bouts),
        subjects=tuple(
            subject_rates(
                [rate for rate in bouts if rate.bout.session.subject == subject],
                controllers,
                choices,
            )
            for subject in body_mass_kg
        ),
    )
