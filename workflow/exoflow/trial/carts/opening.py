"""From a path to sheets of cells: what the bytes are, not what the name says."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.carts.sheets import Sheet

# A day of breaths with 120 columns stays below 20 MB as xlsx and below 50 MB as text.
MAX_FILE_MB = 50

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"


def read_bytes(path: Path) -> bytes:
    """Content of a file of bounded size.

    Raises
    ------
    TrialDataError
        If it is missing, a folder, not a file, unreadable, empty or above `MAX_FILE_MB`.
    """
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise TrialDataError(f"{path}: is a folder. Give one file of a cart.")
        if not stat.S_ISREG(status.st_mode):
            raise TrialDataError(f"{path}: is not an ordinary file. Give one file of a cart.")
        with open(path, "rb") as stream:
            content = stream.read(MAX_FILE_MB * 1_000_000 + 1)
    except FileNotFoundError:
        raise TrialDataError(f"{path}: no such file.") from None
    except PermissionError:
        raise TrialDataError(f"{path}: no permission to read it. Change its rights.") from None
    except (OSError, ValueError) as problem:
        raise TrialDataError(f"{path}: cannot be read ({type(problem).__name__}).") from None
    if len(content) > MAX_FILE_MB * 1_000_000:
        raise TrialDataError(
            f"{path}: {status.st_size / 1e6:.0f} MB; files of carts are read up to {MAX_FILE_MB} "
            "MB. Export one test per file."
        )
    if not content.strip():
        raise TrialDataError(f"{path}: is empty. Export the test again.")
    return content


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sheets_of(path: Path, content: bytes) -> list[Sheet]:
    """Cells of a file by what its first bytes say it is.

    A text file gives one sheet per way of separating its columns (tab, semicolon, comma).

    Raises
    ------
    TrialDataError
        If the bytes are no xlsx, no SpreadsheetML and no text.
    """
    file = str(path)
    if content.startswith(ZIP_SIGNATURE):
        from exoflow.trial.carts.xlsx import read_xlsx

        return read_xlsx(file, content)
    if content.startswith(OLE_SIGNATURE):
        raise TrialDataError(
            f"{file}: is an old or an encrypted Excel file (.xls). Open it and save it as .xlsx "
            "without a password."
        )
    from exoflow.trial.carts.text import decode, split_columns

    text = decode(file, content)
    if text.lstrip().startswith("<"):
        from exoflow.trial.carts.spreadsheetml import read_spreadsheetml

        return read_spreadsheetml(file, content)
    return split_columns(file, text)
