"""Plain sentences about what recordings show beyond the reductions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exoflow.trial.net_rates import Rates
from exoflow.trial.wording import equation_of, format_p

MOST_NAMED = 5


def recorded_statements(
    rates: Rates, recorded: Mapping[str, Any], labels: Mapping[str, str], alpha: float
) -> list[str]:
    """Sentences on noise, baselines, order, choices and failed checks.

    Parameters
    ----------
    recorded : mapping
        What `recorded_analysis.recorded_parts` returns.
    labels : mapping of controller to str
        Printed names.
    alpha : float
        Level below which p counts.
    """
    sentences = [
        _anova(recorded["anova"]),
        *(_own_interval(rates, c, labels[c]) for c in rates.controllers),
        _baselines(recorded["baselines"]),
        _order(recorded["order_effect"], alpha),
        *(_choices(recorded["sensitivity"], c, labels[c], alpha) for c in rates.controllers),
        _flags(recorded["bouts"]),
        _outliers(recorded["flags"]),
        _estimated(recorded["bouts"]),
        _noticed(recorded["recordings"]),
        "An interval of a single subject holds breath noise only: another day, another fit of the "
        "device or more practice may move that subject further.",
    ]
    return [sentence for sentence in sentences if sentence]


def _anova(anova: Mapping[str, Any] | None) -> str:
    if anova is None:
        return ""
    epsilon = anova["epsilon"]
    return (
        f"Free walking and all controllers together: F({epsilon * anova['df_conditions']:.1f}, "
        f"{epsilon * anova['df_error']:.1f}) = {anova['f']:.2f}, "
        f"{equation_of(anova['p_corrected'])} with Greenhouse-Geisser (epsilon {epsilon:.2f})."
    )


def _own_interval(rates: Rates, controller: str, label: str) -> str:
    reductions = [s.reductions[controller] for s in rates.subjects]
    beyond = sum(r.ci95_pct[0] > 0 or r.ci95_pct[1] < 0 for r in reductions)
    errors = sorted(r.standard_error_pct for r in reductions)
    return (
        f"{label}: breath noise alone leaves a subject's reduction uncertain by a standard error "
        f"of {errors[0]:.1f} to {errors[-1]:.1f} points; {beyond} of {len(reductions)} subjects "
        "differ from zero by more than their own noise (95 %)."
    )


def _baselines(baselines: Mapping[str, Any]) -> str:
    parts = []
    for activity, word in (("free", "free walking"), ("stand", "standing")):
        found = baselines[activity]
        if found.get("limits_W_kg"):
            low, high = found["limits_W_kg"]
            parts.append(
                f"{word} by {found['bias_W_kg']:+.2f} W/kg "
                f"(limits of agreement {low:.2f} to {high:.2f})"
            )
    return f"From the first to the last bout changed {' and '.join(parts)}." if parts else ""


def _order(order: Mapping[str, Any] | None, alpha: float) -> str:
    if order is None:
        return (
            "An effect of order cannot be checked: it needs several controllers in different "
            "orders, and more subjects than unknowns."
        )
    low, high = order["ci95_pct"]
    shown = "is seen" if order["p"] < alpha else "is not seen, which is not proof of none"
    return (
        f"An effect of the place in the order {shown}: {order['change_pct_per_period']:+.1f} "
        f"points from one place to the next (95 % interval {low:.1f} to {high:.1f}; "
        f"t({order['df']}) = {order['t']:.2f}, {equation_of(order['p'])})."
    )


def _choices(table: Iterable[Mapping[str, Any]], controller: str, label: str, alpha: float) -> str:
    rows = [row for row in table if row["controller"] == controller and row["p"] is not None]
    if not rows:
        return ""
    means = [row["mean_pct"] for row in rows]
    below = sum(row["p"] < alpha for row in rows)
    level = f"{alpha:g}".removeprefix("0")
    return (
        f"{label}: over {len(rows)} combinations of equation, window and baseline the mean "
        f"reduction lies between {min(means):.1f} and {max(means):.1f} %, and p is below {level} "
        f"in {below} of them (largest {format_p(max(row['p'] for row in rows))})."
    )


def _flags(bouts: Iterable[Mapping[str, Any]]) -> str:
    rows = list(bouts)
    failed = [row for row in rows if row["flags"]]
    if not failed:
        return f"No check failed in any of the {len(rows)} bouts."
    counts: dict[str, int] = {}
    for row in failed:
        for flag in row["flags"].split():
            counts[flag] = counts.get(flag, 0) + 1
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    return (
        f"Checks failed in {len(failed)} of {len(rows)} bouts ({listed}); they are named in the "
        "tables, and nothing was left out."
    )


def _outliers(flags: Iterable[Mapping[str, str]]) -> str:
    named = [f"subject {f['subject']} ({f['condition']})" for f in flags if f["flag"] == "outlier"]
    if not named:
        return ""
    return f"Far from the other subjects, and kept: {', '.join(named)}."


def _estimated(bouts: Iterable[Mapping[str, Any]]) -> str:
    files = {row["file"] for row in bouts if "assumed_rer" in row["flags"].split()}
    if not files:
        return ""
    return (
        f"{len(files)} recordings hold no carbon dioxide: their rates are estimates from an "
        "assumed respiratory exchange ratio."
    )


def _noticed(recordings: Iterable[Mapping[str, Any]]) -> str:
    rows = list(recordings)
    named = [row["file"] for row in rows if row["warnings"]]
    if not named:
        return ""
    listed = ", ".join(named[:MOST_NAMED]) + (", ..." if len(named) > MOST_NAMED else "")
    return (
        f"Reading {len(named)} of {len(rows)} recordings gave warnings ({listed}): see warnings "
        "of recordings in the JSON file."
    )
