"""JSON results: sorted keys, finite numbers, one newline at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from exoflow.errors import CheckpointError, ExoflowError
from exoflow.records.files import write_text


def write_json(path: str | Path, content: Any) -> Path:
    """Write a result; numpy numbers and arrays become plain ones.

    Raises
    ------
    ExoflowError
        If a number is not finite: names the file, the key and the value.
    """
    return write_text(path, json_text(path, content))


def json_text(path: str | Path, content: Any) -> str:
    """What `write_json` writes, for files that are written together."""
    plain = plain_json(content)
    found = first_not_finite(plain)
    if found is not None:
        key, value = found
        raise ExoflowError(f"{path} was not written: {key} = {value} is not a finite number.")
    return json.dumps(plain, sort_keys=True, indent=1, allow_nan=False) + "\n"


def read_json(path: str | Path) -> Any:
    """Read a result.

    Raises
    ------
    CheckpointError
        If the file is missing or truncated; says how to make it again.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        where = (
            f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else "not text"
        )
        raise CheckpointError(
            f"{path}: damaged or truncated JSON ({where}). Delete it and run snakemake again."
        ) from None


def plain_json(value: Any) -> Any:
    """numpy scalars and arrays, tuples and paths as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return value.as_posix()
    return value


def first_not_finite(value: Any, key: str = "") -> tuple[str, float] | None:
    """Dotted key and value of the first NaN or infinity, None if all is finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return key or "the value", value
    items: Any = ()
    if isinstance(value, dict):
        items = ((f"{key}.{name}" if key else name, item) for name, item in value.items())
    elif isinstance(value, list):
        items = ((f"{key}[{number}]", item) for number, item in enumerate(value))
    for name, item in items:
        found = first_not_finite(item, name)
        if found is not None:
            return found
    return None
