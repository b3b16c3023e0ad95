"""The settings of one job: from --settings as the rules write it, or from params.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exoflow.config import (
    Params,
    load_params,
    phase_settings,
    scientific,
    to_plain,
    with_execution,
)
from exoflow.config.build import build, reject_unknown
from exoflow.config.conditions import Condition
from exoflow.config.exo import ExoSettings, check_exo
from exoflow.config.params import SECTIONS
from exoflow.errors import ParamsError

SOURCE = "--settings"
# Keys of the phases whose settings hold one section of params.yaml each.
KEYS = {
    "reflex": ("condition", "model", "reflex"),
    "wearer": ("condition", "model", "exo", "reflex", "policy", "metabolics", "wearer"),
    "policy": ("condition", "model", "exo", "policy", "seed"),
    "metabolics": ("condition", "model", "exo", "policy", "metabolics"),
    "teacher": ("conditions", "model", "exo", "policy", "teacher"),
    "student": ("conditions", "model", "exo", "student"),
    "export": ("exo", "export"),
}


def job_settings(
    text: str | None, phase: str, condition: str | None = None, seed: int | None = None
) -> dict[str, Any]:
    """Checked settings of one job.

    Parameters
    ----------
    text
        JSON given with --settings; None takes params.yaml of this folder.
    phase, condition, seed
        The job.

    Raises
    ------
    ParamsError
        If the JSON or params.yaml holds an unknown key or a bad value.
    """
    if text is None:
        return phase_settings(load_params(), phase, condition, seed)
    try:
        settings = json.loads(text)
    except json.JSONDecodeError as problem:
        raise ParamsError(
            f"{SOURCE}: not valid JSON: {problem.msg} at character {problem.pos + 1}. "
            "Quote the whole value, or leave it out to use params.yaml."
        ) from None
    if not isinstance(settings, Mapping):
        raise ParamsError(f"{SOURCE}: must be a JSON object, such as {{}}.")
    return with_execution(checked(settings, phase), phase, params_if_any())


def checked(settings: Mapping[str, Any], phase: str) -> dict[str, Any]:
    """Settings with every section checked as in params.yaml."""
    if phase not in KEYS:
        return dict(settings)
    reject_unknown(settings, KEYS[phase], "", SOURCE)
    missing = [key for key in KEYS[phase] if key not in settings]
    if missing:
        raise ParamsError(
            f"{SOURCE}: {', '.join(missing)} missing. Needed: {', '.join(KEYS[phase])}."
        )
    for key in SECTIONS:
        if key in settings:
            section: Any = build(SECTIONS[key], settings[key], key, SOURCE)
            if isinstance(section, ExoSettings):
                check_exo(section, SOURCE)
    walkers = settings.get("conditions") or {
        key: settings[key] for key in ("condition",) if key in settings
    }
    for name, walker in walkers.items():
        build(Condition, walker, name, SOURCE)
    # A hand-written section may be short: what it leaves out has its default.
    defaults = to_plain(build(SECTIONS[phase], settings[phase], phase, SOURCE))
    own = {**scientific({phase: defaults})[phase], **settings[phase]}
    return {**settings, phase: own}


def params_if_any() -> Params | None:
    """params.yaml of this folder for thread counts; a job does not depend on it otherwise."""
    if not Path("params.yaml").is_file():
        return None
    try:
        return load_params()
    except ParamsError:
        return None  # edited into something wrong while jobs run: the next snakemake says so
