"""Net rates and reductions of one subject against standing and free walking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.trial.bout_rates import BoutRate
from exoflow.trial.description import RateChoices

# Two good windows differ by about 1.6 % walking and 3 % standing from breath noise alone.
FREE_DRIFT_PCT = 5.0
STAND_DRIFT_PCT = 10.0
NORMAL_95 = 1.959964
# The slowest walk takes three times as much; less is standing under another name, and a
# percentage of it is noise.
SMALLEST_NET_W_KG = 0.3


@dataclass(frozen=True)
class Reduction:
    """A controller against free walking, in one subject.

    Attributes
    ----------
    pct : float
        100 (free - exo) / free of the net rate, mean over the subject's bouts.
    saving_W_kg : float
        free - exo.
    gradient_pct : ndarray, shape (n_bouts,)
        d pct / d gross rate of every bout of the subject, % per W/kg: how breath noise of
        one bout, a shared baseline among them, moves the reduction.
    standard_error_pct : float
        Of breath noise in all windows together (first order).
    period : float
        Place among the controllers of the session, from 1; mean over bouts.
    """

    pct: float
    saving_W_kg: float
    gradient_pct: np.ndarray
    standard_error_pct: float
    period: float

    @property
    def ci95_pct(self) -> tuple[float, float]:
        """95 % interval of breath noise about this subject's reduction."""
        half = NORMAL_95 * self.standard_error_pct
        return self.pct - half, self.pct + half


@dataclass(frozen=True)
class BaselinePair:
    """First and last bout of a baseline in one session: do they agree?"""

    subject: str
    session: str
    activity: str
    first_W_kg: float
    last_W_kg: float

    @property
    def mean_W_kg(self) -> float:
        """Middle of the two."""
        return (self.first_W_kg + self.last_W_kg) / 2

    @property
    def difference_pct(self) -> float:
        """Last minus first, % of their mean."""
        return 100 * (self.last_W_kg - self.first_W_kg) / self.mean_W_kg

    @property
    def drifts(self) -> bool:
        """Whether they differ by more than breath noise."""
        limit = FREE_DRIFT_PCT if self.activity == "free" else STAND_DRIFT_PCT
        return abs(self.difference_pct) > limit


@dataclass(frozen=True)
class SubjectRates:
    """One subject: rates by condition, reductions by controller.

    Attributes
    ----------
    gross_W_kg, net_W_kg : dict of condition to float
        Conditions are stand, free and the controllers; standing has no net rate.
    flags : dict of condition to tuple of str
        Failed checks of its bouts; `stand_drift` and `free_drift` stand with the baseline.
    """

    subject: str
    gross_W_kg: dict[str, float]
    net_W_kg: dict[str, float]
    reductions: dict[str, Reduction]
    baselines: tuple[BaselinePair, ...]
    flags: dict[str, tuple[str, ...]]

    def difference_standard_error_pct(
        self, first: str, second: str, bout_errors_W_kg: np.ndarray
    ) -> float:
        """Standard error of first minus second; what they share as baseline cancels."""
        gradient = self.reductions[first].gradient_pct - self.reductions[second].gradient_pct
        return float(np.linalg.norm(gradient * bout_errors_W_kg))


def baseline_weights(middles_s: np.ndarray, at_s: float, choice: str) -> np.ndarray:
    """How much each baseline bout counts for a trial at a time.

    Parameters
    ----------
    middles_s : ndarray, shape (n,)
        Middles of the baseline bouts, s.
    at_s : float
        Middle of the trial, s.
    choice : str
        "mean" (equal weights) or "interpolated" (linear between neighbours; before the
        first and after the last bout that bout alone).

    Returns
    -------
    ndarray, shape (n,)
        Sum 1.
    """
    n = middles_s.size
    if choice == "mean":
        return np.full(n, 1 / n)
    order = np.argsort(middles_s)
    weights = np.empty(n)
    for i in range(n):
        weights[order[i]] = np.interp(at_s, middles_s[order], np.eye(n)[i])
    return weights


