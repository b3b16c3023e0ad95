"""The de-identified copy of a recording: a csv whose first lines, behind #, are YAML.

It holds what `Recording` holds and nothing else, so nobody's name can be in it, and the hash of
its own content, so that an edited or cut copy is refused.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from exoflow.errors import TrialDataError
from exoflow.trial.carts.opening import digest
from exoflow.trial.recording import Marker, Recording

SIGNATURE = "# exoflow recording of a metabolic cart, without name, birth date or id"
FORMAT = 1
HASH_KEY = "# content_sha256: "
NUMBERS = ("time_s", "vo2_mL_min", "vco2_mL_min", "heart_rate_bpm", "energy_W")
COLUMNS = ("row", *NUMBERS, "phase")


def is_copy(content: bytes) -> bool:
    """Whether a file says that it is such a copy."""
    return content.startswith(SIGNATURE.encode())


def write_copy(recording: Recording) -> str:
    """Text of the copy.

    Parameters
    ----------
    recording : Recording
        As `read_cart` gave it; its `sha256` becomes `original_sha256`.

    Returns
    -------
    str
        UTF-8 lines. Numbers have all their digits, so reading gives the same bits.
    """
    content = _header(recording) + _table(recording)
    return f"{SIGNATURE}\n{HASH_KEY}{digest(content.encode())}\n{content}"


def _header(recording: Recording) -> str:
    fields = {
        "format": FORMAT,
        "cart": recording.cart,
        "original_sha256": recording.sha256,
        "samples": len(recording.rows),
        "sampling": recording.sampling,
        "units": "in the column names; VO2 and VCO2 at STPD; row is that of the original",
        "mass_kg": recording.mass_kg,
        "energy_equation": recording.energy_equation,
        "markers": [{"time_s": m.time_s, "text": m.text} for m in recording.markers],
        "warnings": list(recording.warnings),
    }
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=90)
    return "".join(f"# {line}\n" for line in text.rstrip("\n").split("\n"))


def _table(recording: Recording) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    numbers = [getattr(recording, name).tolist() for name in NUMBERS]
    for row, *values, phase in zip(recording.rows.tolist(), *numbers, recording.phase, strict=True):
        writer.writerow([row, *("" if math.isnan(v) else repr(v) for v in values), phase])
    return stream.getvalue()


def read_copy(path: Path, content: bytes) -> Recording:
    """Read what `write_copy` wrote.

    Raises
    ------
    TrialDataError
        If the copy was cut or edited.
    """
    text = _unchanged(path, content)
    lines = text.split("\n")
    comments = [line for line in lines if line.startswith("# ")]
    try:
        header = yaml.safe_load("\n".join(line[2:] for line in comments))
        rows = list(csv.reader(line for line in lines[len(comments) :] if line))
        return _recording(path, digest(content), header, rows)
    except (yaml.YAMLError, csv.Error, KeyError, TypeError, ValueError, IndexError) as problem:
        raise TrialDataError(
            f"{path}: is not laid out like a copy by this version ({type(problem).__name__}). "
            "Ingest the original again."
        ) from None


def _unchanged(path: Path, content: bytes) -> str:
    """What stands below the hash, if the hash fits. Git may have changed the line ends."""
    text = content.replace(b"\r\n", b"\n").decode("utf-8", errors="replace")
    _, hash_line, rest = [*text.split("\n", 2), "", ""][:3]
    if hash_line.removeprefix(HASH_KEY) != digest(rest.encode()):
        raise TrialDataError(
            f"{path}: was cut or edited after it was written. Ingest the original again."
        )
    return rest


def _recording(path: Path, sha256: str, header: dict[str, Any], rows: Sequence[Any]) -> Recording:
    if header["format"] != FORMAT or tuple(rows[0]) != COLUMNS:
        raise ValueError("another format")
    columns = list(zip(*rows[1:], strict=True))
    numbers = [np.array([float(v or "nan") for v in column]) for column in columns[1:-1]]
    mass_kg = header["mass_kg"]
    return Recording(
        cart=str(header["cart"]),
        file=path.name,
        sha256=sha256,
        sampling=str(header["sampling"]),
        rows=np.array([int(v) for v in columns[0]]),
        phase=tuple(columns[-1]),
        markers=tuple(Marker(float(m["time_s"]), str(m["text"])) for m in header["markers"]),
        energy_equation=header["energy_equation"],
        mass_kg=None if mass_kg is None else float(mass_kg),
        warnings=tuple(str(text) for text in header["warnings"]),
        **dict(zip(NUMBERS, numbers, strict=True)),
    )
