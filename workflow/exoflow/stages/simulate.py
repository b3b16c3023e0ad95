"""`exoflow simulate`: one walk of a found gait, as a table, an OpenSim file and an animation."""

from pathlib import Path

STORED_STEP_S = 0.01


def run(
    gait: Path,
    duration_s: float,
    exo: str = "none",
    output: Path | None = None,
    sto: Path | None = None,
    video: Path | None = None,
) -> None:
    """Simulate a gait.

    Parameters
    ----------
    gait : Path
        Result of the reflex phase.
    duration_s : float
        Walking time, s.
    exo : str
        none, off (worn, no torque), dofc (the tuned law of the metabolics result beside the
        gait) or a weights file.
    output, sto, video : Path, optional
        Parquet, .sto and GIF to write.

    Raises
    ------
    CheckpointError
        If the gait, or what `exo` names, cannot be read.
    """
    from exoflow.config import load_params, to_plain
    from exoflow.config.exo import ExoSettings
    from exoflow.errors import CheckpointError, UserError
    from exoflow.figures.animation import write_gif
    from exoflow.records.json_io import read_json
    from exoflow.records.trajectory import write_parquet, write_sto
    from exoflow.simulation import Dofc, ExoLaw, NoExo, Policy, Walker

    gait = Path(gait)
    found = read_json(gait)
    if "parameters" not in found:
        raise CheckpointError(f"{gait}: holds no gait. Give a result of the reflex phase.")
    settings = found["settings"]
    worn = None
    if exo != "none":
        has_params = Path("params.yaml").is_file()
        worn = to_plain(load_params().exo if has_params else ExoSettings())
    law: ExoLaw = NoExo()
    if exo == "dofc":
        metabolics = gait.parents[1] / "metabolics" / gait.name
        tuned = read_json(metabolics)["controllers"].get("dofc")
        if tuned is None:
            raise CheckpointError(
                f"{metabolics}: holds no tuned DOFC. Run `exoflow metabolics` first."
            )
        law = Dofc(tuned["gain_Nm"], tuned["delay_s"], tuned["filter_tau_s"])
    elif exo not in ("none", "off"):
        policy = Policy.load(Path(exo))
        if policy.weights.status != "ok":
            raise UserError(f"{exo}: holds no controller ({policy.weights.reason}).")
        law = policy
    walker = Walker.for_gait(
        found, settings["model"], settings["condition"], settings["reflex"]["timestep_s"], worn
    )
    walk = walker.rollout(found["parameters"], duration_s, law, store_every_s=STORED_STEP_S)
    trajectory = walk.trajectory
    if output:
        write_parquet(trajectory, Path(output))
    if sto:
        write_sto(trajectory, Path(sto))
    if video:
        write_gif(
            {name: trajectory[name] for name in trajectory.columns},
            Path(video),
            slope_deg=trajectory.slope_deg,
            model=walker.model,
            torque_limit_Nm=walker.exo_settings.get("torque_limit_Nm"),
        )
    end = f"fell after {walk.measures.reached_s:.2f} s" if walk.measures.fell else "no fall"
    measures = walk.measures
    cost = measures.cost_of_transport(measures.wang2012_J)
    print(
        f"{found['condition']}: {measures.reached_s:.1f} s, {measures.speed_m_s:.3f} m/s, "
        f"{cost:.2f} J/kg/m (Wang 2012), {end}"
    )
