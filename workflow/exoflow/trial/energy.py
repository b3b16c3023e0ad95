"""Metabolic power from respiratory gas exchange, by the equation a study names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exoflow.errors import TrialDataError
from exoflow.trial.schema import did_you_mean

JOULE_PER_CALORIE = 4.184  # thermochemical
SECONDS_PER_MINUTE = 60.0
# Fat alone gives .70, carbohydrate 1.00; a walker who has eaten is between.
ASSUMED_RER_RANGE = (0.70, 1.00)
# Sleep takes about 1 W/kg, an all-out sprint about 25: outside, a unit or a column is wrong.
PLAUSIBLE_RATE_W_KG = (0.5, 25.0)


@dataclass(frozen=True)
class EnergyEquation:
    """Energy per volume of gas (STPD): power is linear in both uptakes.

    Attributes
    ----------
    vo2_kJ_L, vco2_kJ_L : float
        kJ per litre of oxygen taken up and of carbon dioxide given off.
    source : str
        Where the coefficients come from, as a methods section names it.
    """

    name: str
    vo2_kJ_L: float
    vco2_kJ_L: float
    source: str


def _in_kcal(name: str, vo2_kcal_L: float, vco2_kcal_L: float, source: str) -> EnergyEquation:
    return EnergyEquation(
        name, vo2_kcal_L * JOULE_PER_CALORIE, vco2_kcal_L * JOULE_PER_CALORIE, source
    )


EQUATIONS = {
    equation.name: equation
    for equation in (
        EnergyEquation("brockway", 16.58, 4.51, "Brockway 1987, urinary nitrogen neglected"),
        # Printed as 0.278 and 0.075 W per mL/min; 60 s/min makes them 16.68 and 4.50 kJ/L.
        EnergyEquation(
            "brockway_rounded",
            0.278 * SECONDS_PER_MINUTE,
            0.075 * SECONDS_PER_MINUTE,
            'the "modified" Brockway equation, rounded (0.278 and 0.075 W per mL/min)',
        ),
        _in_kcal("weir", 3.941, 1.106, "Weir 1949, urinary nitrogen neglected"),
        _in_kcal("weir_rounded", 3.9, 1.1, "Weir 1949 with rounded coefficients (3.9, 1.1 kcal/L)"),
        EnergyEquation("elia_livesey", 15.818, 5.176, "Elia and Livesey 1992"),
        EnergyEquation("peronnet_massicotte", 16.89, 4.84, "Peronnet and Massicotte 1991"),
        _in_kcal("cosmed_legacy", 3.781, 1.237, "the EEm column of older COSMED exports"),
    )
}


def find_equation(name: str) -> EnergyEquation:
    """The equation of that name.

    Raises
    ------
    TrialDataError
        If there is none; lists those that there are.
    """
    if name not in EQUATIONS:
        raise TrialDataError(
            f"energy equation {name!r} is unknown. {did_you_mean(name, EQUATIONS)}"
        )
    return EQUATIONS[name]


def metabolic_power_W(
    vo2_mL_min: ArrayLike, vco2_mL_min: ArrayLike, equation: EnergyEquation
) -> np.ndarray:
    """Gross metabolic power.

    Parameters
    ----------
    vo2_mL_min, vco2_mL_min : array_like, any equal shape
        Oxygen uptake and carbon dioxide output, mL/min (STPD).
    equation : EnergyEquation

    Returns
    -------
    ndarray
        W, of the same shape. Standing is not subtracted.

    Notes
    -----
    1 kJ/L is 1 J/mL, so (J/mL) (mL/min) / (60 s/min) is W.
    """
    vo2, vco2 = np.asarray(vo2_mL_min, dtype=float), np.asarray(vco2_mL_min, dtype=float)
    return (equation.vo2_kJ_L * vo2 + equation.vco2_kJ_L * vco2) / SECONDS_PER_MINUTE


def assumed_vco2_mL_min(vo2_mL_min: ArrayLike, assumed_rer: float) -> np.ndarray:
    """Carbon dioxide output of a cart that measures oxygen alone: an estimate, to be named one."""
    return assumed_rer * np.asarray(vo2_mL_min, dtype=float)
