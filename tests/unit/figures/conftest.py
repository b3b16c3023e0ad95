"""A results folder as the phases write it, made of smooth invented numbers."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exoflow.gait.norms import (
    JOINT_MOMENT,
    JOINT_POWER,
    JOINT_VARIABLE,
    band_for_speed,
    load_norms,
)

CONDITIONS = {
    "level": {"speed_m_s": 1.3, "slope_deg": 0.0, "impairment": None},
    "level_slow": {"speed_m_s": 1.0, "slope_deg": 0.0, "impairment": None},
    "uphill": {"speed_m_s": 1.0, "slope_deg": 3.0, "impairment": None},
    "weak_plantarflexors": {
        "speed_m_s": 1.0,
        "slope_deg": 0.0,
        "impairment": {
            "side": "right",
            "muscles": ["soleus", "gastroc"],
            "excitation_ceiling": 0.5,
        },
    },
}
GAIT_PCT = np.arange(101.0)


def stance_force(phase: np.ndarray) -> np.ndarray:
    """Two humps over the first 62 % of the cycle, in body weights; phase in 0..1."""
    stance = np.clip((phase % 1.0) / 0.62, 0.0, 1.0)
    return np.sin(np.pi * stance) * (1.0 + 0.35 * np.cos(4 * np.pi * (stance - 0.25)) * -1) * 1.1


def joint_angle(joint: str, phase: np.ndarray, speed_m_s: float = 1.3) -> np.ndarray:
    """The norm's mean with an error of its own, deg; phase in 0..1."""
    norm = load_norms()[band_for_speed(speed_m_s)][JOINT_VARIABLE[joint]]
    mean = np.interp(phase % 1.0, norm.gait_pct / 100, norm.mean)
    return mean + 3.0 * np.sin(2 * np.pi * phase + 1.0)


def make_trajectory(
    speed_m_s: float = 1.3, duration_s: float = 6.0, stride_s: float = 1.1
) -> pd.DataFrame:
    """A walk whose feet follow the norm; the pelvis height keeps the lower foot grounded."""
    from exoflow.figures.stick_figure import stick_points

    time = np.arange(0.0, duration_s, 0.01)
    phases = {"r": time / stride_s, "l": time / stride_s + 0.5}
    columns = {
        "time": time,
        "pelvis_tilt": np.radians(-3 + 1.5 * np.sin(4 * np.pi * time / stride_s)),
        "pelvis_tx": speed_m_s * time,
        "pelvis_ty": np.full_like(time, 0.95),
    }
    for side, phase in phases.items():
        columns[f"hip_flexion_{side}"] = np.radians(joint_angle("hip", phase) - 6)
        columns[f"knee_angle_{side}"] = -np.radians(joint_angle("knee", phase))
        columns[f"ankle_angle_{side}"] = np.radians(joint_angle("ankle", phase))
        force = 731.0 * stance_force(phase)
        columns[f"leg_{side}.grf_y"] = force
        columns[f"leg_{side}.grf_x"] = -0.18 * force * np.cos(np.pi * (phase % 1.0) / 0.62)
    lowest = stick_points(columns)[:, :, 1].min(axis=1)
    columns["pelvis_ty"] = columns["pelvis_ty"] - lowest
    return pd.DataFrame(columns)


