"""From a file to a `Recording`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from exoflow.trial.carts import checks, copy, custom, identity
from exoflow.trial.carts.detect import detect
from exoflow.trial.carts.family import Family
from exoflow.trial.carts.opening import digest, read_bytes, sheets_of
from exoflow.trial.carts.samples import Samples, read_samples
from exoflow.trial.carts.table import Table
from exoflow.trial.recording import Marker, Recording

# Means over fixed intervals come as regularly as a clock, breaths vary by a fifth or more.
BINNED_VARIATION = 0.1
BINNED_INTERVAL_S = 4.5
# Rounding of VO2 per mass; a mass corrected between tests differs by more.
MASS_TOLERANCE = 0.02


def read_cart(path: Path, column_map: Mapping[str, Any] | None = None) -> Recording:
    """Read one export of a metabolic cart.

    Parameters
    ----------
    path : Path
        What the cart wrote, or a copy by `exoflow trial ingest`. Its content says which cart.
    column_map : mapping, optional
        Describes the columns of a cart that is not known here; see docs/carts.md.

    Returns
    -------
    Recording
        Without name, birth date or id of the subject.

    Raises
    ------
    TrialDataError
        One line with file, sheet, cell or row, what was expected and what to do. Any bytes
        whatever give a recording or this error.
    """
    return read_with_identity(path, column_map)[0]


def read_with_identity(
    path: Path, column_map: Mapping[str, Any] | None = None
) -> tuple[Recording, frozenset[str]]:
    """`read_cart`, and the words that say who it was: to keep them out of a file's name."""
    path = Path(path)
    described = None if column_map is None else custom.parse_column_map(column_map)
    content = read_bytes(path)
    if copy.is_copy(content):
        return copy.read_copy(path, content), frozenset()
    sheets = sheets_of(path, content)
    if described is None:
        cart, family, table = detect(str(path), sheets)
        decimal = ""
    else:
        table = custom.mapped_table(str(path), sheets, described)
        cart, family, decimal = custom.CART, custom.family_of(described), described.decimal
    who = identity.identity_words(table.sheet, table)
    samples = read_samples(table, family.last_row(table), decimal)
    equation = check(table, samples, family)
    markers, warnings = family.events(table)
    mass_kg = _mass_kg(table, samples)
    missing = np.full(len(samples.time_s), np.nan)
    recording = Recording(
        cart=cart,
        file=path.name,
        sha256=digest(content),
        sampling=_sampling(samples),
        rows=samples.rows + 1,
        time_s=samples.time_s,
        vo2_mL_min=samples.values["vo2"],
        vco2_mL_min=samples.values.get("vco2", missing),
        heart_rate_bpm=samples.values.get("heart_rate", missing),
        phase=_phases(samples, who),
        markers=_markers(samples, markers, who),
        energy_W=samples.values.get("energy", missing),
        energy_equation=equation,
        mass_kg=mass_kg,
        warnings=(*samples.warnings, *warnings),
    )
    return recording, who


def check(table: Table, samples: Samples, family: Family) -> str | None:
    """Refuse what contradicts itself; the name of the equation of the energy column."""
    checks.check_limits(table, samples)
    checks.check_against_each_other(table, samples)
    checks.check_neighbours(table, samples)
    checks.suspect_exchange(table, samples)
    return checks.follow_equation(table, samples, family.equations)


def _mass_kg(table: Table, samples: Samples) -> float | None:
    """The mass in the subject block, else the one that VO2 per mass was divided by."""
    typed, divided_by = identity.body_mass_kg(table.sheet, table), checks.own_mass_kg(samples)
    if typed and divided_by and abs(divided_by / typed - 1) > MASS_TOLERANCE:
        samples.warnings.append(
            f"body mass is {typed:g} kg, but {table.label('vo2_per_mass')} was divided by "
            f"{divided_by:g} kg"
        )
    return typed or divided_by


def _phases(samples: Samples, who: frozenset[str]) -> tuple[str, ...]:
    texts = samples.texts.get("phase", [""] * len(samples.time_s))
    return tuple(identity.without_identity(text, who) for text in texts)


def _sampling(samples: Samples) -> str:
    """`binned` if several breaths make a row, or if rows come like a clock."""
    breaths = samples.values.get("breath_number")
    if breaths is not None and np.isfinite(breaths).all():
        return "binned" if np.median(np.diff(breaths)) > 1 else "breath"
    intervals = np.diff(samples.time_s)
    regular = np.subtract(*np.percentile(intervals, [75, 25])) < BINNED_VARIATION * np.median(
        intervals
    )
    return "binned" if regular and np.median(intervals) >= BINNED_INTERVAL_S else "breath"


def _markers(samples: Samples, events: list[Marker], who: frozenset[str]) -> tuple[Marker, ...]:
    column = samples.texts.get("marker", [])
    marked = [
        Marker(float(time), text)
        for time, text in zip(samples.time_s, column, strict=False)
        if text
    ]
    return tuple(
        Marker(marker.time_s, identity.without_identity(marker.text, who))
        for marker in sorted([*marked, *events], key=lambda marker: marker.time_s)
    )
