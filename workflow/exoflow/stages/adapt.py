"""`exoflow adapt`: the reflexes of a gait searched again with an exo on; without, the control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.config import Params
    from exoflow.simulation import ExoLaw, SensorNoise


def run(gait: Path, exo: str, evaluations: int, seed: int, output: Path) -> None:
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
    from exoflow.errors import CheckpointError
    from exoflow.optimization.gait_search import GaitSearch
    from exoflow.records.hashing import content_hash
    from exoflow.records.json_io import read_json, write_json
    from exoflow.stages.reflex import gait_result
    from exoflow.stages.worn_exo import exo_law

    gait, output = Path(gait), Path(output)
    start = read_json(gait)
    if "parameters" not in start:
        raise CheckpointError(f"{gait}: holds no gait. Give a result of the reflex phase.")
    if start.get("status") != "ok":
        raise CheckpointError(
            f"{gait}: does not walk ({start.get('reason')}). Give a gait whose status is ok."
        )
    law = exo_law(exo, gait)
    params, condition = load_params(), start["condition"]
    settings = phase_settings(params, "reflex", condition)
    # The parameters belong to the reflex set they were found with.
    settings["reflex"] |= {
        "reflexes": start["reflexes"],
        "evaluations": evaluations,
        "seed": seed,
    }
    worn = None
    if exo != "none":
        worn = settings["exo"] = to_plain(params.exo)
    noise = _sensor_noise(params, law)
    search = GaitSearch(settings, f"adapt {condition}", exo=worn, law=law, noise=noise)
    found = search.run(start["parameters"], None)
    result, _ = gait_result(search, found, condition, str(gait))
    result["adaptation"] = {
        "gait_hash": content_hash(gait),
        "start_score": found.history[0][1],
        "evaluations": found.evaluations,
        "seed": seed,
        "sensor_noise": None if noise is None else to_plain(noise),
        **_law_words(exo, law),
    }
    write_json(output, result)
    print(_words(result))


def _sensor_noise(params: Params, law: ExoLaw) -> SensorNoise | None:
    """The noise that the `metabolics` phase measures with; a law without sensors has none."""
    from exoflow.simulation import Dofc, Policy, SensorNoise

    if not params.metabolics.sensor_noise or not isinstance(law, Dofc | Policy):
        return None
    return SensorNoise(
        params.policy.angle_noise_rad,
        params.policy.velocity_noise_rad_s,
        params.student.gyro_noise_rad_s,
    )


def _law_words(exo: str, law: ExoLaw) -> dict[str, Any]:
    """The law by name, with its numbers or the hash of its weights."""
    from exoflow.config import to_plain
    from exoflow.records.hashing import content_hash
    from exoflow.simulation import Dofc, Policy

    if isinstance(law, Dofc):
        return {"law": "dofc", **to_plain(law)}
    if isinstance(law, Policy):
        return {"law": "policy", "weights": exo, "weights_hash": content_hash(exo)}
    return {"law": exo}


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
