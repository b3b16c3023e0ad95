"""Text files: encoding, line ends and the sign between columns."""

from __future__ import annotations

import codecs
import csv
import re

from exoflow.errors import TrialDataError
from exoflow.trial.carts.sheets import RowLimit, Sheet, trimmed

SEPARATORS = ("\t", ";", ",")
LINE_END = re.compile(r"\r\n|\n|\r")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# 1000 columns of numbers; splitting longer lines would take gigabytes.
MAX_LINE_CHARACTERS = 100_000
# Old programs close a text file with Ctrl-Z.
END_OF_TEXT = "\x1a"


def decode(file: str, content: bytes) -> str:
    """Text of a file in UTF-8, UTF-16 with its mark, or Windows-1252.

    Raises
    ------
    TrialDataError
        If the bytes are not text.
    """
    try:
        text = _decoded(content)
    except UnicodeDecodeError:
        raise TrialDataError(f"{file}: {_NOT_TEXT}") from None
    text = text.rstrip(END_OF_TEXT + "\x00")
    if CONTROL_CHARACTERS.search(text):
        raise TrialDataError(f"{file}: {_NOT_TEXT}")
    return text


_NOT_TEXT = "is neither xlsx, XML nor text. Give the file as the cart exported it."


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def split_columns(file: str, text: str) -> list[Sheet]:
    """The lines of a text as cells, once for every separator that occurs.

    A line is split by itself, so that a quotation mark too many cannot swallow the next lines
    and a row's number is its line's.
    """
    lines = LINE_END.split(text)
    whole = not lines[-1].strip()
    return [
        Sheet(file, "text", "", _cells(file, lines, separator), whole)
        for separator in SEPARATORS
        if separator in text
    ]


def _cells(file: str, lines: list[str], separator: str) -> list[list[str]]:
    limit = RowLimit(file)
    rows = []
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_CHARACTERS:
            raise TrialDataError(
                f"{file}: row {number} has {len(line)} characters, more than "
                f"{MAX_LINE_CHARACTERS}. Give the file as the cart exported it."
            )
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        limit.count(len(cells))
        rows.append(trimmed(cells))
    return rows
