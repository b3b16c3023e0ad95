"""A gait as the reflex phase and `exoflow adapt` write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exoflow.errors import CheckpointError
from exoflow.records.json_io import read_json


def read_gait(path: Path) -> dict[str, Any]:
    """Read a gait, whether it walks or not.

    Raises
    ------
    CheckpointError
        If the file cannot be read or holds no gait.
    """
    gait = read_json(path)
    if "parameters" not in gait:
        raise CheckpointError(f"{path}: holds no gait. Give a result of the reflex phase.")
    return gait