def make_reflex(condition: str, status: str = "ok", reason: str | None = None) -> dict[str, Any]:
    """A result of the reflex phase."""
    settings = CONDITIONS.get(condition, CONDITIONS["level"])
    head = {
        "phase": "reflex",
        "status": status,
        "reason": reason,
        "condition": condition,
        "settings": {"condition": settings},
        "model": "h0918v3",
        "reflexes": "h0918_rs3",
        "start_values": "data/reflexes/start_level.csv",
    }
    if status != "ok":
        return head
    speed = settings["speed_m_s"]
    walked = speed * (0.93 if condition == "uphill" else 0.985)
    phase = GAIT_PCT / 100
    cycle = {"gait_pct": GAIT_PCT.tolist()}
    for joint, spread in (("hip", 1.2), ("knee", 2.0), ("ankle", 1.5)):
        cycle[f"{joint}_deg"] = joint_angle(joint, phase, speed).tolist()
        cycle[f"{joint}_sd_deg"] = (spread * (1 + 0.3 * np.sin(2 * np.pi * phase))).tolist()
        cycle[f"{joint}_l_deg"] = joint_angle(joint, phase + 0.012, speed).tolist()
        for name, unit, variables in (
            ("moment", "Nm_kg", JOINT_MOMENT),
            ("power", "W_kg", JOINT_POWER),
        ):
            norm = load_norms()[band_for_speed(speed)][variables[joint]]
            curve = 1.2 * np.interp(GAIT_PCT, norm.gait_pct, norm.mean)
            for side in ("", "_l"):
                cycle[f"{joint}_{name}{side}_{unit}"] = curve.tolist()
                cycle[f"{joint}_{name}{side}_sd_{unit}"] = np.full_like(curve, 0.05).tolist()
    cycle["grf_y_BW"] = stance_force(phase).tolist()
    cycle["grf_y_l_BW"] = stance_force(phase + 0.01).tolist()
    evaluations = np.arange(16, 2501, 16)
    best = 40 * np.exp(-evaluations / 300) + 6
    return head | {
        "parameters": {"soleus-soleus.KF": 1.2},
        "score": float(best[-1]),
        "score_terms": {"effort": 4.0},
        "evaluations": 2500,
        "history": np.stack([evaluations, best], axis=1).tolist(),
        "gait": {
            "speed_m_s": walked,
            "stride_frequency_Hz": 0.91,
            "stride_length_m": walked / 0.91,
            "cot_wang2012_J_kg_m": 6.1,
            "cot_uchida2016_s060_J_kg_m": 3.6,
            "metabolic_power_W_kg": 6.1 * walked,
            "duration_s": 30.0,
            "fell": False,
            "stance_fraction": 0.62,
            "stance_knee_flexion_deg": 17.6,
            "swing_knee_flexion_deg": 58.2,
            "hip_moment_r": 0.81,
            "hip_r": 0.97,
            "knee_r": 0.93,
            "ankle_r": 0.76 if condition == "weak_plantarflexors" else 0.86,
            "hip_rmse_deg": 5.1,
            "knee_rmse_deg": 8.0,
            "ankle_rmse_deg": 4.4,
            "z": 1.31,
            "grf_peak_BW": [1.32, 0.76, 1.08],
            "norm_speed_band": band_for_speed(speed),
        },
        "cycle": cycle,
    }


