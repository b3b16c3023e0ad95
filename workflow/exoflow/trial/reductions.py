"""Per-subject reductions of the net metabolic rate, and their csv file."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.schema import did_you_mean, read_text

REDUCTION_COLUMN = "net_metabolic_rate_reduction_pct"
TORQUE_COLUMN = "peak_torque_Nm"
REQUIRED_COLUMNS = ("subject", "controller", REDUCTION_COLUMN)
OPTIONAL_COLUMNS = (TORQUE_COLUMN,)

# A walker who doubles the net rate is at -100 %; nobody walks for free.
REDUCTION_RANGE_PCT = (-100.0, 100.0)
TORQUE_RANGE_NM = (0.0, 300.0)


@dataclass(frozen=True)
class Reductions:
    """One number per subject and controller: the record the statistics start from.

    Attributes
    ----------
    subjects : tuple of str, length n
        In the order of study.yaml; every sequence below has this order.
    reduction_pct : dict of controller to tuple of float, length n
        100 (free - exo) / free of the net metabolic rate, %; positive = less effort.
    peak_torque_Nm : dict of controller to tuple of float or None, length n
        Peak assistive torque, Nm; None where the file gives none.
    """

    subjects: tuple[str, ...]
    reduction_pct: dict[str, tuple[float, ...]]
    peak_torque_Nm: dict[str, tuple[float | None, ...]]


def read_reductions(file: Path, subjects: Sequence[str], controllers: Sequence[str]) -> Reductions:
    """Read a csv of published reductions, one row per subject and controller.

    Parameters
    ----------
    file : Path
        Comma-separated, UTF-8, decimal points, columns `subject`, `controller`,
        `net_metabolic_rate_reduction_pct` (%) and, if known, `peak_torque_Nm` (Nm).
    subjects, controllers : sequence of str
        The ids of study.yaml. Every pair must have exactly one row.

    Raises
    ------
    TrialDataError
        Names the file, and the row (the header is row 1) and column or the pair at fault.
    """
    rows = _read_rows(file)
    reduction: dict[tuple[str, str], float] = {}
    torque: dict[tuple[str, str], float | None] = {}
    for number, row in rows:
        where = f"{file}: row {number}"
        subject = _known(where, "subject", row["subject"], subjects)
        controller = _known(where, "controller", row["controller"], controllers)
        pair = (subject, controller)
        where = f"{where} (subject {subject}, {controller})"
        if pair in reduction:
            raise TrialDataError(
                f"{where} is given twice. Keep one row per subject and controller."
            )
        reduction[pair] = _number(where, REDUCTION_COLUMN, row, "%", REDUCTION_RANGE_PCT)
        torque[pair] = (
            _number(where, TORQUE_COLUMN, row, "Nm", TORQUE_RANGE_NM)
            if row.get(TORQUE_COLUMN)
            else None
        )
    for subject in subjects:
        for controller in controllers:
            if (subject, controller) not in reduction:
                raise TrialDataError(
                    f"{file}: subject {subject} has no row for controller {controller}. Paired "
                    "tests need every subject with every controller: add it, or remove the subject "
                    "from study.yaml and from this file."
                )
    return Reductions(
        subjects=tuple(subjects),
        reduction_pct={c: tuple(reduction[s, c] for s in subjects) for c in controllers},
        peak_torque_Nm={c: tuple(torque[s, c] for s in subjects) for c in controllers},
    )


def _read_rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows as (row number in the file, cells by column), blank rows left out."""
    lines = list(csv.reader(read_text(file).splitlines()))
    if not lines:
        raise TrialDataError(f"{file}: is empty. Columns needed: {', '.join(REQUIRED_COLUMNS)}.")
    header = [name.strip() for name in lines[0]]
    for name in header:
        if name not in REQUIRED_COLUMNS + OPTIONAL_COLUMNS:
            if ";" in name:
                raise TrialDataError(
                    f"{file}: row 1: columns are separated by ';'. Save it with commas."
                )
            hint = did_you_mean(name, REQUIRED_COLUMNS + OPTIONAL_COLUMNS)
            raise TrialDataError(f"{file}: row 1: unknown column {name!r}. {hint}")
        if header.count(name) > 1:
            raise TrialDataError(f"{file}: row 1: column {name} is given twice.")
    for name in REQUIRED_COLUMNS:
        if name not in header:
            raise TrialDataError(
                f"{file}: column {name} is missing. Columns found: {', '.join(header)}."
            )
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise TrialDataError(
                f"{file}: row {number} has {len(cells)} cells, the header has {len(header)}. "
                + (
                    "Write numbers with a decimal point."
                    if len(cells) > len(header)
                    else "Complete the row; the file may be cut."
                )
            )
        rows.append((number, dict(zip(header, cells, strict=True))))
    return rows


def _known(where: str, column: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        hint = did_you_mean(value, allowed)
        raise TrialDataError(f"{where}: {column} = {value!r} is not in study.yaml. {hint}")
    return value


def _number(
    where: str, column: str, row: dict[str, str], unit: str, limits: tuple[float, float]
) -> float:
    cell = row[column]
    if not cell:
        raise TrialDataError(f"{where}: {column} is empty. Give a number in {unit}.")
    try:
        # Python reads 7_9 as 79; a lab means 7.9.
        value = float(cell.replace("_", "?"))
    except ValueError:
        raise TrialDataError(
            f"{where}: {column} = {cell!r} is not a number. "
            f"Give one in {unit}, with a decimal point."
        ) from None
    if not math.isfinite(value):
        raise TrialDataError(f"{where}: {column} = {cell} is not finite. Give a number in {unit}.")
    low, high = limits
    if not low <= value <= high:
        raise TrialDataError(f"{where}: {column} = {value:g} {unit} is outside {low:g}..{high:g}.")
    return value
