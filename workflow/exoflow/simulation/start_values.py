"""Start values of a search against the reflex set they are for."""

from collections.abc import Mapping
from dataclasses import dataclass

from exoflow.config.reflex import reflex_sets
from exoflow.control.reflex_table import ReflexTable, load_reflex_table
from exoflow.errors import ModelError
from exoflow.simulation.model_data import DATA, DOF_NAMES

OFFSET_NAMES = tuple(f"{dof}.offset" for dof in DOF_NAMES[2:])
# Names of another set are told from a few rows added or left out by this share.
SMALLEST_MATCH = 0.5
SHOWN = 4


@dataclass(frozen=True)
class StartValues:
    """Values of every parameter of a reflex set, and how they came about.

    Attributes
    ----------
    values : dict
        All reflex parameters of the set and all offsets of the start pose.
    unknown : tuple of str
        Names of the file that the set does not have; not used.
    missing : tuple of str
        Parameters of the set that the file does not have; they start at the table's
        `init_mean`, offsets at 0.
    outside : tuple of str
        Parameters whose value lies outside the set's bounds; moved to the bound.
    """

    values: dict[str, float]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    outside: tuple[str, ...]

    def notices(self, source: str, table: str) -> list[str]:
        """One line for each way in which the file and the set differ; none if they do not."""
        lines = []
        if self.unknown:
            lines.append(f"{source}: not used, {table} does not have {_names(self.unknown)}.")
        if self.missing:
            lines.append(
                f"{source}: does not have {_names(self.missing)}; "
                f"started at the value of {table}, offsets of the pose at 0."
            )
        if self.outside:
            lines.append(
                f"{source}: outside the bounds of {table}, moved to them: {_names(self.outside)}."
            )
        return lines


def fit_start_values(values: Mapping[str, float], table: ReflexTable, source: str) -> StartValues:
    """Start values for a reflex set from those of a file.

    Parameters
    ----------
    values : mapping
        As read from the file.
    table : ReflexTable
    source : str
        The file, for messages.

    Raises
    ------
    ModelError
        If fewer than half of the set's parameters are in the file, or fewer than half of the
        file's in the set: then it was written for another set, and the message names both
        differences and the set it fits.
    """
    needed = table.parameter_names
    unknown = tuple(n for n in values if n not in needed and n not in OFFSET_NAMES)
    absent = [name for name in needed if name not in values]
    given = [name for name in values if name not in OFFSET_NAMES]
    shared = len(needed) - len(absent)
    if shared < SMALLEST_MATCH * max(len(needed), len(given)):
        raise ModelError(
            f"{source}: is of another reflex set than {table.name}: that does not have "
            f"{_names(unknown) if unknown else 'none of its names'}, and it lacks "
            f"{_names(absent) if absent else 'nothing'}. {_remedy(given)}"
        )
    moved = {}
    for parameter in table.parameters:
        value = values.get(parameter.name, parameter.mean)
        moved[parameter.name] = min(max(value, parameter.low), parameter.high)
    return StartValues(
        values={**moved, **{name: values.get(name, 0.0) for name in OFFSET_NAMES}},
        unknown=unknown,
        missing=(*absent, *(name for name in OFFSET_NAMES if name not in values)),
        outside=tuple(n for n in needed if n in values and moved[n] != values[n]),
    )


def _names(names: tuple[str, ...] | list[str]) -> str:
    """`3 names (a, b, c)`, the first few of many."""
    ending = ", ..." if len(names) > SHOWN else ""
    count = f"{len(names)} name{'s' if len(names) != 1 else ''}"
    return f"{count} ({', '.join(names[:SHOWN])}{ending})"


def _remedy(given: list[str]) -> str:
    """Which shipped set has most of the names."""
    folder = DATA / "reflexes"
    best, most = "", 0.0
    for name in reflex_sets(folder):
        known = set(load_reflex_table(folder / f"{name}.csv").parameter_names)
        match = len(known & set(given)) / max(len(known), len(given), 1)
        if match > most:
            best, most = name, match
    if most < SMALLEST_MATCH:
        return "It fits no table in data/reflexes: add one, or set warm_start: cold."
    return f"It fits {best}: set reflex.reflexes to that, or warm_start: cold."
