"""Read a results folder; what is not there stays absent, with the reason why.

The files and their keys are those the phases write (see the README of the
project): this room only looks, and never computes a result of its own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from exoflow.errors import CheckpointError
from exoflow.figures.numbers import signed
from exoflow.records.json_io import read_json

Result = dict[str, Any]


@dataclass(frozen=True)
class Policy:
    """One trained policy: its summary and its learning curve."""

    condition: str
    seed: int
    summary: Result
    curve: dict[str, np.ndarray]
    """Columns of the learning curve, each of shape (n_updates,); empty when absent."""

    @property
    def name(self) -> str:
        """Key of this policy among the controllers of the metabolics results."""
        return f"policy_seed{self.seed}"


@dataclass(frozen=True)
class Study:
    """One analyzed human trial."""

    name: str
    result: Result
    svg: str | None
    pictures: Mapping[str, str] = field(default_factory=dict)
    """More pictures (SVG) by name, such as "timeline"."""


@dataclass(frozen=True)
class Results:
    """Everything a report can show, and why the rest is missing."""

    conditions: tuple[str, ...]
    asked: Mapping[str, Result] = field(default_factory=dict)
    """What params.yaml asks of each condition: speed_m_s, slope_deg, impairment."""
    reflex: Mapping[str, Result] = field(default_factory=dict)
    trajectories: Mapping[str, Path] = field(default_factory=dict)
    policies: tuple[Policy, ...] = ()
    metabolics: Mapping[str, Result] = field(default_factory=dict)
    student: Result | None = None
    student_enabled: bool = True
    exports: Mapping[str, Result | None] = field(default_factory=dict)
    """By name; None for a bundle that was asked for and has no result."""
    studies: Mapping[str, Study | None] = field(default_factory=dict)
    runs: tuple[Result, ...] = ()

    def policies_of(self, condition: str) -> list[Policy]:
        """Policies trained in a condition, by seed."""
        return [policy for policy in self.policies if policy.condition == condition]

    def fields(self, condition: str) -> Result:
        """Speed, slope and impairment of a condition: those its gait was found with."""
        if condition in self.reflex:
            return condition_fields(self.reflex[condition])
        return condition_fields({"settings": self.asked.get(condition)})

    def words(self, condition: str) -> str:
        """What a condition asks, in words."""
        return ", ".join(condition_words(self.fields(condition)))

    def why_no_gait(self, condition: str) -> str:
        """Reason why there is no gait; empty when there is one."""
        return why_missing(self.reflex.get(condition), "reflex", "no gait")

    def why_no_metabolics(self, condition: str) -> str:
        """Reason why no controller was evaluated; empty when one was."""
        if condition in self.metabolics:
            return why_missing(self.metabolics[condition], "metabolics")
        return self.why_no_gait(condition) or why_missing(None, "metabolics")

    def why_no_student(self) -> str:
        """Reason why there is no student; empty when there is one."""
        if self.student is None and not self.student_enabled:
            return "switched off in params.yaml"
        return why_missing(self.student, "student")


def why_missing(result: Mapping[str, Any] | None, phase: str, word: str = "skipped") -> str:
    """Why a result of a phase holds nothing to show; empty when it does."""
    if result is None:
        return f"the {phase} phase has not run"
    if result.get("status") == "ok":
        return ""
    return f"{word}: {result.get('reason') or 'no reason recorded'}"


def read_results(folder: Path | str, asked: Mapping[str, Any] | None = None) -> Results:
    """Read what the phases have written so far.

    Parameters
    ----------
    folder : path
        The results folder, with one folder per phase.
    asked : mapping, optional
        What should be there, whether it has run or not: ``conditions`` (ids, with their
        fields or not), ``exported`` and ``studies`` (names), ``student`` (whether one is
        distilled). They come first and in this order; what else the folder holds follows
        in alphabetical order.

    Raises
    ------
    CheckpointError
        If the folder is missing or a JSON file in it is not complete.
    """
    folder, asked = Path(folder), asked or {}
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder}: no such results folder. Run snakemake first, or name another folder."
        )
    reflex = _read_folder(folder / "reflex")
    metabolics = _read_folder(folder / "metabolics")
    policies = _read_policies(folder / "policy")
    exports = _read_folder(folder / "export")
    studies = _read_folder(folder / "trial")
    conditions = asked.get("conditions") or {}
    walked = {*reflex, *metabolics, *(policy.condition for policy in policies)}
    return Results(
        conditions=tuple(_in_order(conditions, walked)),
        asked=conditions if isinstance(conditions, Mapping) else {},
        reflex=reflex,
        trajectories={path.stem: path for path in sorted((folder / "reflex").glob("*.parquet"))},
        policies=policies,
        metabolics=metabolics,
        student=_read_if_there(folder / "student" / "student.json"),
        student_enabled=bool(asked.get("student", True)),
        exports={name: exports.get(name) for name in _in_order(asked.get("exported"), exports)},
        studies={
            name: _read_study(folder / "trial", name, studies[name]) if name in studies else None
            for name in _in_order(asked.get("studies"), studies)
        },
        # A report that named its own last run would change every time it is made.
        runs=tuple(
            read_json(path)
            for path in sorted((folder / "runs").rglob("*.run.json"))
            if path.relative_to(folder / "runs").parts[0] != "report"
        ),
    )


def _in_order(first: Iterable[str] | None, found: Iterable[str]) -> list[str]:
    listed = list(dict.fromkeys(first or []))
    return listed + sorted(set(found) - set(listed))


def series(cycle: Mapping[str, Any], name: str) -> np.ndarray | None:
    """A curve of a result as floats of shape (n,); None when absent or empty."""
    values = cycle.get(name)
    if not isinstance(values, list | tuple | np.ndarray) or len(values) == 0:
        return None
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def condition_fields(result: Mapping[str, Any] | None) -> Result:
    """``speed_m_s``, ``slope_deg`` and ``impairment`` a result was asked for.

    They are taken from the settings the result records, at the top or under
    ``condition``; what is not recorded is None.
    """
    settings = (result or {}).get("settings") or {}
    nested = settings.get("condition")
    places = [settings, nested if isinstance(nested, Mapping) else {}]
    found = {"speed_m_s": None, "slope_deg": None, "impairment": None}
    for place in places:
        found |= {name: place[name] for name in found if place.get(name) is not None}
    return found


def condition_title(result: Mapping[str, Any]) -> str:
    """Condition and what was asked of it, as a heading."""
    name = str(result.get("condition", "condition"))
    return ", ".join([name, *condition_words(condition_fields(result))])


def condition_words(fields: Mapping[str, Any]) -> list[str]:
    """What a condition asks, in words: speed, slope, impairment."""
    words = []
    if fields["speed_m_s"] is not None:
        words.append(f"target {fields['speed_m_s']:.2f} m/s")
    slope = fields["slope_deg"]
    if slope is not None:
        words.append(f"slope {signed(slope)}°" if slope else "level")
    if isinstance(fields["impairment"], Mapping):
        words.append(_impairment_words(fields["impairment"]))
    return words


def _impairment_words(impairment: Mapping[str, Any]) -> str:
    muscles = " and ".join(str(muscle) for muscle in impairment.get("muscles", []))
    side = str(impairment.get("side", ""))
    ceiling = impairment.get("excitation_ceiling")
    held = f" held to {100 * float(ceiling):.0f} % excitation" if ceiling is not None else ""
    return f"{side} {muscles}{held}".strip() or "impaired"


def _read_folder(folder: Path) -> dict[str, Result]:
    return {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))}


def _read_study(folder: Path, name: str, result: Result) -> Study:
    pictures = {
        path.name.removeprefix(f"{name}.").removesuffix(".svg"): path.read_text(encoding="utf-8")
        for path in sorted(folder.glob(f"{name}.*.svg"))
    }
    return Study(name, result, _read_text(folder / f"{name}.svg"), pictures)


def _read_if_there(path: Path) -> Result | None:
    return read_json(path) if path.is_file() else None


def _read_policies(folder: Path) -> tuple[Policy, ...]:
    policies = []
    for path in folder.glob("*/seed*.json"):
        match = re.fullmatch(r"seed(\d+)", path.stem)
        if match:
            curve = _read_curve(path.with_suffix(".csv"))
            summary = read_json(path)
            policies.append(Policy(path.parent.name, int(match.group(1)), summary, curve))
    return tuple(sorted(policies, key=lambda policy: (policy.condition, policy.seed)))


def _read_curve(path: Path) -> dict[str, np.ndarray]:
    # pandas takes half a second to import: only those who read tables pay for it.
    import pandas as pd

    if not path.is_file() or not path.stat().st_size:
        return {}
    try:
        table = pd.read_csv(path)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise CheckpointError(
            f"{path}: not a readable table ({error}). Run its phase again."
        ) from error
    return {
        str(name): pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
        for name, column in table.items()
    }


def _read_text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
