"""The same gait under several exo laws: speed, cost, torque and power of each.

Every law walks on several slopes and with several draws of the sensor noise; its changes are
against no exo on the same slope, so that neither one lucky walk nor a slope decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import bootstrap, trim_mean

from exoflow.gait import torque_quality
from exoflow.gait.analysis import cycles, gait_summary, last_strides, resampled
from exoflow.gait.energy import exo_performance_index, stride_energy
from exoflow.gait.sides import leg_differences
from exoflow.records.rollout import Rollout, Trajectory
from exoflow.simulation import ExoLaw, NoExo, SensorNoise, Walker, ZeroTorque

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


# Points of a cycle in which peaks are timed: 0.1 %, about a millisecond.
FINE_CYCLE = np.linspace(0.0, 1.0, 1001)
# Rows of a stored walk, s: the powers of `energy` are means of products over the rows.
STORED_STEP_S = 0.001
# The same of walks that only give speed and costs.
COARSE_STEP_S = 0.01
REFERENCE = "none"
CHANGES = {
    "change_cot_pct": "cot_effort_J_kg_m",
    "change_power_pct": "metabolic_power_W_kg",
    "change_speed_pct": "speed_m_s",
    "change_net_cot_pct": "cot_net_J_kg_m",
}
RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Controller:
    """One entry of the comparison.

    Attributes
    ----------
    name : str
        Key in the results.
    law : NoExo, ZeroTorque, Dofc or Policy
    worn : bool
        False: nothing is worn, as in the reference.
    details : mapping
        What else stands in the result, such as a tuned gain.
    gait : mapping, optional
        A human of its own (`reflexes`, `parameters`), such as one who has adapted to the law.
    exo : mapping
        Settings of the exo that differ for this controller.
    """

    name: str
    law: ExoLaw
    worn: bool = True
    details: Mapping[str, Any] = field(default_factory=dict)
    gait: Mapping[str, Any] | None = None
    exo: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_sensors(self) -> bool:
        """Whether sensor noise can change its walk."""
        return not isinstance(self.law, NoExo | ZeroTorque)


@dataclass(frozen=True)
class Protocol:
    """What every controller walks.

    Attributes
    ----------
    duration_s : float
    last_strides : int
        Strides at the end that count.
    slopes_deg : sequence of float
        Added to the condition's slope. Mean curves come from the one nearest to 0.
    noise : SensorNoise or None
    noise_seeds : sequence of int
        Each slope is walked once per seed by a law with sensors, once by any other.
    basal_W_kg : float
        Basal rate of the metabolic model, taken off for the net cost.
    speed_match_pct : float
        Largest mean change of speed that counts as the same speed.
    """

    duration_s: float
    last_strides: int
    slopes_deg: Sequence[float]
    noise: SensorNoise | None
    noise_seeds: Sequence[int]
    basal_W_kg: float
    speed_match_pct: float


def compare_controllers(
    controllers: Sequence[Controller],
    make_walker: Callable[[float, Controller], Walker],
    parameters: Mapping[str, float],
    protocol: Protocol,
) -> dict[str, dict]:
    """Walk every controller on every slope with every noise seed.

    Parameters
    ----------
    controllers : sequence of Controller
        The reference, `none`, among them.
    make_walker : callable
        (slope in deg added to the condition's, controller) -> Walker.
    parameters : mapping
        Reflex parameters of the gait, of every controller without its own human.

    Returns
    -------
    dict
        By name: the numbers and mean curves of the first level walk that stands
        (`evaluate_controller`, `torque_quality`, `legs`, `energy`; absent if none does);
        `walks`, one record per walk; `fell`, `fall_time_s` (the earliest fall),
        `fall_fraction`; `change_*_pct`, means over the walks that stand against the reference
        on the same slope; `speed_matched`.
    """
    level = min(protocol.slopes_deg, key=abs)
    results: dict[str, dict] = {c.name: {"walks": [], **c.details} for c in controllers}
    for slope in protocol.slopes_deg:
        for controller in controllers:
            walker = make_walker(slope, controller)
            noisy = controller.has_sensors and protocol.noise is not None
            for seed in protocol.noise_seeds if noisy else (None,):
                walk = walker.rollout(
                    controller.gait["parameters"] if controller.gait else parameters,
                    protocol.duration_s,
                    controller.law,
                    noise=protocol.noise,
                    noise_seed=seed or 0,
                    store_every_s=STORED_STEP_S if slope == level else COARSE_STEP_S,
                )
                values = evaluate_controller(walk, protocol.last_strides)
                add_net_cost(values, protocol.basal_W_kg)
                result = results[controller.name]
                result["walks"].append(_walk_record(slope, seed, values))
                if slope == level and "cycle" not in result:
                    result |= values
                    if "cycle" in values:
                        result |= _level_measures(walk.trajectory, protocol.last_strides)
    summarize_walks(results, protocol.speed_match_pct)
    add_performance_index(results)
    return results


def _walk_record(slope: float, seed: int | None, values: Mapping) -> dict:
    kept = ("fell", "fall_time_s", "n_strides", *CHANGES.values())
    return {"slope_change_deg": slope, "noise_seed": seed} | {
        key: values[key] for key in kept if key in values
    }


def add_net_cost(values: dict, basal_W_kg: float) -> None:
    """Add `cot_net_J_kg_m`: cost of transport without the basal rate."""
    if "metabolic_power_W_kg" in values:
        net = values["metabolic_power_W_kg"] - basal_W_kg
        values["cot_net_J_kg_m"] = net / values["speed_m_s"]


def summarize_walks(results: Mapping[str, dict], speed_match_pct: float) -> None:
    """Add each walk's changes against the reference on its slope, and every mean over walks.

    A walk that fell, or whose reference fell, has no changes. `speed_matched` is None where
    no walk has one.
    """
    reference = results[REFERENCE]["walks"]
    for values in results.values():
        walks = values["walks"]
        for change, measure in CHANGES.items():
            for walk, value in zip(walks, relative_changes(walks, reference, measure), strict=True):
                if value is not None:
                    walk[change] = value
        falls = [walk["fall_time_s"] for walk in walks if walk["fell"]]
        values |= {
            "fell": bool(falls),
            "fall_time_s": min(falls, default=None),
            "fall_fraction": len(falls) / len(walks),
        }
        for change in CHANGES:
            found = [walk[change] for walk in walks if change in walk]
            if found:
                values[change] = float(np.mean(found))
        speed = values.get("change_speed_pct")
        values["speed_matched"] = None if speed is None else abs(speed) <= speed_match_pct


def relative_changes(
    walks: Sequence[Mapping], reference: Sequence[Mapping], measure: str
) -> list[float | None]:
    """Change (%) of a measure in every walk against the reference's mean on the same slope.

    None for a walk without the measure, as after a fall, and where the reference has none.
    """
    base: dict[float, list[float]] = {}
    for walk in reference:
        if measure in walk:
            base.setdefault(walk["slope_change_deg"], []).append(walk[measure])
    return [
        100.0 * (walk[measure] / float(np.mean(base[walk["slope_change_deg"]])) - 1.0)
        if measure in walk and walk["slope_change_deg"] in base
        else None
        for walk in walks
    ]


def mean_change(
    walks: Sequence[Mapping], reference: Sequence[Mapping], measure: str
) -> float | None:
    """Mean of `relative_changes` over the walks that have one."""
    known = [value for value in relative_changes(walks, reference, measure) if value is not None]
    return float(np.mean(known)) if known else None


def add_performance_index(results: Mapping[str, dict]) -> None:
    """Add `energy.exo_performance_index` to those that push, against the exo worn and off."""
    off = results.get("off", {}).get("energy")
    for values in results.values():
        energy = values.get("energy")
        if off and energy and values.get("torque_quality"):
            saved = off["metabolic_power_W"] - energy["metabolic_power_W"]
            energy["exo_performance_index"] = exo_performance_index(
                saved, energy["exo_positive_power_W"]
            )


def group_statistics(results: Mapping[str, Mapping], prefix: str) -> dict | None:
    """Mean and percentile-bootstrap 95 % interval over the controllers of a prefix.

    Parameters
    ----------
    results : mapping
        Controllers by name.
    prefix : str
        `policy` groups `policy_seed1`, `policy_seed2`, ...

    Returns
    -------
    dict or None
        `n`, controllers with a change; `n_fell`, those of them that fell in some walk;
        `change_cot_pct` and `change_power_pct`, each with `mean` and `ci95`, `iqm` (the mean
        of the middle half, from four controllers on) and `iqm_ci95`, intervals null for n = 1.
        None where no controller has one. Few seeds give too narrow an interval.

    References
    ----------
    Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical precipice.
    """
    found = [
        values
        for name, values in results.items()
        if name.startswith(f"{prefix}_") and "change_cot_pct" in values
    ]
    if not found:
        return None
    out: dict = {"n": len(found), "n_fell": sum(bool(values.get("fell")) for values in found)}
    for change in ("change_cot_pct", "change_power_pct"):
        sample = np.array([values[change] for values in found])
        out[change] = {
            "mean": float(sample.mean()),
            "ci95": bootstrap_interval(sample),
            "iqm": float(interquartile_mean(sample)),
            "iqm_ci95": bootstrap_interval(sample, interquartile_mean),
        }
    return out


def interquartile_mean(sample: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of the middle half; a quarter of fewer than four values is none of them."""
    return trim_mean(sample, 0.25, axis=axis)


def bootstrap_interval(
    sample: np.ndarray, statistic: Callable[..., Any] = np.mean
) -> list[float] | None:
    """Percentile-bootstrap 95 % interval of a statistic; None of a single value.

    Resampling is seeded: the same sample has the same interval.
    """
    if len(sample) < 2:
        return None
    interval = bootstrap(
        (sample,),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    return [float(interval.low), float(interval.high)]


def _level_measures(trajectory: Trajectory, strides: int) -> dict:
    return {
        "torque_quality": measure_torque(trajectory, strides),
        "legs": leg_differences(trajectory, strides),
        "energy": stride_energy(trajectory, last_strides(trajectory, strides, "r")),
    }


def measure_torque(trajectory: Trajectory, count: int) -> dict | None:
    """Smoothness, evenness and timing of the torque over the last strides.

    Returns
    -------
    dict or None
        `largest_step_per_10ms_Nm`, `power_above_10Hz_pct`, `left_right_r`, `peak_sd_Nm` (the
        larger of both legs); of the right leg and per sign `flexion_peak_lag_ms`,
        `flexion_peak_pct` (exo), `flexion_muscle_peak_pct`, and the same for extension: see
        `torque_quality`. None where there is no torque.
    """
    strides = {side: last_strides(trajectory, count, side) for side in "rl"}
    right = strides["r"]
    torque = _hip_torques(trajectory.window(right.strikes[0], right.strikes[-1]))
    if np.abs(torque).max() < torque_quality.NO_TORQUE_NM:
        return None
    curves = {
        side: resampled(
            trajectory["time"], trajectory[f"exo.hip_{side}.torque"], strides[side], FINE_CYCLE
        )
        for side in "rl"
    }
    moment = resampled(
        trajectory["time"], trajectory["hip_flexion_r.muscle_moment"], right, FINE_CYCLE
    ).mean(axis=0)
    mean = {side: curves[side].mean(axis=0) for side in "rl"}
    spreads = [torque_quality.peak_sd_Nm(curves[side]) for side in "rl"]
    out: dict = {
        "largest_step_per_10ms_Nm": torque_quality.largest_step_Nm(torque, trajectory.step_s),
        "power_above_10Hz_pct": torque_quality.power_above_pct(torque, trajectory.step_s),
        "left_right_r": torque_quality.left_right_r(mean["r"], mean["l"]),
        "peak_sd_Nm": max((sd for sd in spreads if sd is not None), default=None),
    }
    stride_ms = 1000.0 * float(np.diff(right.strikes).mean())
    for sign, word in ((1, "flexion"), (-1, "extension")):
        timing = torque_quality.peak_timing(mean["r"], moment, sign)
        out |= {
            f"{word}_peak_lag_ms": timing and timing.lag_pct / 100.0 * stride_ms,
            f"{word}_peak_pct": timing and timing.exo_pct,
            f"{word}_muscle_peak_pct": timing and timing.muscle_pct,
        }
    return out


def evaluate_controller(walk: Rollout, strides: int) -> dict:
    """Numbers and mean curves of the last strides of one walk; a fall keeps only its time.

    Torques are those of the motor, both legs together, over the same strides; its friction is
    no part of them, nor of the exo's power. The muscles' hip moment is theirs alone, flexion
    positive as the torque beside it.
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
    for side in "rl":
        moment = cycles(
            walk.trajectory,
            f"hip_flexion_{side}.muscle_moment",
            last_strides(walk.trajectory, strides, side),
        )
        out["cycle"][f"hip_muscle_moment_{side}_Nm"] = moment.mean(axis=0).tolist()
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
