"""`metabolics`: one gait without exo, exo off, at zero torque, with DOFC and each policy."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STORED_STEP_S = 0.01


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
        Result of the reflex phase.
    policies : sequence of Path
        Weights files, seedN.npz.
    output : Path
        ID.json; ID.parquet (mean curves) and ID.svg are written beside it.
    """
    from exoflow.figures.metabolics import save_metabolics_figure
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
    }
    if walk["status"] != "ok":
        result |= {"status": "skipped", "reason": f"no gait for {condition}: {walk['reason']}"}
    else:
        result["controllers"] = _compare(condition, settings, walk, policies)
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
        seed=settings["metabolics"]["seed"],
        wall_time_s=time.monotonic() - started,
    )


def _compare(
    condition: str, settings: Mapping[str, Any], gait: Mapping[str, Any], policies: Sequence[Path]
) -> dict[str, dict]:
    from exoflow.gait.comparison import add_changes, evaluate_controller
    from exoflow.optimization.dofc_search import tune_dofc, unassisted
    from exoflow.simulation import NoExo, Policy, SensorNoise, Walker, ZeroTorque

    chosen = settings["metabolics"]
    noise = None
    if chosen["sensor_noise"]:
        noise = SensorNoise(
            settings["policy"]["angle_noise_rad"], settings["policy"]["velocity_noise_rad_s"]
        )

    def walker(exo: Mapping | None, timestep_s: float = chosen["timestep_s"]) -> Walker:
        return Walker.for_gait(gait, settings["model"], settings["condition"], timestep_s, exo)

    def evaluate(walker: Walker, law) -> dict:
        walk = walker.rollout(
            gait["parameters"], chosen["duration_s"], law,
            noise=noise, noise_seed=chosen["seed"], store_every_s=STORED_STEP_S,
        )  # fmt: skip
        return evaluate_controller(walk, chosen["last_strides"])

    worn = walker(settings["exo"])
    controllers = {
        "none": evaluate(walker(None), NoExo()),
        "off": evaluate(worn, NoExo()),
        "zero_torque": evaluate(worn, ZeroTorque()),
    }
    dofc = chosen["dofc"]

    def tuning_walkers() -> list[Walker]:
        return [walker(settings["exo"], step) for step in dofc["timesteps_s"]]

    tuned = tune_dofc(
        tuning_walkers,
        gait["parameters"],
        unassisted(tuning_walkers(), gait["parameters"], dofc["duration_s"]),
        torque_limit_Nm=settings["exo"]["torque_limit_Nm"],
        duration_s=dofc["duration_s"],
        evaluations=dofc["evaluations"],
        seed=dofc["seed"],
        noise=noise,
        label=f"metabolics {condition} DOFC",
    )
    controllers["dofc"] = evaluate(worn, tuned.law) | {
        "gain_Nm": tuned.law.gain_Nm,
        "delay_s": tuned.law.delay_s,
        "filter_tau_s": tuned.law.filter_tau_s,
    }
    for path in policies:
        name = f"policy_{Path(path).stem}"
        policy = Policy.load(path)
        if policy.weights.status == "ok":
            controllers[name] = evaluate(worn, policy)
        else:
            controllers[name] = {"skipped": policy.weights.reason}
    add_changes(controllers, "none")
    return controllers
