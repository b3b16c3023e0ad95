"""params.yaml as one frozen object."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.config.build import build, did_you_mean, reject_unknown, shown
from exoflow.config.conditions import COLD_START, Condition
from exoflow.config.exo import ExoSettings, check_exo
from exoflow.config.expand import expand_conditions
from exoflow.config.export import ExportSettings
from exoflow.config.metabolics import MetabolicsSettings
from exoflow.config.model import ModelSettings
from exoflow.config.policy import PolicySettings
from exoflow.config.randomization import check_randomization
from exoflow.config.reflex import ReflexSettings, reflex_sets
from exoflow.config.report import ReportSettings
from exoflow.config.student import StudentSettings
from exoflow.config.teacher import TeacherSettings
from exoflow.config.trial import TrialSettings
from exoflow.config.wearer import WearerSettings
from exoflow.config.yaml_file import read_yaml
from exoflow.errors import ParamsError

SECTIONS: dict[str, type] = {
    "model": ModelSettings,
    "exo": ExoSettings,
    "reflex": ReflexSettings,
    "wearer": WearerSettings,
    "policy": PolicySettings,
    "metabolics": MetabolicsSettings,
    "teacher": TeacherSettings,
    "student": StudentSettings,
    "export": ExportSettings,
    "trial": TrialSettings,
    "report": ReportSettings,
}


@dataclass(frozen=True)
class Params:
    """Every scientific choice of a run, checked. Conditions are by id, the grid expanded."""

    conditions: Mapping[str, Condition]
    model: ModelSettings
    exo: ExoSettings
    reflex: ReflexSettings
    wearer: WearerSettings
    policy: PolicySettings
    metabolics: MetabolicsSettings
    teacher: TeacherSettings
    student: StudentSettings
    export: ExportSettings
    trial: TrialSettings
    report: ReportSettings


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read, check and expand a parameter file.

    Raises
    ------
    ParamsError
        One line: the file, the key, its value, what is allowed and what to do.
    """
    path = Path(path)
    if not path.is_file():
        raise ParamsError(
            f"{path}: no such file. Run the command in the folder that holds params.yaml, "
            "or make one with: exoflow params use default"
        )
    return build_params(read_yaml(path, ParamsError), str(path))


def build_params(data: Any, source: str = "params.yaml") -> Params:
    """`load_params` for values already read; `source` is the file named in messages."""
    names = ("conditions", *SECTIONS)
    if not isinstance(data, Mapping):
        raise ParamsError(f"{source}: must hold the sections {', '.join(names)}.")
    reject_unknown(data, names, "", source)
    for name in names:
        # DVC tracks these keys and stops without one, so an empty section is still written.
        if name not in data:
            raise ParamsError(f"{source}: the section {name} is missing. Write {name}: {{}}.")
    sections: dict[str, Any] = {
        name: build(section, data[name], name, source) for name, section in SECTIONS.items()
    }
    params = Params(expand_conditions(data["conditions"], source), **sections)
    check_exo(params.exo, source)
    check_policy(params.policy, source)
    check_teacher(params, source)
    check_metabolics(params.metabolics, source)
    check_export(params, source)
    return params


def check_policy(policy: PolicySettings, source: str) -> None:
    """PPO needs whole minibatches of whole rollouts."""
    if policy.buffer % policy.n_walkers:
        raise ParamsError(
            f"{source}: policy.buffer = {policy.buffer} is not a multiple of "
            f"policy.n_walkers = {policy.n_walkers}."
        )
    if policy.buffer % policy.batch:
        raise ParamsError(
            f"{source}: policy.buffer = {policy.buffer} is not a multiple of "
            f"policy.batch = {policy.batch}."
        )
    check_distinct("policy.slopes_deg", policy.slopes_deg, source)
    if policy.n_walkers < len(policy.slopes_deg):
        raise ParamsError(
            f"{source}: policy.n_walkers = {policy.n_walkers} is less than the "
            f"{len(policy.slopes_deg)} slopes of policy.slopes_deg. Each needs a walker."
        )
    if policy.told:
        raise ParamsError(
            f"{source}: policy.told = {shown(list(policy.told))}, but a policy runs on a device, "
            "which measures neither. Leave it empty, and set teacher.enabled."
        )
    check_randomization(policy.randomization, source)
    if policy.n_walkers < policy.randomization.humans:
        raise ParamsError(
            f"{source}: policy.randomization.humans = {policy.randomization.humans} are more than "
            f"policy.n_walkers = {policy.n_walkers}. Each needs a walker."
        )


