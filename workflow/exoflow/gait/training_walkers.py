"""The walkers that a controller is trained on: one human on several slopes, wearing the exo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from exoflow.config.policy import PolicySettings
from exoflow.simulation import Dofc, ExoLaw, NoExo, Policy, Walker, ZeroTorque
from exoflow.simulation.batch import WalkerBatch, unassisted_costs


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


def law_of_gait(gait: Mapping[str, Any]) -> ExoLaw | None:
    """What a human has adapted to: the law that the gait walks with; None for any other gait.

    Raises
    ------
    PolicyFormatError
        If the weights file that the gait names cannot be read.
    """
    adaptation = gait.get("adaptation")
    if adaptation is None or adaptation["law"] == "none":
        return None
    if adaptation["law"] == "dofc":
        return Dofc(*(adaptation[name] for name in ("gain_Nm", "delay_s", "filter_tau_s")))
    if adaptation["law"] == "policy":
        return Policy.load(Path(adaptation["weights"]))
    return ZeroTorque() if adaptation["law"] == "zero_torque" else NoExo()