def subject_rates(
    bouts: Sequence[BoutRate], controllers: Sequence[str], choices: RateChoices
) -> SubjectRates:
    """Rates and reductions of one subject.

    Parameters
    ----------
    bouts : sequence of BoutRate
        All of one subject, over all sessions, in order.

    Raises
    ------
    TrialDataError
        If free walking takes hardly more than standing.
    """
    gross = np.array([bout.gross_W_kg for bout in bouts])
    errors = np.array([bout.standard_error_W_kg for bout in bouts])
    reductions = {
        controller: _reduction(controller, bouts, gross, errors, controllers, choices)
        for controller in controllers
    }
    stand, free = (_indices(bouts, activity) for activity in ("stand", "free"))
    free_net = float(
        np.mean([gross[i] - _level("stand", bouts, gross, i, choices)[0] for i in free])
    )
    net = {"free": free_net}
    levels = {"stand": float(gross[stand].mean()), "free": float(gross[free].mean())}
    for controller in controllers:
        own = _indices(bouts, controller)
        levels[controller] = float(gross[own].mean())
        net[controller] = float(
            np.mean([gross[i] - _level("stand", bouts, gross, i, choices)[0] for i in own])
        )
    pairs = _baseline_pairs(bouts)
    return SubjectRates(
        subject=bouts[0].bout.session.subject,
        gross_W_kg=levels,
        net_W_kg=net,
        reductions=reductions,
        baselines=pairs,
        flags={name: _condition_flags(name, bouts, pairs) for name in levels},
    )


def _reduction(
    controller: str,
    bouts: Sequence[BoutRate],
    gross: np.ndarray,
    errors: np.ndarray,
    controllers: Sequence[str],
    choices: RateChoices,
) -> Reduction:
    own = _indices(bouts, controller)
    values, savings, periods = [], [], []
    gradient = np.zeros(gross.size)
    for i in own:
        free, free_weights = _level("free", bouts, gross, i, choices)
        stand, stand_weights = _level("stand", bouts, gross, i, choices)
        exo, net = gross[i], free - stand
        if net < SMALLEST_NET_W_KG:
            raise TrialDataError(
                f"{bouts[i].bout.session.place}: subject {bouts[i].bout.session.subject}: free "
                f"walking takes {free:.2f} W/kg, standing {stand:.2f}: no net rate of at least "
                f"{SMALLEST_NET_W_KG:g} to reduce. Check which bout is which."
            )
        values.append(100 * (free - exo) / net)
        savings.append(free - exo)
        periods.append(_period(bouts, i, controllers))
        # r = (F - E) / (F - S): dr/dF = (E - S) / net^2, dr/dS = (F - E) / net^2, dr/dE = -1/net.
        gradient += 100 * (exo - stand) / net**2 * free_weights
        gradient += 100 * (free - exo) / net**2 * stand_weights
        gradient[i] -= 100 / net
    gradient /= len(own)
    return Reduction(
        pct=float(np.mean(values)),
        saving_W_kg=float(np.mean(savings)),
        gradient_pct=gradient,
        standard_error_pct=float(np.linalg.norm(gradient * errors)),
        period=float(np.mean(periods)),
    )


def _indices(bouts: Sequence[BoutRate], activity: str) -> list[int]:
    return [i for i, rate in enumerate(bouts) if rate.bout.slot.activity == activity]


def _level(
    activity: str, bouts: Sequence[BoutRate], gross: np.ndarray, trial: int, choices: RateChoices
) -> tuple[float, np.ndarray]:
    """A baseline at the time of a trial, W/kg, and the weight of every bout in it."""
    session = bouts[trial].bout.session
    own = [i for i in _indices(bouts, activity) if bouts[i].bout.session is session]
    middles = np.array([bouts[i].bout.middle_s for i in own])
    choice = choices.free_baseline if activity == "free" else choices.stand_baseline
    weights = np.zeros(gross.size)
    weights[own] = baseline_weights(middles, bouts[trial].bout.middle_s, choice)
    return float(weights @ gross), weights


def _period(bouts: Sequence[BoutRate], trial: int, controllers: Sequence[str]) -> int:
    session = bouts[trial].bout.session
    return 1 + sum(
        rate.bout.session is session
        and rate.bout.slot.activity in controllers
        and rate.bout.position < bouts[trial].bout.position
        for rate in bouts
    )


def _baseline_pairs(bouts: Sequence[BoutRate]) -> tuple[BaselinePair, ...]:
    pairs = []
    sessions = {id(rate.bout.session): rate.bout.session for rate in bouts}
    for session in sessions.values():
        for activity in ("stand", "free"):
            own = [
                rate
                for rate in bouts
                if rate.bout.session is session and rate.bout.slot.activity == activity
            ]
            if len(own) > 1:
                own.sort(key=lambda rate: rate.bout.middle_s)
                pairs.append(
                    BaselinePair(
                        session.subject,
                        session.name,
                        activity,
                        own[0].gross_W_kg,
                        own[-1].gross_W_kg,
                    )
                )
    return tuple(pairs)


def _condition_flags(
    condition: str, bouts: Sequence[BoutRate], pairs: Sequence[BaselinePair]
) -> tuple[str, ...]:
    flags = [flag for rate in bouts if rate.bout.slot.activity == condition for flag in rate.flags]
    flags += [
        f"{pair.activity}_drift" for pair in pairs if pair.activity == condition and pair.drifts
    ]
    return tuple(dict.fromkeys(flags))
