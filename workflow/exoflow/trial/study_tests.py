"""The t tests a study asks for: of reductions, and of net rates where there are recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exoflow.errors import TrialDataError
from exoflow.trial.net_rates import NET_RATE_COLUMN, Rates
from exoflow.trial.reductions import REDUCTION_COLUMN
from exoflow.trial.statistics import OneSampleTest, one_sample_test
from exoflow.trial.study import Study
from exoflow.trial.tests_list import list_tests

DIFFERENCE = "difference"


@dataclass(frozen=True)
class StudyTests:
    """One test per controller and, under "difference", that of the declared pair.

    Attributes
    ----------
    reductions, savings : dict of str to OneSampleTest
        Of reductions (%) and of free minus controller (W/kg); no savings without recordings.
    reduction_values, saving_values : dict of str to sequence of float
        The numbers they are about, one per subject.
    """

    reductions: dict[str, OneSampleTest]
    reduction_values: dict[str, Sequence[float]]
    savings: dict[str, OneSampleTest]
    saving_values: dict[str, Sequence[float]]

    def primary(self, study: Study) -> OneSampleTest:
        """The test that study.yaml declares."""
        declared = study.primary
        of_rates = declared.measure == NET_RATE_COLUMN
        return (self.savings if of_rates else self.reductions)[declared.controller]


def run_tests(study: Study) -> StudyTests:
    """Every t test with its numbers.

    Raises
    ------
    TrialDataError
        If numbers are all equal, so that t does not exist.
    """
    reductions = reduction_values(study)
    savings = saving_values(study.rates, study.difference) if study.rates else {}
    return StudyTests(
        reductions={name: _test(study, name, values) for name, values in reductions.items()},
        reduction_values=reductions,
        savings={name: _test(study, name, values) for name, values in savings.items()},
        saving_values=savings,
    )


def reduction_values(study: Study) -> dict[str, Sequence[float]]:
    """Reductions of every controller, %, and the declared difference, percentage points."""
    values: dict[str, Sequence[float]] = {
        c: study.reductions.reduction_pct[c] for c in study.controller_ids
    }
    if study.difference:
        first, second = (values[name] for name in study.difference)
        # Decimal inputs differ by decimals: 4.2 - 5.4 is -1.2, not -1.2000000000000002.
        values[DIFFERENCE] = tuple(round(a - b, 9) for a, b in zip(first, second, strict=True))
    return values


def saving_values(rates: Rates, difference: tuple[str, str] | None) -> dict[str, Sequence[float]]:
    """Free minus controller of every subject, W/kg, and the difference of the declared pair."""
    values: dict[str, Sequence[float]] = {
        c: [s.reductions[c].saving_W_kg for s in rates.subjects] for c in rates.controllers
    }
    if difference:
        first, second = (values[name] for name in difference)
        values[DIFFERENCE] = [a - b for a, b in zip(first, second, strict=True)]
    return values


def every_test(
    study: Study, tests: StudyTests, anova: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """All tests as one list, the declared one first; see `list_tests` for the keys."""
    labels = {c.id: c.label for c in study.controllers}
    names = {name: f"{label} against free walking" for name, label in labels.items()}
    if study.difference:
        names[DIFFERENCE] = " against ".join(labels[name] for name in study.difference)
    declared = {study.primary.measure: study.primary.controller}
    rows = list_tests(
        names,
        tests.reductions,
        tests.reduction_values,
        REDUCTION_COLUMN,
        declared.get(REDUCTION_COLUMN),
    )
    rows += list_tests(
        names, tests.savings, tests.saving_values, NET_RATE_COLUMN, declared.get(NET_RATE_COLUMN)
    )
    rows += [_anova_row(anova)] if anova else []
    return sorted(rows, key=lambda row: not row["primary"])


def _anova_row(anova: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": "free walking and all controllers, repeated-measures analysis of variance "
        "(Greenhouse-Geisser)",
        "kind": "anova",
        "condition": "all",
        "measure": NET_RATE_COLUMN,
        "primary": False,
        "statistic": anova["f"],
        "df": anova["df_conditions"],
        "p_value": anova["p_corrected"],
        "p_adjusted": anova["p_corrected"],
    }


def _test(study: Study, name: str, values: Sequence[float]) -> OneSampleTest:
    label = " - ".join(study.difference or ()) if name == DIFFERENCE else name
    try:
        return one_sample_test(values)
    except ValueError as error:
        # A study of published reductions has its csv behind study.yaml.
        file = study.files[0 if study.rates else -1] if study.files else f"study {study.id}"
        raise TrialDataError(
            f"{file}: {label}: {error}. Check whether the numbers were copied from one subject to "
            "the others."
        ) from None
