"""From a stored walk to strides, mean cycles, costs and likeness to human norms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.control.reflexes import EARLY_STANCE, LANDING, SWING
from exoflow.gait.joints import JOINTS, joint_angle_deg, joint_moment_Nm_kg, joint_power_W_kg
from exoflow.gait.likeness import norm_likeness
from exoflow.gait.measured_walking import reference_deviations
from exoflow.gait.norms import band_for_speed
from exoflow.records.rollout import Trajectory
from exoflow.units import GRAVITY_M_S2

# A foot counts as loaded above this, body weights; a strike needs a swing this long before, s.
CONTACT_LOAD = 0.05
SHORTEST_SWING = 0.1
# A foot unloaded for longer than this has left the ground, s; a bounce at landing is shorter.
SHORTEST_LIFT = 0.05
# Knee flexion under load is looked for in this first part of the cycle.
STANCE_KNEE_UNTIL = 0.4
# Points of a mean cycle: 0..100 % in steps of 1.
CYCLE = np.linspace(0.0, 1.0, 101)


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
    return resampled(trajectory["time"], trajectory[column], strides)


def resampled(
    time: np.ndarray, values: np.ndarray, strides: Strides, points: np.ndarray = CYCLE
) -> np.ndarray:
    """A series resampled to 0..100 % of every stride, shape (n_strides, 101).

    `points` are shares of the stride, 0..1, where others than 0, 0.01, ..., 1 are wanted.
    """
    out = np.empty((strides.count, len(points)))
    for k in range(strides.count):
        start, end = strides.strikes[k], strides.strikes[k + 1]
        out[k] = np.interp(start + points * (end - start), time, values)
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


def stance_ends(trajectory: Trajectory, strides: Strides) -> np.ndarray:
    """Time of the last loaded sample of every stance, s; shape (n_strides,).

    Stance lasts from heel strike until the foot stays unloaded for SHORTEST_LIFT: a landing
    that bounces does not end it, and a toe that scuffs the ground in swing does not prolong it.
    """
    time = trajectory["time"]
    weight = trajectory.body_mass_kg * GRAVITY_M_S2
    loaded = trajectory[f"leg_{strides.side}.grf_y"] / weight > CONTACT_LOAD
    ends = np.empty(strides.count)
    for k in range(strides.count):
        within = (time >= strides.strikes[k]) & (time < strides.strikes[k + 1]) & loaded
        touching = time[within]
        if not len(touching):
            ends[k] = strides.strikes[k]
            continue
        lifts = np.flatnonzero(np.diff(touching) > SHORTEST_LIFT)
        ends[k] = touching[lifts[0]] if len(lifts) else touching[-1]
    return ends


def ground_force_peaks(grf_y: np.ndarray, stance_fraction: float) -> tuple[float, float, float]:
    """First peak, valley and second peak of a mean vertical ground force, in its own unit.

    The valley is the smallest value between a quarter and three quarters of stance, the peaks
    are the largest values before (a landing impact counts) and after it.
    """
    toe_off = max(4, round(stance_fraction * (len(grf_y) - 1)))
    early, late = toe_off // 4, 3 * toe_off // 4
    valley = early + int(np.argmin(grf_y[early : late + 1]))
    first, second = grf_y[: valley + 1].max(), grf_y[valley : toe_off + 1].max()
    return float(first), float(grf_y[valley]), float(second)


def mean_cycle(
    trajectory: Trajectory, strides_r: Strides, strides_l: Strides
) -> dict[str, list[float]]:
    """Mean and SD curves over the gait cycle, each leg from its own heel strike.

    Angles in deg (flexion, dorsiflexion positive); net joint moments in Nm/kg (internal,
    extension and plantarflexion positive, exo torque not added) and their power in W/kg; ground
    force in body weights; motor torque of the exo in Nm (flexion positive) and its power in W.
    """
    weight = trajectory.body_mass_kg * GRAVITY_M_S2
    out: dict[str, list[float]] = {"gait_pct": (100.0 * CYCLE).tolist()}
    for strides in (strides_r, strides_l):
        side = strides.side
        suffix = "" if side == "r" else "_l"
        for joint in JOINTS:
            for name, unit, values in (
                (joint, "deg", joint_angle_deg(trajectory, joint, side)),
                (f"{joint}_moment", "Nm_kg", joint_moment_Nm_kg(trajectory, joint, side)),
                (f"{joint}_power", "W_kg", joint_power_W_kg(trajectory, joint, side)),
            ):
                curves = resampled(trajectory["time"], values, strides)
                out[f"{name}{suffix}_{unit}"] = curves.mean(axis=0).tolist()
                out[f"{name}{suffix}_sd_{unit}"] = curves.std(axis=0).tolist()
        for axis in "xy":
            curves = cycles(trajectory, f"leg_{side}.grf_{axis}", strides) / weight
            out[f"grf_{axis}{suffix}_BW"] = curves.mean(axis=0).tolist()
        torque = trajectory[f"exo.hip_{side}.torque"]
        power = torque * trajectory[f"hip_flexion_{side}_u"]
        for name, values in ((f"torque{suffix}_Nm", torque), (f"exo_power{suffix}_W", power)):
            curves = resampled(trajectory["time"], values, strides)
            out[name] = curves.mean(axis=0).tolist()
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
    cycle = mean_cycle(trajectory, strides_r, strides_l)
    summary |= norm_likeness(cycle, band or band_for_speed(summary["speed_m_s"]))
    summary |= reference_deviations(
        summary["speed_m_s"],
        summary["stride_frequency_Hz"],
        summary["stride_length_m"],
        trajectory.slope_deg,
    )
    return summary | stance_numbers(trajectory, strides_r, cycle), cycle


def stance_numbers(
    trajectory: Trajectory, strides: Strides, cycle: Mapping[str, Sequence[float]]
) -> dict:
    """What clinicians read off stance and swing of one leg.

    Returns
    -------
    dict
        `stance_fraction`, heel strike to the last loaded sample of stance over the stride, mean
        of the strides; largest knee flexion of the mean cycle in the first 40 % of the cycle
        (`stance_knee_flexion_deg`) and after stance (`swing_knee_flexion_deg`);
        `grf_first_peak_BW`, `grf_valley_BW`, `grf_second_peak_BW`, and the three as
        `grf_peak_BW`.
    """
    lasted = stance_ends(trajectory, strides) - strides.strikes[:-1]
    stance_fraction = float((lasted / np.diff(strides.strikes)).mean())
    suffix = "" if strides.side == "r" else "_l"
    knee, phase = np.array(cycle[f"knee{suffix}_deg"]), CYCLE
    peaks = ground_force_peaks(np.array(cycle[f"grf_y{suffix}_BW"]), stance_fraction)
    return {
        "stance_fraction": stance_fraction,
        "stance_knee_flexion_deg": float(knee[phase <= STANCE_KNEE_UNTIL].max()),
        "swing_knee_flexion_deg": float(knee[phase > stance_fraction].max()),
        "grf_first_peak_BW": peaks[0],
        "grf_valley_BW": peaks[1],
        "grf_second_peak_BW": peaks[2],
        "grf_peak_BW": list(peaks),
    }
