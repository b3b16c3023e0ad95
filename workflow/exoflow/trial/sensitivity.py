"""How much the result depends on choices: equation, window and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exoflow.errors import TrialDataError
from exoflow.trial.baselines import SubjectRates, subject_rates
from exoflow.trial.bout_rates import BoutRate, measure_bout
from exoflow.trial.description import BASELINES, RateChoices
from exoflow.trial.energy import EQUATIONS, find_equation, metabolic_power_W
from exoflow.trial.net_rates import Rates
from exoflow.trial.statistics import one_sample_test

# A cart's own column is there to check exports, not to choose from.
CHOSEN_EQUATIONS = tuple(name for name in EQUATIONS if name != "cosmed_legacy")
WINDOWS_MIN = (2.0, 3.0)


@dataclass(frozen=True)
class Alternative:
    """The mean reduction of one controller by one set of choices.

    Attributes
    ----------
    window : str
        "2 min", "3 min", ... or "transient fit" (walking bouts; standing by window).
    baseline : str
        "mean" or "interpolated"; both named where standing and free walking differ.
    declared : bool
        Whether this is the choice of study.yaml.
    mean_pct, sd_pct, ci95_low_pct, ci95_high_pct, p : float or None
        None where `reason` says why there is no number.
    """

    controller: str
    equation: str
    window: str
    baseline: str
    declared: bool
    n: int
    mean_pct: float | None
    sd_pct: float | None
    ci95_low_pct: float | None
    ci95_high_pct: float | None
    p: float | None
    reason: str


def sensitivity_table(rates: Rates) -> list[Alternative]:
    """Every equation with every window and baseline, for every controller."""
    rows = []
    for window in _windows(rates.choices):
        try:
            bouts = [_measured(rates, rate, window) for rate in rates.bouts]
        except TrialDataError as error:
            rows += _impossible(rates, window, str(error))
            continue
        for equation in CHOSEN_EQUATIONS:
            in_equation = [_by_equation(rates, rate, equation) for rate in bouts]
            for stand, free in _baselines(rates.choices):
                chosen = replace(
                    window, equation=equation, stand_baseline=stand, free_baseline=free
                )
                rows += _alternatives(rates, in_equation, chosen)
    return rows


def window_name(choices: RateChoices) -> str:
    """The window as the table names it."""
    if choices.walking_estimate == "transient_fit":
        return "transient fit"
    return f"{choices.window_min:g} min"


def _windows(declared: RateChoices) -> list[RateChoices]:
    means = [
        replace(declared, walking_estimate="window_mean", window_min=minutes)
        for minutes in sorted({*WINDOWS_MIN, declared.window_min})
    ]
    return [*means, replace(declared, walking_estimate="transient_fit")]


def _baselines(declared: RateChoices) -> list[tuple[str, str]]:
    """Standing and free walking by the same rule, and the declared pair if it mixes them."""
    pairs = [(baseline, baseline) for baseline in BASELINES]
    return list(dict.fromkeys([*pairs, (declared.stand_baseline, declared.free_baseline)]))


def baseline_name(choices: RateChoices) -> str:
    """The baselines as the table names them."""
    stand, free = choices.stand_baseline, choices.free_baseline
    return stand if stand == free else f"stand {stand}, free {free}"


def _measured(rates: Rates, rate: BoutRate, choices: RateChoices) -> BoutRate:
    return measure_bout(rate.bout, rates.body_mass_kg[rate.bout.session.subject], choices)


def _by_equation(rates: Rates, rate: BoutRate, equation: str) -> BoutRate:
    """The same bout in another equation: power is linear in both gases."""
    power = metabolic_power_W(rate.vo2_mL_min, rate.vco2_mL_min, find_equation(equation))
    return replace(rate, gross_W_kg=float(power) / rates.body_mass_kg[rate.bout.session.subject])


def _alternatives(
    rates: Rates, bouts: Sequence[BoutRate], choices: RateChoices
) -> list[Alternative]:
    by_subject: dict[str, list[BoutRate]] = {}
    for rate in bouts:
        by_subject.setdefault(rate.bout.session.subject, []).append(rate)
    try:
        subjects = [subject_rates(own, rates.controllers, choices) for own in by_subject.values()]
    except TrialDataError as error:
        return [_empty(c, choices, rates, str(error)) for c in rates.controllers]
    return [_alternative(c, subjects, choices, rates) for c in rates.controllers]


def _alternative(
    controller: str, subjects: Sequence[SubjectRates], choices: RateChoices, rates: Rates
) -> Alternative:
    try:
        test = one_sample_test([s.reductions[controller].pct for s in subjects])
    except ValueError as error:
        return _empty(controller, choices, rates, str(error))
    return replace(
        _empty(controller, choices, rates, ""),
        n=test.n,
        mean_pct=test.mean,
        sd_pct=test.sd,
        ci95_low_pct=test.ci95[0],
        ci95_high_pct=test.ci95[1],
        p=test.p,
    )


def _empty(controller: str, choices: RateChoices, rates: Rates, reason: str) -> Alternative:
    return Alternative(
        controller=controller,
        equation=choices.equation,
        window=window_name(choices),
        baseline=baseline_name(choices),
        declared=choices == rates.choices,
        n=len(rates.subjects),
        mean_pct=None,
        sd_pct=None,
        ci95_low_pct=None,
        ci95_high_pct=None,
        p=None,
        reason=reason,
    )


def _impossible(rates: Rates, window: RateChoices, reason: str) -> list[Alternative]:
    return [
        _empty(
            controller,
            replace(window, equation=equation, stand_baseline=stand, free_baseline=free),
            rates,
            reason,
        )
        for equation in CHOSEN_EQUATIONS
        for stand, free in _baselines(rates.choices)
        for controller in rates.controllers
    ]
