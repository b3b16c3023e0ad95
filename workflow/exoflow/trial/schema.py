"""Strict reading of YAML mappings: every value is checked, every key is known.

The errors are one line each: file and key, the value, what is allowed.
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exoflow.errors import TrialDataError


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without two silent traps of YAML.

    A key given twice is refused, and 010 stays the text "010" instead of
    becoming the octal number 8: subjects are numbered like that.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.value in seen:
                line = key_node.start_mark.line + 1
                raise yaml.MarkedYAMLError(problem=f"line {line}: key {key_node.value} given twice")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int | str:
        text = self.construct_scalar(node)
        return int(text) if re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", text) else text


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_yaml_int)


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Hint for a misspelt name: the nearest allowed one (if any), then all of them.

    Returns
    -------
    str
        "Did you mean X? Allowed: A, B." or "Allowed: A, B."
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"{hint}Allowed: {', '.join(names)}."


@dataclass
class Section:
    """One mapping of a YAML file, read key by key.

    Every getter marks its key as known; `finish` refuses what is left over.

    Parameters
    ----------
    file : Path
        The file, for messages.
    place : str
        Dotted path of this mapping inside the file; "" for the top.
    values : dict
        The mapping itself.
    """

    file: Path
    place: str
    values: dict[str, Any]
    known: set[str] = field(default_factory=set)

    def where(self, key: str) -> str:
        """File and dotted key, as messages name them."""
        return f"{self.file}: {self.place}.{key}" if self.place else f"{self.file}: {key}"

    def text(self, key: str, wanted: str = "a text") -> str:
        """A piece of text, not empty, its line breaks turned to spaces."""
        value = self._get(key, wanted)
        if not isinstance(value, str) or not value.strip():
            raise TrialDataError(f"{self.where(key)} = {value!r} is not a text. Quote it.")
        return " ".join(value.split())

    def number(self, key: str, low: float, high: float, remedy: str = "") -> float:
        """A finite number in [low, high]."""
        value = self._get(key, f"a number in {low:g}..{high:g}")
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise TrialDataError(
                f"{self.where(key)} = {value!r} is not a number. Give one in {low:g}..{high:g}."
            )
        if not low <= value <= high:
            text = f"{self.where(key)} = {value:g} is outside {low:g}..{high:g}. {remedy}"
            raise TrialDataError(text.rstrip())
        return float(value)

    def number_if_given(self, key: str, low: float, high: float, remedy: str = "") -> float | None:
        """`number`, or None when absent."""
        return self.number(key, low, high, remedy) if self.has(key) else None

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """One of the allowed words."""
        allowed = list(allowed)
        value = self._get(key, f"one of: {', '.join(sorted(allowed))}")
        if value not in allowed:
            hint = did_you_mean(str(value), allowed)
            raise TrialDataError(f"{self.where(key)} = {value!r} is unknown. {hint}")
        return str(value)

    def choice_if_given(self, key: str, allowed: Iterable[str]) -> str | None:
        """`choice`, or None when absent."""
        return self.choice(key, allowed) if self.has(key) else None

    def identifier(self, key: str) -> str:
        """A name made of letters, digits, '_' or '-'; whole numbers are taken as text."""
        value = self._get(key, "a name of letters, digits, '_' or '-'")
        if isinstance(value, bool) or not isinstance(value, int | str) or not is_name(str(value)):
            raise TrialDataError(
                f"{self.where(key)} = {value!r} is not a name. Use letters, digits, '_' or '-'."
            )
        return str(value)

    def section(self, key: str) -> "Section":
        """The mapping under `key`."""
        return as_section(self.file, self._join(key), self._get(key, "a mapping"))

    def sections(self, key: str) -> list["Section"]:
        """The list of mappings under `key`, not empty."""
        value = self._get(key, "a list of mappings")
        if not isinstance(value, list) or not value:
            raise TrialDataError(f"{self.where(key)} must be a list with at least one entry.")
        return [
            as_section(self.file, f"{self._join(key)}[{i}]", item) for i, item in enumerate(value)
        ]

    def pair_if_given(self, key: str, allowed: Iterable[str]) -> tuple[str, str] | None:
        """Two different allowed words, or None when absent."""
        if not self.has(key):
            return None
        allowed = list(allowed)
        value = self.values[key]
        if not isinstance(value, list) or len(value) != 2 or value[0] == value[1]:
            raise TrialDataError(f"{self.where(key)} must list 2 different names.")
        for name in value:
            if name not in allowed:
                hint = did_you_mean(str(name), allowed)
                raise TrialDataError(f"{self.where(key)}: {name!r} is unknown. {hint}")
        return value[0], value[1]

    def words(self, key: str, allowed: Iterable[str]) -> list[str]:
        """A list of allowed words, not empty; a word may come again."""
        allowed = list(allowed)
        value = self._get(key, f"a list of: {', '.join(sorted(allowed))}")
        if not isinstance(value, list) or not value:
            raise TrialDataError(f"{self.where(key)} must be a list with at least one entry.")
        for i, name in enumerate(value):
            if name not in allowed:
                hint = did_you_mean(str(name), allowed)
                raise TrialDataError(f"{self.where(key)}[{i}] = {name!r} is unknown. {hint}")
        return [str(name) for name in value]

    def mapping_if_given(self, key: str) -> dict[str, Any] | None:
        """A mapping whose content another reader checks, or None when absent."""
        return self.section(key).values if self.has(key) else None

    def finish(self) -> None:
        """Refuse keys nobody asked for.

        Raises
        ------
        TrialDataError
            Names the first unknown key and the nearest known one.
        """
        for key in self.values:
            if key not in self.known:
                hint = did_you_mean(key, self.known)
                raise TrialDataError(f"{self.where(key)} is not a known key. {hint}")

    def _get(self, key: str, wanted: str) -> Any:
        self.known.add(key)
        value = self.values.get(key)
        if value is None:
            unread = [name for name in self.values if name not in self.known]
            for near in difflib.get_close_matches(key, unread, n=1):
                raise TrialDataError(f"{self.where(near)} is not a known key. Did you mean {key}?")
            raise TrialDataError(f"{self.where(key)} is missing. Give {wanted}.")
        return value

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        self.known.add(key)
        return self.values.get(key) is not None

    def _join(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def is_name(text: str) -> bool:
    """Whether `text` is made of ASCII letters, digits, '_' and '-' only."""
    return bool(text) and text.isascii() and text.replace("_", "").replace("-", "").isalnum()


def as_section(file: Path, place: str, value: Any) -> Section:
    """Wrap a mapping whose keys are all text."""
    label = f"{file}: {place}" if place else str(file)
    if not isinstance(value, dict):
        raise TrialDataError(f"{label} must be a mapping of 'key: value' lines.")
    for key in value:
        if not isinstance(key, str):
            raise TrialDataError(f"{label}: key {key!r} is not a text. Quote it.")
    return Section(file, place, value)


def read_yaml(file: Path) -> Section:
    """The top-level mapping of a YAML file.

    Raises
    ------
    TrialDataError
        If the file is missing, is not YAML, or holds one key twice.
    """
    try:
        value = yaml.load(read_text(file), Loader=_StrictLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "cannot be read"
        raise TrialDataError(f"{file}: not valid YAML: {line}{problem}.") from None
    return as_section(file, "", value)


def read_text(file: Path) -> str:
    """A UTF-8 file as text; a byte-order mark (Excel writes one) is dropped."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TrialDataError(f"{file}: no such file.") from None
    except IsADirectoryError:
        raise TrialDataError(f"{file}: is a folder. Give the study.yaml inside it.") from None
    except UnicodeDecodeError:
        raise TrialDataError(f"{file}: is not UTF-8 text. Save it as UTF-8.") from None
