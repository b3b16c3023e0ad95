"""Comparison of the controllers: `metabolics:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class DofcSettings:
    """Tuning of the delayed output feedback controller (DOFC), the baseline."""

    evaluations: int = setting(200, doc="Candidates tried by CMA-ES.", minimum=1)
    duration_s: float = setting(10.0, doc="Simulated walking time of one candidate, s.", minimum=2)
    timesteps_s: tuple[float, ...] = setting(
        (0.001, 0.002),
        doc="Steps of the simulation; a candidate is scored on the mean over all, s.",
        minimum=0.0001,
        maximum=0.002,
    )
    slopes_deg: tuple[float, ...] = setting(
        (-1.0, 0.0, 1.0),
        doc="Slopes added to the condition's that every candidate walks at every step, deg.",
        minimum=-15,
        maximum=15,
    )
    seed: int = setting(1, doc="Random seed of the tuning.", minimum=0)


@dataclass(frozen=True)
class MetabolicsSettings:
    """Speed, cost and torque without exo, exo off, with DOFC and with each policy."""

    duration_s: float = setting(30.0, doc="Simulated walking time of one walk, s.", minimum=2)
    last_strides: int = setting(10, doc="Strides at the end that are averaged.", minimum=1)
    timestep_s: float = setting(
        0.001, doc="Step of the simulation, s.", minimum=0.0001, maximum=0.002
    )
    slopes_deg: tuple[float, ...] = setting(
        (-1.0, 0.0, 1.0),
        doc="Slopes added to the condition's own; every controller walks on all of them.",
        minimum=-5,
        maximum=5,
    )
    sensor_noise: bool = setting(
        True, doc="Controllers see hip angles and velocities with the noise of training."
    )
    noise_seeds: tuple[int, ...] = setting(
        (1, 2),
        doc="Random seeds of the sensor noise; a law with sensors walks every slope with each.",
        minimum=0,
    )
    speed_match_pct: float = setting(
        2.0, doc="Mean change of speed up to which the speed counts as kept, %.", above=0
    )
    dofc: DofcSettings = setting(DofcSettings, doc="Tuning of the baseline controller.")
