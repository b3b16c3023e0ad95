"""MD5 of files and folders as DVC computes them, remembered while dates and sizes stay."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from exoflow.ledgers.dvc_lock import listing_md5
from exoflow.records.checkpoints import SCRATCH
from exoflow.records.files import write_text

MEMORY = SCRATCH / "content.json"


@dataclass
class Contents:
    """MD5s of the files of a project."""

    root: Path
    ignored: tuple[str, ...] = ()
    _known: dict[str, list] = field(default_factory=dict)
    _grown: bool = False

    def md5(self, path: str) -> str | None:
        """MD5 of a file, as DVC notes it; None where there is none."""
        found = self.hashes(path)
        return found[0] if found else None

    def sha256(self, path: str) -> str | None:
        """SHA-256 of a file, as Snakemake notes it; None where there is none."""
        found = self.hashes(path)
        return found[1] if found else None

    def hashes(self, path: str) -> tuple[str, str] | None:
        """MD5 and SHA-256 of a file, None where there is none."""
        file = self.root / path
        try:
            stat = file.stat()
        except OSError:
            return None
        stamp = [stat.st_mtime_ns, stat.st_size, stat.st_ino]
        known = self._known.get(path)
        if known is None or known[:3] != stamp:
            known = [*stamp, *file_hashes(file)]
            self._known[path] = known
            self._grown = True
        return known[3], known[4]

    def files(self, folder: str) -> dict[str, str]:
        """MD5 by path relative to the folder, without what .dvcignore names."""
        place = self.root / folder
        found = {}
        for file in place.rglob("*"):
            name = file.relative_to(place)
            if file.is_file() and not self.is_ignored(name):
                content = self.md5(f"{folder}/{name.as_posix()}")
                if content is not None:
                    found[name.as_posix()] = content
        return found

    def is_ignored(self, name: Path) -> bool:
        """Whether .dvcignore names a part of a path."""
        return any(
            fnmatch.fnmatch(part, pattern) for part in name.parts for pattern in self.ignored
        )

    def dvc_md5(self, path: str) -> str | None:
        """What dvc.lock would hold for a file or a folder."""
        place = self.root / path
        return listing_md5(self.files(path)) if place.is_dir() else self.md5(path)

    def remember(self) -> None:
        """Keep what was computed for the next command; a folder that cannot be written is fine."""
        if self._grown:
            try:
                write_text(self.root / MEMORY, json.dumps(self._known))
            except Exception:
                return


def read_contents(root: str | Path = ".") -> Contents:
    """What is known from earlier commands."""
    root = Path(root)
    try:
        known = json.loads((root / MEMORY).read_text())
    except (OSError, ValueError):
        known = {}
    return Contents(root, ignored_names(root), known if isinstance(known, dict) else {})


def ignored_names(root: Path) -> tuple[str, ...]:
    """The patterns of .dvcignore; ours are plain names."""
    try:
        lines = (root / ".dvcignore").read_text().splitlines()
    except OSError:
        return ()
    return tuple(line.strip("/") for line in lines if line and not line.startswith("#"))


def file_hashes(file: Path) -> tuple[str, str]:
    """MD5 and SHA-256 of a file, read once."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            md5.update(block)
            sha256.update(block)
    return md5.hexdigest(), sha256.hexdigest()
