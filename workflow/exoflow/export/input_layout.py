"""Whether a controller fits firmware that feeds its inputs already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from exoflow.control.policy_format import PolicyWeights
from exoflow.errors import PolicyFormatError, UserError
from exoflow.export.documents import describe_io

COMPARED = ("name", "unit", "sign")


def require_layout(weights: PolicyWeights, source: Path, layout: Path) -> None:
    """Refuse a controller whose inputs differ from those of a policy_io.yaml.

    Parameters
    ----------
    weights : PolicyWeights
    source : Path
        Of the weights, for messages.
    layout : Path
        policy_io.yaml of the bundle that the firmware was written for.

    Raises
    ------
    PolicyFormatError
        Names the first difference.
    UserError
        If `layout` is no policy_io.yaml.
    """
    expected = _read(layout)
    found = yaml.safe_load(describe_io(weights))
    pairs: list[tuple[str, Any, Any]] = [
        ("rate_Hz", found["rate_Hz"], expected["rate_Hz"]),
        ("number of inputs", len(found["inputs"]), len(expected["inputs"])),
    ]
    for mine, theirs in zip(found["inputs"], expected["inputs"], strict=False):
        pairs += [(f"{key} of input {mine['index']}", mine[key], theirs[key]) for key in COMPARED]
    for what, mine, theirs in pairs:
        if mine != theirs:
            raise PolicyFormatError(
                f"{source}: {what} is {mine}, {layout} has {theirs}. The firmware would feed it "
                "wrong numbers: change the firmware and leave --layout out, or train with these "
                "inputs."
            )


def _read(layout: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(layout.read_text(encoding="utf-8"))
        complete = all(set(COMPARED) <= set(entry) for entry in document["inputs"])
        if complete and "rate_Hz" in document:
            return document
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        pass
    raise UserError(
        f"{layout}: is no policy_io.yaml (rate_Hz and inputs with {', '.join(COMPARED)}). Take it "
        "from the bundle that was flashed before."
    )
