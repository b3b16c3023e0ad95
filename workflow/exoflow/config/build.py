"""Strict building of settings from plain YAML values: unknown keys and bad values are errors."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from exoflow.config.setting import Setting
from exoflow.errors import ParamsError

T = TypeVar("T")
WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def build(settings_type: type[T], data: Any, where: str, source: str) -> T:
    """A frozen settings object from the mapping under one key.

    Parameters
    ----------
    settings_type
        Dataclass whose fields are made with `setting`.
    data
        Value of the key; None stands for an empty section.
    where
        Dotted path of the key, for messages: `conditions.steep`.
    source
        File the value comes from, for messages: `params.yaml`.

    Raises
    ------
    ParamsError
        On an unknown or missing key, or a value of wrong type or out of range.
    """
    names = [field.name for field in dataclasses.fields(settings_type)]  # type: ignore[arg-type]
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        raise ParamsError(
            f"{source}: {where} = {shown(data)} must be a section with keys. "
            f"Allowed: {', '.join(names)}."
        )
    reject_unknown(data, names, where, source)
    hints = get_type_hints(settings_type)
    values = {}
    for field in dataclasses.fields(settings_type):  # type: ignore[arg-type]
        path = f"{where}.{field.name}"
        if field.name in data:
            limits = field.metadata["setting"]
            values[field.name] = value_of(hints[field.name], data[field.name], limits, path, source)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ParamsError(f"{source}: {path} is missing. {field.metadata['setting'].doc}")
    return settings_type(**values)


def value_of(hint: Any, value: Any, limits: Setting, path: str, source: str) -> Any:
    """`value` checked and converted to the annotated type of its field."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        if value is None:
            return None
        inner = [part for part in get_args(hint) if part is not type(None)]
        return value_of(inner[0], value, limits, path, source)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, path, source)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ParamsError(f"{source}: {path} = {shown(value)} must be a list, such as [1, 2].")
        element = get_args(hint)[0]
        return tuple(
            value_of(element, item, limits, f"{path}[{number}]", source)
            for number, item in enumerate(value)
        )
    converted = scalar(hint, value, path, source)
    check_range(converted, value, limits, path, source)
    return converted


def scalar(kind: type, value: Any, path: str, source: str) -> Any:
    """A bool, int, float or str; whole floats such as 4e5 pass as int."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is float and number and math.isfinite(value):
        return float(value)
    if kind is int and number and math.isfinite(value) and value == int(value):
        return int(value)
    if kind in (bool, str) and type(value) is kind:
        return value
    raise ParamsError(f"{source}: {path} = {shown(value)} must be {WORDS[kind]}.")


def check_range(value: Any, written: Any, limits: Setting, path: str, source: str) -> None:
    """Refuse a value outside its choices or range, saying which way to mend it."""
    remedy = f", or extend {limits.extend}" if limits.extend else ""
    if limits.choices and value not in limits.choices:
        hint = did_you_mean(str(value), map(str, limits.choices))
        raise ParamsError(
            f"{source}: {path} = {shown(written)} is unknown.{hint} "
            f"Allowed: {', '.join(map(str, limits.choices))}{remedy}."
        )
    too_low = (limits.minimum is not None and value < limits.minimum) or (
        limits.above is not None and value <= limits.above
    )
    too_high = limits.maximum is not None and value > limits.maximum
    if too_low or too_high:
        verb = "Raise it" if too_low else "Lower it"
        raise ParamsError(f"{source}: {path} = {shown(written)} {misses(limits)}. {verb}{remedy}.")


def misses(limits: Setting) -> str:
    """What is wrong with a value that is out of range, in words."""
    if limits.maximum is None:
        return (
            f"must be above {limits.above:g}"
            if limits.above is not None
            else f"is below {limits.minimum:g}"
        )
    if limits.minimum is None and limits.above is None:
        return f"is above {limits.maximum:g}"
    return f"is outside {limits.allowed}"


def reject_unknown(data: Iterable[Any], allowed: Iterable[str], where: str, source: str) -> None:
    """Refuse a key that no field has; names the likely spelling and all allowed ones."""
    allowed = list(allowed)
    for key in data:
        if key not in allowed:
            path = f"{where}.{key}" if where else str(key)
            raise ParamsError(
                f"{source}: {path} is not a setting.{did_you_mean(str(key), allowed)} "
                f"Allowed: {', '.join(allowed)}."
            )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' when a known word starts like it or is spelt alike, else nothing."""
    known = list(known)
    close = [name for name in known if name.startswith(f"{word}_")]
    close += difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def shown(value: Any) -> str:
    """A value as a person would write it in YAML, shortened to stay on one line."""
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."
