"""How like the norms a mean cycle is: angles, moments and powers of hip, knee and ankle."""

from collections.abc import Mapping, Sequence

import numpy as np

from exoflow.gait.joints import JOINTS
from exoflow.gait.norms import (
    JOINT_MOMENT,
    JOINT_POWER,
    JOINT_VARIABLE,
    NormCurve,
    load_norms,
)

# Written beside the numbers, so that a result says what its keys mean.
DEFINITIONS = {
    "norm": "Schwartz, Rozumalski and Trost 2008: typically developing children, level ground; "
    "the band norm_speed_band",
    "r": "Pearson correlation of the mean cycle with the norm's mean; right leg, _l_ left leg",
    "rmse": "root mean square difference to the norm's mean, offset kept",
    "rmse_shape": "the same after removing the mean of both curves",
    "z": "rmse over the mean half width (1 SD) of the norm band; z alone: mean of the three angles",
    "moment": "net internal moment per body mass, muscles and joint stops, exo torque not added; "
    "extension and plantarflexion positive",
    "power": "net moment times joint velocity per body mass; generation positive",
}


def likeness(gait_pct: np.ndarray, curve: np.ndarray, norm: NormCurve) -> dict[str, float]:
    """Correlation, root mean square differences and z of a mean cycle against a norm.

    Parameters
    ----------
    gait_pct, curve : ndarray, shape (n,)
        Mean cycle, in the unit and with the sign of the norm.
    norm : NormCurve
        One variable of one band.

    Returns
    -------
    dict
        `r`; `rmse` with the offset kept; `rmse_shape` after removing both means (the norm's
        hip angle includes the anterior pelvic tilt); `z` = rmse / mean half width of the band.
        At the norm's points, heel strike at both ends.
    """
    value = np.interp(norm.gait_pct, gait_pct, curve)
    error = value - norm.mean
    rmse = float(np.sqrt((error**2).mean()))
    return {
        "r": float(np.corrcoef(value, norm.mean)[0, 1]),
        "rmse": rmse,
        "rmse_shape": float(np.sqrt(((error - error.mean()) ** 2).mean())),
        "z": rmse / float(0.5 * (norm.upper - norm.lower).mean()),
    }


def distance_sd(gait_pct: np.ndarray, curve: np.ndarray, norm: NormCurve) -> np.ndarray:
    """Distance of a curve from the norm's mean in SD of the norm, at the curve's points.

    Parameters
    ----------
    gait_pct, curve : ndarray, shape (n,)
        In the unit and with the sign of the norm.
    norm : NormCurve

    Returns
    -------
    ndarray, shape (n,)
        Positive above the mean; within -1..1 inside the band.
    """
    sd = np.interp(gait_pct, norm.gait_pct, 0.5 * (norm.upper - norm.lower))
    return (curve - np.interp(gait_pct, norm.gait_pct, norm.mean)) / sd


def norm_likeness(cycle: Mapping[str, Sequence[float]], band: str) -> dict:
    """Likeness of every joint of a mean cycle, keyed as in the result files.

    Parameters
    ----------
    cycle : mapping
        As `analysis.mean_cycle` makes it.
    band : str
        Norm band, see `gait.norms`.

    Returns
    -------
    dict
        Per joint `hip_r`, `hip_rmse_deg`, `hip_rmse_shape_deg`, `hip_z`, `hip_l_r`;
        `hip_moment_r`, `hip_moment_rmse_Nm_kg`, `hip_moment_rmse_shape_Nm_kg`,
        `hip_moment_l_r`; the same with `power` and `W_kg`; `z`, the mean of the three angles;
        `norm_speed_band` and `norm_definitions`.
    """
    norms = load_norms()[band]
    out: dict = {"norm_speed_band": band, "norm_definitions": dict(DEFINITIONS)}
    z = []
    for joint in JOINTS:
        for prefix, unit, variable in (
            (joint, "deg", JOINT_VARIABLE[joint]),
            (f"{joint}_moment", "Nm_kg", JOINT_MOMENT[joint]),
            (f"{joint}_power", "W_kg", JOINT_POWER[joint]),
        ):
            like, left = (
                likeness(
                    np.array(cycle["gait_pct"]),
                    np.array(cycle[f"{prefix}{side}_{unit}"]),
                    norms[variable],
                )
                for side in ("", "_l")
            )
            out[f"{prefix}_r"] = like["r"]
            out[f"{prefix}_rmse_{unit}"] = like["rmse"]
            out[f"{prefix}_rmse_shape_{unit}"] = like["rmse_shape"]
            out[f"{prefix}_l_r"] = left["r"]
            if prefix == joint:
                out[f"{joint}_z"] = like["z"]
                z.append(like["z"])
    out["z"] = float(np.mean(z))
    return out
