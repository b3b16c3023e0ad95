"""What only a study with recordings can say, as parts of its JSON-able record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from exoflow.trial.anova import repeated_measures_anova
from exoflow.trial.baselines import NORMAL_95
from exoflow.trial.bout_rates import BoutRate
from exoflow.trial.net_rates import NET_RATE_COLUMN, Rates
from exoflow.trial.order_effect import OrderEffect, order_effect
from exoflow.trial.outliers import outlying
from exoflow.trial.recording import Recording
from exoflow.trial.repeatability import repeatability
from exoflow.trial.sensitivity import sensitivity_table


def recorded_parts(rates: Rates) -> dict[str, Any]:
    """Choices, rates, bouts, baselines, analysis of variance, order effect, sensitivity.

    Returns
    -------
    dict
        One key each; `anova` and `order_effect` are None where the study cannot tell.
    """
    order = find_order_effect(rates)
    return {
        "choices": asdict(rates.choices),
        "rates": {
            condition: {
                "gross_metabolic_rate_W_kg": _summary(
                    {s.subject: s.gross_W_kg[condition] for s in rates.subjects}
                ),
                NET_RATE_COLUMN: _summary(
                    {s.subject: s.net_W_kg[condition] for s in rates.subjects}
                )
                if condition != "stand"
                else None,
            }
            for condition in ("stand", "free", *rates.controllers)
        },
        "bouts": [bout_row(rate) for rate in rates.bouts],
        "recordings": [recording_row(recording) for recording in rates.recordings],
        "baselines": _baselines(rates),
        "anova": _anova(rates),
        "order_effect": asdict(order) if order else None,
        "sensitivity": [asdict(row) for row in sensitivity_table(rates)],
        "flags": [
            {"subject": s.subject, "condition": condition, "flag": flag}
            for s in rates.subjects
            for condition in s.flags
            for flag in condition_flags(rates, s.subject)[condition]
        ],
    }


def condition_flags(rates: Rates, subject: str) -> dict[str, tuple[str, ...]]:
    """Failed checks of every condition of a subject, `outlier` among them."""
    position = [s.subject for s in rates.subjects].index(subject)
    flags = dict(rates.subjects[position].flags)
    for controller in rates.controllers:
        values = np.array([s.reductions[controller].pct for s in rates.subjects])
        if outlying(values)[position]:
            flags[controller] = (*flags[controller], "outlier")
    return flags


def find_order_effect(rates: Rates) -> OrderEffect | None:
    """Whether reductions change with the place in the order."""
    reductions = [[s.reductions[c] for c in rates.controllers] for s in rates.subjects]
    return order_effect(
        np.array([[r.pct for r in row] for row in reductions]),
        np.array([[r.period for r in row] for row in reductions]),
    )


def reduction_intervals(rates: Rates, controller: str) -> dict[str, Any]:
    """Per-subject intervals of one controller, from breath noise."""
    return {
        "per_subject_ci95_pct": {
            s.subject: list(s.reductions[controller].ci95_pct) for s in rates.subjects
        },
        "per_subject_standard_error_pct": {
            s.subject: s.reductions[controller].standard_error_pct for s in rates.subjects
        },
    }


def difference_intervals(rates: Rates, difference: Sequence[str]) -> dict[str, Any]:
    """Per-subject intervals of the declared difference; the shared baselines cancel."""
    errors = rates.difference_errors_pct(*difference)
    first, second = difference
    values = {s.subject: s.reductions[first].pct - s.reductions[second].pct for s in rates.subjects}
    return {
        "per_subject_ci95_pct": {
            name: [values[name] - NORMAL_95 * error, values[name] + NORMAL_95 * error]
            for name, error in errors.items()
        },
        "per_subject_standard_error_pct": errors,
    }


def bout_row(rate: BoutRate) -> dict[str, Any]:
    """One bout as a row: where it is, what it says, which checks failed."""
    bout, window = rate.bout, rate.window
    return {
        "subject": bout.session.subject,
        "session": bout.session.name,
        "position": bout.position,
        "activity": bout.slot.activity,
        "number": bout.number,
        "file": bout.slot.file.name,
        "cart": bout.recording.cart,
        "bout_start_s": round(bout.start_s, 3),
        "bout_end_s": round(bout.end_s, 3),
        "window_start_s": round(window.start_s, 3),
        "window_end_s": round(window.end_s, 3),
        "estimate": rate.estimate,
        "vo2_mL_min": rate.vo2_mL_min,
        "vco2_mL_min": rate.vco2_mL_min,
        "rer": window.rer,
        "gross_metabolic_rate_W_kg": rate.gross_W_kg,
        "standard_error_W_kg": rate.standard_error_W_kg,
        "n_breaths": window.n_breaths,
        "n_missing": window.n_missing,
        "n_outliers": window.n_outliers,
        "longest_gap_s": window.longest_gap_s,
        "change_pct": window.change_pct,
        "breath_cv_pct": window.breath_cv_pct,
        "cart_energy_difference_pct": rate.cart_energy_difference_pct,
        "flags": " ".join(rate.flags),
    }


def recording_row(recording: Recording) -> dict[str, Any]:
    """One recording: what was read, and what the reader noticed."""
    return {
        "file": recording.file,
        "cart": recording.cart,
        "sampling": recording.sampling,
        "n_rows": len(recording.time_s),
        "first_s": float(recording.time_s[0]),
        "last_s": float(recording.time_s[-1]),
        "energy_equation": recording.energy_equation,
        "warnings": list(recording.warnings),
    }


def condition_rows(rates: Rates) -> list[dict[str, Any]]:
    """One row per subject and condition, standing and free walking among them."""
    rows = []
    for s in rates.subjects:
        flags = condition_flags(rates, s.subject)
        for condition in s.gross_W_kg:
            reduction = s.reductions.get(condition)
            low, high = reduction.ci95_pct if reduction else (None, None)
            rows.append(
                {
                    "subject": s.subject,
                    "condition": condition,
                    "body_mass_kg": rates.body_mass_kg[s.subject],
                    "period": reduction.period if reduction else None,
                    "gross_metabolic_rate_W_kg": s.gross_W_kg[condition],
                    NET_RATE_COLUMN: s.net_W_kg.get(condition),
                    "net_metabolic_rate_reduction_pct": reduction.pct if reduction else None,
                    "reduction_ci95_low_pct": low,
                    "reduction_ci95_high_pct": high,
                    "peak_torque_Nm": None,
                    "flags": " ".join(flags[condition]),
                }
            )
    return rows


def _summary(per_subject: Mapping[str, float]) -> dict[str, Any]:
    values = np.array(list(per_subject.values()))
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "n": values.size,
        "per_subject": dict(per_subject),
    }


def _baselines(rates: Rates) -> dict[str, Any]:
    pairs = [pair for s in rates.subjects for pair in s.baselines]
    found = {}
    for activity in ("stand", "free"):
        own = [pair for pair in pairs if pair.activity == activity]
        summary = repeatability(own)
        found[activity] = {
            **(asdict(summary) if summary else {"n": 0}),
            "pairs": [
                {
                    "subject": pair.subject,
                    "session": pair.session,
                    "first_W_kg": pair.first_W_kg,
                    "last_W_kg": pair.last_W_kg,
                    "difference_pct": pair.difference_pct,
                    "drifts": pair.drifts,
                }
                for pair in own
            ],
        }
    return found


def _anova(rates: Rates) -> dict[str, Any] | None:
    conditions = ("free", *rates.controllers)
    values = np.column_stack([rates.net_W_kg(condition) for condition in conditions])
    try:
        return {"conditions": list(conditions), **asdict(repeated_measures_anova(values))}
    except ValueError:
        return None
