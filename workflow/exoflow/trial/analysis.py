"""From a study to its result record: one test per controller, one difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.trial.methods import write_methods
from exoflow.trial.net_rates import NET_RATE_COLUMN
from exoflow.trial.recorded_analysis import (
    condition_rows,
    difference_intervals,
    recorded_parts,
    reduction_intervals,
    saving_tests,
    saving_W_kg,
)
from exoflow.trial.reductions import REDUCTION_COLUMN
from exoflow.trial.statements import Findings, write_statements
from exoflow.trial.statistics import (
    OneSampleTest,
    effect_for_power,
    holm_sidak,
    one_sample_test,
    smallest_exact_p,
    subjects_for_exact_p,
)
from exoflow.trial.study import Study
from exoflow.trial.tests_list import list_tests

ALPHA = 0.05
TARGET_POWER = 0.8
# Sample sizes a lab chooses between when it plans the next study.
PLANNING_SUBJECTS = (4, 6, 8, 10, 12, 16, 20)
ESTIMAND = (
    "Population mean of the per-subject reductions, each 100 (free - exo) / free of the net "
    "metabolic rate (walking minus standing, per body mass)."
)
# Keys of a study with recordings, all None where there are none.
RECORDED_KEYS = (
    "choices", "recordings", "rates", "bouts", "baselines", "anova", "order_effect", "sensitivity", "flags",
    "saving",
)  # fmt: skip


def analyze(study: Study) -> dict[str, Any]:
    """Test every controller against free walking, and the declared pair against each other.

    Parameters
    ----------
    study : Study
        With per-subject reductions of the net metabolic rate, %.

    Returns
    -------
    dict
        JSON-able record. `controllers` is the order of study.yaml.
        `conditions` holds one entry per controller (`reduction_pct` with `mean`, `sd`,
        `ci95` and `n`; the same as `mean_pct`, `sd_pct`, `ci95_pct` in % of the free net
        rate; `t`, `df`, `p`, `d_z`, `hedges_g`, `wilcoxon_p`, `sign_flip_p`); `difference`
        the same in percentage points, first controller minus second, or None; `holm_sidak`
        the corrected p of all of them together, the difference under "difference"; `tests`
        every test as a list, the declared one first; `primary` the test declared in
        study.yaml; `power` what this n can find; `statements` plain sentences; `methods`
        a paragraph; `input_sha256` the hash of every input file. A study with recordings
        has its choices, rates, bouts, baselines, `anova`, `order_effect`, `sensitivity`,
        `flags` and `saving` (W/kg) as well.

    Raises
    ------
    TrialDataError
        If a controller's reductions are all equal, so that t does not exist.
    """
    values = _values(study)
    tests = {name: _test(study, name, numbers) for name, numbers in values.items()}
    corrected = holm_sidak({name: test.p for name, test in tests.items()})
    recorded = dict.fromkeys(RECORDED_KEYS)
    if study.rates:
        recorded |= {**recorded_parts(study.rates), "saving": _savings(study)}
    result = {
        **_about(study),
        "conditions": {c: _condition(study, c, tests[c]) for c in study.controller_ids},
        "difference": _difference(study, tests, values),
        "primary": _primary(study, tests, recorded["saving"]),
        "holm_sidak": corrected,
        "tests": _all_tests(study, tests, values, recorded["anova"]),
        **_size(study),
        **recorded,
        "methods": write_methods(study),
        "input_sha256": dict(study.input_sha256),
    }
    findings = Findings(
        study=study,
        tests=tests,
        corrected_p=corrected,
        differences_pct=tuple(values.get("difference", ())),
        alpha=ALPHA,
        target_power=TARGET_POWER,
        primary=_primary_test(study, tests),
        recorded=recorded,
    )
    return {**result, "statements": write_statements(findings)}


def tabulate(study: Study) -> list[dict[str, Any]]:
    """Tidy rows, one per subject and condition.

    Returns
    -------
    list of dict
        `subject`, `condition` and numbers with their unit in the name; None where a study
        of published reductions does not have them. `flags` names failed checks.
    """
    if study.rates:
        return condition_rows(study.rates)
    reductions = study.reductions
    return [
        {
            "subject": subject.id,
            "condition": controller,
            "body_mass_kg": subject.body_mass_kg,
            "period": None,
            "gross_metabolic_rate_W_kg": None,
            NET_RATE_COLUMN: None,
            REDUCTION_COLUMN: reductions.reduction_pct[controller][i],
            "reduction_ci95_low_pct": None,
            "reduction_ci95_high_pct": None,
            "peak_torque_Nm": reductions.peak_torque_Nm[controller][i],
            "flags": "",
        }
        for i, subject in enumerate(study.subjects)
        for controller in study.controller_ids
    ]


def _values(study: Study) -> dict[str, tuple[float, ...]]:
    """Reductions of every controller, and the declared difference."""
    values = {c: study.reductions.reduction_pct[c] for c in study.controller_ids}
    if study.difference:
        first, second = (values[name] for name in study.difference)
        # Decimal inputs differ by decimals: 4.2 - 5.4 is -1.2, not -1.2000000000000002.
        values["difference"] = tuple(round(a - b, 9) for a, b in zip(first, second, strict=True))
    return values


def _about(study: Study) -> dict[str, Any]:
    return {
        "phase": "trial",
        "status": "ok",
        "reason": None,
        "study": study.id,
        "title": study.title,
        "source": asdict(study.source),
        "measure": REDUCTION_COLUMN,
        "estimand": ESTIMAND,
        "data": "recordings" if study.rates else "published reductions",
        "n_subjects": len(study.subjects),
        "subjects": [asdict(subject) for subject in study.subjects],
        "device": asdict(study.device),
        "protocol": asdict(study.protocol),
        "measurement": {
            "cart": study.measurement.cart,
            "energy_equation": study.measurement.energy_equation,
            "net_rate": study.measurement.net_rate,
        },
        "controllers": list(study.controller_ids),
    }


def _condition(study: Study, controller: str, test: OneSampleTest) -> dict[str, Any]:
    about = next(c for c in study.controllers if c.id == controller)
    return {
        "label": about.label,
        "description": about.description,
        **_record(test),
        "per_subject_pct": _by_subject(study, study.reductions.reduction_pct[controller]),
        "set_peak_torque_Nm": about.peak_torque_Nm,
        "peak_torque_Nm": _by_subject(study, study.reductions.peak_torque_Nm[controller]),
        **(reduction_intervals(study.rates, controller) if study.rates else {}),
    }


def _difference(
    study: Study, tests: Mapping[str, OneSampleTest], values: Mapping[str, Sequence[float]]
) -> dict[str, Any] | None:
    if not study.difference:
        return None
    return {
        "first": study.difference[0],
        "second": study.difference[1],
        **_record(tests["difference"]),
        "per_subject_pct": _by_subject(study, values["difference"]),
        **(difference_intervals(study.rates, study.difference) if study.rates else {}),
    }


def _savings(study: Study) -> dict[str, Any]:
    assert study.rates is not None
    return {
        name: {
            "mean_W_kg": test.mean,
            "sd_W_kg": test.sd,
            "ci95_W_kg": list(test.ci95),
            "t": test.t,
            "df": test.df,
            "p": test.p,
            "d_z": test.d_z,
            "hedges_g": test.hedges_g,
        }
        for name, test in _saving_tests(study).items()
    }


def _saving_tests(study: Study) -> dict[str, OneSampleTest]:
    assert study.rates is not None
    try:
        return saving_tests(study.rates, study.difference)
    except ValueError as error:
        raise TrialDataError(
            f"study {study.id}: net rates: {error}. Check the data files."
        ) from None


def _primary_test(study: Study, tests: Mapping[str, OneSampleTest]) -> OneSampleTest:
    declared = study.primary
    if declared.measure == NET_RATE_COLUMN:
        return _saving_tests(study)[declared.controller]
    return tests[declared.controller]


def _primary(
    study: Study, tests: Mapping[str, OneSampleTest], saving: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {**asdict(study.primary), "alpha": ALPHA, "p": _primary_test(study, tests).p}


def _all_tests(
    study: Study,
    tests: Mapping[str, OneSampleTest],
    values: Mapping[str, Sequence[float]],
    anova: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    names = {c.id: f"{c.label} against free walking" for c in study.controllers}
    labels = {c.id: c.label for c in study.controllers}
    if study.difference:
        names["difference"] = " against ".join(labels[name] for name in study.difference)
    primary = study.primary
    of_reductions = primary.controller if primary.measure == REDUCTION_COLUMN else None
    rows = list_tests(names, tests, values, REDUCTION_COLUMN, of_reductions)
    if study.rates:
        savings = {c: saving_W_kg(study.rates, c) for c in study.controller_ids}
        if study.difference:
            savings["difference"] = np.subtract(*(savings[name] for name in study.difference))
        of_rates = primary.controller if primary.measure == NET_RATE_COLUMN else None
        rows += list_tests(names, _saving_tests(study), savings, NET_RATE_COLUMN, of_rates)
    if anova:
        rows.append(
            {
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
        )
    return sorted(rows, key=lambda row: not row["primary"])


def _size(study: Study) -> dict[str, Any]:
    n = len(study.subjects)
    return {
        "smallest_exact_p": smallest_exact_p(n),
        "small_sample": smallest_exact_p(n) >= ALPHA,
        "power": {
            "alpha": ALPHA,
            "target": TARGET_POWER,
            "d_z_needed": effect_for_power(n, TARGET_POWER, ALPHA),
            "d_z_needed_by_n": {
                str(m): effect_for_power(m, TARGET_POWER, ALPHA) for m in PLANNING_SUBJECTS
            },
            "subjects_for_exact_p": subjects_for_exact_p(ALPHA),
        },
    }


def _test(study: Study, name: str, values: Sequence[float]) -> OneSampleTest:
    label = " - ".join(study.difference or ()) if name == "difference" else name
    try:
        return one_sample_test(values)
    except ValueError as error:
        raise TrialDataError(f"study {study.id}: {label}: {error}. Check the data file.") from None


def _record(test: OneSampleTest) -> dict[str, Any]:
    return {
        "reduction_pct": {
            "mean": test.mean,
            "sd": test.sd,
            "ci95": list(test.ci95),
            "n": test.n,
        },
        "mean_pct": test.mean,
        "sd_pct": test.sd,
        "ci95_pct": list(test.ci95),
        "t": test.t,
        "df": test.df,
        "p": test.p,
        "d_z": test.d_z,
        "hedges_g": test.hedges_g,
        "wilcoxon_p": test.wilcoxon_p,
        "sign_flip_p": test.sign_flip_p,
    }


def _by_subject(study: Study, values: Sequence[float | None]) -> dict[str, float | None]:
    return {s.id: value for s, value in zip(study.subjects, values, strict=True)}
