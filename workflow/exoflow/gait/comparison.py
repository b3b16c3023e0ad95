"""The same gait under several exo laws: speed, cost, torque and power of each."""

from collections.abc import Mapping

import numpy as np

from exoflow.gait.analysis import gait_summary, last_strides
from exoflow.records.rollout import Rollout, Trajectory

# A fall is dated by the reached time; curves need this many strides.
CYCLE_COLUMNS = {
    "torque_r_Nm": "torque_Nm",
    "torque_l_Nm": "torque_l_Nm",
    "hip_r_deg": "hip_deg",
    "knee_r_deg": "knee_deg",
    "ankle_r_deg": "ankle_deg",
    "exo_power_r_W": "exo_power_W",
    "exo_power_l_W": "exo_power_l_W",
}
_COSTS = (
    "speed_m_s", "cot_effort_J_kg_m", "cot_wang2012_J_kg_m", "cot_uchida2016_s060_J_kg_m",
    "metabolic_power_W_kg",
    "exo_power_W", "exo_positive_power_W", "hip_r", "knee_r", "ankle_r", "n_strides",
    "stride_frequency_Hz", "norm_speed_band",
)  # fmt: skip


def evaluate_controller(walk: Rollout, strides: int) -> dict:
    """Numbers and mean curves of the last strides of one walk; a fall keeps only its time.

    Torques are those of the motor, both legs together, over the same strides; its friction is
    no part of them, nor of the exo's power.
    """
    measures = walk.measures
    out: dict = {
        "fell": measures.fell,
        "fall_time_s": measures.reached_s if measures.fell else None,
    }
    if measures.fell:
        return out
    summary, cycle = gait_summary(walk.trajectory, strides)
    if not cycle:
        return {**out, "n_strides": summary["n_strides"]}
    out |= {key: summary[key] for key in _COSTS}
    window = last_strides(walk.trajectory, strides, "r")
    torque = _hip_torques(walk.trajectory.window(window.strikes[0], window.strikes[-1]))
    out["peak_torque_Nm"] = float(np.abs(torque).max())
    out["rms_torque_Nm"] = float(np.sqrt((torque**2).mean()))
    out["cycle"] = {"gait_pct": cycle["gait_pct"]}
    out["cycle"] |= {name: cycle[column] for name, column in CYCLE_COLUMNS.items()}
    return out


def _hip_torques(trajectory: Trajectory) -> np.ndarray:
    return np.column_stack([trajectory["exo.hip_r.torque"], trajectory["exo.hip_l.torque"]])


def add_changes(controllers: Mapping[str, dict], reference: str) -> None:
    """Add the changes (%) of cost, power and speed against the reference to all that walked."""
    base = controllers[reference]
    for values in controllers.values():
        if "cot_effort_J_kg_m" not in values or "cot_effort_J_kg_m" not in base:
            continue
        for key, measure in (
            ("change_cot_pct", "cot_effort_J_kg_m"),
            ("change_power_pct", "metabolic_power_W_kg"),
            ("change_speed_pct", "speed_m_s"),
        ):
            values[key] = 100.0 * (values[measure] / base[measure] - 1.0)
