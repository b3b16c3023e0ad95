"""A methods paragraph that states every choice a study made."""

from __future__ import annotations

from exoflow.trial.bout_rates import CART_ENERGY_LIMIT_PCT, EXCHANGED_RER
from exoflow.trial.description import RateChoices
from exoflow.trial.energy import PLAUSIBLE_RATE_W_KG, find_equation
from exoflow.trial.kinetics import TIME_CONSTANT_S
from exoflow.trial.net_rates import NET_RATE_COLUMN
from exoflow.trial.statistics import MAX_ENUMERATED
from exoflow.trial.study import Study
from exoflow.trial.window import DRIFT_LIMIT_PCT, FEWEST_BREATHS_PER_MIN, LONGEST_GAP_S

PHASES = {
    "markers": "markers set by the operator",
    "times": "the times of the protocol",
    "files": "one recording per bout",
}


def write_methods(study: Study) -> str:
    """The paragraph, for the methods section of a paper or a report.

    Returns
    -------
    str
        Sentences without line breaks.
    """
    parts = [_people(study), _protocol(study)]
    if study.rates:
        choices = study.rates.choices
        parts += [
            _gases(study, choices),
            _windows(choices),
            _checks(),
            _net_rates(study, choices),
            _intervals(),
        ]
    else:
        parts.append(
            "Net metabolic rates were not measured here: reductions per subject are those "
            f"published ({study.measurement.energy_equation}; {study.measurement.net_rate})."
        )
    parts += [_tests(study), _corrections(study)]
    return " ".join(parts)


def _people(study: Study) -> str:
    n = len(study.subjects)
    masses = [s.body_mass_kg for s in study.subjects if s.body_mass_kg is not None]
    mass = f" (body mass {min(masses):g} to {max(masses):g} kg)" if masses else ""
    return (
        f"{n} subjects{mass} walked with {study.device.name} ({study.device.mass_kg:g} kg, "
        f"{study.device.joints}) at {study.protocol.speed_m_s:g} m/s."
    )


def _protocol(study: Study) -> str:
    bouts = ", ".join(f"{b.activity} {b.duration_min:g} min" for b in study.protocol.bouts)
    return (
        f"Bouts: {bouts}; the order of controllers was {study.protocol.controller_order}; free "
        "is walking without the exoskeleton."
    )


def _gases(study: Study, choices: RateChoices) -> str:
    equation = find_equation(choices.equation)
    plan = study.rates.plan if study.rates else None
    where = PHASES[plan.phases] if plan else ""
    text = (
        f"Respiratory gases were recorded with {study.measurement.cart}; bouts were found by "
        f"{where}. Metabolic power is {equation.vo2_kJ_L:.3f} VO2 + {equation.vco2_kJ_L:.3f} VCO2 "
        f"(kJ per litre STPD; {equation.source})."
    )
    if choices.assumed_rer is not None:
        text += (
            " Recordings without carbon dioxide were given an assumed respiratory exchange ratio "
            f"of {choices.assumed_rer:g}: these rates are estimates."
        )
    return text


def _windows(choices: RateChoices) -> str:
    text = (
        f"Rates are time-weighted means over the last {choices.window_min:g} min of each bout, "
        "each breath counting for its duration"
    )
    if choices.walking_estimate == "transient_fit":
        text += (
            "; rates of walking bouts are instead the steady state of a first-order step fitted "
            f"to all breaths of the bout (time constant fixed at {TIME_CONSTANT_S:g} s, start and "
            "end value free)"
        )
    return f"{text}. Rows without a gas value were left out and counted; outlying breaths stay in."


def _checks() -> str:
    low, high = PLAUSIBLE_RATE_W_KG
    return (
        f"Windows were flagged for a change beyond {DRIFT_LIMIT_PCT:g} % that a slope test sees "
        "at the 1 % level, a respiratory exchange ratio of 1 or more, fewer than "
        f"{FEWEST_BREATHS_PER_MIN:g} breaths a minute, and gaps beyond {LONGEST_GAP_S:g} s; "
        "nothing was dropped because of a flag. Rates outside "
        f"{low:g} to {high:g} W/kg, and recordings whose own energy column differs by more than "
        f"{CART_ENERGY_LIMIT_PCT:g} % from its gases or whose respiratory exchange ratio above "
        f"{EXCHANGED_RER:g} suggests exchanged columns, would have been refused."
    )


def _net_rates(study: Study, choices: RateChoices) -> str:
    rules = {
        "mean": "the mean of all its bouts in the session",
        "interpolated": "interpolated linearly in time to the middle of each trial",
    }
    return (
        "Net rate is walking minus standing, per body mass without the device. Standing was "
        f"{rules[choices.stand_baseline]}; free walking was {rules[choices.free_baseline]}. "
        "A reduction is 100 (free - exo) / free of the net rates; the estimand is the population "
        "mean of the per-subject reductions."
    )


def _intervals() -> str:
    return (
        "Intervals of single subjects are 95 % intervals of breath noise alone: the scatter of "
        "breaths in every window involved, corrected for the correlation of neighbours and "
        "carried through to the reduction to first order."
    )


def _tests(study: Study) -> str:
    labels = {c.id: c.label for c in study.controllers}
    primary = study.primary
    what = {
        NET_RATE_COLUMN: "a paired t test of the net rates (W/kg)",
    }.get(primary.measure, "a one-sample t test of the reductions (%)")
    when = {
        "before_data": "declared before the data were seen",
        "after_publication": "declared after the numbers were public",
    }[primary.declared]
    return (
        f"The primary test, {when}, is {what} of {labels[primary.controller]} against free "
        "walking, two-sided at .05, with its 95 % interval, d_z and Hedges g; exact sign-flip and "
        f"Wilcoxon tests (all sign patterns, up to {MAX_ENUMERATED} subjects) stand beside it."
    )


def _corrections(study: Study) -> str:
    text = "p values of the t tests were corrected together by Holm-Sidak"
    if study.rates:
        text += (
            "; net rates of free walking and all controllers were compared by a repeated-measures "
            "analysis of variance with the Greenhouse-Geisser correction; the place in the order "
            "was tested by least squares with subjects and controllers taken out; the table of "
            "sensitivity repeats the analysis for other equations, windows and baselines"
        )
    return f"{text}. Standard deviations divide by n - 1."
