"""Metrics with the seeds of one controller as one sample."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SEEDED = re.compile(r"policy_seed\d+")
GROUP = "policy"

Key = tuple[str, ...]
"""Where a metric stands: condition, controller, name."""


@dataclass(frozen=True)
class Sample:
    """One metric: a value, or one value per seed."""

    values: tuple[float, ...]
    seeded: bool = False
    """Whether the values are those of seeds."""

    @property
    def n(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float | None:
        """Standard deviation over seeds (n - 1); None for a single value."""
        return statistics.stdev(self.values) if self.n > 1 else None


def samples(metrics: Mapping[str, Any]) -> dict[Key, Sample]:
    """Numbers of a tree of metrics by where they stand; `policy_seed1`, `policy_seed2` are one.

    Words and numbers that are not finite are left out.
    """
    found: dict[Key, list[float]] = {}
    seeded: set[Key] = set()
    for key, value in leaves(metrics):
        group = tuple(GROUP if SEEDED.fullmatch(part) else part for part in key)
        found.setdefault(group, []).append(value)
        if group != key:
            seeded.add(group)
    return {key: Sample(tuple(values), key in seeded) for key, values in found.items()}


def leaves(tree: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, float]]:
    """Finite numbers of a tree with their keys."""
    for name, value in tree.items():
        key = (*above, str(name))
        if isinstance(value, Mapping):
            yield from leaves(value, key)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if math.isfinite(value):
                yield key, float(value)
