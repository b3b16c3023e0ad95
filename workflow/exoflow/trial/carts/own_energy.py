"""The equations that carts use for their own energy columns.

They are recomputed from VO2 and VCO2 on reading: a difference means a unit or a column error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from exoflow.trial import energy
from exoflow.trial.carts.units import JOULE_PER_KCAL
from exoflow.trial.energy import metabolic_power_W

W_PER_KCAL_MIN = JOULE_PER_KCAL / 60

# Lusk's line from fat (RER 0.707) to carbohydrate (1.0), kcal per litre of oxygen.
LUSK_RER = (0.707, 1.0)
LUSK_KCAL_L = (4.686, 5.047)
# MetaSoft Studio's EU: fitted to an export, which it meets to its last digit. The heat of a
# litre of oxygen rises with RER up to this RER, above which it stays.
STUDIO_KCAL_L = (3.81444, 1.195)
STUDIO_LARGEST_RER = 0.982


def linear(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Power (W) from VO2 and VCO2 (mL/min) by an equation of `trial/energy.py`."""
    return partial(metabolic_power_W, equation=energy.EQUATIONS[name])


def lusk(vo2_mL_min: np.ndarray, vco2_mL_min: np.ndarray) -> np.ndarray:
    """Lusk (1924), no protein; RER below 0.707 and above 1 count as these."""
    kcal_L = np.interp(vco2_mL_min / vo2_mL_min, LUSK_RER, LUSK_KCAL_L)
    return kcal_L * vo2_mL_min / 1000 * W_PER_KCAL_MIN


def cortex_studio(vo2_mL_min: np.ndarray, vco2_mL_min: np.ndarray) -> np.ndarray:
    """EU of Cortex MetaSoft Studio."""
    rer = np.minimum(vco2_mL_min / vo2_mL_min, STUDIO_LARGEST_RER)
    kcal_L = STUDIO_KCAL_L[0] + STUDIO_KCAL_L[1] * rer
    return kcal_L * vo2_mL_min / 1000 * W_PER_KCAL_MIN


# Power in W from VO2 and VCO2 in mL/min, by the names that `Recording.energy_equation` takes.
EQUATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "weir_rounded": linear("weir_rounded"),
    "cosmed_legacy": linear("cosmed_legacy"),
    "weir": linear("weir"),
    "lusk": lusk,
    "cortex_studio": cortex_studio,
    "brockway": linear("brockway"),
    "elia_livesey": linear("elia_livesey"),
    "peronnet_massicotte": linear("peronnet_massicotte"),
}
