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
        doc="Force-length, force-velocity and tendon curves; m2012fast is the fast one.",
        choices=("m2012fast", "millard", "degroote", "thelen"),
    )
    activation: str = setting(
        "opensim",
        doc="Activation dynamics from excitation to activation.",
        choices=("opensim", "hyfydy"),
    )
    metabolic: str = setting(
        "wang2012",
        doc="Metabolic model of the search's effort, of the reward and of reported changes; "
        "Wang 2012 and Uchida 2016 costs are always reported beside it.",
        choices=("wang2012", "umberger2010", "uchida2016", "bhargava2004"),
    )
    bhargava_negative_work: bool = setting(
        False, doc="Whether Bhargava 2004 takes work that fibres absorb off the metabolic rate."
    )
    slow_twitch: str = setting(
        "uniform",
        doc="Shares of slow-twitch fibres, a column of data/models/slow_twitch.csv.",
        choices=("uniform", "spinal_controller", "falisse"),
    )
    specific_tension_MPa: float = setting(
        0.25, doc="Muscle stress that turns force into mass for model.metabolic, MPa.", above=0
    )
    uchida_specific_tension_MPa: float = setting(
        0.60, doc="The same for the Uchida 2016 cost reported beside it, MPa.", above=0
    )
    contact_stiffness_N_m15: float = setting(
        408247.0, doc="Stiffness of the heel and toe contact spheres, N/m^1.5.", above=0
    )
    contact_viscosity_Ns_m: float = setting(
        5000.0,
        doc="Friction force per slip speed before Coulomb's limit, N s/m; less lets feet creep.",
        above=0,
    )
