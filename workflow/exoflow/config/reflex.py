"""The gait search: `reflex:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exoflow.config.setting import setting


@dataclass(frozen=True)
class ReflexObjective:
    """Weights and limits of the objective that the search minimizes."""

    gait: float = setting(
        100.0, doc="Weight of walking at all: distance kept and speed inside its band.", minimum=0
    )
    effort: float = setting(
        0.7, doc="Weight of the metabolic cost of transport (model.metabolic).", minimum=0
    )
    cubed_activation: float = setting(
        500.0, doc="Weight of the mean cubed muscle activation per distance.", minimum=0
    )
    knee_limit: float = setting(0.02, doc="Weight of the moment of the knee's end stop.", minimum=0)
    grf: float = setting(10.0, doc="Weight of ground reaction force above grf_limit_BW.", minimum=0)
    grf_limit_BW: float = setting(
        1.2, doc="Vertical ground reaction force that is free, body weights.", above=0
    )
    leg_grf: float = setting(
        40.0, doc="Weight of ground reaction force of one leg above leg_grf_limit_BW.", minimum=0
    )
    leg_grf_limit_BW: float = setting(
        1.1, doc="Ground reaction force of one leg that is free, body weights.", above=0
    )
    trunk_lean: float = setting(
        0.1, doc="Weight of trunk lean beyond trunk_lean_limit_deg, per degree.", minimum=0
    )
    trunk_lean_limit_deg: float = setting(
        6.0, doc="Trunk lean forward or backward that is free, degrees.", minimum=0, maximum=45
    )
    head_acceleration: float = setting(
        0.0,
        doc="Weight of squared head acceleration beyond 4.9 m/s2 up and down, 2.45 m/s2 along.",
        minimum=0,
    )
    scuff: float = setting(
        10.0, doc="Weight of ground reaction force of a leg in swing, body weights.", minimum=0
    )
    symmetry: float = setting(
        1.0, doc="Weight of differences in step time and step length between the legs.", minimum=0
    )
    speed: float = setting(
        20.0,
        doc="Weight of the relative deviation of the mean speed over all slopes beyond 1 %.",
        minimum=0,
    )
    velocity_band: float = setting(
        1.03, doc="Upper edge of the speed band as a multiple of its lower edge.", minimum=1
    )


@dataclass(frozen=True)
class ReflexSettings:
    """CMA-ES search of the reflex gains, one gait for each condition."""

    reflexes: str = setting(
        "h0918_rs3", doc="Reflex table in data/reflexes/ that names the parameters."
    )
    evaluations: int = setting(
        1000, doc="Candidates tried from a warm start, or after the staged speeds.", minimum=1
    )
    cold_evaluations: int = setting(
        2000, doc="Candidates tried at each staged speed of a cold start.", minimum=1
    )
    cold_restarts: int = setting(
        3,
        doc="Searches of a cold start at its first speed, each with its seed; the best goes on.",
        minimum=1,
    )
    staged_speeds_m_s: tuple[float, ...] = setting(
        (1.0, 1.2),
        doc="Speeds a cold start reaches before the target speed, m/s.",
        minimum=0.5,
        maximum=2.0,
    )
    population: int = setting(12, doc="Candidates in one generation.", minimum=4)
    sigma_factor: float = setting(
        0.003, doc="Initial standard deviation of a parameter as a share of its value.", above=0
    )
    duration_s: float = setting(
        10.0, doc="Simulated walking time of one candidate on one slope, s.", minimum=1
    )
    timestep_s: float = setting(
        0.001, doc="Step of the simulation, s.", minimum=0.0001, maximum=0.002
    )
    slopes_deg: tuple[float, ...] = setting(
        (-1.0, 0.0, 1.0),
        doc="Slopes added to the condition's own; a candidate must walk on all of them.",
        minimum=-5,
        maximum=5,
    )
    covariance: str = setting(
        "diagonal",
        doc="What CMA-ES adapts from a warm start: each parameter's step, or correlations too.",
        choices=("diagonal", "full"),
    )
    payload_pelvis_kg: float = setting(
        2.0,
        doc="Mass at the pelvis a candidate must also carry, so that it can wear an exo; 0: none.",
        minimum=0,
        maximum=20,
    )
    payload_thigh_kg: float = setting(
        0.45, doc="The same on each thigh, 0.2 m below the hip, kg.", minimum=0, maximum=10
    )
    payload_friction_Nm: float = setting(
        0.4, doc="Friction of either hip's actuator that comes with the mass, Nm.", minimum=0
    )
    payload_inertia_kg_m2: float = setting(
        0.0055, doc="Its rotor inertia, felt at the hip, kg m2.", minimum=0, maximum=0.5
    )
    seed: int = setting(1, doc="Random seed of the search.", minimum=0)
    threads: int = setting(
        2,
        doc="Candidates simulated side by side; the result does not depend on it.",
        minimum=1,
        affects_results=False,
    )
    checkpoint_every_s: float = setting(
        20.0,
        doc="Wall time between two checkpoints, s.",
        minimum=0,
        affects_results=False,
    )
    objective: ReflexObjective = setting(ReflexObjective, doc="What the search minimizes.")


def reflex_sets(folder: Path) -> list[str]:
    """Names of the reflex tables in a folder; tables of start values are none."""
    names = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace") as stream:
            if stream.readline().startswith("active_states,"):
                names.append(path.stem)
    return names
