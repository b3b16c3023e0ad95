"""What the test programs of a bundle print, on any target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class GoldenFile:
    """One golden file and how well it was answered."""

    name: str
    n_steps: int
    max_abs_error_Nm: float
    max_error_step: int = 0
    max_error_leg: str = ""
    reset_reproduces: bool = True


@dataclass(frozen=True)
class Printed:
    """Golden files in order, and the values printed after them, by name."""

    files: tuple[GoldenFile, ...]
    values: dict[str, str]

    @property
    def worst(self) -> GoldenFile:
        """The file with the largest error; NaN is larger than anything."""
        return max(self.files, key=lambda file: _size(file.max_abs_error_Nm))

    @property
    def max_abs_error_Nm(self) -> float:
        """Largest error over all files."""
        return self.worst.max_abs_error_Nm

    @property
    def n_steps(self) -> int:
        """Ticks of all files."""
        return sum(file.n_steps for file in self.files)

    @property
    def reset_reproduces(self) -> bool:
        """Whether a walk that is begun again gives the same bits."""
        return all(file.reset_reproduces for file in self.files)

    @property
    def faults_passed(self) -> bool:
        """Whether the fault scenarios gave the recorded torques."""
        return self.values.get("faults_result") == "passed"

    @property
    def crc32(self) -> tuple[str | None, str | None]:
        """Fingerprints of all commands and of all torques behind the safety layer."""
        return self.values.get("golden_crc32"), self.values.get("faults_crc32")

    def number(self, name: str) -> int | None:
        """A printed whole number, None if it was not printed."""
        return int(self.values[name]) if name in self.values else None


def read_printed(text: str) -> Printed:
    """Read lines `name value`; `file PATH` begins a file, `total` ends the last one."""
    files: list[dict[str, str]] = []
    values: dict[str, str] = {}
    current = values
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name == "file":
            current = {"name": PurePosixPath(value).stem}
            files.append(current)
        elif name == "total":
            current = values
        elif name:
            current[name] = value
    return Printed(tuple(map(_golden_file, files)), values)


def _golden_file(values: dict[str, str]) -> GoldenFile:
    return GoldenFile(
        name=values["name"],
        n_steps=int(values["n_steps"]),
        max_abs_error_Nm=float(values["max_abs_error_Nm"]),
        max_error_step=int(values.get("max_error_step", 0)),
        max_error_leg=values.get("max_error_leg", ""),
        reset_reproduces=values.get("reset_reproduces", "yes") == "yes",
    )


def _size(error_Nm: float) -> float:
    return math.inf if math.isnan(error_Nm) else error_Nm
