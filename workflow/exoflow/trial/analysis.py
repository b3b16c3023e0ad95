"""From a study to its result record: one test per controller, one difference."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from exoflow.errors import TrialDataError
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

ALPHA = 0.05
TARGET_POWER = 0.8
# Sample sizes a lab chooses between when it plans the next study.
PLANNING_SUBJECTS = (4, 6, 8, 10, 12, 16, 20)


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
        `conditions` holds one entry per controller (`mean_pct`, `sd_pct`,
        `ci95_pct` in % of the free net rate; `t`, `df`, `p`, `d_z`, `hedges_g`,
        `wilcoxon_p`, `sign_flip_p`); `difference` the same in percentage points,
        first controller minus second, or None; `holm_sidak` the corrected p of
        all of them together, the difference under "difference"; `primary` the
        test declared in study.yaml; `power` what this n can find; `statements`
        plain sentences.

    Raises
    ------
    TrialDataError
        If a controller's reductions are all equal, so that t does not exist.
    """
    reductions = study.reductions
    tests = {c.id: _test(study, c.id, reductions.reduction_pct[c.id]) for c in study.controllers}
    differences: tuple[float, ...] = ()
    if study.difference:
        first, second = (reductions.reduction_pct[name] for name in study.difference)
        # Decimal inputs differ by decimals: 4.2 - 5.4 is -1.2, not -1.2000000000000002.
        differences = tuple(round(a - b, 9) for a, b in zip(first, second, strict=True))
        tests["difference"] = _test(study, " - ".join(study.difference), differences)
    corrected = holm_sidak({name: test.p for name, test in tests.items()})
    findings = Findings(
        study=study,
        tests=tests,
        corrected_p=corrected,
        differences_pct=differences,
        alpha=ALPHA,
        target_power=TARGET_POWER,
    )
    n = len(study.subjects)
    return {
        "phase": "trial",
        "status": "ok",
        "reason": None,
        "study": study.id,
        "title": study.title,
        "source": asdict(study.source),
        "measure": REDUCTION_COLUMN,
        "n_subjects": n,
        "subjects": [asdict(subject) for subject in study.subjects],
        "device": asdict(study.device),
        "protocol": asdict(study.protocol),
        "measurement": asdict(study.measurement),
        "controllers": [c.id for c in study.controllers],
        "conditions": {
            c.id: {
                "label": c.label,
                "description": c.description,
                **_record(tests[c.id]),
                "per_subject_pct": _by_subject(study, reductions.reduction_pct[c.id]),
                "set_peak_torque_Nm": c.peak_torque_Nm,
                "peak_torque_Nm": _by_subject(study, reductions.peak_torque_Nm[c.id]),
            }
            for c in study.controllers
        },
        "difference": {
            "first": study.difference[0],
            "second": study.difference[1],
            **_record(tests["difference"]),
            "per_subject_pct": _by_subject(study, differences),
        }
        if study.difference
        else None,
        "primary": {
            **asdict(study.primary),
            "alpha": ALPHA,
            "p": tests[study.primary.controller].p,
        },
        "holm_sidak": corrected,
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
        "statements": write_statements(findings),
    }


def tabulate(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The record as tidy rows: one number a row, subjects first, then the summary.

    Parameters
    ----------
    result : dict
        What `analyze` returns.

    Returns
    -------
    list of dict
        Keys `level` (subject or summary), `condition`, `subject` (empty in
        summary rows), `quantity` (unit in its name) and `value`. Absent values
        have no row.
    """
    conditions = {name: result["conditions"][name] for name in result["controllers"]}
    if result["difference"]:
        conditions["difference"] = result["difference"]
    rows = []
    for name, record in conditions.items():
        for quantity, column in (
            (REDUCTION_COLUMN, "per_subject_pct"),
            ("peak_torque_Nm", "peak_torque_Nm"),
        ):
            rows += [
                _row("subject", name, subject, quantity, value)
                for subject, value in record.get(column, {}).items()
            ]
    for name, record in conditions.items():
        low, high = record["ci95_pct"]
        numbers = {key: value for key, value in record.items() if isinstance(value, int | float)}
        numbers |= {
            "ci95_low_pct": low,
            "ci95_high_pct": high,
            "holm_sidak_p": result["holm_sidak"][name],
        }
        numbers.pop("set_peak_torque_Nm", None)
        rows += [_row("summary", name, "", quantity, numbers[quantity]) for quantity in numbers]
    return [row for row in rows if row["value"] is not None]


def _test(study: Study, name: str, values: Sequence[float]) -> OneSampleTest:
    try:
        return one_sample_test(values)
    except ValueError as error:
        raise TrialDataError(f"study {study.id}: {name}: {error}. Check the data file.") from None


def _record(test: OneSampleTest) -> dict[str, Any]:
    return {
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


def _row(level: str, condition: str, subject: str, quantity: str, value: Any) -> dict[str, Any]:
    return {
        "level": level,
        "condition": condition,
        "subject": subject,
        "quantity": quantity,
        "value": value,
    }
