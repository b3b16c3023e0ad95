"""The phases in order, what each reads, and the settings that each uses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exoflow.config.export import export_name
from exoflow.config.params import SECTIONS, Params, to_plain
from exoflow.config.setting import Setting
from exoflow.errors import ParamsError

# What the teacher has a setting of its own for, or follows from who is trained on.
TEACHERS_OWN = (
    "kind", "hidden", "width", "steps", "n_walkers", "buffer", "evaluation_walkers", "told",
)  # fmt: skip
# Phases that another section tells how to run.
RUN_BY = {"wearer": "reflex"}
# What the safety layer of a bundle must know of the device.
EXPORTED_EXO = ("name", "torque_limit_Nm", "slew_Nm_s", "control_rate_Hz")
WALKING_ROOMS = ("gait", "simulation", "control", "physiology")


@dataclass(frozen=True)
class Phase:
    """One phase: rule, subcommand, stage file, DVC stage and results folder of one name."""

    name: str
    summary: str
    """One line for `exoflow --help`."""
    rooms: tuple[str, ...]
    """Rooms of the package whose code changes the numbers of this phase."""
    data: tuple[str, ...]
    """Folders of data/ the stage reads by itself."""
    sections: tuple[str, ...]
    """Keys of params.yaml this phase uses."""
    resumable: bool = False
    """Whether a stopped run goes on from a checkpoint."""
    stages: tuple[str, ...] = ()
    """Other stages whose code it calls."""


PHASES: dict[str, Phase] = {
    phase.name: phase
    for phase in (
        Phase(
            "reflex",
            "search the reflex gains of a walker until it walks like a human",
            ("optimization", *WALKING_ROOMS),
            ("models", "norms", "reflexes"),
            ("conditions", "model", "reflex"),
            resumable=True,
        ),
        Phase(
            "wearer",
            "let that walker get used to the exo; without it, the control",
            ("optimization", *WALKING_ROOMS),
            ("models", "norms", "reflexes"),
            ("conditions", "model", "exo", "reflex", "policy", "metabolics", "wearer"),
            resumable=True,
            stages=("adapt",),
        ),
        Phase(
            "policy",
            "train a controller of the exo on that walker (PPO)",
            ("learning", *WALKING_ROOMS),
            ("models", "reflexes"),
            ("conditions", "model", "exo", "policy"),
            resumable=True,
        ),
        Phase(
            "teacher",
            "train one controller for all conditions, told speed and slope",
            ("learning", *WALKING_ROOMS),
            ("models", "reflexes"),
            ("conditions", "model", "exo", "policy", "teacher"),
            resumable=True,
            stages=("policy",),
        ),
        Phase(
            "metabolics",
            "compare no exo, exo off, the DOFC baseline and the policies",
            ("optimization", *WALKING_ROOMS),
            ("models", "norms", "reflexes"),
            ("conditions", "model", "exo", "policy", "metabolics"),
        ),
        Phase(
            "student",
            "distil policies or teacher into one controller fed by gyroscopes",
            ("learning", *WALKING_ROOMS),
            ("models", "reflexes"),
            ("conditions", "model", "exo", "student"),
        ),
        Phase(
            "export",
            "turn a controller into C code and check it against the network",
            ("export",),
            (),
            ("conditions", "student", "exo", "export"),
        ),
        Phase(
            "trial",
            "analyze the metabolic data of a human trial",
            ("trial", "figures"),
            ("trials",),
            ("trial",),
        ),
        Phase(
            "report",
            "gather everything in one offline HTML file",
            ("figures",),
            ("norms",),
            ("conditions", "student", "export", "trial", "report"),
        ),
    )
}


def phase_settings(
    params: Params, phase: str, condition: str | None = None, seed: int | None = None
) -> dict[str, Any]:
    """The settings that one job of a phase uses, and no others.

    A job reruns when one of these changes, so a key that does not change the
    numbers of this phase does not belong here.

    Parameters
    ----------
    params
        Checked parameters.
    phase
        One of PHASES.
    condition, seed
        For the phases that run once per condition (reflex, policy,
        metabolics) and per seed (policy).

    Returns
    -------
    dict
        Plain JSON values. The phases that walk have one key per section, with
        `condition` (`conditions` by id for teacher and student) and `seed`; export,
        trial and report have their own section's keys.
    """
    if phase not in PHASES:
        raise ParamsError(f"{phase} is not a phase. Phases: {', '.join(PHASES)}.")
    model, exo = to_plain(params.model), to_plain(params.exo)
    if phase == "reflex":
        kept = ("speed_m_s", "slope_deg", "impairment", "warm_start", "start_from")
        walker = condition_settings(params, condition, kept)
        return {"condition": walker, "model": model, "reflex": to_plain(params.reflex)}
    if phase == "policy":
        return {
            "condition": condition_settings(params, condition),
            "model": model,
            "exo": exo,
            "policy": to_plain(params.policy),
            "seed": seed,
        }
    sensor_noise = {
        "angle_noise_rad": params.policy.angle_noise_rad,
        "velocity_noise_rad_s": params.policy.velocity_noise_rad_s,
    }
    if phase == "wearer":
        return {
            "condition": condition_settings(params, condition),
            "model": model,
            "exo": exo,
            "reflex": to_plain(params.reflex),
            "policy": sensor_noise,
            "metabolics": {"sensor_noise": params.metabolics.sensor_noise},
            "wearer": to_plain(params.wearer),
        }
    if phase == "metabolics":
        return {
            "condition": condition_settings(params, condition),
            "model": model,
            "exo": exo,
            "policy": sensor_noise,
            "metabolics": to_plain(params.metabolics),
        }
    if phase == "teacher":
        return {
            "conditions": all_conditions(params),
            "model": model,
            "exo": exo,
            "policy": {
                name: value
                for name, value in to_plain(params.policy).items()
                if name not in TEACHERS_OWN
            },
            "teacher": to_plain(params.teacher),
        }
    if phase == "student":
        return {
            "conditions": all_conditions(params),
            "model": model,
            "exo": exo,
            "student": to_plain(params.student),
        }
    if phase == "export":
        checks = to_plain(params.export)
        del checks["policies"]  # one more bundle does not change the others
        return {"exo": {name: exo[name] for name in EXPORTED_EXO}, "export": checks}
    if phase == "trial":
        return {}  # each study.yaml holds its own choices
    return {
        "conditions": all_conditions(params),
        "exported": [export_name(policy) for policy in params.export.policies],
        "student": params.student.enabled,
        "studies": list(params.trial.studies),
        **to_plain(params.report),
    }


def condition_settings(
    params: Params,
    condition: str | None,
    kept: tuple[str, ...] = ("speed_m_s", "slope_deg", "impairment"),
) -> dict[str, Any]:
    """The named fields of one condition."""
    if condition is None or condition not in params.conditions:
        raise ParamsError(
            f"params.yaml: {condition} is not a condition. "
            f"Known: {', '.join(list(params.conditions)[:12])}."
        )
    fields = to_plain(params.conditions[condition])
    return {name: fields[name] for name in kept}


def all_conditions(params: Params) -> dict[str, dict[str, Any]]:
    """What the walkers of all conditions are, by id, with their seeds."""
    kept = ("speed_m_s", "slope_deg", "impairment", "seeds")
    return {name: condition_settings(params, name, kept) for name in params.conditions}


def scientific(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those that cannot change a result, such as thread counts.

    Rules record these, results store them and checkpoints are keyed by them, so
    that a run with other thread counts is the same run.
    """
    kept = dict(settings)
    for section, settings_type in SECTIONS.items():
        if isinstance(kept.get(section), Mapping):
            left_out = {
                field.name for field in dataclasses.fields(settings_type) if is_execution(field)
            }
            kept[section] = {
                key: value for key, value in kept[section].items() if key not in left_out
            }
    return kept


def with_execution(
    settings: Mapping[str, Any], phase: str, params: Params | None = None
) -> dict[str, Any]:
    """The inverse of `scientific` for one phase: put thread counts and the like back.

    Their values come from `params`, or are the defaults where there are none.
    """
    name = RUN_BY.get(phase, phase)
    section = settings.get(name)
    if not isinstance(section, Mapping) or name not in SECTIONS:
        return dict(settings)
    chosen = getattr(params, name, None)
    added = {
        field.name: getattr(chosen, field.name, field.default)
        for field in dataclasses.fields(SECTIONS[name])
        if is_execution(field)
    }
    return {**settings, name: {**added, **section}}


def is_execution(field: dataclasses.Field) -> bool:
    """Whether a field only says how to run, not what to compute."""
    limits: Setting = field.metadata["setting"]
    return not limits.affects_results


def settings_json(
    params: Params, phase: str, condition: str | None = None, seed: int | None = None
) -> str:
    """The scientific settings of one job as one line of JSON with sorted keys."""
    settings = scientific(phase_settings(params, phase, condition, seed))
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
