"""Whether two runs were made on the same kind of computer with the same versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What decides the last bits of a result.
DEVICE = ("cpu", "machine", "computed_on")


def difference(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> str | None:
    """What differs between two run records (`provenance`): processor, device or a version.

    Returns
    -------
    str or None
        One phrase; None if nothing does.
    """
    if first is None or second is None:
        return "no run record says on what computer the results were made"
    for part, names in (("device", DEVICE), ("versions", None)):
        old, new = first.get(part) or {}, second.get(part) or {}
        for name in names or sorted({*old, *new}):
            if old.get(name) != new.get(name):
                return f"{name}: {old.get(name)} then, {new.get(name)} now"
    return None
