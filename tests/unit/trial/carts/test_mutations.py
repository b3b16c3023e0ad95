"""Thousands of damaged exports: each is refused in one line, or read without a wrong number.

A short run is part of the tests. The long one prints what was tried:

    EXOFLOW_CART_MUTATIONS=3300 python -m pytest -s tests/unit/trial/carts/test_mutations.py
"""

import io
import os
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart
from exoflow.trial.carts.copy import SIGNATURE, write_copy

CASES = int(os.environ.get("EXOFLOW_CART_MUTATIONS", "176"))
SEED = int(os.environ.get("EXOFLOW_CART_MUTATIONS_SEED", "1"))

# A row is compared with the cart's own RER or VO2 per kg, which have two digits: 5 % and what
# rounding takes. Over the rows that stay, errors of single rows vanish.
ROW_TOLERANCE = 0.07
MEAN_TOLERANCE = 0.005
LONGEST_LINE = 700


@dataclass
class Damaged:
    """Bytes of a damaged export; `origin` says which sample a row of the sheet was, if known."""

    content: bytes
    column_map: dict[str, Any] | None
    breaths: Any
    origin: list[int | None] | None = None


@dataclass
class RealExport:
    """A shortened export of a real cart; only its bytes can be damaged."""

    path: Path
    column_map: None = None

    @property
    def kind(self) -> str:
        return self.path.suffix[1:]

    @property
    def breaths(self):
        recording = read_cart(self.path)
        return SimpleNamespace(
            time_s=recording.time_s, vo2=recording.vo2_mL_min, vco2=recording.vco2_mL_min
        )

    def content(self) -> bytes:
        return self.path.read_bytes()


def intact(export) -> Damaged:
    return Damaged(export.content(), export.column_map, export.breaths)


def with_origin(export, origin: list[int | None]) -> Damaged:
    damaged = intact(export)
    damaged.origin = origin
    return damaged


def origin_of(export) -> list[int | None]:
    last = export.first_row + export.n
    return [
        row - export.first_row if export.first_row <= row < last else None
        for row in range(len(export.cells))
    ]


def random_bytes(export, random) -> Damaged:
    damaged = intact(export)
    heads = [b"", b"PK\x03\x04", b"<?xml version='1.0'?>", b"\xff\xfe", SIGNATURE.encode() + b"\n"]
    damaged.content = heads[random.integers(5)] + random.bytes(int(random.integers(1, 4000)))
    return damaged


def truncated(export, random) -> Damaged:
    damaged = intact(export)
    damaged.content = damaged.content[: random.integers(1, len(damaged.content))]
    return damaged


def flipped_bytes(export, random) -> Damaged:
    damaged = intact(export)
    content = bytearray(damaged.content)
    for _ in range(random.integers(1, 6)):
        content[random.integers(len(content))] = random.integers(256)
    damaged.content = bytes(content)
    return damaged


def flipped_characters(export, random) -> Damaged:
    """Digits, signs and letters in the text, or in the unpacked sheet of a workbook."""
    damaged = intact(export)
    letters = b"0123456789.,;:-\t\"'<>/ aLmVOC"

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        for _ in range(random.integers(1, 4)):
            place = int(random.integers(len(changed)))
            kind = random.integers(3)
            new = letters[random.integers(len(letters))]
            if kind == 0:
                changed[place] = new
            elif kind == 1:
                changed.insert(place, new)
            else:
                del changed[place]
        return bytes(changed)

    damaged.content = (
        within_workbook(damaged.content, change)
        if export.kind == "xlsx"
        else change(damaged.content)
    )
    return damaged


def within_workbook(content: bytes, change) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(stream, "w") as archive:
        for part in whole.namelist():
            inside = whole.read(part)
            archive.writestr(part, change(inside) if "worksheets/sheet" in part else inside)
    return stream.getvalue()


def columns_reordered(export, random) -> Damaged:
    export.permute(random.permutation(len(export.names)))
    return with_origin(export, origin_of(export))


def columns_under_other_names(export, random) -> Damaged:
    order = np.arange(len(export.names))
    i, j = random.choice(len(order), 2, replace=False)
    order[[i, j]] = order[[j, i]]
    export.permute(order, names_too=False)
    return with_origin(export, origin_of(export))


