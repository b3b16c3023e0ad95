"""Exports shaped like those of real carts, from numbers that are known."""

import datetime
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart

MASS_KG = 75.0
FIRST_NAME, LAST_NAME, IDENTITY = "Wilhelmina", "Vandermolen", "QX4471"
BIRTH_DATE = "11.11.1980"


@dataclass(frozen=True)
class Breaths:
    """What was breathed: time (s), VO2 and VCO2 (mL/min), heart rate (1/min)."""

    time_s: np.ndarray
    vo2: np.ndarray
    vco2: np.ndarray
    heart_rate: np.ndarray


def breathe(n: int = 40, seed: int = 1, whole_seconds: bool = True) -> Breaths:
    """A walker of 900 to 1300 mL/min whose breaths scatter by 8 %."""
    random = np.random.default_rng(seed)
    step = random.integers(2, 6, n) if whole_seconds else np.round(random.uniform(2, 6, n), 1)
    vo2 = np.round((1100 + 200 * np.sin(np.arange(n) / 6)) * random.normal(1, 0.08, n))
    return Breaths(
        np.cumsum(step).astype(float),
        vo2,
        np.round(vo2 * random.uniform(0.78, 0.92, n)),
        random.integers(95, 120, n).astype(float),
    )


@dataclass
class Export:
    """Cells of an export, which can be changed before they are written.

    `columns` are those of the table, from `first_column` on; `first_row` is the 0-based row of
    the first sample, `names_row` that of the names.
    """

    cart: str
    kind: str
    cells: list[list[Any]]
    names_row: int
    first_row: int
    n: int
    first_column: int
    names: list[str]
    separator: str = "\t"
    quoted: bool = False
    column_map: dict[str, Any] | None = None
    line_end: str = "\r\n"
    breaths: Breaths | None = None
    folder: Path | None = None

    def copy(self) -> "Export":
        return replace(self, cells=[list(row) for row in self.cells])

    def column(self, name: str) -> int:
        """0-based index of a column in the sheet."""
        return self.first_column + self.names.index(name)

    def sample(self, i: int, name: str) -> Any:
        return self.cells[self.first_row + i][self.column(name)]

    def set(self, i: int, name: str, value: Any) -> None:
        self.cells[self.first_row + i][self.column(name)] = value

    def scale(self, name: str, factor: float) -> None:
        for i in range(self.n):
            self.set(i, name, self.sample(i, name) * factor)

    def permute(self, order, names_too: bool = True) -> None:
        """Put the columns of the table in another order, or only what stands below names."""
        last = self.first_row + self.n
        for cells in self.cells[self.names_row if names_too else self.first_row : last]:
            table = cells[self.first_column :]
            if len(table) == len(self.names):
                cells[self.first_column :] = [table[i] for i in order]

    def content(self) -> bytes:
        if self.kind == "xlsx":
            return as_xlsx(self.cells)
        if self.kind == "xml":
            return as_xml(self.cells)
        return as_text(self.cells, self.separator, self.quoted, self.line_end)

    def write(self, folder: Path) -> Path:
        # No name tells the cart: readers go by content.
        path = folder / "export.dat"
        path.write_bytes(self.content())
        return path

    def read(self, folder: Path):
        return read_cart(self.write(folder), self.column_map)


