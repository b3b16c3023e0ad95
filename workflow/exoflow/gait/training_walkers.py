"""The walkers that a controller is trained on: one human on several slopes, wearing the exo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from exoflow.config.policy import PolicySettings
from exoflow.errors import SimulationError
from exoflow.gait.randomization import draw, ranges_of
from exoflow.gait.tasks.observation import told_values
from exoflow.simulation import Dofc, ExoLaw, NoExo, Policy, Variation, Walker, ZeroTorque
from exoflow.simulation.batch import Subject, WalkerBatch, settled_costs

# Sets the draws of walkers apart from other uses of a training's seed.
DRAW_SEED = 4711
# Draws before giving up, for each walker that is wanted.
DRAWS_PER_HUMAN = 10


def training_walkers(
    gait: Mapping[str, Any], settings: Mapping[str, Any], policy: PolicySettings, seed: int = 0
) -> Callable[[int], WalkerBatch]:
    """How to make a batch of `training_subjects`.

    Raises
    ------
    SimulationError
        As there.
    """
    return batches(training_subjects(gait, settings, policy, seed), policy.threads)


def batches(subjects: Sequence[Subject], threads: int) -> Callable[[int], WalkerBatch]:
    """How to make a batch of these subjects: from the number of walkers."""

    def make_batch(n_walkers: int) -> WalkerBatch:
        return WalkerBatch(subjects, n_walkers, threads=threads)

    return make_batch


def training_subjects(
    gait: Mapping[str, Any], settings: Mapping[str, Any], policy: PolicySettings, seed: int = 0
) -> list[Subject]:
    """Whom a controller is trained on.

    Each is compared with the same human who wears nothing in the same surroundings; a human who
    has adapted to an exo with the human before. They walk on `policy.slopes_deg`; with
    `policy.randomization.humans` each is drawn, and one that cannot stand by himself is drawn
    again.

    Parameters
    ----------
    gait : mapping
        Result of the reflex phase or of `exoflow adapt`.
    settings : mapping
        `model`, `condition` and `exo`.
    seed : int
        Of the walkers that are drawn.

    Raises
    ------
    SimulationError
        If a walker falls before learning has begun, or nine in ten that are drawn do.
    """
    adapted_to = law_of_gait(gait)
    # The friction of the motors brings down some who carry the mass: they start with it off.
    laws = (adapted_to,) if adapted_to else (ZeroTorque(), NoExo())

    def subject(variation: Variation) -> Subject:
        def walker(human: Mapping[str, Any], exo: Mapping | None) -> Walker:
            return Walker.for_gait(
                human, settings["model"], settings["condition"], policy.timestep_s, exo,
                variation=variation, with_uchida=False,
            )  # fmt: skip

        before = unadapted(gait)
        reference = settled_costs(walker(before, None), before["parameters"])
        worn = walker(gait, settings["exo"])
        law = _standing_law(worn, gait["parameters"], laws)
        told = told_values(settings["condition"], variation.slope_deg)
        return Subject(worn, gait["parameters"], law, reference, told)

    if policy.randomization.humans:
        return _drawn(subject, policy, seed)
    return [subject(Variation(slope_deg=slope)) for slope in policy.slopes_deg]


def _standing_law(worn: Walker, parameters: Mapping[str, float], laws: Sequence[ExoLaw]) -> ExoLaw:
    """The first law under which a walker stands.

    Raises
    ------
    SimulationError
        Of the last law, if there is none.
    """
    for law in laws[:-1]:
        try:
            settled_costs(worn, parameters, law)
            return law
        except SimulationError:
            continue
    settled_costs(worn, parameters, laws[-1])
    return laws[-1]


def _drawn(
    subject: Callable[[Variation], Subject], policy: PolicySettings, seed: int
) -> list[Subject]:
    """Subjects from the ranges, on each of `slopes_deg` in turn."""
    rng = np.random.default_rng((DRAW_SEED, seed))
    ranges = ranges_of(policy.randomization)
    wanted = policy.randomization.humans
    subjects: list[Subject] = []
    for _ in range(DRAWS_PER_HUMAN * wanted):
        drawn = draw(ranges, rng)
        slope_deg = policy.slopes_deg[len(subjects) % len(policy.slopes_deg)]
        try:
            subjects.append(subject(replace(drawn, slope_deg=drawn.slope_deg + slope_deg)))
        except SimulationError:
            continue
        if len(subjects) == wanted:
            return subjects
    raise SimulationError(
        f"only {len(subjects)} of {DRAWS_PER_HUMAN * wanted} walkers drawn for the training walk "
        f"without help, {wanted} are wanted. Narrow policy.randomization."
    )


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
