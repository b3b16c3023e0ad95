"""What a subcommand is made of."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import UserError


@dataclass(frozen=True)
class Command:
    """One subcommand: its help, its options and what it does."""

    summary: str
    description: str
    add_options: Callable[[argparse.ArgumentParser], None]
    function: Callable[[argparse.Namespace], None]


def existing_file(option: str, path: str | Path, remedy: str = "") -> Path:
    """`path`, which must be a file.

    Raises
    ------
    UserError
        Naming the option and what to do.
    """
    path = Path(path)
    if not path.is_file():
        ending = f" {remedy}" if remedy else ""
        raise UserError(f"{option} {path}: no such file.{ending}")
    return path
