"""From a study to its result record: one test per controller, one difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from exoflow.trial.methods import write_methods
from exoflow.trial.net_rates import NET_RATE_COLUMN
from exoflow.trial.recorded_analysis import (
    condition_rows,
    difference_intervals,
    recorded_parts,
    reduction_intervals,
)
from exoflow.trial.reductions import REDUCTION_COLUMN
from exoflow.trial.statements import Findings, write_statements
from exoflow.trial.statistics import (
    OneSampleTest,
    effect_for_power,
    holm_sidak,
    smallest_exact_p,
    subjects_for_exact_p,
)
from exoflow.trial.study import Study
from exoflow.trial.study_tests import DIFFERENCE, StudyTests, every_test, run_tests

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
    "choices",
    "recordings",
    "rates",
    "bouts",
    "baselines",
    "anova",
    "order_effect",
    "sensitivity",
    "flags",
    "saving",
)


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
    tests = run_tests(study)
    corrected = holm_sidak({name: test.p for name, test in tests.reductions.items()})
    recorded = dict.fromkeys(RECORDED_KEYS)
    if study.rates:
        recorded |= {**recorded_parts(study.rates), "saving": _savings(tests)}
    findings = Findings(
        study=study,
        tests=tests.reductions,
        corrected_p=corrected,
        differences_pct=tuple(tests.reduction_values.get(DIFFERENCE, ())),
        alpha=ALPHA,
        target_power=TARGET_POWER,
        primary=tests.primary(study),
        recorded=recorded,
    )
    return {
        **_about(study),
        "conditions": {c: _condition(study, c, tests) for c in study.controller_ids},
        "difference": _difference(study, tests),
        "primary": {**asdict(study.primary), "alpha": ALPHA, "p": tests.primary(study).p},
        "holm_sidak": corrected,
        "tests": every_test(study, tests, recorded["anova"]),
        **_size(study),
        **recorded,
        "methods": write_methods(study),
        "statements": write_statements(findings),
        "input_sha256": dict(study.input_sha256),
    }


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


def _condition(study: Study, controller: str, tests: StudyTests) -> dict[str, Any]:
    about = next(c for c in study.controllers if c.id == controller)
    return {
        "label": about.label,
        "description": about.description,
        **_record(tests.reductions[controller]),
        "per_subject_pct": _by_subject(study, tests.reduction_values[controller]),
        "set_peak_torque_Nm": about.peak_torque_Nm,
        "peak_torque_Nm": _by_subject(study, study.reductions.peak_torque_Nm[controller]),
        **(reduction_intervals(study.rates, controller) if study.rates else {}),
    }


def _difference(study: Study, tests: StudyTests) -> dict[str, Any] | None:
    if not study.difference:
        return None
    return {
        "first": study.difference[0],
        "second": study.difference[1],
        **_record(tests.reductions[DIFFERENCE]),
        "per_subject_pct": _by_subject(study, tests.reduction_values[DIFFERENCE]),
        **(difference_intervals(study.rates, study.difference) if study.rates else {}),
    }


def _savings(tests: StudyTests) -> dict[str, Any]:
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
        for name, test in tests.savings.items()
    }


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
