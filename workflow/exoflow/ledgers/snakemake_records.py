"""What Snakemake has written down about each output, in .snakemake/metadata."""

from __future__ import annotations

import ast
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

METADATA = Path(".snakemake/metadata")
INCOMPLETE = Path(".snakemake/incomplete")
# Snakemake cuts the encoded path into folders of names that a file system takes.
NAME_LENGTH = 254


@dataclass(frozen=True)
class Record:
    """What made one output."""

    rule: str
    settings: str
    """The settings of the job, JSON."""
    sources: str
    """Hashes of its code and data, see `sources`."""
    inputs: tuple[str, ...]
    checksums: dict[str, str]
    """SHA-256 by input."""
    end_s: float
    """Date of the output when its job had ended, s since 1970."""


class DamagedRecord(ValueError):
    """A record that is cut short or not JSON; Snakemake passes over it."""


def record_place(root: Path, output: str, folder: Path = METADATA) -> Path:
    """Where the record of an output lies."""
    name = urlsafe_b64encode(output.encode()).decode()
    pieces = [name[i : i + NAME_LENGTH] for i in range(0, len(name), NAME_LENGTH)]
    return root.joinpath(folder, *(f"@{piece}" for piece in pieces[:-1]), pieces[-1])


def read_record(root: Path, output: str) -> Record | None:
    """The record of an output, None if there is none.

    Raises
    ------
    DamagedRecord
        If the file is not what Snakemake writes, as after a merge with conflicts.
    """
    try:
        content = json.loads(record_place(root, output).read_text())
        values = [ast.literal_eval(text) for text in content["params"] or ()]
        texts = [value for value in values if isinstance(value, str)]
        return Record(
            rule=content["rule"],
            settings=next((text for text in texts if text.startswith("{")), ""),
            sources=next((text for text in texts if not text.startswith("{")), ""),
            inputs=tuple(content["input"] or ()),
            checksums={
                path: checksum.rpartition(":")[2]
                for path, checksum in (content["input_checksums"] or {}).items()
            },
            end_s=float(content["endtime"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError) as problem:
        raise DamagedRecord(str(problem)) from None


def is_incomplete(root: Path, output: str) -> bool:
    """Whether the job of an output began and was killed; Snakemake runs it again."""
    return record_place(root, output, INCOMPLETE).exists()
