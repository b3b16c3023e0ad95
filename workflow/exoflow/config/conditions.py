"""Conditions: who walks how fast on which slope. One entry of `conditions:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting

MUSCLES = (
    "hamstrings",
    "bifemsh",
    "glut_max",
    "iliopsoas",
    "rect_fem",
    "vasti",
    "gastroc",
    "soleus",
    "tib_ant",
)
COLD_START = "cold"


@dataclass(frozen=True)
class Impairment:
    """Weakness of some muscles on one side, as a ceiling on their excitation."""

    side: str = setting(doc="Leg with the weak muscles.", choices=("right", "left"))
    muscles: tuple[str, ...] = setting(doc="Muscles that are weak.", choices=MUSCLES)
    excitation_ceiling: float = setting(
        doc="Largest excitation these muscles can reach; 1 is no weakness.", minimum=0, maximum=1
    )


@dataclass(frozen=True)
class Condition:
    """One walking condition. Changing a field keeps the id."""

    speed_m_s: float = setting(
        doc="Walking speed the gait is searched for, m/s.", minimum=0.5, maximum=2.0
    )
    slope_deg: float = setting(
        0.0,
        doc="Slope of the ground, degrees; uphill is positive.",
        minimum=-15,
        maximum=15,
        extend="simulation/model_data.py",
    )
    impairment: Impairment | None = setting(
        None, doc="Weak muscles of one side, or null for an unimpaired walker."
    )
    seeds: tuple[int, ...] = setting(
        (1,), doc="Random seeds; one policy is trained for each.", minimum=0
    )
    warm_start: str = setting(
        "data/reflexes/start_level.csv",
        doc="Values the search starts from: a table or a .par file of SCONE, 'nearest' for the "
        "shipped table nearest in speed, slope and strength, 'cold' for those of the reflex set.",
    )
    start_from: str | None = setting(
        None, doc="Another condition whose gait the search starts from, in place of warm_start."
    )
