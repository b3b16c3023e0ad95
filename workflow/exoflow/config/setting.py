"""One setting of params.yaml: its default, its range and the sentence that explains it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """What the loader checks and `exoflow params describe` prints for one field."""

    doc: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: tuple[str | int, ...] = ()
    extend: str | None = None
    affects_results: bool = True

    @property
    def allowed(self) -> str:
        """The allowed values in words, empty when anything of the right type will do."""
        if self.choices:
            return " | ".join(map(str, self.choices))
        if self.above is not None and self.maximum is not None:
            return f"above {self.above:g}, up to {self.maximum:g}"
        if self.above is not None:
            return f"above {self.above:g}"
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum:g}..{self.maximum:g}"
        if self.minimum is not None:
            return f"{self.minimum:g} or more"
        if self.maximum is not None:
            return f"{self.maximum:g} or less"
        return ""


def setting(default: Any = dataclasses.MISSING, *, doc: str, **limits: Any) -> Any:
    """A documented dataclass field.

    Parameters
    ----------
    default
        Value when the key is left out. Without it the key must be given.
        A dataclass type stands for a nested section with all its defaults.
    doc
        One sentence for the person who edits params.yaml.
    limits
        `minimum`, `maximum` (both allowed), `above` (itself not allowed) and
        `choices` hold for the value, or for every element of a list;
        `extend` names the file to extend when the range is too narrow;
        `affects_results=False` marks settings such as a thread count, whose
        change must not make anything run again.
    """
    metadata = {"setting": Setting(doc, **limits)}
    if isinstance(default, type) and dataclasses.is_dataclass(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)
