"""Excel workbooks, opened without trusting them."""

from __future__ import annotations

import io
import zipfile

from exoflow.errors import TrialDataError
from exoflow.trial.carts.sheets import RowLimit, Sheet, trimmed

# XML of a large export packs about 1:10; a bomb about 1:1000.
MAX_UNPACKED_MB = 200
MAX_PARTS = 2_000
# Cells and their texts are read piece by piece, pictures not at all, everything else (styles,
# names) as a whole tree.
STREAMED_PARTS = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")
MAX_WHOLE_PART_MB = 10


def read_xlsx(file: str, content: bytes) -> list[Sheet]:
    """Every sheet with its cells as Excel stored them (numbers, texts, times).

    Parameters
    ----------
    file : str
        Path for messages.
    content : bytes
        The whole file.

    Raises
    ------
    TrialDataError
        If it is damaged, encrypted, no workbook, or larger unpacked than `MAX_UNPACKED_MB`.
    """
    refuse_bombs(file, content)
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = [Sheet(file, "xlsx", page.title, _cells(file, page)) for page in book.worksheets]
    except TrialDataError:
        raise
    except Exception as problem:
        # Damaged bytes reach openpyxl's innermost lines, which raise whatever comes to hand.
        raise TrialDataError(f"{file}: {_DAMAGED} ({type(problem).__name__}).") from None
    return sheets


_DAMAGED = (
    "is not a whole xlsx workbook. Copy it again from the cart, or open it and save it as .xlsx"
)


def refuse_bombs(file: str, content: bytes) -> None:
    """Look at the zip directory before anything is unpacked.

    zipfile never unpacks more of a part than the directory declares, so its sum is a bound.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except Exception as problem:
        # As above: the directory of a damaged archive raises many kinds of errors.
        raise TrialDataError(f"{file}: {_DAMAGED} ({type(problem).__name__}).") from None
    unpacked_MB = sum(part.file_size for part in parts) / 1e6
    if unpacked_MB > MAX_UNPACKED_MB or len(parts) > MAX_PARTS:
        raise TrialDataError(
            f"{file}: unpacks to {unpacked_MB:.0f} MB in {len(parts)} parts; up to "
            f"{MAX_UNPACKED_MB} MB and {MAX_PARTS} parts are read. It is no export of one test."
        )
    for part in parts:
        if part.file_size / 1e6 > MAX_WHOLE_PART_MB and not part.filename.startswith(
            STREAMED_PARTS
        ):
            raise TrialDataError(
                f"{file}: a part beside the sheets unpacks to {part.file_size / 1e6:.0f} MB; up to "
                f"{MAX_WHOLE_PART_MB} MB are read. Open it and save it as .xlsx."
            )


def _cells(file: str, page) -> list[list]:
    limit = RowLimit(file)
    # The size a sheet declares may be wrong in both directions; rows know their own length.
    page.reset_dimensions()
    rows = []
    for cells in page.iter_rows(values_only=True):
        limit.count(len(cells))
        rows.append(trimmed(list(cells)))
    return rows
