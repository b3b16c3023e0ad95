"""The walking model: `model:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class ModelSettings:
    """Body, muscles, contact and energy constants shared by every simulation."""

    id: str = setting(
        "h0918v3",
        doc="Planar walker with 9 degrees of freedom and 18 muscles (v1 2021, v2 2024, v3 2026).",
        choices=("h0918v1", "h0918v2", "h0918v3"),
    )
    curves: str = setting(
        "m2012fast",
        doc="Force-length and force-velocity curves of the muscles.",
        choices=("m2012fast",),
    )
    activation: str = setting(
        "opensim",
        doc="Activation dynamics from excitation to activation.",
        choices=("opensim", "hyfydy"),
    )
    metabolic: str = setting(
        "wang2012",
        doc="Metabolic model used for the effort term and for the cost of transport.",
        choices=("wang2012",),
    )
    specific_tension_MPa: float = setting(
        0.25, doc="Muscle stress that turns force into mass, Wang 2012 model, MPa.", above=0
    )
    uchida_specific_tension_MPa: float = setting(
        0.60, doc="The same for the Uchida 2016 cost reported beside it, MPa.", above=0
    )
    contact_stiffness_N_m15: float = setting(
        408247.0, doc="Stiffness of the heel and toe contact spheres, N/m^1.5.", above=0
    )
