"""Asking the engines, which are programs of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from exoflow.errors import UserError


def ask(root: str | Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `words` in a folder and keep what it says, whatever its exit code.

    Raises
    ------
    UserError
        If there is no such program.
    """
    try:
        return subprocess.run(words, cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(
            f"{words[0]}: no such program. Activate the environment (. .venv/bin/activate)."
        ) from None


def said_lines(output: str) -> list[str]:
    """What a program said, without empty lines and indentation."""
    return [line.strip() for line in output.splitlines() if line.strip()]