def make_controller(kind: str, change_pct: float, speed_m_s: float = 1.28) -> dict[str, Any]:
    """One controller of a metabolics result."""
    phase = GAIT_PCT / 100
    peak = {"none": 0.0, "off": 0.0, "dofc": 8.0}.get(kind, 7.9)
    shape = np.sin(2 * np.pi * phase + (1.9 if kind == "dofc" else 2.4)) ** 3
    torque = peak * shape
    cost = 6.1 * (1 + change_pct / 100)
    values = {
        "fell": False,
        "fall_time_s": None,
        "speed_m_s": speed_m_s,
        "cot_wang2012_J_kg_m": cost,
        "cot_uchida2016_s060_J_kg_m": 0.6 * cost,
        "metabolic_power_W_kg": cost * speed_m_s,
        "change_cot_pct": change_pct,
        "change_power_pct": 100 * (cost * speed_m_s / (6.1 * 1.28) - 1),
        "peak_torque_Nm": peak,
        "rms_torque_Nm": float(np.sqrt(np.mean(torque**2))),
        "exo_power_W": 0.9 * peak,
        "exo_positive_power_W": 1.1 * peak,
        "hip_r": 0.96,
        "knee_r": 0.92,
        "ankle_r": 0.86,
        "n_strides": 10,
        "cycle": {
            "gait_pct": GAIT_PCT.tolist(),
            "torque_r_Nm": torque.tolist(),
            "hip_r_deg": (joint_angle("hip", phase) + 0.3 * torque).tolist(),
            "knee_r_deg": joint_angle("knee", phase).tolist(),
            "ankle_r_deg": joint_angle("ankle", phase).tolist(),
            "exo_power_r_W": (torque * np.cos(2 * np.pi * phase + 2.0) * 1.6).tolist(),
        },
    }
    standing = {"fell": False, "speed_m_s": speed_m_s, "change_cot_pct": change_pct}
    values |= {
        "walks": [standing | {"slope_change_deg": slope} for slope in (-1.0, 0.0, 1.0)],
        "fall_fraction": 0.0,
        "change_speed_pct": 100 * (speed_m_s / 1.28 - 1),
        "change_net_cot_pct": 1.2 * change_pct,
        "speed_matched": abs(speed_m_s / 1.28 - 1) <= 0.02,
        "energy": {"muscle_joint_power_W": 8.1, "muscle_positive_fiber_power_W": 175.0},
        "torque_quality": None,
    }
    values["cycle"]["hip_muscle_moment_r_Nm"] = (-60 * np.cos(2 * np.pi * (phase - 0.05))).tolist()
    if peak:
        values["energy"]["exo_performance_index"] = 0.83
        values["torque_quality"] = {
            "largest_step_per_10ms_Nm": 0.61,
            "power_above_10Hz_pct": 0.04,
            "left_right_r": 0.99,
            "peak_sd_Nm": 0.12,
            "flexion_peak_lag_ms": 124.0 if kind == "dofc" else -87.0,
            "flexion_peak_pct": 66.0 if kind == "dofc" else 47.0,
            "flexion_muscle_peak_pct": 55.0,
            "extension_peak_lag_ms": None,
            "extension_peak_pct": None,
            "extension_muscle_peak_pct": None,
        }
    if kind == "dofc":
        values |= {"gain_Nm": 9.4, "delay_s": 0.12, "filter_tau_s": 0.05}
    return values


def make_metabolics(condition: str, policy_change_pct: float = -6.4) -> dict[str, Any]:
    """A result of the metabolics phase; in the weak condition the DOFC walker falls."""
    controllers = {
        "none": make_controller("none", 0.0),
        "off": make_controller("off", 2.1, 1.27),
        "dofc": make_controller("dofc", -3.6, 1.25),
        "policy_seed1": make_controller("policy_seed1", policy_change_pct, 1.27),
    }
    if condition == "weak_plantarflexors":
        controllers["dofc"] = {"fell": True, "fall_time_s": 7.2}
    return {
        "phase": "metabolics",
        "status": "ok",
        "reason": None,
        "condition": condition,
        "controllers": controllers,
        "reference": "none",
    }


def make_curve(seed: int = 1) -> pd.DataFrame:
    """Learning curve of one policy."""
    generator = np.random.default_rng(seed)
    step = np.arange(8192, 400_000, 8192)
    progress = step / 4e5
    change = np.where(np.arange(len(step)) % 5 == 4, 4 - 11 * progress, np.nan)
    return pd.DataFrame(
        {
            "step": step,
            "reward_mean": -0.2 + 0.25 * progress + 0.01 * generator.standard_normal(len(step)),
            "episode_length_s": np.minimum(10, 2 + 12 * progress),
            "change_cot_pct": change,
            "speed_m_s": 1.28,
            "fall_fraction": np.exp(-6 * progress),
            "approx_kl": 0.01,
            "std": 0.3,
            "learning_rate": 3e-4 * (1 - progress),
        }
    )


