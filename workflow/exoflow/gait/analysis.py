"""From a stored walk to strides, mean cycles, costs and likeness to human norms."""

from dataclasses import dataclass

import numpy as np

from exoflow.control.reflexes import EARLY_STANCE, LANDING, SWING
from exoflow.gait.norms import JOINT_VARIABLE, band_for_speed, load_norms
from exoflow.records.rollout import Trajectory
from exoflow.units import GRAVITY_M_S2

# A foot counts as loaded above this, body weights; a strike needs a swing this long before, s.
CONTACT_LOAD = 0.05
SHORTEST_SWING = 0.1
# Points of a mean cycle: 0..100 % in steps of 1.
CYCLE = np.linspace(0.0, 1.0, 101)

# Curve name -> trajectory column (right leg), sign and factor.
_ANGLES = {
    "hip": ("hip_flexion_{side}", 180.0 / np.pi),
    "knee": ("knee_angle_{side}", -180.0 / np.pi),
    "ankle": ("ankle_angle_{side}", 180.0 / np.pi),
}


@dataclass(frozen=True)
class Strides:
    """Heel strikes of one leg (s) and what lies between them; n strides have n + 1 strikes."""

    side: str
    strikes: np.ndarray

    @property
    def count(self) -> int:
        """Number of whole strides."""
        return max(0, len(self.strikes) - 1)


def heel_strikes(trajectory: Trajectory, side: str) -> np.ndarray:
    """Times at which the foot of `side` ("r" or "l") lands in front after a swing, s.

    Where the reflex controller's gait states are stored, a strike is the switch to early
    stance: a toe that scuffs the ground in swing is none. Otherwise it is the first load
    after a swing of SHORTEST_SWING.
    """
    time = trajectory["time"]
    states = f"leg_{side}.gait_state"
    if states in trajectory.columns:
        state = trajectory[states]
        swinging = np.isin(state[:-1], (SWING, LANDING))
        return time[1:][swinging & (state[1:] == EARLY_STANCE)]
    weight = trajectory.body_mass_kg * GRAVITY_M_S2
    loaded = trajectory[f"leg_{side}.grf_y"] / weight > CONTACT_LOAD
    strikes = []
    lifted_at = None
    for k in range(1, len(time)):
        if loaded[k - 1] and not loaded[k]:
            lifted_at = time[k]
        landed = loaded[k] and not loaded[k - 1]
        if landed and lifted_at is not None and time[k] - lifted_at >= SHORTEST_SWING:
            strikes.append(time[k])
            lifted_at = None
    return np.array(strikes)


def last_strides(trajectory: Trajectory, count: int, side: str = "r") -> Strides:
    """The last `count` whole strides of a side (fewer if the walk was short)."""
    return Strides(side, heel_strikes(trajectory, side)[-(count + 1) :])


def cycles(trajectory: Trajectory, column: str, strides: Strides) -> np.ndarray:
    """A column resampled to 0..100 % of every stride, shape (n_strides, 101)."""
    time, values = trajectory["time"], trajectory[column]
    out = np.empty((strides.count, len(CYCLE)))
    for k in range(strides.count):
        start, end = strides.strikes[k], strides.strikes[k + 1]
        out[k] = np.interp(start + CYCLE * (end - start), time, values)
    return out


def steady_costs(trajectory: Trajectory, strides: Strides) -> dict[str, float]:
    """Speed, metabolic cost and exo power over whole strides, from the running sums.

    Costs are per body mass without the exo, basal included.

    Returns
    -------
    dict
        `speed_m_s`, `metabolic_power_W_kg` and `cot_effort_J_kg_m` (the model of
        `model.metabolic`), `cot_wang2012_J_kg_m`,
        `cot_uchida2016_s060_J_kg_m`, `exo_power_W`, `exo_positive_power_W` (both legs),
        `stride_frequency_Hz`, `stride_length_m`.
    """
    ends = [strides.strikes[0], strides.strikes[-1]]
    duration = ends[1] - ends[0]

    def gained(column: str) -> float:
        values = np.interp(ends, trajectory["time"], trajectory[column])
        return float(values[1] - values[0])

    distance, mass = gained("com_x"), trajectory.body_mass_kg
    return {
        "speed_m_s": distance / duration,
        "metabolic_power_W_kg": gained("energy_effort") / duration / mass,
        "cot_effort_J_kg_m": gained("energy_effort") / distance / mass,
        "cot_wang2012_J_kg_m": gained("energy_wang2012") / distance / mass,
        "cot_uchida2016_s060_J_kg_m": gained("energy_uchida2016") / distance / mass,
        "exo_power_W": gained("exo.work") / duration,
        "exo_positive_power_W": gained("exo.positive_work") / duration,
        "stride_frequency_Hz": strides.count / duration,
        "stride_length_m": distance / strides.count,
    }