def another_locale(export, random) -> Damaged:
    """Decimal commas everywhere, in one column, or in one row; or another separator."""
    scope, chosen = random.integers(4), random.integers(1000)
    for i in range(export.n):
        cells = export.cells[export.first_row + i]
        for j, cell in enumerate(cells):
            here = (
                scope == 0
                or (scope == 1 and j == chosen % len(cells))
                or (scope == 2 and i == chosen % export.n)
            )
            if here and (isinstance(cell, float) or looks_decimal(cell)):
                text = str(cell)
                cells[j] = text.replace(",", ".") if "," in text else text.replace(".", ",")
    if scope == 3:
        export.separator = [",", ";", "\t"][chosen % 3]
    return with_origin(export, origin_of(export))


def looks_decimal(cell: Any) -> bool:
    return isinstance(cell, str) and cell.replace(".", "", 1).replace(",", "", 1).isdigit()


def flipped_cells(export, random) -> Damaged:
    for _ in range(random.integers(1, 4)):
        row = int(random.integers(export.names_row, export.first_row + export.n))
        cells = export.cells[row]
        if not cells:
            continue
        j = int(random.integers(len(cells)))
        other = export.cells[int(random.integers(len(export.cells)))] or [None]
        number = cells[j] if isinstance(cells[j], int | float) else 1.0
        choices = [
            *(None, "-", ">.39", "abc", "#N/A", 0, -1, True, "1e5", "12,5", "1.234", "0x10"),
            *(number * 10, number / 1000, -number, number * 1.3, number + 1),
            other[random.integers(len(other))],
        ]
        cells[j] = choices[random.integers(len(choices))]
    return with_origin(export, origin_of(export))


def rows_moved(export, random) -> Damaged:
    """Rows deleted, doubled, exchanged or emptied."""
    origin = origin_of(export)
    for _ in range(random.integers(1, 5)):
        row = export.first_row + int(random.integers(export.n - 6))
        other = export.first_row + int(random.integers(export.n - 6))
        kind = random.integers(4)
        if kind == 0:
            del export.cells[row], origin[row]
        elif kind == 1:
            export.cells.insert(row, list(export.cells[row]))
            origin.insert(row, origin[row])
        elif kind == 2:
            export.cells[row], export.cells[other] = export.cells[other], export.cells[row]
            origin[row], origin[other] = origin[other], origin[row]
        else:
            export.cells.insert(row, [])
            origin.insert(row, None)
    return with_origin(export, origin)


def other_names_and_units(export, random) -> Damaged:
    words = [
        *("VO2", "VCO2", "V'O2", "VO2/kg", "t", "Time", "R", "HR", "EEm", "x", "", None, 5),
        *("mL/min", "L/min", "ml/s", "L/s", "mL/min/kg", "kcal/min", "kcal/day", "s", "min"),
        *("h", "hh:mm:ss", "---", "gal/min", "STPD", "BTPS", "VO2 [L/min]", "VO2 (BTPS)"),
    ]
    rows = range(export.names_row, export.first_row)
    for _ in range(random.integers(1, 3)):
        cells = export.cells[rows[random.integers(len(rows))]]
        if cells:
            cells[random.integers(len(cells))] = words[random.integers(len(words))]
    return with_origin(export, origin_of(export))


def damaged_copy(export, random) -> Damaged:
    """Flipped bytes and a cut in what `ingest` writes."""
    path = export.folder / "original.dat"
    path.write_bytes(export.content())
    content = bytearray(write_copy(read_cart(path, export.column_map)).encode())
    for _ in range(random.integers(1, 4)):
        content[random.integers(len(SIGNATURE), len(content))] = random.integers(256)
    if random.integers(2):
        del content[random.integers(1, len(content)) :]
    damaged = intact(export)
    damaged.content, damaged.column_map = bytes(content), None
    return damaged


BYTE_MUTATIONS = (random_bytes, truncated, flipped_bytes, flipped_characters, damaged_copy)
MUTATIONS = [
    random_bytes,
    truncated,
    flipped_bytes,
    flipped_characters,
    columns_reordered,
    columns_under_other_names,
    another_locale,
    flipped_cells,
    rows_moved,
    other_names_and_units,
    damaged_copy,
]


