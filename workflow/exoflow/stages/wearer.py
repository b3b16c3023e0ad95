"""`wearer`: a gait without exo -> the same human used to it, and the control without."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.simulation import Dofc, ExoLaw

# Who wears the exo carries its mass: the control must not carry a payload instead.
NO_PAYLOAD = {"payload_pelvis_kg": 0.0, "payload_thigh_kg": 0.0}


def run(condition: str, settings: Mapping[str, Any], gait: Path, output: Path) -> None:
    """Let the walker of one condition get used to the exo, driven by DOFC that is tuned with him.

    Parameters
    ----------
    condition : str
        Condition id.
    settings : mapping
        `condition`, `model`, `exo`, `reflex`, `policy` and `metabolics` (sensor noise) and
        `wearer`.
    gait : Path
        Result of the reflex phase.
    output : Path
        JSON in the form of a reflex result, with `adaptation` (the law, the human before) and
        `control` (the human searched as often with nothing worn, or null). Where the search
        finds no gait the walker stays as he was, and `not_adapted` says why.

    Raises
    ------
    CheckpointError
        If the gait or a checkpoint cannot be read.
    """
    from exoflow.optimization.gait_search import GaitSearch
    from exoflow.records.checkpoints import checkpoint_path
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record

    started = time.monotonic()
    walk = read_json(gait)
    scratch = checkpoint_path("wearer", condition, settings, [gait], suffix="")
    result: dict[str, Any]
    if walk["status"] != "ok":
        result = {"status": "skipped", "reason": walk["reason"], "condition": condition}
    else:
        result = _used_to_it(walk, settings, scratch)
    write_json(output, {**result, "phase": "wearer"})
    write_run_record(
        "wearer",
        condition,
        settings=settings,
        inputs=[gait],
        outputs=[output],
        seed=settings["wearer"]["seed"],
        wall_time_s=time.monotonic() - started,
    )
    GaitSearch.discard(scratch)


def search_settings(settings: Mapping[str, Any], wearer: Mapping[str, Any]) -> dict[str, Any]:
    """The search of somebody who gets used to an exo, and of his control: the same but for that.

    Parameters
    ----------
    settings : mapping
        `condition`, `model` and `reflex`, as the reflex phase gets them.
    wearer : mapping
        The `wearer` section.
    """
    reflex = settings["reflex"]
    return {
        **{name: settings[name] for name in ("condition", "model")},
        "reflex": {
            **reflex,
            **NO_PAYLOAD,
            "duration_s": wearer["duration_s"],
            "objective": {**reflex["objective"], "effort": wearer["effort"]},
        },
    }


def starting_laws(wearer: Mapping[str, Any], torque_limit_Nm: float) -> list[Dofc]:
    """Laws to start from; the one that the walker bears best is taken."""
    from exoflow.simulation import Dofc

    return [
        Dofc(share * torque_limit_Nm, delay_s, wearer["filter_tau_s"])
        for share, delay_s in itertools.product(wearer["gain_shares"], wearer["delays_s"])
    ]


def _used_to_it(walk: Mapping[str, Any], settings: Mapping[str, Any], scratch: Path) -> dict:
    from exoflow.simulation import NoExo
    from exoflow.stages.metabolics import sensor_noise

    chosen, exo = settings["wearer"], settings["exo"]
    laws = starting_laws(chosen, exo["torque_limit_Nm"])
    found = _search(walk, settings, exo, laws, scratch / "worn", sensor_noise(settings))
    control = None
    if chosen["control"]:
        searched = _search(walk, settings, None, [NoExo()], scratch / "control", None)
        if searched["status"] == "ok":
            kept = ("reflexes", "parameters", "gait", "score", "evaluations")
            control = {name: searched[name] for name in kept}
    reason = found["reason"] if found["status"] != "ok" else _falls_with_it(found, settings)
    if reason:
        return {**walk, "control": control, "not_adapted": reason}
    return {**found, "control": control, "not_adapted": None}


def _search(
    walk: Mapping[str, Any],
    settings: Mapping[str, Any],
    worn: Mapping[str, Any] | None,
    laws: Sequence[ExoLaw],
    scratch: Path,
    noise: Any,
) -> dict[str, Any]:
    from exoflow.stages.adapt import adapted_gait

    chosen = settings["wearer"]
    return adapted_gait(
        walk, search_settings(settings, chosen), worn, laws[0], noise, chosen["evaluations"],
        chosen["seed"], tune=worn is not None, feels=chosen["feels"], checkpoints=scratch,
        laws=laws if len(laws) > 1 else (),
    )  # fmt: skip


def _falls_with_it(found: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    """Why learning could not start from this human; None if it can."""
    from exoflow.errors import SimulationError
    from exoflow.gait.training_walkers import law_of_gait
    from exoflow.simulation import Walker
    from exoflow.simulation.batch import settled_costs

    for slope in settings["reflex"]["slopes_deg"]:
        walker = Walker.for_gait(
            found, settings["model"], settings["condition"], settings["reflex"]["timestep_s"],
            settings["exo"], slope_change_deg=slope, with_uchida=False,
        )  # fmt: skip
        try:
            settled_costs(walker, found["parameters"], law_of_gait(found))
        except SimulationError as problem:
            return str(problem)
    return None
