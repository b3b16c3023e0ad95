"""Jobs of a long experiment: each computed once, as long as settings, inputs and code stay."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


class Jobs:
    """Results in one folder, with a record beside each of what it was made from.

    Parameters
    ----------
    folder : Path
    code : str
        Hash of the code that the results depend on.
    """

    def __init__(self, folder: Path, code: str):
        self.folder = folder
        self._code = code

    def job(
        self,
        name: str,
        settings: Mapping[str, Any],
        inputs: Sequence[Path],
        work: Callable[[Path], None],
    ) -> Path:
        """A file in the folder, made by `work` unless it is there with the same settings, inputs
        and code.
        """
        from exoflow.records.files import write_text
        from exoflow.records.hashing import content_hash

        output = self.folder / name
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
        digest.update(self._code.encode())
        for path in inputs:
            digest.update(content_hash(path).encode())
        record = output.with_suffix(output.suffix + ".job")
        key = digest.hexdigest()
        if output.exists() and record.exists():
            if json.loads(record.read_text())["key"] == key:
                return output
        output.parent.mkdir(parents=True, exist_ok=True)
        print(f"exoflow bench: {output}", file=sys.stderr, flush=True)
        begin = time.monotonic()
        work(output)
        write_text(record, json.dumps({"key": key, "wall_s": time.monotonic() - begin}))
        return output

    def wall_s(self) -> dict[str, float]:
        """Wall time of every job, by its path in the folder."""
        return {
            str(record.relative_to(self.folder)).removesuffix(".job"): json.loads(
                record.read_text()
            )["wall_s"]
            for record in sorted(self.folder.rglob("*.job"))
        }