def make_student() -> dict[str, Any]:
    """A result of the student phase: it falls in the weak condition."""
    open_loop = {"r": 0.91, "rmse_Nm": 1.05, "rmse_Nm_kg": 0.014}
    closed = {
        "fell": False,
        "r": 0.88,
        "rmse_Nm": 1.3,
        "change_cot_pct": -4.9,
        "teacher_change_cot_pct": -6.4,
        "speed_m_s": 1.27,
    }
    epochs = np.arange(1, 41)
    history = np.stack([epochs, 3 * epochs**-0.8, 3.3 * epochs**-0.72], axis=1)
    return {
        "phase": "student",
        "status": "ok",
        "reason": None,
        "open_loop": open_loop,
        "per_condition": {
            "level": {"open_loop": open_loop, "closed_loop": closed},
            "level_slow": {
                "open_loop": open_loop,
                "closed_loop": closed | {"change_cot_pct": 0.6, "speed_m_s": 0.99},
            },
            "weak_plantarflexors": {
                "open_loop": open_loop,
                "closed_loop": {"fell": True, "teacher_change_cot_pct": -5.0},
            },
        },
        "history": history.tolist(),
    }


def make_export() -> dict[str, Any]:
    """A result of the export phase."""
    return {
        "phase": "export",
        "status": "ok",
        "reason": None,
        "name": "level_seed1",
        "kind": "lstm_window",
        "max_abs_error_Nm": {"host": 3.1e-7},
        "n_golden_steps": 1000,
        "bit_identical": None,
        "sizes_bytes": {"weights": 311_296, "text": 8_120},
        "compiler": "gcc 12.2.0 -O2 -std=c99",
    }


def make_trial() -> dict[str, Any]:
    """A result of the trial phase: Barati 2026, Table IV."""
    per_subject = {
        "lstm_ppo": {"1": 7.9, "2": 11.6, "3": 4.2, "4": 12.7},
        "dofc": {"1": 1.2, "2": 6.9, "3": 5.4, "4": 9.5},
    }
    test = {"df": 3, "wilcoxon_p": 0.125, "sign_flip_p": 0.125}
    return {
        "phase": "trial",
        "status": "ok",
        "reason": None,
        "study": "barati",
        "title": "Barati 2026: LSTM-PPO and DOFC on a hip exoskeleton",
        "n_subjects": 4,
        "small_sample": True,
        "conditions": {
            "lstm_ppo": test
            | {
                "label": "LSTM-PPO",
                "mean_pct": 9.1,
                "sd_pct": 3.858,
                "ci95_pct": [2.96, 15.24],
                "t": 4.717,
                "p": 0.01804,
                "d_z": 2.359,
                "hedges_g": 1.715,
                "per_subject_pct": per_subject["lstm_ppo"],
            },
            "dofc": test
            | {
                "label": "DOFC",
                "mean_pct": 5.75,
                "sd_pct": 3.474,
                "ci95_pct": [0.22, 11.28],
                "t": 3.31,
                "p": 0.04539,
                "d_z": 1.655,
                "hedges_g": 1.204,
                "per_subject_pct": per_subject["dofc"],
            },
        },
        "difference": {
            "first": "lstm_ppo",
            "second": "dofc",
            "mean_pct": 3.35,
            "sd_pct": 3.355,
            "ci95_pct": [-1.99, 8.69],
            "t": 1.997,
            "df": 3,
            "p": 0.1397,
            "d_z": 0.998,
            "hedges_g": 0.726,
            "wilcoxon_p": 0.25,
            "sign_flip_p": 0.25,
            "per_subject_pct": {"1": 6.7, "2": 4.7, "3": -1.2, "4": 3.2},
        },
        "holm_sidak": {"lstm_ppo": 0.05316, "dofc": 0.08872, "difference": 0.1397},
        "smallest_exact_p": 0.125,
        "power": {"d_z_needed": 2.128},
        "source": {"citation": "H. Barati et al., ICRA 2026"},
        "statements": ["With n = 4 the smallest possible exact p is .125: < .05 is out of reach."],
    }


