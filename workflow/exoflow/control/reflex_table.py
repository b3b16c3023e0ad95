"""Reflex sets as tables: reading, parameter names, search space and arrays for the kernel.

Parameter names follow SCONE: `S<mask>.<target>[-<source>].<term>`, the mask with
its rightmost bit for EarlyStance, e.g. `S00011.vasti.KF`.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from exoflow.config.build import did_you_mean
from exoflow.config.conditions import MUSCLES
from exoflow.config.reflex import reflex_sets
from exoflow.control.reflexes import (
    DOF_REFLEX,
    EXO_REFLEX,
    MUSCLE_REFLEX,
    STATE_NAMES,
    ReflexArrays,
    delay_steps,
)
from exoflow.errors import ModelError

DOFS = ("pelvis_tilt", "hip_flexion", "knee_angle", "ankle_angle")
TORQUES = ("flexion_torque", "extension_torque")
THRESHOLD = "stance_load_threshold"
_LOAD_DELAY = "leg_load_sensor_delay"
_VALUE_COLUMN = {
    "KL": 1, "L0": 2, "KF": 3, "F0": 4, "KV": 5, "V0": 6, "C0": 7, "KP": 8, "P0": 9, "pos_max": 10,
    "KT": 12,
}  # fmt: skip
_CONDITIONAL = "ConditionalMuscleReflex"
_KINDS = {
    "MuscleReflex": MUSCLE_REFLEX,
    "DofReflex": DOF_REFLEX,
    _CONDITIONAL: MUSCLE_REFLEX,
    "ExoReflex": EXO_REFLEX,
}
_SOURCES = {MUSCLE_REFLEX: MUSCLES, DOF_REFLEX: DOFS, EXO_REFLEX: TORQUES}
_MUSCLE_TERMS = ("KL", "L0", "KF", "F0", "KV", "V0", "C0")
TERMS = {
    "MuscleReflex": _MUSCLE_TERMS,
    "DofReflex": ("KP", "P0", "KV", "V0", "C0"),
    _CONDITIONAL: (*_MUSCLE_TERMS, "pos_max"),
    "ExoReflex": ("KT", "C0"),
}
STATE_MACHINE = "GaitStateController"
# Between the names of tables that are one reflex set together.
JOINED = "+"
# Folder of the tables that only add to others.
ADDED = "added"
COLUMNS = (
    "active_states", "reflex_type", "target", "source", "delay_s", "parameter", "init_mean",
    "init_std", "min", "max", "free_or_fixed", "allow_neg_L", "allow_neg_F", "allow_neg_V",
    "min_control_value", "condition_dof",
)  # fmt: skip


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
    smallest: float
    fixed: dict[str, float] = field(default_factory=dict)
    free: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReflexTable:
    """A reflex set: its rows, its free parameters in order, its load threshold if that is fixed."""

    name: str
    reflexes: tuple[_Reflex, ...]
    parameters: tuple[Parameter, ...]
    fixed_threshold: float | None = None

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
        value = np.zeros((len(self.reflexes), 13), dtype=np.float64)
        for row, reflex in enumerate(self.reflexes):
            steps, fraction = delay_steps(reflex.delay_s, timestep_s)
            names = _SOURCES[_KINDS[reflex.kind]]
            condition = DOFS.index(reflex.condition) if reflex.condition else -1
            index[row] = (
                _KINDS[reflex.kind], MUSCLES.index(reflex.target), names.index(reflex.source),
                reflex.mask, steps,
                reflex.allow["L"], reflex.allow["F"], reflex.allow["V"], condition,
            )  # fmt: skip
            value[row, 0] = fraction
            value[row, 2] = 1.0
            value[row, 10] = np.inf
            value[row, 11] = reflex.smallest
            for term, number in reflex.fixed.items():
                value[row, _VALUE_COLUMN[term]] = number
            for term, name in reflex.free.items():
                value[row, _VALUE_COLUMN[term]] = values[name]
        threshold = self.fixed_threshold
        return ReflexArrays(
            index, value, float(values[THRESHOLD] if threshold is None else threshold)
        )


def load_reflex_table(path: Path, addition: bool = False) -> ReflexTable:
    """Read a reflex set from its table (see data/reflexes/README.md for the columns).

    An `addition` to another set needs no state machine.

    Raises
    ------
    ModelError
        Naming file, line and the names that are allowed.
    """
    if not path.is_file():
        known = reflex_sets(path.parent)
        raise ModelError(
            f"reflex set {path}: no such file.{did_you_mean(path.stem, known)} "
            f"Reflex sets there: {', '.join(known) or 'none'}."
        )
    reflexes: dict[tuple, _Reflex] = {}
    parameters: dict[str, Parameter] = {}
    threshold = None
    with path.open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        absent = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if absent:
            raise ModelError(
                f"{path}: is no reflex set, column {absent[0]} is missing. "
                f"Columns: {', '.join(COLUMNS)}. Reflex sets there: "
                f"{', '.join(reflex_sets(path.parent)) or 'none'}."
            )
        for line, row in enumerate(rows, start=2):
            where = f"{path}, line {line}"
            if None in row.values():
                raise ModelError(f"{where}: has fewer than {len(COLUMNS)} columns.")
            free = _one_of(row, "free_or_fixed", ("free", "fixed"), where) == "free"
            if row["reflex_type"] == STATE_MACHINE:
                name = _state_machine_parameter(row, where)
                if name == THRESHOLD and not free:
                    threshold = _number(row, "init_mean", where)
            else:
                new = _new_reflex(row, where)
                reflex = reflexes.setdefault((new.mask, new.kind, new.target, new.source), new)
                if replace(new, fixed=reflex.fixed, free=reflex.free) != reflex:
                    raise ModelError(
                        f"{where}: delay, allow_neg, min_control_value or condition_dof differ "
                        f"from an earlier row of the same reflex ({row['target']})."
                    )
                term = _one_of(row, "parameter", TERMS[reflex.kind], where)
                name = _parameter_name(reflex.mask, reflex, term)
                if term in reflex.fixed or term in reflex.free:
                    raise ModelError(f"{where}: {name} stands in the table twice.")
                if free:
                    reflex.free[term] = name
                else:
                    reflex.fixed[term] = _number(row, "init_mean", where)
            if free:
                if name in parameters:
                    raise ModelError(f"{where}: {name} stands in the table twice.")
                parameters[name] = _search(name, row, where)
    if threshold is None and THRESHOLD not in parameters and not addition:
        raise ModelError(f"{path}: has no {THRESHOLD}. Add a {STATE_MACHINE} row with it.")
    return ReflexTable(path.stem, tuple(reflexes.values()), tuple(parameters.values()), threshold)


def load_reflex_set(folder: Path, name: str) -> ReflexTable:
    """Read a table by name; `+NAME` adds one of `folder/added`, which needs no state machine.

    Raises
    ------
    ModelError
        As `load_reflex_table`, and if two of the tables name the same parameter.
    """
    table, *added = name.split(JOINED)
    first = load_reflex_table(folder / f"{table}.csv")
    for part in added:
        other = load_reflex_table(folder / ADDED / f"{part}.csv", addition=True)
        twice = set(first.parameter_names) & set(other.parameter_names)
        if twice:
            raise ModelError(f"reflex set {name}: {min(twice)} stands in two of its tables.")
        first = replace(
            first,
            name=name,
            reflexes=(*first.reflexes, *other.reflexes),
            parameters=(*first.parameters, *other.parameters),
        )
    return first


def _state_machine_parameter(row: Mapping[str, str], where: str) -> str:
    name = _one_of(row, "parameter", (THRESHOLD, _LOAD_DELAY), where)
    if name == _LOAD_DELAY and _number(row, "init_mean", where) != 0.0:
        raise ModelError(
            f"{where}: {_LOAD_DELAY} = {row['init_mean']} s; only 0 is supported. "
            "Set it to 0, or extend control/reflexes.py."
        )
    return name


def _new_reflex(row: Mapping[str, str], where: str) -> _Reflex:
    kind = _one_of(row, "reflex_type", tuple(_KINDS), where)
    muscle = _KINDS[kind] == MUSCLE_REFLEX
    sources = _SOURCES[_KINDS[kind]]
    mask = 0
    for state in row["active_states"].split():
        if state not in STATE_NAMES:
            raise ModelError(
                f"{where}: state {state!r} is unknown. States: {', '.join(STATE_NAMES)}."
            )
        mask |= 1 << STATE_NAMES.index(state)
    if mask == 0:
        raise ModelError(f"{where}: active_states is empty. States: {', '.join(STATE_NAMES)}.")
    condition = row["condition_dof"].strip()
    if kind == _CONDITIONAL:
        # Pelvis tilt is no joint of the leg, so it cannot gate a reflex.
        condition = _one_of(row, "condition_dof", DOFS[1:], where)
    elif condition:
        raise ModelError(f"{where}: condition_dof is for a {_CONDITIONAL}, not for a {kind}.")
    delay = _number(row, "delay_s", where)
    if delay < 0.0:
        raise ModelError(f"{where}: delay_s = {delay:g} s is below 0. Raise it.")
    smallest = row["min_control_value"].strip()
    return _Reflex(
        kind=kind,
        target=_one_of(row, "target", MUSCLES, where),
        source=_one_of(row, "source", sources, where),
        mask=mask,
        delay_s=delay,
        condition=condition,
        allow={
            "L": _flag(row, "allow_neg_L", 1, where),
            "F": _flag(row, "allow_neg_F", 1, where),
            "V": _flag(row, "allow_neg_V", 0 if muscle else 1, where),
        },
        smallest=_number(row, "min_control_value", where) if smallest else -math.inf,
    )


def _one_of(row: Mapping[str, str], column: str, allowed: Sequence[str], where: str) -> str:
    value = row[column].strip()
    if value not in allowed:
        raise ModelError(
            f"{where}: {column} {value!r} is unknown.{did_you_mean(value, allowed)} "
            f"Allowed: {', '.join(allowed)}."
        )
    return value


def _number(row: Mapping[str, str], column: str, where: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ModelError(f"{where}: {column} = {row[column]!r} is not a number.")
    return value


def _flag(row: Mapping[str, str], column: str, default: int, where: str) -> int:
    text = row[column].strip()
    return int(_one_of(row, column, ("0", "1"), where)) if text else default


def _parameter_name(mask: int, reflex: _Reflex, term: str) -> str:
    target = reflex.target if reflex.source == reflex.target else f"{reflex.target}-{reflex.source}"
    if term == "pos_max":
        target = f"{reflex.target}-{reflex.condition}"
    return f"S{mask:05b}.{target}.{term}"


def _search(name: str, row: Mapping[str, str], where: str) -> Parameter:
    mean, std, low, high = (
        _number(row, column, where) for column in ("init_mean", "init_std", "min", "max")
    )
    if not low <= mean <= high:
        raise ModelError(f"{where}: init_mean = {mean:g} of {name} is outside {low:g}..{high:g}.")
    if std <= 0.0:
        raise ModelError(f"{where}: init_std = {std:g} of {name} must be above 0.")
    return Parameter(name, mean, std, low, high)
