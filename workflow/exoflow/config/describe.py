"""What every key of params.yaml means, as rows for people."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from exoflow.config.conditions import Condition
from exoflow.config.params import SECTIONS, to_plain
from exoflow.config.setting import Setting


@dataclass(frozen=True)
class Described:
    """One key: where it stands, what it may hold and what it means."""

    section: str
    key: str
    kind: str
    default: str | None
    allowed: str
    doc: str


def described_settings() -> list[Described]:
    """Every key of params.yaml, in the order of the file."""
    rows = described(Condition, "conditions", "conditions.ID")
    for name, settings_type in SECTIONS.items():
        rows += described(settings_type, name, name)
    return rows


def described(settings_type: type, section: str, path: str) -> list[Described]:
    """Keys of one section and of the sections in it."""
    rows: list[Described] = []
    hints = get_type_hints(settings_type)
    for field in dataclasses.fields(settings_type):
        limits: Setting = field.metadata["setting"]
        key = f"{path}.{field.name}"
        nested = nested_settings(hints[field.name])
        if nested is not None and field.default_factory is not dataclasses.MISSING:
            rows += described(nested, section, key)
            continue
        kind = kind_of(hints[field.name])
        rows.append(Described(section, key, kind, default_of(field), limits.allowed, limits.doc))
        if nested is not None:
            rows += described(nested, section, key)
    return rows


def nested_settings(hint: Any) -> type | None:
    """The dataclass behind a field, None for a plain value."""
    parts = get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    return next(
        (part for part in parts if isinstance(part, type) and dataclasses.is_dataclass(part)), None
    )


def default_of(field: dataclasses.Field) -> str | None:
    """A default as YAML text, None where the key must be given."""
    if field.default is dataclasses.MISSING:
        return None
    value = to_plain(field.default)
    return value if isinstance(value, str) else json.dumps(value)


def kind_of(hint: Any) -> str:
    """A type in words."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(
            "null" if part is type(None) else kind_of(part) for part in get_args(hint)
        )
    if get_origin(hint) is tuple:
        return f"list of {kind_of(get_args(hint)[0])}"
    if dataclasses.is_dataclass(hint):
        return "section"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}[hint]