TRIAL_SVG = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="200pt" height="80pt" viewBox="0 0 200 80">
<defs><clipPath id="clip"><rect width="200" height="80"/></clipPath></defs>
<g clip-path="url(#clip)"><path d="M10 70 L190 10" stroke="#0072b2"/>
<text x="10" y="20">9.1 %</text></g></svg>
"""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write one result, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def build_results(folder: Path) -> Path:
    """A whole results folder: four conditions, of which `uphill` does not walk."""
    for condition in CONDITIONS:
        walks = condition != "uphill"
        reason = None if walks else "fell after 3.2 s in the best of 2500 evaluations"
        reflex = make_reflex(condition, "ok" if walks else "no_gait", reason)
        write_json(folder / "reflex" / f"{condition}.json", reflex)
        policy = folder / "policy" / condition
        if not walks:
            fall = make_trajectory(0.8, duration_s=3.2)
            fall["pelvis_tilt"] -= np.linspace(0, 1.2, len(fall)) ** 3
            fall.to_parquet(folder / "reflex" / f"{condition}.parquet")
            skipped = {
                "status": "skipped",
                "reason": f"{condition} has no gait",
                "condition": condition,
            }
            write_json(policy / "seed1.json", skipped | {"phase": "policy", "seed": 1})
            write_json(
                folder / "metabolics" / f"{condition}.json", skipped | {"phase": "metabolics"}
            )
            continue
        speed = CONDITIONS[condition]["speed_m_s"]
        make_trajectory(speed).to_parquet(folder / "reflex" / f"{condition}.parquet")
        summary = {
            "phase": "policy",
            "status": "ok",
            "reason": None,
            "condition": condition,
            "seed": 1,
            "kind": "lstm_window",
            "mirrored": True,
            "steps": 400_000,
            "best_step": 327_680,
            "best_change_cot_pct": -6.8,
            "best_speed_m_s": 1.27,
            "best_fall_fraction": 0.0,
            "best_is_valid": condition != "level_slow",
        }
        write_json(policy / "seed1.json", summary)
        make_curve(len(condition)).to_csv(policy / "seed1.csv", index=False)
        change = 1.2 if condition == "level_slow" else -6.4
        write_json(folder / "metabolics" / f"{condition}.json", make_metabolics(condition, change))
    write_json(folder / "student" / "student.json", make_student())
    write_json(folder / "export" / "level_seed1.json", make_export())
    write_json(folder / "trial" / "barati.json", make_trial())
    (folder / "trial" / "barati.svg").write_text(TRIAL_SVG, encoding="utf-8")
    for phase, name in (("reflex", "level"), ("policy", "level_seed1"), ("trial", "barati")):
        write_json(
            folder / "runs" / phase / f"{name}.run.json",
            {
                "commit": "0123456789abcdef0123456789abcdef01234567",
                "phase": phase,
                "name": name,
                "dirty": {"code": False, "params": name == "level", "data": False},
                "versions": {"python": "3.11.7", "numpy": "2.3.1", "mujoco": "4.0.0"},
                "device": {"computed_on": "cpu", "cpu": "Some CPU"},
                "wall_time_s": 61.0,
            },
        )
    return folder


@pytest.fixture(scope="session")
def whole_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole results folder for readers; see `build_results`."""
    return build_results(tmp_path_factory.mktemp("whole") / "results")


@pytest.fixture
def results_folder(whole_results: Path, tmp_path: Path) -> Path:
    """A copy of the whole results folder, for tests that change it."""
    return Path(shutil.copytree(whole_results, tmp_path / "results"))


@pytest.fixture
def fake() -> SimpleNamespace:
    """Builders of single results."""
    return SimpleNamespace(
        conditions=CONDITIONS,
        reflex=make_reflex,
        metabolics=make_metabolics,
        curve=make_curve,
        student=make_student,
        write=write_json,
    )


@pytest.fixture
def trajectory() -> pd.DataFrame:
    """A synthetic walk of 6 s."""
    return make_trajectory()
