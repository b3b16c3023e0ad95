"""`exoflow hash`: what a file says, whatever the order, the dates and the packing of its bytes.

Two files have the same hash when they hold the same numbers and words: JSON
whatever the order of its keys, npz and zip whatever the dates of their members (of a
bundle: whatever its manifest and report say of commit and computer), parquet by its
columns whatever its compression, csv by its cells.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from exoflow.errors import UserError

HASH_LENGTH = 32
# Records of how a run went (wall time, host) are no results.
NOT_RESULTS = ("runs", "logs")
STATUS_PAGE = "status.html"
# The same in a bundle: they hold the commit, and what the tools of this computer found.
BUNDLE_RECORDS = ("MANIFEST.json", "EXPORT_REPORT.json", "EXPORT_REPORT.md")


def content_hash(path: str | Path) -> str:
    """Hash of the content of a file, or of all files of a folder with their names.

    In a folder, the folders `runs` (provenance) and `logs` and the page status.html
    are left out: they hold wall times.

    Returns
    -------
    str
        The first 32 hexadecimal digits of a SHA-256.

    Raises
    ------
    UserError
        If the path does not exist or a file cannot be read as what its name says.
    """
    path = Path(path)
    if path.is_dir():
        digest = hashlib.sha256(b"folder\n")
        for file in files_of(path):
            digest.update(f"{file.relative_to(path).as_posix()}\n{content_hash(file)}\n".encode())
        return digest.hexdigest()[:HASH_LENGTH]
    try:
        return hash_bytes(path.name, path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file or folder.") from None
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise UserError(
            f"{path}: damaged, cannot be read as {path.suffix.lstrip('.')}: {reason}"
        ) from None


def hash_bytes(name: str, content: bytes) -> str:
    """Hash of a file's content, read as its suffix says."""
    suffix = PurePath(name).suffix.lower()
    kind = KINDS.get(suffix, hash_raw)
    digest = hashlib.sha256()
    for part in kind(content):
        # Length before content: (ab, c) and (a, bc) must differ.
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:HASH_LENGTH]


def files_of(folder: Path) -> list[Path]:
    """Result files below a folder, in the order of their names."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name != STATUS_PAGE
        and not set(file.relative_to(folder).parts[:-1]) & set(NOT_RESULTS)
    )


def hash_raw(content: bytes) -> Iterator[bytes]:
    """Bytes as they are."""
    yield content


def hash_json(content: bytes) -> Iterator[bytes]:
    """Values under sorted keys; 1.0 and 1 differ, as they do for a reader with types."""
    values = json.loads(content.decode("utf-8"))
    yield json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def hash_npz(content: bytes) -> Iterator[bytes]:
    """Name, type, shape and values of every array."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for name in sorted(arrays.files):
            yield name.encode()
            yield from hash_array(arrays[name])


def hash_array(array: np.ndarray) -> Iterator[bytes]:
    """Type, shape and values of an array, in one byte order and memory order."""
    little = array.dtype.newbyteorder("<")
    yield f"{little.str} {array.shape}".encode()
    yield np.ascontiguousarray(array, dtype=little).tobytes()


def hash_parquet(content: bytes) -> Iterator[bytes]:
    """Name, type and values of every column, by the order of their names."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(content), use_threads=False, pre_buffer=False)
    for name in sorted(table.column_names):
        column = table.column(name)
        yield f"{name} {column.type}".encode()
        values = column.to_numpy()
        if values.dtype == object:
            yield json.dumps(column.to_pylist(), default=str).encode()
        else:
            yield from hash_array(values)


def hash_csv(content: bytes) -> Iterator[bytes]:
    """Cells; a number counts by its value, so 1.50 is 1.5."""
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))):
        yield json.dumps([cell_value(cell) for cell in row]).encode()


def cell_value(cell: str) -> Any:
    """A number where the cell is one, else its text."""
    try:
        return float(cell)
    except ValueError:
        return cell.strip()


def hash_zip(content: bytes) -> Iterator[bytes]:
    """Name and content of every member, by the order of their names, but a bundle's records."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = sorted(archive.namelist())
        for name in members:
            if is_bundle_record(name, members):
                continue
            yield name.encode()
            yield hash_bytes(name, archive.read(name)).encode()


def is_bundle_record(name: str, members: list[str]) -> bool:
    """Whether a member says how a bundle came about, not what it is."""
    folder, _, file = name.rpartition("/")
    return file in BUNDLE_RECORDS and f"{folder}/MANIFEST.json" in members


def hash_markup(content: bytes) -> Iterator[bytes]:
    """Text without the date that drawing programs leave in it, whatever the line ends."""
    text = content.decode("utf-8").replace("\r\n", "\n")
    yield re.sub(r"<dc:date>.*?</dc:date>", "", text, flags=re.DOTALL).encode()


KINDS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    ".json": hash_json,
    ".npz": hash_npz,
    ".parquet": hash_parquet,
    ".csv": hash_csv,
    ".zip": hash_zip,
    ".svg": hash_markup,
    ".html": hash_markup,
}
