"""A comparison of experiments as text of at most 80 columns."""

from __future__ import annotations

import math
import string
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exoflow.records.comparison import ABSENT, Row, change
from exoflow.records.seeds import Sample

WIDTH = 80
GAP = "  "
INDENT = "  "
# Two columns of this leave room for the longest names of settings.
LONGEST_CELL = 18


@dataclass(frozen=True)
class Compared:
    """Experiments with what differs between them."""

    names: tuple[str, ...]
    about: tuple[str, ...]
    """A sentence on each experiment: its commit, and what its results are worth."""
    settings: Sequence[Row]
    code: Sequence[str]
    """Files of code and data that differ."""
    metrics: Sequence[Row]


def comparison_text(compared: Compared) -> str:
    """All tables; experiments that do not fit beside each other follow in blocks with the first."""
    headers = column_headers(compared.names)
    lines: list[str] = []
    for header, name, about in zip(headers, compared.names, compared.about, strict=True):
        spelt = name if header == name else f"{header}{GAP}{name}"
        lines += textwrap.wrap(f"{spelt}{GAP}{about}", WIDTH, subsequent_indent=INDENT)
    if compared.code:
        lines += ["", *textwrap.wrap(code_sentence(compared.code), WIDTH)]
    lines += ["", *tables("settings", compared.settings, headers, setting_cell)]
    for place, rows in by_place(compared.metrics).items():
        lines += ["", *tables(place, rows, headers, sample_cell, change)]
    if not compared.metrics:
        lines += ["", "metrics: no difference"]
    elif has_seeds(compared.metrics):
        lines += ["", "Policies: mean over seeds ± SD (number of seeds)."]
    return "\n".join(line.rstrip() for line in lines)


def column_headers(names: Sequence[str]) -> list[str]:
    """The names, or letters where one of them is too long for a column."""
    if all(len(name) <= LONGEST_CELL for name in names):
        return list(names)
    return list(string.ascii_uppercase[: len(names)])


def code_sentence(files: Sequence[str]) -> str:
    """That code or data differ."""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"Code or data differ: {files[0]}{more}."


def has_seeds(rows: Sequence[Row]) -> bool:
    """Whether a metric has a value per seed."""
    return any(isinstance(one, Sample) and one.seeded for row in rows for one in row.values)


def by_place(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by what they are about, such as `level policy`; without the place in their keys."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        place = " ".join(row.key[:-1]) or "metrics"
        found.setdefault(place, []).append(Row(row.key[-1:], row.values))
    return found


def setting_cell(value: Any) -> str:
    """A setting as it is written, cut to a length; of a whole section, only that it is there."""
    if value is ABSENT:
        return "-"
    if isinstance(value, dict):
        return "there" if value else "{}"
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return shortened(text, LONGEST_CELL)


def sample_cell(value: Any) -> str:
    """Mean and, of seeds, ± standard deviation (number)."""
    if not isinstance(value, Sample):
        return "-"
    if not value.seeded:
        return number(value.mean)
    spread = "" if value.sd is None else f" ±{number(value.sd, 2)}"
    return f"{number(value.mean)}{spread} ({value.n})"


def number(value: float, digits: int = 5) -> str:
    """A value with so many digits."""
    if value and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.{digits - 3}e}"
    return f"{value:.{decimals(value, digits)}f}"


def signed(value: float | None) -> str:
    """A difference with three digits and its sign."""
    if not value:
        return "" if value is None else "0"
    return ("+" if value > 0 else "") + number(value, 3)


def decimals(value: float, digits: int) -> int:
    """Decimals that show a value with so many digits."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 1


def shortened(text: str, length: int) -> str:
    """Text cut to a length."""
    return text if len(text) <= length else text[: length - 1] + "…"


def tables(
    title: str,
    rows: Sequence[Row],
    headers: Sequence[str],
    cell: Callable[[Any], str],
    difference: Callable[[Row], float | None] | None = None,
) -> Iterator[str]:
    """Lines of one table, or of several with the first experiment in each."""
    if not rows:
        yield f"{title}: no difference"
        return
    lines = [[cell(value) for value in row.values] for row in rows]
    labels = [INDENT + ".".join(row.key) for row in rows]
    for number_of_block, block in enumerate(blocks(labels, lines, headers)):
        if number_of_block:
            yield ""
        table = [[title, *(headers[column] for column in block)]]
        table += [
            [label, *(line[column] for column in block)]
            for label, line in zip(labels, lines, strict=True)
        ]
        if difference is not None and len(headers) == 2:
            table[0].append("change")
            for line, row in zip(table[1:], rows, strict=True):
                line.append(signed(difference(row)))
        yield from aligned(table)


def blocks(
    labels: Sequence[str], lines: Sequence[Sequence[str]], headers: Sequence[str]
) -> list[list[int]]:
    """Numbers of columns that fit beside each other; the first experiment leads every block."""
    widths = [
        len(GAP) + max(len(text) for text in (header, *(line[column] for line in lines)))
        for column, header in enumerate(headers)
    ]
    room = WIDTH - max(len(label) for label in labels) - widths[0]
    found: list[list[int]] = [[0]]
    used = 0
    for column in range(1, len(headers)):
        if len(found[-1]) > 1 and used + widths[column] > room:
            found.append([0])
            used = 0
        found[-1].append(column)
        used += widths[column]
    return found


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of one width: labels from the left, cut at their start if need be, cells right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    widths[0] = min(widths[0], WIDTH - sum(width + len(GAP) for width in widths[1:]))
    for row in table:
        label = row[0] if len(row[0]) <= widths[0] else "…" + row[0][1 - widths[0] :]
        cells = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        yield GAP.join([label.ljust(widths[0]), *cells])
