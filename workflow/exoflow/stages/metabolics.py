"""`metabolics`: one gait without exo, exo off, at zero torque, with DOFC and each policy."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.gait.comparison import Controller, Protocol
    from exoflow.simulation import Dofc, SensorNoise, Walker


def run(
    condition: str, settings: Mapping[str, Any], gait: Path, policies: Sequence[Path], output: Path
) -> None:
    """Compare the controllers of one condition.

    Parameters
    ----------
    condition : str
        Condition id.
    settings : mapping
        `condition`, `model`, `exo`, `policy` (sensor noise) and `metabolics`.
    gait : Path
        Result of the reflex phase or of `wearer`: then whoever wears the exo is used to it, and
        `control` was searched as often without it.
    policies : sequence of Path
        Weights files, seedN.npz.
    output : Path
        ID.json; ID.parquet (mean curves) and ID.svg are written beside it.
    """
    from exoflow.figures.metabolics import save_metabolics_figure
    from exoflow.gait.comparison import group_statistics
    from exoflow.records.curves import write_curves
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record

    started = time.monotonic()
    output = Path(output)
    walk = read_json(gait)
    result: dict[str, Any] = {
        "phase": "metabolics",
        "condition": condition,
        "reference": "none",
        "status": "ok",
        "reason": None,
        "controllers": {},
        "groups": {},
    }
    if walk["status"] != "ok":
        result |= {"status": "skipped", "reason": f"no gait for {condition}: {walk['reason']}"}
    else:
        result["controllers"] = _compare(condition, settings, walk, policies)
        statistics = group_statistics(result["controllers"], "policy")
        result["groups"] = {"policy": statistics} if statistics else {}
    files = [output, output.with_suffix(".parquet"), output.with_suffix(".svg")]
    write_curves({k: v.get("cycle", {}) for k, v in result["controllers"].items()}, files[1])
    save_metabolics_figure(result, files[2])
    write_json(files[0], result)
    write_run_record(
        "metabolics",
        condition,
        settings=settings,
        inputs=[gait, *policies],
        outputs=files,
        seed=settings["metabolics"]["noise_seeds"][0],
        wall_time_s=time.monotonic() - started,
    )


def sensor_noise(settings: Mapping[str, Any]) -> "SensorNoise | None":
    """The noise that the policies were trained with, None where it is switched off.

    Gyroscopes have the student's, if `settings` hold it.
    """
    from exoflow.simulation import SensorNoise

    if not settings["metabolics"]["sensor_noise"]:
        return None
    trained = settings["policy"]
    noise = SensorNoise(trained["angle_noise_rad"], trained["velocity_noise_rad_s"])
    if "student" not in settings:
        return noise
    return replace(noise, gyro_rad_s=settings["student"]["gyro_noise_rad_s"])


def protocol(settings: Mapping[str, Any]) -> "Protocol":
    """What every controller walks, by the settings."""
    from exoflow.gait.comparison import Protocol
    from exoflow.physiology.metabolics import BASAL, MODELS

    chosen = settings["metabolics"]
    return Protocol(
        duration_s=chosen["duration_s"],
        last_strides=chosen["last_strides"],
        slopes_deg=chosen["slopes_deg"],
        noise=sensor_noise(settings),
        noise_seeds=chosen["noise_seeds"],
        basal_W_kg=BASAL[MODELS[settings["model"].get("metabolic", "wang2012")]],
        speed_match_pct=chosen["speed_match_pct"],
    )


def tuned_dofc(settings: Mapping[str, Any], gait: Mapping[str, Any], label: str) -> "Dofc":
    """The baseline tuned for a gait, on all time steps and slopes of `metabolics.dofc`."""
    from exoflow.optimization.dofc_search import tune_dofc, unassisted

    dofc = settings["metabolics"]["dofc"]

    def walkers() -> "list[Walker]":
        return [
            walker(settings, gait, slope, True, step)
            for step in dofc["timesteps_s"]
            for slope in dofc["slopes_deg"]
        ]

    return tune_dofc(
        walkers,
        gait["parameters"],
        unassisted(walkers(), gait["parameters"], dofc["duration_s"]),
        torque_limit_Nm=settings["exo"]["torque_limit_Nm"],
        duration_s=dofc["duration_s"],
        evaluations=dofc["evaluations"],
        seed=dofc["seed"],
        noise=sensor_noise(settings),
        label=label,
    ).law


def walker(
    settings: Mapping[str, Any],
    gait: Mapping[str, Any],
    slope_change_deg: float,
    worn: bool,
    step_s: float | None = None,
) -> "Walker":
    """The walker of a gait on a slope, with the exo of the settings or without."""
    from exoflow.simulation import Walker

    return Walker.for_gait(
        gait,
        settings["model"],
        settings["condition"],
        step_s or settings["metabolics"]["timestep_s"],
        settings["exo"] if worn else None,
        slope_change_deg=slope_change_deg,
    )


def walker_of(
    settings: Mapping[str, Any],
    gait: Mapping[str, Any],
    slope_change_deg: float,
    controller: "Controller",
) -> "Walker":
    """The walker that a controller of a comparison drives, with its own human if it has one."""
    settings = {**settings, "exo": {**settings["exo"], **controller.exo}}
    return walker(settings, controller.gait or gait, slope_change_deg, controller.worn)


def _control(gait: Mapping[str, Any]) -> "list[Controller]":
    """The human searched as often with nothing worn, if the gait is of one used to the exo."""
    from exoflow.gait.comparison import Controller
    from exoflow.simulation import NoExo

    human = gait.get("control")
    return [Controller("control", NoExo(), worn=False, gait=human)] if human else []


def _compare(
    condition: str, settings: Mapping[str, Any], gait: Mapping[str, Any], policies: Sequence[Path]
) -> dict[str, dict]:
    from exoflow.gait.comparison import Controller, compare_controllers
    from exoflow.gait.tasks.observation import told_values
    from exoflow.gait.training_walkers import law_of_gait, unadapted
    from exoflow.simulation import Dofc, NoExo, Policy, ZeroTorque

    used_to = law_of_gait(gait)
    if isinstance(used_to, Dofc):
        dofc = used_to
    else:
        dofc = tuned_dofc(settings, gait, f"metabolics {condition} DOFC")
    gains = {name: getattr(dofc, name) for name in ("gain_Nm", "delay_s", "filter_tau_s")}
    controllers = [
        Controller("none", NoExo(), worn=False, gait=unadapted(gait)),
        *_control(gait),
        Controller("off", NoExo()),
        Controller("zero_torque", ZeroTorque()),
        Controller("dofc", dofc, details=gains),
    ]
    skipped = {}
    for path in policies:
        policy = Policy.load(path)
        name = f"policy_{Path(path).stem}"
        if Path(path).stem == "teacher":
            name, policy = (
                "teacher",
                Policy(policy.weights.told_as(told_values(settings["condition"]))),
            )
        if policy.weights.status == "ok":
            controllers.append(Controller(name, policy))
        else:
            skipped[name] = {"skipped": policy.weights.reason}
    compared = compare_controllers(
        controllers, partial(walker_of, settings, gait), gait["parameters"], protocol(settings)
    )
    return compared | skipped
