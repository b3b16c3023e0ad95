"""What a study.yaml says: who walked how, with what, and which test was declared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEXES = ("female", "male", "other")
ORDERS = ("randomised", "counterbalanced", "fixed")
PLAIN_ACTIVITIES = ("stand", "free", "rest")
DECLARED = ("before_data", "after_publication")
BASELINES = ("mean", "interpolated")
WALKING_ESTIMATES = ("window_mean", "transient_fit")
PHASE_SOURCES = ("markers", "times", "files")

# Faster than this nobody walks: it is km/h in a field of m/s.
WALKING_SPEED_RANGE_M_S = (0.1, 3.0)

# Keys of the JSON record that a controller of the same name would shadow.
RESERVED_CONTROLLERS = (*PLAIN_ACTIVITIES, "difference")


@dataclass(frozen=True)
class Source:
    """Where the numbers come from, and on what terms."""

    citation: str
    tables: str
    licence: str


@dataclass(frozen=True)
class Subject:
    """One participant, known by a number only."""

    id: str
    sex: str | None
    age_years: float | None
    body_mass_kg: float | None


@dataclass(frozen=True)
class Device:
    """The worn exoskeleton."""

    name: str
    mass_kg: float
    joints: str
    torque_capacity_Nm: float
    control_rate_Hz: float


@dataclass(frozen=True)
class Controller:
    """One assistance law under test; `peak_torque_Nm` is what the protocol set."""

    id: str
    label: str
    description: str
    peak_torque_Nm: float | None


@dataclass(frozen=True)
class Bout:
    """One entry of the protocol: stand, free (walking without exo), rest or a controller id."""

    activity: str
    duration_min: float


@dataclass(frozen=True)
class Protocol:
    """What every subject did, in order; controllers may swap places if randomised."""

    speed_m_s: float
    controller_order: str
    bouts: tuple[Bout, ...]


@dataclass(frozen=True)
class RateChoices:
    """The choices between a recording and a net rate; a study makes them beforehand.

    Attributes
    ----------
    equation : str
        A name of `energy.EQUATIONS`.
    window_min : float
        Length of the window at the end of every bout, minutes.
    stand_baseline, free_baseline : str
        "mean" of all bouts of the session, or "interpolated" linearly to the middle of the
        trial they are compared with.
    walking_estimate : str
        "window_mean", or "transient_fit" for walking bouts too short for a steady state.
    assumed_rer : float or None
        Respiratory exchange ratio for a cart without carbon dioxide.
    """

    equation: str
    window_min: float
    stand_baseline: str
    free_baseline: str
    walking_estimate: str
    assumed_rer: float | None


@dataclass(frozen=True)
class Measurement:
    """How the metabolic rate was measured and what was subtracted."""

    cart: str
    energy_equation: str
    net_rate: str
    choices: RateChoices | None = None
    """How rates come out of recordings; None for a study of published reductions."""


@dataclass(frozen=True)
class PrimaryTest:
    """The one test named beforehand; all others are secondary."""

    controller: str
    against: str
    measure: str
    test: str
    declared: str


@dataclass(frozen=True)
class Slot:
    """One bout of one session, as planned.

    Attributes
    ----------
    activity : str
        stand, free or a controller id.
    place : str
        File and key of study.yaml, for messages.
    file : Path
        The recording that holds it.
    start_s, end_s : float or None
        s since the start of the recording; None where markers or the whole file say so.
    planned_middle_s : float
        By the protocol, s since the start of the session.
    """

    activity: str
    place: str
    file: Path
    start_s: float | None
    end_s: float | None
    planned_middle_s: float


@dataclass(frozen=True)
class Session:
    """One visit of one subject: its bouts in the order performed, with their own baselines."""

    subject: str
    name: str
    place: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class RecordingPlan:
    """Which recording holds what.

    Attributes
    ----------
    phases : str
        Where bouts are: by "markers", by "times" or as one of several "files".
    markers : dict of str to str
        The marker that starts each activity, and under "end" the one that ends a bout.
    column_map : dict or None
        For a cart that no reader knows, as `carts.read_cart` takes it.
    """

    phases: str
    markers: dict[str, str]
    column_map: dict[str, Any] | None
    sessions: tuple[Session, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every recording, once, in the order of the sessions."""
        return tuple(dict.fromkeys(slot.file for s in self.sessions for slot in s.slots))
