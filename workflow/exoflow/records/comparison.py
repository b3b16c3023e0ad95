"""What differs between experiments: settings and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exoflow.records.seeds import Key, Sample


class _Absent:
    """What one of the experiments does not have; null is a value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True)
class Row:
    """One setting or metric with its value in every experiment."""

    key: Key
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        """Whether two of the values differ, in any digit."""
        return any(value != self.values[0] for value in self.values[1:])


def setting_rows(settings: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Settings that differ; a section or condition that one side lacks is one row.

    Parameters
    ----------
    settings
        The parameters of each experiment as plain values.
    """
    return list(_differences(tuple(settings), ()))


def _differences(values: tuple[Any, ...], key: Key) -> Iterable[Row]:
    if all(isinstance(value, Mapping) and value for value in values):
        for name in _names(values):
            inner = tuple(value.get(name, ABSENT) for value in values)
            yield from _differences(inner, (*key, name))
    elif (row := Row(key, values)).differs:
        yield row


def metric_rows(metrics: Sequence[Mapping[Key, Sample]], everything: bool = False) -> list[Row]:
    """Metrics that differ, or all; in the order in which they are first met."""
    rows = [
        Row(key, tuple(one.get(key, ABSENT) for one in metrics)) for key in _names(tuple(metrics))
    ]
    return [row for row in rows if everything or row.differs]


def change(row: Row) -> float | None:
    """Difference of the means of the second and the first experiment, None if one lacks it."""
    first, second = row.values[:2]
    if isinstance(first, Sample) and isinstance(second, Sample):
        return second.mean - first.mean
    return None


def _names(values: tuple[Mapping[Any, Any], ...]) -> list[Any]:
    return list(dict.fromkeys(name for value in values for name in value))
