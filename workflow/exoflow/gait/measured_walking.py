"""Strides and metabolic cost that others measured on people, near the speed of a gait.

Tables, sources and what they leave open: ``data/norms/README.md``. The sources differ by 20 %
in stride frequency at one speed, so every source is shown; one is taken as the reference.
"""

import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exoflow.errors import UserError
from exoflow.gait.norms import default_norms_path

REFERENCE = "Koelewijn 2019"
# How far a gait may lie outside the speeds of a source, m/s, and from its grade, %.
SPEED_MARGIN_M_S = 0.1
GRADE_MARGIN_PCT = 1.0


@dataclass(frozen=True)
class MeasuredStrides:
    """Strides of one source at the speed of a gait, and how far the gait is off, %."""

    source: str
    speed_m_s: float
    """Speed compared at: the gait's, or the nearest measured one."""
    rows_m_s: tuple[float, ...]
    """Measured speeds the values come from: one, or the two around (interpolated)."""
    stride_frequency_Hz: float
    stride_length_m: float
    frequency_deviation_pct: float
    length_deviation_pct: float


@dataclass(frozen=True)
class MeasuredCost:
    """Metabolic cost of one source at the speed of a gait."""

    source: str
    basis: str
    """net (standing subtracted) or unclear: not labelled or doubtful, by its size gross."""
    speed_m_s: float
    rows_m_s: tuple[float, ...]
    cost_of_transport_J_kg_m: float
    deviation_pct: float | None
    """The gait's gross cost against it; None for a net cost, which is another quantity."""


def compare_strides(
    speed_m_s: float, stride_frequency_Hz: float, stride_length_m: float, slope_deg: float = 0.0
) -> tuple[MeasuredStrides, ...]:
    """What each source measured at this speed and grade; the reference first.

    Parameters
    ----------
    speed_m_s, stride_frequency_Hz, stride_length_m : float
        Of the gait.
    slope_deg : float
        Uphill positive. Sources without this grade (within 1 %) are left out.

    Returns
    -------
    tuple of MeasuredStrides
        Interpolated linearly in speed; the nearest row where the gait lies at most 0.1 m/s
        outside; empty when no source is near.
    """
    found = []
    for source, rows in _near(_table("temporal_spatial_by_speed.csv"), slope_deg).items():
        place = _place(rows, speed_m_s)
        if place is None:
            continue
        frequency = _at(rows, place[0], "stride_frequency_Hz")
        length = _at(rows, place[0], "stride_length_m")
        found.append(
            MeasuredStrides(
                source, *place, frequency, length,
                100.0 * (stride_frequency_Hz / frequency - 1.0),
                100.0 * (stride_length_m / length - 1.0),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda measured: measured.source != REFERENCE))


def compare_cost(
    speed_m_s: float, cost_of_transport_J_kg_m: float, slope_deg: float = 0.0
) -> tuple[MeasuredCost, ...]:
    """Measured cost of transport at this speed and grade; the reference first.

    Parameters
    ----------
    speed_m_s : float
        Of the gait.
    cost_of_transport_J_kg_m : float
        Gross cost of the gait, basal rate included.
    slope_deg : float
        As in `compare_strides`.

    Returns
    -------
    tuple of MeasuredCost
        Usual walking only: no added mass, no stride frequency other than the preferred.
    """
    usual = tuple(r for r in _table("metabolics_by_speed.csv") if r["walking"] == "usual")
    found = []
    for source, rows in _near(usual, slope_deg).items():
        place = _place(rows, speed_m_s)
        if place is None:
            continue
        cost = _at(rows, place[0], "metabolic_power_W_kg") / place[0]
        basis = rows[0]["basis"]
        deviation = None if basis == "net" else 100.0 * (cost_of_transport_J_kg_m / cost - 1.0)
        found.append(MeasuredCost(source, basis, *place, cost, deviation))
    return tuple(sorted(found, key=lambda measured: measured.source != REFERENCE))


def reference_deviations(
    speed_m_s: float, stride_frequency_Hz: float, stride_length_m: float, slope_deg: float = 0.0
) -> dict[str, float | None]:
    """Deviation from the reference, keyed as in the result files; None where it has no row near."""
    measured = compare_strides(speed_m_s, stride_frequency_Hz, stride_length_m, slope_deg)
    reference = next((m for m in measured if m.source == REFERENCE), None)
    return {
        "stride_frequency_vs_koelewijn2019_pct": (
            None if reference is None else reference.frequency_deviation_pct
        ),
        "stride_length_vs_koelewijn2019_pct": (
            None if reference is None else reference.length_deviation_pct
        ),
    }


def _near(rows: tuple[dict[str, str], ...], slope_deg: float) -> dict[str, list[dict[str, str]]]:
    """Rows of about this grade by source, in order of speed."""
    grade = 100.0 * math.tan(math.radians(slope_deg))
    by_source: dict[str, list[dict[str, str]]] = {}
    for row in sorted(rows, key=lambda row: float(row["speed_m_s"])):
        if abs(float(row["grade_pct"]) - grade) <= GRADE_MARGIN_PCT:
            by_source.setdefault(row["source"], []).append(row)
    return by_source


def _place(rows: list[dict[str, str]], speed_m_s: float) -> tuple[float, tuple[float, ...]] | None:
    """Speed to compare at and the measured speeds around it; None when it is too far away."""
    speeds = [float(row["speed_m_s"]) for row in rows]
    speed = min(max(speed_m_s, speeds[0]), speeds[-1])
    if abs(speed - speed_m_s) > SPEED_MARGIN_M_S:
        return None
    below = max(s for s in speeds if s <= speed)
    above = min(s for s in speeds if s >= speed)
    return speed, tuple(dict.fromkeys((below, above)))


def _at(rows: list[dict[str, str]], speed_m_s: float, column: str) -> float:
    speeds = [float(row["speed_m_s"]) for row in rows]
    return float(np.interp(speed_m_s, speeds, [float(row[column]) for row in rows]))


def _table(name: str) -> tuple[dict[str, str], ...]:
    return _read(default_norms_path().with_name(name))


@functools.lru_cache(maxsize=4)
def _read(path: Path) -> tuple[dict[str, str], ...]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return tuple(csv.DictReader(file))
    except FileNotFoundError as error:
        raise UserError(
            f"data/norms/{path.name} is missing. Run exoflow in the repository, or restore the "
            "file."
        ) from error
