"""The walkers that a controller is trained on: one human on several slopes, wearing the exo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.config.policy import PolicySettings
    from exoflow.simulation.batch import WalkerBatch


def training_walkers(
    gait: Mapping[str, Any], settings: Mapping[str, Any], policy: PolicySettings
) -> Callable[[int], WalkerBatch]:
    """How to make a batch of the walkers.

    Each is compared with the same human who wears nothing on the same slope; a human who has
    adapted to an exo with the human before.

    Parameters
    ----------
    gait : mapping
        Result of the reflex phase or of `exoflow adapt`.
    settings : mapping
        `model`, `condition` and `exo`.

    Raises
    ------
    SimulationError
        If a walker falls before learning has begun; from the function that is returned too.
    """
    from exoflow.simulation import Walker
    from exoflow.simulation.batch import WalkerBatch, unassisted_costs
    from exoflow.stages.worn_exo import law_of_gait

    def walker(human: Mapping[str, Any], slope_deg: float, exo: Mapping | None) -> Walker:
        return Walker.for_gait(
            human, settings["model"], settings["condition"], policy.timestep_s, exo,
            slope_change_deg=slope_deg, with_uchida=False,
        )  # fmt: skip

    before = unadapted(gait)
    references = [
        unassisted_costs(walker(before, slope, None), before["parameters"])
        for slope in policy.slopes_deg
    ]
    variants = [walker(gait, slope, settings["exo"]) for slope in policy.slopes_deg]
    law = law_of_gait(gait)

    def make_batch(n_walkers: int) -> WalkerBatch:
        return WalkerBatch(
            variants, gait["parameters"], n_walkers,
            threads=policy.threads, law=law, references=references,
        )  # fmt: skip

    return make_batch


def unadapted(gait: Mapping[str, Any]) -> Mapping[str, Any]:
    """The human of a gait before any adaptation: `parameters` and `reflexes`."""
    return gait["adaptation"]["reference"] if "adaptation" in gait else gait
