"""Whether a file's numbers can be what they are called: limits, and columns against columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.trial.carts import units
from exoflow.trial.carts.own_energy import EQUATIONS
from exoflow.trial.carts.samples import Samples, named_rows
from exoflow.trial.carts.table import Table

# A small child asleep and an Olympic rower; one breath may read more than a minute's mean.
MEDIAN_VO2_RANGE_mL_min = (80.0, 7000.0)
LARGEST_BREATH_mL_min = 12_000.0
# Below fat and above hard exercise; with VO2 and VCO2 exchanged, rest gives 1.1 to 1.4.
MEDIAN_RER_RANGE = (0.6, 1.4)
MASS_RANGE_kg = (15.0, 300.0)

# Breaths differ more in VO2 than in RER, by a factor of 2 at rest and more in exercise.
RER_STEADIER = 1.5

# So many breaths or means are never all the same.
FEWEST_TO_DIFFER = 10
# Nobody sets more carbon dioxide free than he takes up oxygen, but in hard exercise.
USUAL_RER = 1.0
# Columns that tell VO2 from VCO2.
VOUCHERS = frozenset({"rer", "vo2_per_mass", "energy"})

# Breaths of a walker differ by a tenth, a cough or a sigh by a factor of 3.
NEIGHBOUR_FACTOR = 5.0
NEIGHBOURS = 5

# Columns computed from each other agree to their last digit; what is further apart than this is
# another quantity, or a cell that somebody changed.
ROW_TOLERANCE = 0.05
MAX_CONTRADICTIONS_SHARE = 0.02
MAX_CONTRADICTIONS_FEW = 3
# Energy equations differ by 1 to 5 %: within the first it is this one, beyond the second none.
EQUATION_TOLERANCE = 0.01
ENERGY_TOLERANCE = 0.03
# Half a digit, and what binary fractions add.
ROUNDING_MARGIN = 1.01


def check_limits(table: Table, samples: Samples) -> None:
    """Refuse gas exchange that no person has.

    Raises
    ------
    TrialDataError
        Names the column and its unit, or the cell.
    """
    for quantity in ("vo2", "vco2"):
        if quantity in samples.values:
            _check_range(table, samples, quantity)
    if "vco2" in samples.values:
        _check_rer(table, samples)
    if "rer" in samples.values and not {"vo2_per_mass", "energy"} & samples.values.keys():
        _check_ratio_is_steady(table, samples)


def _check_range(table: Table, samples: Samples, quantity: str) -> None:
    column = table.columns[quantity]
    values = samples.values[quantity]
    if not np.isfinite(values).any():
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, column.index)}: {column.label} has no value in "
            f"any of {len(values)} rows. Export the test again with this column."
        )
    median = float(np.nanmedian(values))
    low, high = MEDIAN_VO2_RANGE_mL_min
    if not 0.5 * low <= median <= 1.5 * high if quantity == "vco2" else not low <= median <= high:
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, column.index)}: the median of {column.label} is "
            f"{median:.4g} mL/min if its unit is {column.unit}. Expected {low:g}..{high:g} "
            "mL/min: check the unit and the column."
        )
    finite = values[np.isfinite(values)]
    if finite.size >= FEWEST_TO_DIFFER and finite.min() == finite.max():
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, column.index)}: {column.label} is "
            f"{finite[0]:.5g} mL/min in all {finite.size} rows. Expected values that change from "
            "row to row: export the test again."
        )
    for i in np.flatnonzero((values < 0) | (values > LARGEST_BREATH_mL_min)):
        raise TrialDataError(
            f"{table.sheet.place(int(samples.rows[i]), column.index)}: {column.label} is "
            f"{values[i]:.5g} mL/min. Expected 0..{LARGEST_BREATH_mL_min:g}: correct the cell, or "
            "empty it."
        )


def _check_rer(table: Table, samples: Samples) -> None:
    vo2, vco2 = samples.values["vo2"], samples.values["vco2"]
    both = np.isfinite(vo2) & np.isfinite(vco2)
    if not both.any():
        raise TrialDataError(
            f"{table.sheet.place(table.header_row)}: no row has both {table.label('vo2')} and "
            f"{table.label('vco2')}. Export the test again with both."
        )
    median = float(np.median(vco2[both] / vo2[both]))
    low, high = MEDIAN_RER_RANGE
    if not low <= median <= high:
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, table.columns['vco2'].index)}: the median of "
            f"{table.label('vco2')} / {table.label('vo2')} is {median:.4g}. Expected "
            f"{low}..{high}: the columns may be swapped, or a unit may be wrong."
        )


def _check_ratio_is_steady(table: Table, samples: Samples) -> None:
    """Tell RER from VO2 in L/min: VCO2 divided by the one gives the other, both are about 1."""
    column = table.columns["vo2"]
    as_written = samples.values["vo2"] / (units.factor("vo2", column.unit) or 1.0)
    low, high = MEDIAN_RER_RANGE
    if not low <= np.nanmedian(as_written) <= high:
        return
    variation = _variation(samples.values["rer"])
    if variation > RER_STEADIER * _variation(as_written):
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, table.columns['rer'].index)}: "
            f"{table.label('rer')} varies by {100 * variation:.0f} %, more than {column.label}. "
            "Expected the reverse: the columns may be swapped."
        )


def _variation(values: np.ndarray) -> float:
    """Coefficient of variation."""
    return float(np.nanstd(values) / np.nanmean(values))


def suspect_exchange(table: Table, samples: Samples) -> None:
    """Warn of more carbon dioxide than oxygen where no other column tells which is which."""
    values = samples.values
    if "vco2" not in values or VOUCHERS & values.keys():
        return
    ratio = float(np.nanmedian(values["vco2"] / values["vo2"]))
    if ratio > USUAL_RER:
        samples.warnings.append(
            f"the median of {table.label('vco2')} / {table.label('vo2')} is {ratio:.3g}, as in "
            "hard exercise or in swapped columns; nothing else in the file tells which"
        )


def check_against_each_other(table: Table, samples: Samples) -> None:
    """Compare VO2 and VCO2 with the RER and the VO2 per mass that the cart computed from them.

    Rows that contradict themselves lose their VO2, VCO2 and energy, with a warning; many of them
    mean that a column is not what its name says.

    Raises
    ------
    TrialDataError
        Names the columns and the first rows that contradict.
    """
    values = samples.values
    with np.errstate(divide="ignore", invalid="ignore"):
        if "rer" in values and "vco2" in values:
            rer = np.where(values["rer"] > 0, values["rer"], np.nan)
            expected = values["vco2"] / values["vo2"]
            slack = (
                _step(samples, "rer")
                + (_step(samples, "vco2") + expected * _step(samples, "vo2")) / values["vo2"]
            )
            text = f"{table.label('vco2')} / {table.label('vo2')} is not {table.label('rer')}"
            _settle(table, samples, "rer", text, rer, expected, slack)
        if "vo2_per_mass" in values:
            _check_mass(table, samples)


def _check_mass(table: Table, samples: Samples) -> None:
    vo2, per_mass = samples.values["vo2"], samples.values["vo2_per_mass"]
    ratio = np.where(per_mass > 0, vo2 / per_mass, np.nan)
    if not np.isfinite(ratio).any():
        return
    mass_kg = float(np.nanmedian(ratio))
    low, high = MASS_RANGE_kg
    if not low <= mass_kg <= high:
        column = table.columns["vo2_per_mass"]
        raise TrialDataError(
            f"{table.sheet.place(table.header_row, column.index)}: {table.label('vo2')} is "
            f"{mass_kg:.4g} times {column.label}, which would be the body mass in kg. Expected "
            f"{low:g}..{high:g}: check the units of both."
        )
    expected = vo2 / mass_kg
    slack = _step(samples, "vo2_per_mass") * (1 + expected / np.nanmedian(per_mass))
    slack = slack + _step(samples, "vo2") / mass_kg
    text = f"{table.label('vo2')} does not fit {table.label('vo2_per_mass')}"
    _settle(table, samples, "vo2_per_mass", text, per_mass, expected, slack)


def _step(samples: Samples, quantity: str) -> float:
    """Half of the last digit: what rounding may have taken away."""
    return 0.5 * ROUNDING_MARGIN * samples.resolution[quantity]


def _settle(
    table: Table,
    samples: Samples,
    quantity: str,
    text: str,
    found: np.ndarray,
    expected: np.ndarray,
    slack: np.ndarray,
) -> None:
    comparable = np.isfinite(found) & np.isfinite(expected)
    apart = np.abs(found - expected) > slack + ROW_TOLERANCE * np.abs(found)
    wrong = np.flatnonzero(comparable & apart)
    if not len(wrong):
        return
    named = named_rows(samples.rows[wrong])
    limit = max(MAX_CONTRADICTIONS_FEW, MAX_CONTRADICTIONS_SHARE * comparable.sum())
    if len(wrong) > limit or len(wrong) == comparable.sum():
        i = wrong[0]
        place = table.sheet.place(int(samples.rows[i]), table.columns[quantity].index)
        raise TrialDataError(
            f"{place}: {text}: {expected[i]:.4g} against {found[i]:.4g}, and so in {len(wrong)} of "
            f"{comparable.sum()} rows. A column or a unit is wrong: export the test again."
        )
    samples.warnings.append(f"{text} in {named}: no value")
    for name in ("vo2", "vco2", "energy"):
        if name in samples.values:
            samples.values[name][wrong] = np.nan


def check_neighbours(table: Table, samples: Samples) -> None:
    """Where no other column vouches for VO2 and VCO2, their neighbours have to.

    A value far from the median of the rows around it is no value then, with a warning.
    """
    if VOUCHERS & samples.values.keys():
        return
    for quantity in {"vo2", "vco2"} & samples.values.keys():
        values = samples.values[quantity]
        around = _median_around(values)
        with np.errstate(invalid="ignore"):
            far = (values > NEIGHBOUR_FACTOR * around) | (values * NEIGHBOUR_FACTOR < around)
        if far.any():
            samples.warnings.append(
                f"{table.label(quantity)} is far from its neighbours in "
                f"{named_rows(samples.rows[far])}: no value"
            )
            values[far] = np.nan


def _median_around(values: np.ndarray) -> np.ndarray:
    """Median of each value and up to `NEIGHBOURS` on both sides, NaN left out."""
    padded = np.pad(values, NEIGHBOURS, constant_values=np.nan)
    # Sorting puts NaN last, so the median stands in the middle of the finite ones before.
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1), axis=1)
    n_finite = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(values))
    return (ordered[rows, (n_finite - 1) // 2] + ordered[rows, n_finite // 2]) / 2


def own_mass_kg(samples: Samples) -> float | None:
    """The body mass the cart divided by, where it shows enough digits; None otherwise."""
    per_mass = samples.values.get("vo2_per_mass")
    if per_mass is None or not (per_mass > 0).any():
        return None
    if samples.resolution["vo2_per_mass"] > 0.01 * np.nanmedian(per_mass):
        return None
    ratio = samples.values["vo2"][per_mass > 0] / per_mass[per_mass > 0]
    return round(float(np.nanmedian(ratio)), 1)


def follow_equation(
    table: Table, samples: Samples, allowed: Sequence[str] = tuple(EQUATIONS)
) -> str | None:
    """The equation that the cart's energy column follows.

    Parameters
    ----------
    table : Table
    samples : Samples
        Rows whose energy contradicts the equation lose their values, as above.
    allowed : sequence of str
        Names to try.

    Returns
    -------
    str or None
        None without an energy column, or if the nearest equation is 1 to 3 % away (a warning
        says so).

    Raises
    ------
    TrialDataError
        If the nearest equation is further away.
    """
    energy = samples.values.get("energy")
    if energy is None or "vco2" not in samples.values:
        return None
    vo2, vco2 = samples.values["vo2"], samples.values["vco2"]
    usable = np.isfinite(vo2) & np.isfinite(vco2) & np.isfinite(energy) & (energy > 0)
    if not usable.any():
        return None
    distance = {
        name: float(np.median(np.abs(energy / EQUATIONS[name](vo2, vco2) - 1)[usable]))
        for name in allowed
    }
    nearest = min(distance, key=distance.__getitem__)
    column = table.columns["energy"]
    place = table.sheet.place(table.header_row, column.index)
    if distance[nearest] > ENERGY_TOLERANCE:
        raise TrialDataError(
            f"{place}: {column.label} in {column.unit} does not follow from "
            f"{table.label('vo2')} and {table.label('vco2')}: the nearest equation, {nearest}, is "
            f"{100 * distance[nearest]:.3g} % away. A column or a unit is wrong: export the test "
            "again."
        )
    if distance[nearest] > EQUATION_TOLERANCE:
        samples.warnings.append(
            f"{column.label} follows no equation known here; the nearest, {nearest}, is "
            f"{100 * distance[nearest]:.1f} % away"
        )
        return None
    _settle(
        table,
        samples,
        "energy",
        f"{column.label} is not {nearest} of {table.label('vo2')} and {table.label('vco2')}",
        np.where(usable, energy, np.nan),
        EQUATIONS[nearest](vo2, vco2),
        _energy_slack(samples),
    )
    return nearest


def _energy_slack(samples: Samples) -> np.ndarray:
    """Rounding of energy, and of VO2 and VCO2 at some 5 kcal, 350 W, a litre a minute."""
    gas_mL_min = _step(samples, "vo2") + _step(samples, "vco2")
    step = _step(samples, "energy") + 0.35 * gas_mL_min
    return np.full(len(samples.time_s), step)


def largest_energy_difference(
    equation: str, energy_W: np.ndarray, vo2_mL_min: np.ndarray, vco2_mL_min: np.ndarray
) -> float:
    """Largest |cart's energy - equation| over the samples, W."""
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.abs(energy_W - EQUATIONS[equation](vo2_mL_min, vco2_mL_min))
    return float(np.nanmax(difference))