def likeness(angle_deg: np.ndarray, joint: str, band: str) -> dict[str, float]:
    """Pearson r, RMSE and z of a mean cycle against a norm band.

    Parameters
    ----------
    angle_deg : ndarray, shape (101,)
        Mean cycle, flexion and dorsiflexion positive.
    joint : str
        hip, knee or ankle.
    band : str
        Norm band, see `gait.norms`.

    Returns
    -------
    dict
        `r`; `rmse_deg` with the offset kept; `rmse_shape_deg` after removing both means (the
        norm's hip angle includes the anterior pelvic tilt); `z` = rmse_deg / mean half-width
        of the band.
    """
    norm = load_norms()[band][JOINT_VARIABLE[joint]]
    value = np.interp(norm.gait_pct, 100.0 * CYCLE, angle_deg)
    error = value - norm.mean
    half_width = 0.5 * (norm.upper - norm.lower).mean()
    rmse = float(np.sqrt((error**2).mean()))
    return {
        "r": float(np.corrcoef(value, norm.mean)[0, 1]),
        "rmse_deg": rmse,
        "rmse_shape_deg": float(np.sqrt(((error - error.mean()) ** 2).mean())),
        "z": rmse / float(half_width),
    }


def _grf_peaks(grf_y: np.ndarray) -> list[float]:
    """First peak, valley and second peak of the mean vertical ground force, body weights."""
    loaded = np.flatnonzero(grf_y > CONTACT_LOAD)
    toe_off = loaded[-1] if len(loaded) else 60
    middle = max(2, toe_off // 2)
    first = int(np.argmax(grf_y[:middle]))
    second = middle + int(np.argmax(grf_y[middle : toe_off + 1]))
    valley = first + int(np.argmin(grf_y[first : second + 1]))
    return [float(grf_y[first]), float(grf_y[valley]), float(grf_y[second])]


def mean_cycle(
    trajectory: Trajectory, strides_r: Strides, strides_l: Strides
) -> dict[str, list[float]]:
    """Mean and SD curves over the gait cycle, each leg from its own heel strike.

    Angles in deg (flexion, dorsiflexion positive), ground force in body weights, torque Nm.
    """
    weight = trajectory.body_mass_kg * GRAVITY_M_S2
    out: dict[str, list[float]] = {"gait_pct": (100.0 * CYCLE).tolist()}
    for strides in (strides_r, strides_l):
        side = strides.side
        suffix = "" if side == "r" else "_l"
        for joint, (column, factor) in _ANGLES.items():
            curves = factor * cycles(trajectory, column.format(side=side), strides)
            out[f"{joint}{suffix}_deg"] = curves.mean(axis=0).tolist()
            out[f"{joint}{suffix}_sd_deg"] = curves.std(axis=0).tolist()
        for axis in "xy":
            curves = cycles(trajectory, f"leg_{side}.grf_{axis}", strides) / weight
            out[f"grf_{axis}{suffix}_BW"] = curves.mean(axis=0).tolist()
        out[f"torque{suffix}_Nm"] = (
            cycles(trajectory, f"exo.hip_{side}.torque", strides).mean(axis=0).tolist()
        )
        power = trajectory[f"exo.hip_{side}.torque"] * trajectory[f"hip_flexion_{side}_u"]
        extended = Trajectory(
            (*trajectory.columns, "power"), np.column_stack([trajectory.values, power]),
            trajectory.step_s, trajectory.body_mass_kg,
        )  # fmt: skip
        out[f"exo_power{suffix}_W"] = cycles(extended, "power", strides).mean(axis=0).tolist()
    return out


def gait_summary(
    trajectory: Trajectory, strides_count: int, band: str | None = None
) -> tuple[dict, dict]:
    """Summary numbers and mean cycle of the last strides of a walk.

    Returns
    -------
    summary, cycle : dict
        Keys as in the result files; both empty of numbers when fewer than two strides were walked.
    """
    strides_r = last_strides(trajectory, strides_count, "r")
    strides_l = last_strides(trajectory, strides_count, "l")
    if strides_r.count < 2 or strides_l.count < 2:
        return {"n_strides": strides_r.count}, {}
    summary: dict = dict(steady_costs(trajectory, strides_r))
    summary["n_strides"] = strides_r.count
    band = band or band_for_speed(summary["speed_m_s"])
    summary["norm_speed_band"] = band
    cycle = mean_cycle(trajectory, strides_r, strides_l)
    z = []
    for joint in _ANGLES:
        like = likeness(np.array(cycle[f"{joint}_deg"]), joint, band)
        summary[f"{joint}_r"] = like["r"]
        summary[f"{joint}_rmse_deg"] = like["rmse_deg"]
        summary[f"{joint}_rmse_shape_deg"] = like["rmse_shape_deg"]
        z.append(like["z"])
        other = likeness(np.array(cycle[f"{joint}_l_deg"]), joint, band)
        summary[f"{joint}_l_r"] = other["r"]
    summary["z"] = float(np.mean(z))
    grf = np.array(cycle["grf_y_BW"])
    summary["stance_fraction"] = float((grf > CONTACT_LOAD).mean())
    summary["grf_peak_BW"] = _grf_peaks(grf)
    return summary, cycle
