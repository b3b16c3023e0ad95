"""How far a replay lies from what was recorded, as text of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from exoflow.figures.comparison_text import WIDTH, aligned, number, signed
from exoflow.records.drift import FIXED, Drift

COLUMNS = ("metric", "recorded", "replayed", "drift", "tolerance")
# Tolerances without seeds are a choice, and marked as one.
FIXED_MARK = "*"


def drift_text(
    condition: str,
    n_files: int,
    different: Sequence[str],
    drifts: Sequence[Drift],
    other_computer: str | None,
) -> str:
    """A verdict on the hashes, then every metric that drifted.

    Parameters
    ----------
    condition
        Id of the condition.
    n_files, different
        How many files were compared, and which say something else.
    drifts
        Every metric.
    other_computer
        Why equal hashes are not to be expected; None where they are.
    """
    equal = n_files - len(different)
    share = f"{n_files} files" if equal == n_files else f"{equal} of {n_files} files"
    lines = [f"{condition}: equal exoflow hash, {share}"]
    if other_computer is None:
        lines.append("same kind of processor, same versions: every file must be equal")
    else:
        lines += textwrap.wrap(f"tolerances apply: {other_computer}", WIDTH)
    moved = [one for one in drifts if one.difference or one.beyond]
    if not moved:
        return "\n".join([*lines, f"{len(drifts)} metrics, no drift"])
    table = [COLUMNS, *(row(one) for one in moved)]
    lines += ["", *(line.rstrip() for line in aligned(table)), ""]
    lines.append(
        f"{len(drifts)} metrics: {len(moved)} drifted, "
        f"{sum(one.beyond for one in drifts)} beyond tolerance (!)"
    )
    if any(one.tolerance and one.tolerance.source == FIXED for one in moved):
        lines.append(f"{FIXED_MARK} no seeds: a fixed tolerance (docs/workflow.md)")
    return "\n".join(lines)


def row(one: Drift) -> tuple[str, ...]:
    """Cells of one metric."""
    mark = "! " if one.beyond else "  "
    allowed = "" if one.tolerance is None else number(one.tolerance.value, 2)
    if one.tolerance and one.tolerance.source == FIXED:
        allowed += FIXED_MARK
    return (
        mark + " ".join(one.key),
        "-" if one.recorded is None else number(one.recorded.mean),
        "-" if one.replayed is None else number(one.replayed.mean),
        signed(one.difference),
        allowed,
    )
