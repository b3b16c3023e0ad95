"""`exoflow adapt`: the reflexes of a gait searched again with an exo on; without, the control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.config import Params
    from exoflow.simulation import ExoLaw, SensorNoise

# Reflexes that answer the torque of an exo, in data/reflexes/added/.
FEELS = "exo_hip"


def run(
    gait: Path,
    exo: str,
    evaluations: int,
    seed: int,
    output: Path,
    tune: bool = False,
    feels: str | None = FEELS,
) -> None:
    """Let the walker of a gait adapt to an exo.

    Objective, exo and condition are those of params.yaml, the condition is the gait's. The same
    number of evaluations with `none` is the control: what the search alone would have gained.

    Parameters
    ----------
    gait : Path
        Result of the reflex phase (or of this tool) to start from.
    exo : str
        As in `worn_exo.exo_law`.
    evaluations, seed : int
        Of the search, instead of those in params.yaml.
    output : Path
        JSON in the form of a reflex result, with what was worn under `adaptation`.
    tune : bool
        Search gain, delay and filter of DOFC together with the reflexes.
    feels : str or None
        Table of the reflexes by which the human answers the exo's torque, searched with the
        others; None: he does not feel it.

    Raises
    ------
    CheckpointError
        If the gait cannot be read or does not walk.
    ParamsError
        If params.yaml does not know the gait's condition.
    UserError, PolicyFormatError
        If `exo` names no law.
    """
    from exoflow.config import load_params, phase_settings, to_plain
    from exoflow.errors import CheckpointError, UserError
    from exoflow.records.gait_file import read_gait
    from exoflow.records.hashing import content_hash
    from exoflow.records.json_io import write_json
    from exoflow.simulation import Dofc
    from exoflow.stages.worn_exo import exo_law

    gait, output = Path(gait), Path(output)
    start = read_gait(gait)
    if start.get("status") != "ok":
        raise CheckpointError(
            f"{gait}: does not walk ({start.get('reason')}). Give a gait whose status is ok."
        )
    law = exo_law(exo, gait)
    if tune and not isinstance(law, Dofc):
        raise UserError(f"--tune with --exo {exo}: only DOFC has gains to tune. Leave it out.")
    params = load_params()
    settings = phase_settings(params, "reflex", start["condition"])
    worn = to_plain(params.exo) if exo != "none" else None
    result = adapted_gait(
        start, settings, worn, law, _sensor_noise(params, law), evaluations, seed, tune, feels
    )
    result["start_values"] = str(gait)
    result["adaptation"] |= {"gait_hash": content_hash(gait)}
    if exo.endswith(".npz"):
        result["adaptation"] |= {"weights": exo, "weights_hash": content_hash(exo)}
    write_json(output, result)
    print(_words(result))


def adapted_gait(
    start: Mapping[str, Any],
    settings: Mapping[str, Any],
    worn: Mapping[str, Any] | None,
    law: ExoLaw,
    noise: SensorNoise | None,
    evaluations: int,
    seed: int,
    tune: bool = False,
    feels: str | None = FEELS,
    checkpoints: Path | None = None,
    laws: Sequence[ExoLaw] = (),
) -> dict[str, Any]:
    """Search the reflexes of a gait again; a gait in the form of a reflex result.

    Parameters
    ----------
    start : mapping
        The gait to start from.
    settings : mapping
        `condition`, `model` and `reflex`, as the reflex phase gets them.
    worn : mapping or None
        Settings of the exo; None: nothing is worn.
    law, noise
        What drives the exo, and what its sensors add.
    evaluations, seed : int
    tune : bool
        Search the numbers of a DOFC too.
    feels : str or None
        As in `run`; who wears nothing feels nothing.
    checkpoints : Path, optional
        Folder from which a stopped search goes on; the caller removes it.
    laws : sequence of ExoLaw
        To choose `law` from, by the score before the search; empty: it is taken as it is.

    Returns
    -------
    dict
        With `adaptation`: the law that was on, the budget, and as `reference` the reflexes of
        the human before any adaptation, whom everything is compared with.
    """
    from exoflow.config import to_plain
    from exoflow.control.reflex_table import JOINED
    from exoflow.gait.training_walkers import unadapted
    from exoflow.optimization.gait_search import GaitSearch
    from exoflow.stages.reflex import gait_result

    settings = {name: dict(part) for name, part in settings.items() if isinstance(part, Mapping)}
    # The parameters belong to the reflex set they were found with.
    reflexes = start["reflexes"]
    if worn is not None and feels and feels not in reflexes.split(JOINED):
        reflexes = f"{reflexes}{JOINED}{feels}"
    settings["reflex"] |= {
        "reflexes": reflexes,
        "evaluations": evaluations,
        "seed": seed,
    }
    if worn is not None:
        settings["exo"] = dict(worn)
    condition = start["condition"]
    search = GaitSearch(
        settings, f"adapt {condition}", exo=worn, law=law, noise=noise, tune_law=tune
    )
    if laws:
        search = replace(search, law=search.best_law(start["parameters"], laws))
    found = search.run(start["parameters"], checkpoints)
    # What is reported walks under the law that was found.
    search = replace(search, law=found.law, tune_law=False)
    result, _ = gait_result(search, found, condition, "")
    result["adaptation"] = {
        "start_score": found.history[0][1],
        "evaluations": found.evaluations,
        "seed": seed,
        "sensor_noise": None if noise is None else to_plain(noise),
        "reference": {name: unadapted(start)[name] for name in ("reflexes", "parameters")},
        **_law_words(found.law, worn),
    }
    return result


def _sensor_noise(params: Params, law: ExoLaw) -> SensorNoise | None:
    """The noise that the `metabolics` phase measures with; a law without sensors has none."""
    from exoflow.config import to_plain
    from exoflow.simulation import Dofc, Policy
    from exoflow.stages.metabolics import sensor_noise

    if not isinstance(law, Dofc | Policy):
        return None
    sections = ("policy", "metabolics", "student")
    return sensor_noise({name: to_plain(getattr(params, name)) for name in sections})


def _law_words(law: ExoLaw, worn: Mapping[str, Any] | None) -> dict[str, Any]:
    """The law by name, with the numbers of a DOFC."""
    from exoflow.config import to_plain
    from exoflow.simulation import Dofc, Policy, ZeroTorque

    if isinstance(law, Dofc):
        return {"law": "dofc", **to_plain(law)}
    if isinstance(law, Policy):
        return {"law": "policy"}
    if isinstance(law, ZeroTorque):
        return {"law": "zero_torque"}
    return {"law": "none" if worn is None else "off"}


def _words(result: dict[str, Any]) -> str:
    """What came of it, in one line."""
    done = result["adaptation"]
    line = (
        f"{result['condition']}, {done['law']}: score {done['start_score']:.3f} -> "
        f"{result['score']:.3f} in {done['evaluations']} evaluations"
    )
    if result["status"] != "ok":
        return f"{line}; no gait: {result['reason']}"
    gait = result["gait"]
    return f"{line}, {gait['speed_m_s']:.3f} m/s, {gait['cot_wang2012_J_kg_m']:.2f} J/kg/m (Wang)"
