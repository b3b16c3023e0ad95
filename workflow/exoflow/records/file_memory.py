"""What was read from files, kept as long as their date and size stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


class FileMemory:
    """Answers of readers by file; a page that is drawn every few seconds reads each once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[tuple[int, int], Any]] = {}

    def get(self, path: str | Path, read: Callable[[Path], Any]) -> Any:
        """What `read` makes of a file; None where there is none."""
        path = Path(path)
        try:
            stat = path.stat()
        except OSError:
            return None
        stamp = (stat.st_mtime_ns, stat.st_size)
        key = (str(path), read.__qualname__)
        if key not in self._known or self._known[key][0] != stamp:
            self._known[key] = (stamp, read(path))
        return self._known[key][1]