def wrong_number(damaged: Damaged, recording) -> str:
    """What is wrong with a recording, "" if nothing is."""
    if not (np.diff(recording.time_s) > 0).all():
        return "times do not increase"
    if damaged.origin is not None:
        rows = recording.rows - 1
        origin = [damaged.origin[row] if row < len(damaged.origin) else None for row in rows]
        if None in origin:
            return "a row that is no sample"
        return unlike(damaged.breaths, np.array(origin, dtype=int), recording)
    # Damaged line ends move rows, but a sample must still belong to its time or its neighbours.
    shifted = [recording.rows - recording.rows[0] + shift for shift in range(-3, 4)]
    shifted = [at for at in shifted if at.min() >= 0 and at.max() < len(damaged.breaths.time_s)]
    by_time = np.abs(damaged.breaths.time_s[:, None] - recording.time_s[None, :]).argmin(axis=0)
    differences = [unlike(damaged.breaths, at, recording) for at in (by_time, *shifted)]
    return "" if "" in differences else differences[0]


def unlike(breaths, origin: np.ndarray, recording) -> str:
    """How a recording differs from the breaths its rows are said to be, "" if it does not."""
    if np.median(np.abs(recording.time_s - breaths.time_s[origin])) > 0.1:
        return "times are others"
    for name in ("vo2", "vco2"):
        found, truth = getattr(recording, f"{name}_mL_min"), getattr(breaths, name)[origin]
        finite = np.isfinite(found)
        if not finite.any():
            continue
        found, truth = found[finite], truth[finite]
        if np.isnan(truth).any():
            return f"{name} where there was none"
        if np.max(np.abs(found / truth - 1)) > ROW_TOLERANCE or (
            abs(found.mean() / truth.mean() - 1) > MEAN_TOLERANCE
        ):
            return f"{name} off by up to {np.max(np.abs(found / truth - 1)):.2g}"
    return ""


def outcome(damaged: Damaged, path) -> str:
    """`refused`, `read whole`, `read with warnings`, or what went wrong."""
    path.write_bytes(damaged.content)
    try:
        recording = read_cart(path, damaged.column_map)
    except TrialDataError as problem:
        line = str(problem)
        is_line = "\n" not in line and len(line) < LONGEST_LINE and line.endswith(".")
        return "refused" if is_line else f"not one line: {line}"
    except Exception as problem:
        return f"traceback: {problem!r}"
    wrong = wrong_number(damaged, recording)
    if wrong:
        return f"accepted: {wrong}"
    return "read with warnings" if recording.warnings else "read whole"


def test_damaged_exports_are_refused_or_read_without_a_wrong_number(carts, exports):
    random = np.random.default_rng(SEED)
    real = {
        path.name: RealExport(path) for path in sorted(exports.iterdir()) if path.suffix != ".md"
    }
    counts: Counter[tuple[str, str]] = Counter()
    failures = []
    for case in range(CASES):
        mutate = MUTATIONS[case % len(MUTATIONS)]
        names = [*carts.layouts, *(real if mutate in BYTE_MUTATIONS else ())]
        round_, turn = divmod(case // len(MUTATIONS), len(names))
        layout = names[turn]
        export = real.get(layout) or carts.make(layout, seed=1 + round_)
        export.folder = carts.folder
        damaged = mutate(export, random)
        result = outcome(damaged, carts.folder / "damaged.dat")
        counts[mutate.__name__, result.split(":")[0]] += 1
        if result not in ("refused", "read whole", "read with warnings"):
            failures.append(f"case {case}, {layout}, {mutate.__name__}: {result}")
    print(as_table(counts))
    assert not failures, "\n".join(failures)


def as_table(counts: Counter) -> str:
    results = (
        "refused",
        "read whole",
        "read with warnings",
        "accepted",
        "not one line",
        "traceback",
    )
    lines = [f"\n{'':<28}" + "".join(f"{result:>19}" for result in results)]
    for mutate in MUTATIONS:
        numbers = [counts[mutate.__name__, result] for result in results]
        lines.append(f"{mutate.__name__:<28}" + "".join(f"{n:>19}" for n in numbers))
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["cosmed_legacy", "vyntus", "vo2master"])
def test_the_comparison_sees_a_wrong_number(carts, name):
    """What the run above would report if a reader took litres for millilitres, or one bad row."""
    export = carts.make(name)
    damaged = with_origin(export, origin_of(export))
    recording = carts.read(export)
    assert wrong_number(damaged, recording) == ""
    recording.vo2_mL_min[7] *= 1.2
    assert wrong_number(damaged, recording) == "vo2 off by up to 0.2"
    recording.vo2_mL_min[:] *= 1000
    assert wrong_number(damaged, recording).startswith("vo2 off by up to 1.2e+03")
