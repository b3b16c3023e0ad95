"""Plain sentences about what the numbers show, and what they cannot show.

Every sentence is worked out from the data, so a larger study gets other ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exoflow.trial.net_rates import NET_RATE_COLUMN
from exoflow.trial.recorded_statements import recorded_statements
from exoflow.trial.reductions import REDUCTION_COLUMN
from exoflow.trial.statistics import (
    MAX_ENUMERATED,
    OneSampleTest,
    effect_for_power,
    smallest_exact_p,
    subjects_for_exact_p,
)
from exoflow.trial.study import Study
from exoflow.trial.wording import equation_of, format_p, level

# A normal-distribution test of fewer values finds only gross departures.
SUBJECTS_TO_SEE_A_SHAPE = 20


@dataclass(frozen=True)
class Findings:
    """What the sentences are about.

    Attributes
    ----------
    tests : dict of str to OneSampleTest
        One per controller id, and "difference" if the study declares one.
    corrected_p : dict of str to float
        Holm-Sidak p of the same tests.
    differences_pct : tuple of float
        First controller minus second, percentage points; empty without one.
    primary : OneSampleTest
        The declared test: of reductions (%) or of net rates (W/kg).
    recorded : mapping
        What `recorded_analysis.recorded_parts` returns; empty without recordings.
    """

    study: Study
    tests: dict[str, OneSampleTest]
    corrected_p: dict[str, float]
    differences_pct: tuple[float, ...]
    alpha: float
    target_power: float
    primary: OneSampleTest
    recorded: Mapping[str, Any] = field(default_factory=dict)

    def label(self, controller: str) -> str:
        """A controller's printed name."""
        return next(c.label for c in self.study.controllers if c.id == controller)


def write_statements(findings: Findings) -> list[str]:
    """All sentences, the primary test first.

    Returns
    -------
    list of str
        Complete sentences; percentages are of the net rate of free walking.
    """
    writers = (
        _primary,
        _secondary,
        _correction,
        _difference,
        _other_way,
        _exact,
        _power,
        _width,
        _shape,
        _sample,
        _order,
        _raw_data,
    )
    sentences = [writer(findings) for writer in writers]
    if findings.study.rates:
        labels = {c.id: c.label for c in findings.study.controllers}
        sentences += recorded_statements(
            findings.study.rates, findings.recorded, labels, findings.alpha
        )
    return [sentence for sentence in sentences if sentence]


def _numbers(test: OneSampleTest, unit: str) -> str:
    low, high = test.ci95
    return (
        f"{test.mean:.2f} {unit} (SD {test.sd:.2f}, 95 % interval {low:.1f} to {high:.1f}; "
        f"t({test.df}) = {test.t:.2f}, {equation_of(test.p)})"
    )


def _primary(findings: Findings) -> str | None:
    study = findings.study
    test = findings.primary
    rates = study.primary.measure == NET_RATE_COLUMN
    quantity = "saving of" if rates else "reduction of"
    when = {
        "before_data": "declared before the data",
        "after_publication": "declared in study.yaml after the numbers were public, "
        "so it is not a preregistration",
    }[study.primary.declared]
    verdict = "below" if test.p < findings.alpha else "not below"
    return (
        f"Primary test ({when}): {findings.label(study.primary.controller)} against free "
        f"walking without exo, n = {test.n}: mean {quantity} the net metabolic rate "
        f"{_numbers(test, 'W/kg' if rates else '%')}, {verdict} {level(findings.alpha)} as a "
        "single test."
    )


def _secondary(findings: Findings) -> str | None:
    primary = findings.study.primary
    tested = primary.controller if primary.measure == REDUCTION_COLUMN else None
    others = [
        f"{findings.label(c.id)} against free walking {_numbers(findings.tests[c.id], '%')}"
        for c in findings.study.controllers
        if c.id != tested
    ]
    return f"Secondary: {'; '.join(others)}." if others else None


def _correction(findings: Findings) -> str | None:
    corrected = findings.corrected_p
    if len(corrected) < 2:
        return None
    limit = level(findings.alpha)
    values = ", ".join(f"{_name(findings, k)} {format_p(p)}" for k, p in corrected.items())
    survivors = [_name(findings, k) for k, p in corrected.items() if p < findings.alpha]
    verdict = (
        f"{', '.join(survivors)} stays below {limit}"
        if survivors
        else f"nothing stays below {limit}"
    )
    return (
        f"With Holm-Sidak over the {len(corrected)} tests together {verdict} "
        f"(corrected p: {values})."
    )


def _difference(findings: Findings) -> str | None:
    if not findings.study.difference:
        return None
    first, second = (findings.label(name) for name in findings.study.difference)
    test = findings.tests["difference"]
    # A secondary test counts after correction only.
    corrected = findings.corrected_p["difference"]
    shown = "is shown" if corrected < findings.alpha else "is not shown"
    return (
        f"A difference between {first} and {second} {shown}: {_numbers(test, 'percentage points')}."
    )


