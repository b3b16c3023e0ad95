"""Cortex MetaSoft: xlsx, and SpreadsheetML from MetaSoft Studio.

Below the blocks of subject and test, and in Studio a summary of the phases, a table headed t
with V'O2 in L/min. Read against real exports of both.
"""

from __future__ import annotations

from exoflow.trial.carts.family import Family
from exoflow.trial.carts.labels import plain
from exoflow.trial.carts.table import Table

APOSTROPHES = "'\u2019\u00b4`\u0307\u02d9"


def recognize(table: Table) -> str | None:
    """`cortex_xlsx` or `cortex_xml`."""
    marked = any(sign in table.label("vo2") for sign in APOSTROPHES)
    if plain(table.label("time")) != "t" or not marked or table.sheet.kind == "text":
        return None
    return "cortex_xml" if table.sheet.kind == "xml" else "cortex_xlsx"


FAMILY = Family(recognize, equations=("lusk", "cortex_studio", "weir", "weir_rounded"))
