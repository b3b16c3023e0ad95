"""`exoflow simulate`: one walk of a found gait, as a table, an OpenSim file and an animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.records.rollout import Rollout
    from exoflow.simulation import Walker

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
    gait, duration_s, exo
        As in `walk_gait`.
    output, sto, video : Path, optional
        Parquet, .sto and GIF to write.

    Raises
    ------
    CheckpointError
        If the gait, or what `exo` names, cannot be read.
    """
    from exoflow.figures.animation import write_gif
    from exoflow.records.trajectory import write_parquet, write_sto

    found, walker, walk = walk_gait(gait, duration_s, exo)
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
    print(walk_words(found, walk))


def walk_gait(gait: Path, duration_s: float, exo: str) -> tuple[dict[str, Any], Walker, Rollout]:
    """The result of a gait, its walker, and its walk.

    Parameters
    ----------
    gait : Path
        Result of the reflex phase.
    duration_s : float
        Walking time, s.
    exo : str
        As in `worn_exo.exo_law`.

    Raises
    ------
    CheckpointError
        If the gait, or what `exo` names, cannot be read.
    """
    from exoflow.config import load_params, to_plain
    from exoflow.config.exo import ExoSettings
    from exoflow.records.gait_file import read_gait
    from exoflow.simulation import Walker
    from exoflow.stages.worn_exo import exo_law

    gait = Path(gait)
    found = read_gait(gait)
    settings = found["settings"]
    worn = None
    if exo != "none":
        has_params = Path("params.yaml").is_file()
        worn = to_plain(load_params().exo if has_params else ExoSettings())
    law = exo_law(exo, gait)
    walker = Walker.for_gait(
        found, settings["model"], settings["condition"], settings["reflex"]["timestep_s"], worn
    )
    walk = walker.rollout(found["parameters"], duration_s, law, store_every_s=STORED_STEP_S)
    return found, walker, walk


def walk_words(found: dict[str, Any], walk: Rollout) -> str:
    """What came of a walk, in one line."""
    measures = walk.measures
    end = f"fell after {measures.reached_s:.2f} s" if measures.fell else "no fall"
    cost = measures.cost_of_transport(measures.wang2012_J)
    return (
        f"{found['condition']}: {measures.reached_s:.1f} s, {measures.speed_m_s:.3f} m/s, "
        f"{cost:.2f} J/kg/m (Wang 2012), {end}"
    )
