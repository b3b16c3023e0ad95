"""What the report shows of a human trial with recordings, beside its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exoflow.figures.numbers import fixed, known, probability
from exoflow.figures.report_pictures import Picture, inline_picture
from exoflow.figures.results import Study
from exoflow.figures.tables import Cell, Row, Table, text_cell

CAPTIONS = {
    "bars": "reduction of every subject with the 95 % interval of its own breath noise, and the "
    "mean with its 95 % confidence interval.",
    "rates": "net metabolic rate of every subject in every condition.",
    "baselines": "last against first bout of standing and of free walking.",
    "timeline": "gross metabolic rate breath by breath, with the windows that were averaged.",
}


def recorded_pictures(study: Study) -> list[Picture]:
    """Pictures of a study with recordings; none for one of published reductions."""
    if study.result.get("data") != "recordings":
        return []
    return [
        inline_picture(study.pictures[name], f"{study.name}-{name}", f"{study.name}: {caption}")
        if name in study.pictures
        else Picture(reason=f"the trial phase wrote no picture of {name}")
        for name, caption in CAPTIONS.items()
    ]


def sensitivity_summary(study: Study) -> Table | None:
    """Mean reductions by window and baseline, with their range over the energy equations."""
    rows = study.result.get("sensitivity") or []
    if not rows:
        return None
    labels = {
        name: str(values.get("label", name))
        for name, values in (study.result.get("conditions") or {}).items()
    }
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["controller"], row["window"], row["baseline"]), []).append(row)
    equation = (study.result.get("choices") or {}).get("equation")
    return Table(
        (
            "Controller",
            "Window",
            "Baselines",
            f"Mean ({equation}, %)",
            "95 % interval (%)",
            "p",
            "Mean over all equations (%)",
            "Largest p",
        ),
        tuple(
            _sensitivity_row(labels.get(controller, controller), window, baseline, group, equation)
            for (controller, window, baseline), group in groups.items()
        ),
        "How much the result depends on choices. One line is the choice of study.yaml.",
    )


def _sensitivity_row(
    label: str,
    window: str,
    baseline: str,
    group: Iterable[Mapping[str, Any]],
    equation: str | None,
) -> Row:
    rows = list(group)
    own = next((row for row in rows if row["equation"] == equation), rows[0])
    means = [mean for row in rows if (mean := known(row["mean_pct"])) is not None]
    name = f"{window}, declared" if own["declared"] else window
    if not means:
        reason = str(own["reason"] or "not computed")
        return Row(label, (text_cell(name), text_cell(baseline), *[Cell(reason=reason)] * 5))
    return Row(
        label,
        (
            text_cell(name),
            text_cell(baseline),
            Cell(fixed(own["mean_pct"], 1)),
            Cell(f"{fixed(own['ci95_low_pct'], 1)} to {fixed(own['ci95_high_pct'], 1)}"),
            Cell(probability(own["p"])),
            Cell(f"{fixed(min(means), 1)} to {fixed(max(means), 1)}"),
            Cell(probability(max(row["p"] for row in rows if row["p"] is not None))),
        ),
    )


def failed_checks(study: Study) -> Table | None:
    """Bouts with a failed check; None where there is none."""
    bouts = [bout for bout in study.result.get("bouts") or [] if bout.get("flags")]
    if not bouts:
        return None
    return Table(
        ("Subject", "Session", "Bout", "Failed", "Rate (W/kg)", "RER", "Change (%)", "Breaths"),
        tuple(
            Row(
                str(bout["subject"]),
                (
                    text_cell(bout["session"]),
                    text_cell(f"{bout['activity']} {bout['number']}"),
                    text_cell(bout["flags"]),
                    Cell(fixed(bout["gross_metabolic_rate_W_kg"])),
                    Cell(fixed(bout["rer"])),
                    Cell(fixed(bout["change_pct"], 1)),
                    Cell(str(bout["n_breaths"])),
                ),
            )
            for bout in bouts
        ),
        "Bouts in which a check failed. None was left out.",
    )