def _other_way(findings: Findings) -> str | None:
    study = findings.study
    if not study.difference:
        return None
    mean = findings.tests["difference"].mean
    if all(difference * mean > 0 for difference in findings.differences_pct):
        better = study.difference[0 if mean > 0 else 1]
        return f"Every subject did better with {findings.label(better)}."
    first, second = study.difference if mean > 0 else study.difference[::-1]
    reduction = study.reductions.reduction_pct
    against = [
        f"subject {s.id} ({reduction[second][i]:.1f} against {reduction[first][i]:.1f} %)"
        for i, s in enumerate(study.subjects)
        if findings.differences_pct[i] * mean < 0
    ]
    if not against:
        return None
    return (
        f"Not every subject follows the mean: better with {findings.label(second)} "
        f"did {', '.join(against)}."
    )


def _exact(findings: Findings) -> str | None:
    n = len(findings.study.subjects)
    fewest = subjects_for_exact_p(findings.alpha)
    limit = level(findings.alpha)
    if n > MAX_ENUMERATED:
        return f"Exact tests are enumerated up to {MAX_ENUMERATED} subjects and left out here."
    smallest = f"{smallest_exact_p(n):.3f}".removeprefix("0")
    if n < fewest:
        return (
            f"Without a normal distribution assumed nothing can be shown: with n = {n} the "
            f"smallest possible two-sided p of a sign-flip or Wilcoxon test is {smallest}, "
            f"and below n = {fewest} neither can reach {limit}."
        )
    return f"The smallest possible exact two-sided p with n = {n} is {smallest}."


def _power(findings: Findings) -> str | None:
    n = len(findings.study.subjects)
    needed = effect_for_power(n, findings.target_power, findings.alpha)
    test = findings.primary
    unit = "W/kg" if findings.study.primary.measure == NET_RATE_COLUMN else "%"
    shown = f"{test.sd:.1f} a mean of {needed * test.sd:.1f} {unit}"
    return (
        f"With n = {n} the t test finds an effect with {100 * findings.target_power:.0f} % power "
        f"only if the true d_z is at least {needed:.2f} (at the observed SD of {shown}); "
        f"smaller effects are likely to be missed, and those "
        "found are likely to be overestimated."
    )


def _width(findings: Findings) -> str | None:
    widths = [
        f"{findings.label(c.id)} {test.ci95[1] - test.ci95[0]:.0f}"
        for c in findings.study.controllers
        for test in [findings.tests[c.id]]
        if test.ci95[1] - test.ci95[0] > abs(test.mean)
    ]
    if not widths:
        return None
    return (
        "Confidence intervals are wider than the means they are about "
        f"(in percentage points: {', '.join(widths)})."
    )


def _shape(findings: Findings) -> str | None:
    n = len(findings.study.subjects)
    if n >= SUBJECTS_TO_SEE_A_SHAPE:
        return None
    return (
        f"The t tests assume normally distributed reductions; {n} values cannot check that, "
        "nor tell an outlier from an ordinary subject."
    )


def _sample(findings: Findings) -> str | None:
    subjects = findings.study.subjects
    sexes = [s.sex for s in subjects if s.sex]
    ages = [s.age_years for s in subjects if s.age_years is not None]
    masses = [s.body_mass_kg for s in subjects if s.body_mass_kg is not None]
    facts = [f"{sexes.count(sex)} {sex}" for sex in dict.fromkeys(sexes)]
    if ages:
        facts.append(f"{min(ages):g} to {max(ages):g} years")
    if masses:
        facts.append(f"{min(masses):g} to {max(masses):g} kg")
    if not facts:
        return None
    return (
        f"The subjects ({', '.join(facts)}) stand for people like them; the numbers say nothing "
        "about others."
    )


def _order(findings: Findings) -> str | None:
    if findings.study.rates and findings.study.protocol.controller_order != "fixed":
        return None  # the recordings tell
    if findings.study.protocol.controller_order == "fixed":
        return (
            "All subjects met the controllers in the same order, so a controller's effect cannot "
            "be told from that of time."
        )
    return (
        f"The controllers' order was {findings.study.protocol.controller_order} but is not known "
        "by subject here, so an order effect cannot be checked."
    )


def _raw_data(findings: Findings) -> str | None:
    if findings.study.rates:
        return None
    return (
        "Only reductions are given, not net rates or breaths: no interval for a single subject, "
        "no repeated-measures analysis of the rates, and no check of the energy equation."
    )


def _name(findings: Findings, test: str) -> str:
    return "difference" if test == "difference" else findings.label(test)