def as_xlsx(cells: list[list[Any]], title: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in cells:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_xml(cells: list[list[Any]]) -> bytes:
    from xml.sax.saxutils import escape

    rows = []
    for row in cells:
        parts = []
        for cell in row:
            if cell is None:
                parts.append("<Cell/>")
                continue
            kind = "Number" if isinstance(cell, int | float) else "String"
            parts.append(f'<Cell><Data ss:Type="{kind}">{escape(str(cell))}</Data></Cell>')
        rows.append(f"<Row>{''.join(parts)}</Row>")
    return (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '<Worksheet ss:Name="MetasoftStudio"><Table>' + "\n".join(rows) + "</Table></Worksheet>"
        "</Workbook>\n"
    ).encode()


def as_text(cells: list[list[Any]], separator: str, quoted: bool, line_end: str) -> bytes:
    def one(cell: Any) -> str:
        text = "" if cell is None else str(cell)
        return f'"{text}"' if quoted and isinstance(cell, str) else text

    return (line_end.join(separator.join(map(one, row)) for row in cells) + line_end).encode(
        "cp1252"
    )


def kcal_min_weir_rounded(vo2: float, vco2: float) -> float:
    return (3.9 * vo2 + 1.1 * vco2) / 1000


def clock(seconds: float, sign: str = "", hours: bool = True) -> str:
    """h:mm:ss or m:ss, with a tenth behind `sign`."""
    whole, tenth = divmod(round(seconds * 10), 10)
    text = f"{whole // 60 % 60:02d}:{whole % 60:02d}" + (f"{sign}{tenth}" if sign else "")
    return f"{whole // 3600:02d}:{text}" if hours else text


def beside(block: list[list[Any]], width: int, table: list[list[Any]]) -> list[list[Any]]:
    """A subject block left of a table."""
    rows = max(len(block), len(table))
    block = [*block, *[[]] * (rows - len(block))]
    table = [*table, *[[]] * (rows - len(table))]
    return [
        [*left, *[None] * (width - len(left)), *right]
        for left, right in zip(block, table, strict=True)
    ]


COSMED_BLOCK = [
    ["ID code:", IDENTITY, None, "Test number:", 3, None, "Barometric press. (mmHg):", 753],
    ["Last name:", LAST_NAME, None, "Test date:", "1/2/2024"],
    ["First name:", FIRST_NAME, None, "Test time:", "10:15"],
    ["Sex:", "F"],
    ["Age:", 33],
    ["Height (cm):", 170],
    ["Weight (Kg):", MASS_KG],
    ["D.O.B.:", BIRTH_DATE],
]


def cosmed_omnia(breaths: Breaths, kind: str = "xlsx", time=None, separator=";") -> Export:
    names = [
        *("t", "Rf", "VT", "VE", "VO2", "VCO2", "VE/VO2", "R", "VO2/Kg", "HR"),
        *("Phase", "Marker", "EEm", "EEkc"),
    ]
    units = [
        *("s", "1/min", "L", "L/min", "mL/min", "mL/min", "---", "---", "mL/min/Kg", "bpm"),
        *("---", "---", "kcal/min", "kcal/day"),
    ]
    time = time or (lambda s: datetime.time(0, int(s) // 60, int(s) % 60))
    rows = []
    for i, (s, vo2, vco2, rate) in enumerate(
        zip(breaths.time_s, breaths.vo2, breaths.vco2, breaths.heart_rate, strict=True)
    ):
        kcal = kcal_min_weir_rounded(vo2, vco2)
        phase = "REST" if i < 10 else "EXERCISE"
        marker = "start" if i == 10 else None
        rows.append(
            [
                *(time(s), 20.5, 1.25, 25.5, float(vo2), float(vco2), 25.5 / vo2 * 1000),
                *(vco2 / vo2, vo2 / MASS_KG, float(rate), phase, marker, kcal, 1440 * kcal),
            ]
        )
    cells = beside(COSMED_BLOCK, 9, [names, units, [], *rows])
    return Export(
        "cosmed_omnia", kind, cells, 0, 3, len(rows), 9, names, separator, breaths=breaths
    )


def cosmed_legacy(breaths: Breaths) -> Export:
    names = ["t", "Rf", "VE", "VO2", "VCO2", "VO2/Kg", "R", "HR", "Phase", "Marker", "EEm"]
    units = [
        *("hh:mm:ss", "b/min", "l/min", "ml/min", "ml/min", "ml/min/Kg", "---", "bpm"),
        *("---", "---", "Kcal/min"),
    ]
    rows = [
        [
            *(clock(s), 20.5, 25.5, float(vo2), float(vco2), vo2 / MASS_KG, vco2 / vo2, 0, 0, ""),
            (3.781 * vo2 + 1.237 * vco2) / 1000,
        ]
        for s, vo2, vco2 in zip(breaths.time_s, breaths.vo2, breaths.vco2, strict=True)
    ]
    cells = beside(COSMED_BLOCK, 9, [names, units, [], *rows])
    return Export("cosmed_legacy", "xlsx", cells, 0, 3, len(rows), 9, names, breaths=breaths)


def lusk_kcal_min(vo2: float, vco2: float) -> float:
    rer = min(max(vco2 / vo2, 0.707), 1.0)
    return (4.686 + 0.361 * (rer - 0.707) / 0.293) * vo2 / 1000


CORTEX_BLOCK = [
    ["Patient"],
    [],
    ["Nachname", LAST_NAME],
    ["Vorname", FIRST_NAME],
    ["Geburtsdatum", BIRTH_DATE],
    ["ID", IDENTITY],
    ["Gewicht", "75,0kg"],
    [],
]
CORTEX_SUMMARY = [
    ["Kanal", "Einheit", "Ruhe", "Belastung"],
    ["t", "mm:ss", "00:00 - 01:00", "-"],
    ["V'O2", "L/min", "0,20", "-"],
    [],
]


def cortex(breaths: Breaths, kind: str = "xlsx") -> Export:
    names = ["t", "Phase", "Marker", "V'E", "V'O2 (STPD)", "V'CO2", "R", "V'O2/kg", "HF", "EU"]
    units = [
        *("hh:mm:ss.z", None, None, "l/min", "l/min", "l/min", "", "ml/min/kg", "1/min"),
        "kcal/d",
    ]
    rows = [
        [
            *(clock(s, ","), "Ruhe" if i < 10 else "Belastung", "Start" if i == 10 else None, 25.5),
            *(vo2 / 1000, vco2 / 1000, round(vco2 / vo2, 2), round(vo2 / MASS_KG), float(rate)),
            round(1440 * lusk_kcal_min(vo2, vco2)),
        ]
        for i, (s, vo2, vco2, rate) in enumerate(
            zip(breaths.time_s, breaths.vo2, breaths.vco2, breaths.heart_rate, strict=True)
        )
    ]
    above = [*CORTEX_BLOCK, *(CORTEX_SUMMARY if kind == "xml" else [])]
    cells = [*above, names, units, *rows]
    names_row = len(above)
    return Export(
        f"cortex_{kind}", kind, cells, names_row, names_row + 2, len(rows), 0, names,
        breaths=breaths,
    )  # fmt: skip


def parvo(breaths: Breaths, kind: str = "text") -> Export:
    names = ["TIME", "HR", "VO2/kg", "VO2", "VCO2", "RER", "VE", "Breath#"]
    rows = [
        [
            *(round(s / 60, 6), float(rate), round(vo2 / MASS_KG, 6), round(vo2 / 1000, 6)),
            *(round(vco2 / 1000, 6), round(vco2 / vo2, 6), 25.5, float(5 * i)),
        ]
        for i, (s, vo2, vco2, rate) in enumerate(
            zip(breaths.time_s, breaths.vo2, breaths.vco2, breaths.heart_rate, strict=True)
        )
    ]
    above = [
        ["A laboratory", "", "(20240102T)"],
        [],
        ["Patient Information"],
        ["Name", f"{LAST_NAME}, {FIRST_NAME}", "File number", IDENTITY],
        ["Height", 69.29, "in", 176.0, "cm", "Weight", 165.35, "lb", MASS_KG, "kg"],
        [],
        ["  ", "  ", ".  ", ".  ", ".  ", "  ", "  ", "  "],
    ]
    below = [
        [],
        [],
        ["Max VO2", 1.4, "L/min"],
        [],
        ["Events"],
        [0.5, "Start Exercise"],
        [1.5, f"{FIRST_NAME} stops"],
        [],
        ["Summary"],
    ]
    conditions = ["", "", "STPD", "STPD", "STPD", "", "STPD", ""]
    units = ["min", "bpm", "ml/kg/m", "L/min", "L/min", "", "L/min", ""]
    cells = [*above, names, conditions, units, ["----------"], *rows, *below]
    names_row = len(above)
    return Export(
        "parvo", kind, cells, names_row, names_row + 4, len(rows), 0, names, ", ", quoted=True,
        breaths=breaths,
    )  # fmt: skip


VYNTUS_NAMES = {
    "Dutch": ("Tijd", "HF"),
    "Danish": ("Tid", "Puls"),
    "German": ("Zeit", "HF"),
    "English": ("Time", "HR"),
}


def vyntus(breaths: Breaths, language: str = "Danish") -> Export:
    time, rate_name = VYNTUS_NAMES[language]
    names = [time, "Last", rate_name, "V'O2/kg", "V'O2", "V'CO2", "RER", "V'E", "Vægt"]
    units = ["min", "W", "1/min", "(mL/min)/kg", "mL/min", "mL/min", None, "L/min", "g/dag"]
    rows = [
        [
            *(f" {clock(s, hours=False)}", None, int(rate), f"{vo2 / MASS_KG:.1f}", int(vo2)),
            *(int(vco2), f"{vco2 / vo2:.2f}", 25, 104),
        ]
        for s, vo2, vco2, rate in zip(
            breaths.time_s, breaths.vo2, breaths.vco2, breaths.heart_rate, strict=True
        )
    ]
    cells = [["ID-nummer:", IDENTITY], ["Navn:", LAST_NAME], [], names, units, *rows]
    return Export("vyntus", "text", cells, 3, 5, len(rows), 0, names, breaths=breaths)


def vo2master(breaths: Breaths) -> Export:
    names = [
        *("Time[s]", "Time[hh:mm:ss]", "VO2[mL/kg/min]", "VO2[mL/min]", "HR[bpm]", "Rf[bpm]"),
        "FeO2[%]",
    ]
    rows = [
        [
            *(str(int(s)), clock(s), f"{vo2 / MASS_KG:.2f}".replace(".", ",")),
            *(f"{vo2:.1f}".replace(".", ","), str(int(rate)), "20,5", "16,50"),
        ]
        for s, vo2, rate in zip(breaths.time_s, breaths.vo2, breaths.heart_rate, strict=True)
    ]
    return Export(
        "vo2master", "text", [names, *rows], 0, 1, len(rows), 0, names, ",", quoted=True,
        line_end="\n", breaths=breaths,
    )  # fmt: skip


def breath_by_breath(breaths: Breaths) -> Export:
    names = ["Time", "HR", "VO2", "VO2 ", "VCO2", "RER", "VE"]
    units = ["min", "BPM", "mL/kg/min", "mL/min", "mL/min", "---", "L/min"]
    rows = [
        [
            *(clock(s, hours=False), int(rate), f"{vo2 / MASS_KG:.1f}", int(vo2), int(vco2)),
            *(f"{vco2 / vo2:.2f}", "25.5"),
        ]
        for s, vo2, vco2, rate in zip(
            breaths.time_s, breaths.vo2, breaths.vco2, breaths.heart_rate, strict=True
        )
    ]
    return Export(
        "breath_by_breath", "text", [names, units, *rows], 0, 2, len(rows), 0, names,
        breaths=breaths,
    )  # fmt: skip


CUSTOM_MAP = {
    "header_row": 2,
    "columns": {
        "time": {"name": "clock", "unit": "s"},
        "vo2": {"name": "oxygen", "unit": "L/min"},
        "vco2": {"name": "carbon dioxide", "unit": "L/min"},
        "rer": {"name": "ratio"},
    },
}


def custom(breaths: Breaths) -> Export:
    names = ["clock", "oxygen", "carbon dioxide", "ratio"]
    rows = [
        [f"{s:.1f}", f"{vo2 / 1000:.4f}", f"{vco2 / 1000:.4f}", f"{vco2 / vo2:.4f}"]
        for s, vo2, vco2 in zip(breaths.time_s, breaths.vo2, breaths.vco2, strict=True)
    ]
    return Export(
        "custom", "text", [["our own cart"], names, *rows], 1, 2, len(rows), 0, names, ";",
        column_map=CUSTOM_MAP, breaths=breaths,
    )  # fmt: skip


LAYOUTS = {
    "cosmed_omnia_xlsx": cosmed_omnia,
    "cosmed_omnia_csv": lambda breaths: cosmed_omnia(breaths, "text", clock),
    "cosmed_legacy": cosmed_legacy,
    "cortex_xlsx": cortex,
    "cortex_xml": lambda breaths: cortex(breaths, "xml"),
    "parvo_csv": parvo,
    "parvo_xlsx": lambda breaths: parvo(breaths, "xlsx"),
    "vyntus": vyntus,
    "vo2master": vo2master,
    "breath_by_breath": breath_by_breath,
    "custom": custom,
}


@dataclass
class Carts:
    """Makes exports in a folder of this test."""

    folder: Path
    layouts: dict[str, Any] = field(default_factory=lambda: dict(LAYOUTS))
    secrets: tuple[str, ...] = (FIRST_NAME, LAST_NAME, IDENTITY, BIRTH_DATE)
    mass_kg: float = MASS_KG

    def make(self, layout: str, n: int = 40, seed: int = 1, **options: Any) -> Export:
        maker = {"cosmed_omnia": cosmed_omnia, "vyntus_in": vyntus}.get(layout)
        return (maker or self.layouts[layout])(breathe(n, seed), **options)

    def read(self, export: Export):
        return export.read(self.folder)

    def refusal(self, export: Export) -> str:
        """The one line of the error, without the folder."""
        with pytest.raises(TrialDataError) as problem:
            self.read(export)
        return self.line(problem)

    def refusal_of(self, content: bytes, column_map=None) -> str:
        path = self.folder / "export.dat"
        path.write_bytes(content)
        with pytest.raises(TrialDataError) as problem:
            read_cart(path, column_map)
        return self.line(problem)

    def line(self, problem) -> str:
        text = str(problem.value)
        assert "\n" not in text
        return text.replace(f"{self.folder}/", "")


@pytest.fixture
def carts(tmp_path: Path) -> Carts:
    return Carts(tmp_path)


@pytest.fixture
def exports() -> Path:
    """Trimmed exports of real carts, see README.md there."""
    return Path(__file__).parent / "exports"


def pytest_generate_tests(metafunc):
    if "layout" in metafunc.fixturenames:
        metafunc.parametrize("layout", LAYOUTS)


@pytest.fixture
def gas_columns():
    """Names of the columns of VO2 and VCO2 -> map of a custom cart with time `t` in s."""

    def column_map(vo2: str, vco2: str, unit: str = "mL/min") -> dict:
        return {
            "header_row": 1,
            "columns": {
                "time": {"name": "t", "unit": "s"},
                "vo2": {"name": vo2, "unit": unit},
                "vco2": {"name": vco2, "unit": unit},
            },
        }

    return column_map
