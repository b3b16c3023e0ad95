"""A human who gets used to the exo: `wearer:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class WearerSettings:
    """The reflexes of every gait searched again with the exo on, together with DOFC."""

    enabled: bool = setting(
        False,
        doc="Let the walker get used to the exo before controllers are trained; false: he stays "
        "as he was found without it.",
    )
    evaluations: int = setting(
        800, doc="Candidates tried with the exo on; as many with nothing worn.", minimum=1
    )
    duration_s: float = setting(
        15.0,
        doc="Simulated walking time of one candidate on one slope, s: who leans on an exo may "
        "fall late.",
        minimum=1,
    )
    effort: float = setting(
        1.4,
        doc="Weight of the metabolic cost in what is minimized, with the exo and without, instead "
        "of reflex.objective.effort: with that, other terms take back half of what an exo gives.",
        minimum=0,
    )
    control: bool = setting(
        True,
        doc="Search as often with nothing worn too: what the search alone gains is no merit of "
        "the exo.",
    )
    feels: str | None = setting(
        "exo_hip",
        doc="Table in data/reflexes/added/ by which the walker answers the exo's torque; null: he "
        "does not feel it.",
    )
    gain_shares: tuple[float, ...] = setting(
        (1.1, 0.8, 0.5, 0.25),
        doc="Gains of the DOFC to start with, shares of exo.torque_limit_Nm; with each of "
        "delays_s, the one that the walker bears best is taken.",
        above=0,
        maximum=3,
    )
    delays_s: tuple[float, ...] = setting(
        (0.1, 0.125, 0.15, 0.175, 0.2), doc="Delays of that DOFC, s.", minimum=0.01, maximum=0.4
    )
    filter_tau_s: float = setting(
        0.03, doc="Time constant of its filter, s.", minimum=0, maximum=0.2
    )
    seed: int = setting(1, doc="Random seed of both searches.", minimum=0)
