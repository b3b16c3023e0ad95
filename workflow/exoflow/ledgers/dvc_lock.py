"""What dvc.lock says: which settings, code and inputs made which content."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exoflow.config import read_yaml
from exoflow.errors import UserError
from exoflow.ledgers.dvc_engine import CACHE, cache_folder

LOCK = Path("dvc.lock")
FOLDER_SUFFIX = ".dir"
MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass(frozen=True)
class StageLock:
    """One stage of dvc.lock."""

    params: Mapping[str, Any]
    """Values by key of params.yaml."""
    deps: Mapping[str, str]
    """MD5 by path; that of a folder ends with .dir."""
    outs: Mapping[str, str]


@dataclass(frozen=True)
class DvcLock:
    """dvc.lock with the lists of files that DVC's cache holds for its folders."""

    stages: Mapping[str, StageLock]
    root: Path
    _listed: dict[str, dict[str, str] | None] = field(default_factory=dict, compare=False)

    def files_of(self, folder_md5: str) -> dict[str, str] | None:
        """MD5 by path of the files in a recorded folder; None where the cache lacks the list."""
        if folder_md5 not in self._listed:
            listed = read_listing(self.root / CACHE, folder_md5)
            if listed is None:  # a queued experiment or a lab keeps its cache elsewhere
                listed = read_listing(self.cache, folder_md5)
            self._listed[folder_md5] = listed
        return self._listed[folder_md5]

    @functools.cached_property
    def cache(self) -> Path:
        """Where DVC keeps contents."""
        return cache_folder(self.root)


def read_dvc_lock(root: str | Path = ".") -> DvcLock:
    """Read dvc.lock; without one, no stage is recorded.

    Raises
    ------
    UserError
        If the file is damaged, as after a merge with conflicts, or when a killed DVC
        was writing it. What DVC refuses to read is damaged.
    """
    root = Path(root)
    if not (root / LOCK).exists():
        return DvcLock({}, root)
    remedy = "Resolve the merge (docs/workflow.md), or type: exoflow recover"
    try:
        return DvcLock(stage_locks(read_yaml(root / LOCK)), root)
    except UserError as problem:
        raise UserError(f"{problem} {remedy}") from None
    except (AttributeError, KeyError, TypeError):
        raise UserError(f"dvc.lock: not what DVC writes. {remedy}") from None


def stage_locks(content: Mapping[str, Any]) -> dict[str, StageLock]:
    """The stages of a dvc.lock that has been read."""
    text_of(content["schema"])
    return {name: stage_lock(one) for name, one in content.get("stages", {}).items()}


def stage_lock(entry: Mapping[str, Any]) -> StageLock:
    """One stage of the file as it stands there. A file cut short may still be YAML."""
    text_of(entry["cmd"])
    params = entry.get("params", {}).get("params.yaml", {})
    params.items()  # a key without values is cut off
    return StageLock(params, md5s(entry.get("deps", ())), md5s(entry.get("outs", ())))


def md5s(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """MD5 by path.

    Raises
    ------
    TypeError
        If a hash or a number is cut short.
    """
    for entry in entries:
        if not MD5.fullmatch(entry["md5"]):
            raise TypeError(f"{entry['path']}: no MD5")
        for number in ("size", "nfiles"):
            if not isinstance(entry.get(number, 0), int):
                raise TypeError(f"{entry['path']}: no {number}")
        text_of(entry.get("hash", "md5"))
    return {text_of(entry["path"]): entry["md5"] for entry in entries}


def text_of(value: object) -> str:
    """A value that must be words."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def read_listing(cache: Path, folder_md5: str) -> dict[str, str] | None:
    """The files of a folder that DVC has in its cache."""
    try:
        entries = json.loads(cached_file(cache, folder_md5).read_text())
        return {entry["relpath"]: entry["md5"] for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def cached_file(cache: Path, md5: str) -> Path:
    """Where DVC's cache keeps a content."""
    return cache / md5[:2] / md5[2:]


def listing_md5(files: Mapping[str, str]) -> str:
    """The MD5 DVC gives a folder of these files: MD5 by path relative to the folder."""
    entries = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    text = json.dumps(entries, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + FOLDER_SUFFIX
