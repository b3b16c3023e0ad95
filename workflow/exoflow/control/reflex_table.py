"""Reflex sets as tables: reading, parameter names, search space and arrays for the kernel.

Parameter names follow SCONE: `S<mask>.<target>[-<source>].<term>`, the mask with
its rightmost bit for EarlyStance, e.g. `S00011.vasti.KF`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from exoflow.config.conditions import MUSCLES
from exoflow.control.reflexes import (
    DOF_REFLEX,
    MUSCLE_REFLEX,
    STATE_NAMES,
    ReflexArrays,
    delay_steps,
)
from exoflow.errors import ModelError

DOFS = ("pelvis_tilt", "hip_flexion", "knee_angle", "ankle_angle")
THRESHOLD = "stance_load_threshold"
_VALUE_COLUMN = {
    "KL": 1, "L0": 2, "KF": 3, "F0": 4, "KV": 5, "V0": 6, "C0": 7, "KP": 8, "P0": 9, "pos_max": 10,
}  # fmt: skip
_KINDS = {
    "MuscleReflex": MUSCLE_REFLEX,
    "DofReflex": DOF_REFLEX,
    "ConditionalMuscleReflex": MUSCLE_REFLEX,
}


@dataclass(frozen=True)
class Parameter:
    """One free number of the search: start value, standard deviation and bounds."""

    name: str
    mean: float
    std: float
    low: float
    high: float


@dataclass
class _Reflex:
    kind: str
    target: str
    source: str
    mask: int
    delay_s: float
    condition: str
    allow: dict[str, int]
    fixed: dict[str, float] = field(default_factory=dict)
    free: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReflexTable:
    """A reflex set: its rows, its free parameters in order, its fixed threshold if any."""

    name: str
    reflexes: tuple[_Reflex, ...]
    parameters: tuple[Parameter, ...]

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the free parameters, in the order of the table."""
        return tuple(p.name for p in self.parameters)

    @property
    def longest_delay_s(self) -> float:
        """Longest neural delay, s."""
        return max(r.delay_s for r in self.reflexes)

    def ring_length(self, timestep_s: float) -> int:
        """Samples a ring must hold so that the longest delay can be interpolated."""
        return delay_steps(self.longest_delay_s, timestep_s)[0] + 3

    def arrays(self, values: Mapping[str, float], timestep_s: float) -> ReflexArrays:
        """The table with parameter values filled in, for the compiled law.

        Raises
        ------
        ModelError
            If a parameter is missing; names it and the table.
        """
        missing = [name for name in self.parameter_names if name not in values]
        if missing:
            raise ModelError(
                f"reflex set {self.name}: parameter {missing[0]} has no value "
                f"({len(missing)} of {len(self.parameters)} missing). "
                "Give a parameter file written for this reflex set."
            )
        index = np.zeros((len(self.reflexes), 9), dtype=np.int64)
        value = np.zeros((len(self.reflexes), 11), dtype=np.float64)
        for row, reflex in enumerate(self.reflexes):
            steps, fraction = delay_steps(reflex.delay_s, timestep_s)
            names = MUSCLES if _KINDS[reflex.kind] == MUSCLE_REFLEX else DOFS
            condition = DOFS.index(reflex.condition) if reflex.condition else -1
            index[row] = (
                _KINDS[reflex.kind], MUSCLES.index(reflex.target), names.index(reflex.source),
                reflex.mask, steps,
                reflex.allow["L"], reflex.allow["F"], reflex.allow["V"], condition,
            )  # fmt: skip
            value[row, 0] = fraction
            value[row, 2] = 1.0
            value[row, 10] = np.inf
            for term, number in reflex.fixed.items():
                value[row, _VALUE_COLUMN[term]] = number
            for term, name in reflex.free.items():
                value[row, _VALUE_COLUMN[term]] = values[name]
        return ReflexArrays(index, value, float(values[THRESHOLD]))


def _flag(text: str, default: int) -> int:
    return int(float(text)) if text.strip() else default


def _parameter_name(mask: int, reflex: _Reflex, term: str) -> str:
    target = reflex.target if reflex.source == reflex.target else f"{reflex.target}-{reflex.source}"
    if term == "pos_max":
        target = f"{reflex.target}-{reflex.condition}"
    return f"S{mask:05b}.{target}.{term}"


def load_reflex_table(path: Path) -> ReflexTable:
    """Read a reflex set from its table (see data/reflexes/README.md for the columns).

    Raises
    ------
    ModelError
        Naming file, line and the names that are allowed.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv"))) or "none"
        raise ModelError(f"reflex set {path}: no such file. Reflex sets there: {known}.")
    reflexes: dict[tuple, _Reflex] = {}
    parameters: list[Parameter] = []
    with path.open(newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream), start=2):
            where = f"{path}, line {line}"
            free = row["free_or_fixed"] == "free"
            if row["reflex_type"] == "GaitStateController":
                if row["parameter"] == THRESHOLD and free:
                    parameters.append(_search(THRESHOLD, row))
                continue
            reflex = _new_reflex(row, where)
            reflex = reflexes.setdefault(
                (reflex.mask, reflex.kind, reflex.target, reflex.source), reflex
            )
            term = row["parameter"]
            if term not in _VALUE_COLUMN:
                raise ModelError(
                    f"{where}: term {term!r} is unknown. Terms: {', '.join(_VALUE_COLUMN)}."
                )
            if free:
                name = _parameter_name(reflex.mask, reflex, term)
                reflex.free[term] = name
                parameters.append(_search(name, row))
            else:
                reflex.fixed[term] = float(row["init_mean"])
    return ReflexTable(path.stem, tuple(reflexes.values()), tuple(parameters))


def _new_reflex(row: Mapping[str, str], where: str) -> _Reflex:
    if row["reflex_type"] not in _KINDS:
        raise ModelError(
            f"{where}: reflex type {row['reflex_type']!r} is unknown. Types: {', '.join(_KINDS)}."
        )
    sources = MUSCLES if _KINDS[row["reflex_type"]] == MUSCLE_REFLEX else DOFS
    for name, allowed in ((row["target"], MUSCLES), (row["source"], sources)):
        if name not in allowed:
            raise ModelError(f"{where}: {name!r} is unknown. Names: {', '.join(allowed)}.")
    mask = 0
    for state in row["active_states"].split():
        if state not in STATE_NAMES:
            raise ModelError(
                f"{where}: state {state!r} is unknown. States: {', '.join(STATE_NAMES)}."
            )
        mask |= 1 << STATE_NAMES.index(state)
    return _Reflex(
        kind=row["reflex_type"],
        target=row["target"],
        source=row["source"],
        mask=mask,
        delay_s=float(row["delay_s"]),
        condition=row["condition_dof"].strip(),
        allow={
            "L": _flag(row["allow_neg_L"], 1),
            "F": _flag(row["allow_neg_F"], 1),
            "V": _flag(row["allow_neg_V"], 0),
        },
    )


def _search(name: str, row: Mapping[str, str]) -> Parameter:
    return Parameter(
        name, float(row["init_mean"]), float(row["init_std"]), float(row["min"]), float(row["max"])
    )
