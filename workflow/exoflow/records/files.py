"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from exoflow.errors import ExoflowError


@contextlib.contextmanager
def replaced_file(path: str | Path) -> Iterator[Path]:
    """A scratch path beside `path` that takes its place when the block ends well.

    The folder is made if needed. A killed process leaves the old file as it
    was. The scratch name keeps the suffix, because some writers go by it.

    Raises
    ------
    ExoflowError
        When the disk is full or the folder cannot be written; names the file.
    """
    path = Path(path)
    scratch: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}.", suffix=f".part{path.suffix}", dir=path.parent
        )
        os.close(handle)
        scratch = Path(name)
        scratch.chmod(0o666 & ~current_umask())
        yield scratch
        with scratch.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(scratch, path)
    except OSError as problem:
        raise writing_failed(path, problem) from problem
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a binary file whole or not at all."""
    with replaced_file(path) as scratch:
        scratch.write_bytes(content)
    return Path(path)


def write_together(files: Mapping[str | Path, bytes]) -> list[Path]:
    """Write several files, all or none.

    Every file is complete beside its place before the first one takes it, so a full disk or
    a bad value leaves the files of the run before.
    """
    with contextlib.ExitStack() as scratches:
        for path, content in files.items():
            scratches.enter_context(replaced_file(path)).write_bytes(content)
    return [Path(path) for path in files]


def write_text(path: str | Path, content: str) -> Path:
    """Write a UTF-8 text file, lines ending in \\n, whole or not at all."""
    return write_bytes(path, content.encode("utf-8"))


def writing_failed(path: Path, problem: OSError) -> OSError | ExoflowError:
    """The one clear line for a disk that is full or closed; other problems stay as they are."""
    remedies = {
        errno.ENOSPC: "the disk is full. Free some space and run the same command again.",
        errno.EDQUOT: "your disk quota is used up. Free some space and run the same command again.",
        errno.EROFS: "the disk is read-only.",
        errno.EACCES: "no permission to write there.",
    }
    if problem.errno in remedies:
        return ExoflowError(f"{path} could not be written: {remedies[problem.errno]}")
    return problem


def current_umask() -> int:
    """Permission bits new files do not get (mkstemp makes private files)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