def check_teacher(params: Params, source: str) -> None:
    """Whole minibatches of whole rollouts, as for the policies."""
    teacher = params.teacher
    for name, size in (
        ("teacher.n_walkers", teacher.n_walkers),
        ("policy.batch", params.policy.batch),
    ):
        if teacher.enabled and teacher.buffer % size:
            raise ParamsError(
                f"{source}: teacher.buffer = {teacher.buffer} is not a multiple of {name} = {size}."
            )


def check_metabolics(metabolics: MetabolicsSettings, source: str) -> None:
    """A comparison needs a walk, and counts none twice."""
    check_distinct("metabolics.slopes_deg", metabolics.slopes_deg, source)
    check_distinct("metabolics.noise_seeds", metabolics.noise_seeds, source)
    check_distinct("metabolics.dofc.slopes_deg", metabolics.dofc.slopes_deg, source)
    check_distinct("metabolics.dofc.timesteps_s", metabolics.dofc.timesteps_s, source)


def check_distinct(name: str, values: Sequence[float], source: str) -> None:
    """A list needs a value, and names none twice."""
    if not values or len(set(values)) < len(values):
        problem = "names a value twice" if values else "is empty"
        raise ParamsError(
            f"{source}: {name} = {shown(list(values))} {problem}. "
            "List each value once, one at least."
        )


def check_export(params: Params, source: str) -> None:
    """Every exported controller must be one that this run makes."""
    known = [
        f"{name}/seed{seed}"
        for name, condition in params.conditions.items()
        for seed in condition.seeds
    ]
    if params.student.enabled:
        known.append("student")
    for policy in params.export.policies:
        if policy == "student" and not params.student.enabled:
            raise ParamsError(
                f"{source}: export.policies lists student, but student.enabled = false. "
                "Enable it, or take student off the list."
            )
        if policy not in known:
            raise ParamsError(
                f"{source}: export.policies: {shown(policy)} is not trained here."
                f"{did_you_mean(policy, known)} Known: {', '.join(known[:12])}"
                f"{', ...' if len(known) > 12 else ''}."
            )


def check_files(params: Params, root: str | Path = ".", source: str = "params.yaml") -> None:
    """Every data file that the parameters name must exist below `root`.

    Raises
    ------
    ParamsError
        Naming the key, the missing file and the ones that are there.
    """
    root = Path(root)
    sets = reflex_sets(root / "data" / "reflexes")
    if params.reflex.reflexes not in sets:
        raise ParamsError(
            f"{source}: reflex.reflexes = {shown(params.reflex.reflexes)}: no such table in "
            f"data/reflexes.{did_you_mean(params.reflex.reflexes, sets)} "
            f"Reflex sets there: {', '.join(sets) or 'none'}."
        )
    added = [path.stem for path in sorted((root / "data" / "reflexes" / "added").glob("*.csv"))]
    feels = params.wearer.feels if params.wearer.enabled else None
    if feels is not None and feels not in added:
        raise ParamsError(
            f"{source}: wearer.feels = {shown(feels)}: no such table in "
            f"data/reflexes/added.{did_you_mean(feels, added)} "
            f"Tables there: {', '.join(added) or 'none'}. Write null for none."
        )
    for name, condition in params.conditions.items():
        needed = condition.start_from is None and condition.warm_start != COLD_START
        if needed and not (root / condition.warm_start).is_file():
            raise ParamsError(
                f"{source}: conditions.{name}.warm_start = {condition.warm_start}: no such file. "
                f"There are: {there(root, 'data/reflexes/*.csv')}. "
                "Write cold to start from the published values."
            )
    for study in params.trial.studies:
        if not (root / study_file(study)).is_file():
            raise ParamsError(
                f"{source}: trial.studies: {study} has no {study_file(study)}. "
                f"There are: {there(root, 'data/trials/*/study.yaml')}."
            )


def study_file(study: str) -> str:
    """Path of a study's own settings."""
    return f"data/trials/{study}/study.yaml"


def there(root: Path, pattern: str) -> str:
    """Files below root that match, in words."""
    return ", ".join(str(path.relative_to(root)) for path in sorted(root.glob(pattern))) or "none"


def to_plain(value: Any) -> Any:
    """Settings as plain JSON values: dicts, lists, numbers, text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value
