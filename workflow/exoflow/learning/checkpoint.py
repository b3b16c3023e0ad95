"""Checkpoints of a training run: written whole, checked when read, one older one kept."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from exoflow.errors import CheckpointError
from exoflow.records.files import write_bytes

# Another number is a format this code cannot read.
HEADER = b"exoflow checkpoint 1\n"


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest is kept."""
    return path.with_name(path.name + ".prev")


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` (tensors, numbers, text, lists, dicts); the old checkpoint becomes `.prev`.

    A process killed at any moment leaves the new or the old checkpoint whole.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    body = buffer.getvalue()
    newest = path.with_name(path.name + ".new")
    write_bytes(newest, HEADER + hashlib.sha256(body).digest() + body)
    if path.exists():
        os.replace(path, previous(path))
    os.replace(newest, path)


def load(path: Path) -> dict[str, Any] | None:
    """The newest checkpoint, else the one before it, else None.

    Raises
    ------
    CheckpointError
        If the checkpoint is truncated or damaged; names the file and what
        happens when it is deleted.
    """
    for candidate in (path, previous(path)):
        if candidate.exists():
            return _read(candidate)
    return None


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name."""
    out: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            out |= flat(value, f"{prefix}{name}.")
        else:
            out[f"{prefix}{name}"] = value
    return out


def require_same_settings(path: Path, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse to go on from a run of other settings.

    Raises
    ------
    CheckpointError
        Names every setting that differs, with both values.
    """
    names = sorted(saved.keys() | wanted.keys())
    nothing = "nothing"
    differences = [
        f"{name} = {saved.get(name, nothing)} there, {wanted.get(name, nothing)} here"
        for name in names
        if saved.get(name, nothing) != wanted.get(name, nothing)
    ]
    if differences:
        raise CheckpointError(
            f"{path}: checkpoint of other settings ({'; '.join(differences)}). "
            "Restore them, or delete the checkpoint to start anew."
        )


def discard(path: Path) -> None:
    """Remove the checkpoints of a run that is finished."""
    path.unlink(missing_ok=True)
    previous(path).unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    digest_end = len(HEADER) + hashlib.sha256().digest_size
    body = content[digest_end:]
    whole = (
        content.startswith(HEADER)
        and hashlib.sha256(body).digest() == content[len(HEADER) : digest_end]
    )
    if not whole:
        older = previous(path)
        then = f"goes on from {older.name}" if older.exists() else "starts anew"
        raise CheckpointError(
            f"{path}: damaged or truncated checkpoint ({len(content)} bytes). "
            f"Delete it and run the same command again: training {then}."
        )
    # Only tensors and plain values are read: a checkpoint cannot run code.
    return torch.load(io.BytesIO(body), weights_only=True)
