"""Reading YAML the way DVC does, so that both always see the same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from exoflow.errors import UserError


def read_yaml(path: str | Path, error: type[UserError] = UserError) -> Any:
    """Plain values of a YAML 1.2 file (`off` is text, 3e-4 a number, a key twice an error).

    Raises
    ------
    UserError
        Or the given subclass, with file and line, when the file is missing or
        is not YAML.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{path}: no such file.") from None
    except UnicodeDecodeError as problem:
        raise error(f"{path}: not UTF-8 text (byte {problem.start}).") from None
    return parse_yaml(text, str(path), error)


def parse_yaml(text: str, source: str, error: type[UserError] = UserError) -> Any:
    """`read_yaml` for a text already read; `source` is the file named in messages."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else "?"
        reason = " ".join(str(problem.problem or problem.context).split())
        raise error(f"{source}: line {line}: not valid YAML: {reason}.") from None
    except YAMLError as problem:
        raise error(f"{source}: not valid YAML: {' '.join(str(problem).split())}.") from None
