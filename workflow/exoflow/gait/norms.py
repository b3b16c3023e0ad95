"""Norms of human gait by walking speed (Schwartz, Rozumalski & Trost 2008).

The table, its source, licence (CC BY-SA 4.0) and limits stand in
``data/norms/README.md``: typically developing children, level ground.
"""

import csv
import functools
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from exoflow.errors import UserError

NORMS_FILE = "schwartz2008_gait_by_speed.csv"

# Speed at the centre of each band for the walker's leg, m/s: nondimensional
# centres 0.159, 0.295, 0.431, 0.568, 0.704 times sqrt(9.81 m/s2 * 0.883 m).
# The table carries no speeds; see data/norms/README.md.
BAND_SPEED_M_S = {
    "VerySlow": 0.47,
    "Slow": 0.87,
    "Free": 1.27,
    "Fast": 1.67,
    "VeryFast": 2.07,
}

# The walker's joints and the norm's name for the angle (flexion and
# dorsiflexion positive, deg).
JOINT_VARIABLE = {
    "hip": "hip_flexion",
    "knee": "knee_flexion",
    "ankle": "ankle_dorsiflexion",
}

# Its internal moments (Nm/kg, extension and plantarflexion positive) and powers (W/kg,
# generation positive).
JOINT_MOMENT = {
    "hip": "hip_extension_moment",
    "knee": "knee_extension_moment",
    "ankle": "ankle_plantarflexion_moment",
}
JOINT_POWER = {"hip": "hip_power", "knee": "knee_power", "ankle": "ankle_power"}

_REPOSITORY = Path(__file__).resolve().parents[3]


class NormCurve(NamedTuple):
    """One variable over the gait cycle; every array has shape (51,)."""

    gait_pct: np.ndarray
    """0 to 100 %, heel strike to heel strike."""
    lower: np.ndarray
    """Mean - 1 SD, in the unit of the variable (deg, Nm/kg or W/kg)."""
    upper: np.ndarray
    """Mean + 1 SD."""
    mean: np.ndarray


def load_norms(path: Path | str | None = None) -> dict[str, dict[str, NormCurve]]:
    """Norm curves as ``norms[band][variable]``.

    Parameters
    ----------
    path : path, optional
        Another table of the same columns. Default: the shipped one.

    Returns
    -------
    dict of dict of NormCurve
        Bands as in `BAND_SPEED_M_S`; variables such as ``hip_flexion`` (deg).
        The arrays are shared and read-only.

    Raises
    ------
    UserError
        If the table is missing or a row holds no number (names the line).
    """
    return _read_norms(Path(path) if path is not None else default_norms_path())


def default_norms_path() -> Path:
    """Where the shipped norm table lies: the repository, else the working folder."""
    places = [folder / "data" / "norms" / NORMS_FILE for folder in (_REPOSITORY, Path.cwd())]
    for place in places:
        if place.is_file():
            return place
    raise UserError(
        f"data/norms/{NORMS_FILE} is missing. Run exoflow in the repository, or restore the file."
    )


def band_for_speed(speed_m_s: float) -> str:
    """Name of the band whose centre is nearest to a walking speed.

    Parameters
    ----------
    speed_m_s : float
        Walking speed of an adult-sized walker, m/s. A tie goes to the slower band.

    Raises
    ------
    ValueError
        If the speed is not a finite number.
    """
    if not math.isfinite(speed_m_s):
        raise ValueError(f"speed_m_s = {speed_m_s} has no norm band: it must be finite.")
    return min(BAND_SPEED_M_S, key=lambda band: abs(BAND_SPEED_M_S[band] - speed_m_s))


@functools.lru_cache(maxsize=4)
def _read_norms(path: Path) -> dict[str, dict[str, NormCurve]]:
    rows: dict[str, dict[str, list[list[float]]]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line, row in enumerate(csv.DictReader(file), start=2):
                try:
                    values = [float(row[name]) for name in NormCurve._fields]
                except (KeyError, TypeError, ValueError) as error:
                    raise UserError(
                        f"{path.name}: line {line}: expected numbers in the columns "
                        f"{', '.join(NormCurve._fields)}."
                    ) from error
                band = rows.setdefault(row["speed_band"], {})
                band.setdefault(row["variable"], []).append(values)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such norm table.") from error
    return {
        band: {variable: _curve(values) for variable, values in variables.items()}
        for band, variables in rows.items()
    }


def _curve(values: list[list[float]]) -> NormCurve:
    columns = np.array(values).T
    columns.setflags(write=False)
    return NormCurve(*columns)
