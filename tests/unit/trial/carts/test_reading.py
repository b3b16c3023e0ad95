"""Exports of every cart: real ones, and ones whose numbers are known."""

import dataclasses

import numpy as np
import pytest

from exoflow.trial.carts import read_cart
from exoflow.trial.carts.checks import largest_energy_difference
from exoflow.trial.recording import Marker


@dataclasses.dataclass(frozen=True)
class Real:
    """What a shortened real export holds, read off it by eye and pocket calculator."""

    cart: str
    sampling: str
    rows: tuple[int, int, int]
    times_s: tuple[float, float]
    first_vo2_vco2: tuple[float, float]
    equation: str | None
    mass_kg: float | None


REAL = {
    "cosmed_legacy.xlsx": Real(
        "cosmed_legacy", "breath", (40, 4, 43), (2, 140), (379.9639, 300.8670),
        "cosmed_legacy", 83.0,
    ),
    "cortex_metasoft.xlsx": Real(
        "cortex_xlsx", "breath", (60, 55, 114), (4.8, 197.4), (298, 248), "lusk", None
    ),
    "cortex_metasoft.xml": Real(
        "cortex_xml", "breath", (13, 54, 66), (9, 70), (117.0524, 120.9851), "cortex_studio", 74.8
    ),
    "parvo_binned.csv": Real(
        "parvo", "binned", (40, 30, 69), (18.06786, 600.83838), (404.114, 419.141), None, 71.0
    ),
    "vyntus.txt": Real("vyntus", "binned", (7, 5, 11), (56, 360), (321, 267), None, 68.0),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_exports_read_as_they_look(exports, name):
    expected, recording = REAL[name], read_cart(exports / name)
    assert recording.cart == expected.cart
    assert recording.sampling == expected.sampling
    assert (len(recording.rows), recording.rows[0], recording.rows[-1]) == expected.rows
    assert (recording.time_s[0], recording.time_s[-1]) == pytest.approx(expected.times_s, abs=0.05)
    first = (recording.vo2_mL_min[0], recording.vco2_mL_min[0])
    assert first == pytest.approx(expected.first_vo2_vco2, rel=1e-6)
    assert recording.energy_equation == expected.equation
    assert recording.mass_kg == expected.mass_kg


@pytest.mark.parametrize(
    ("name", "largest_W"),
    [("cosmed_legacy.xlsx", 1e-9), ("cortex_metasoft.xml", 1e-9), ("cortex_metasoft.xlsx", 0.2)],
)
def test_the_carts_own_energy_follows_the_equation_it_is_said_to(exports, name, largest_W):
    """To the last digit; MetaSoft rounds VO2 to 1 mL/min, some 0.35 W times half."""
    r = read_cart(exports / name)
    difference = largest_energy_difference(
        r.energy_equation, r.energy_W, r.vo2_mL_min, r.vco2_mL_min
    )
    assert difference < largest_W


def test_a_breath_without_oxygen_is_no_value(exports):
    """MetaSoft wrote 0 for V'O2 and V'CO2 of one breath, in row 96."""
    recording = read_cart(exports / "cortex_metasoft.xlsx")
    assert np.flatnonzero(np.isnan(recording.vo2_mL_min)).tolist() == [96 - 55]
    assert np.flatnonzero(np.isnan(recording.energy_W)).tolist() == [96 - 55]
    assert recording.warnings == (
        "V'O2 (STPD) is 0 in row 96: no value",
        "V'CO2 is 0 in row 96: no value",
    )


def test_a_known_export_gives_its_numbers(carts, layout):
    export = carts.make(layout)
    recording = carts.read(export)
    assert recording.cart == export.cart
    assert recording.rows.tolist() == list(range(export.first_row + 1, export.first_row + 41))
    assert recording.time_s == pytest.approx(export.breaths.time_s, abs=1e-4)
    assert recording.vo2_mL_min == pytest.approx(export.breaths.vo2, abs=0.051)
    if layout == "vo2master":
        assert not recording.has_vco2
    else:
        assert recording.vco2_mL_min == pytest.approx(export.breaths.vco2, abs=0.051)
    assert recording.file == "export.dat"
    assert len(recording.sha256) == 64


@pytest.mark.parametrize(
    ("name", "equation"),
    [
        ("cosmed_omnia_xlsx", "weir_rounded"),
        ("cosmed_omnia_csv", "weir_rounded"),
        ("cosmed_legacy", "cosmed_legacy"),
        ("cortex_xlsx", "lusk"),
    ],
)
def test_energy_is_converted_to_watts_and_its_equation_named(carts, name, equation):
    """The first row of a seed is fixed: 3.9 and 1.1 kcal per litre are 16.3176 and 4.6024 kJ."""
    export = carts.make(name)
    recording = carts.read(export)
    assert recording.energy_equation == equation
    if equation == "weir_rounded":
        vo2, vco2 = export.breaths.vo2[0], export.breaths.vco2[0]
        watts = (16.3176 * vo2 + 4.6024 * vco2) / 60
        assert recording.energy_W[0] == pytest.approx(watts, rel=1e-9)


def test_a_cart_without_carbon_dioxide_is_labelled_an_estimate(carts):
    recording = carts.read(carts.make("vo2master"))
    assert recording.warnings == (
        "no VCO2: energy from this cart is an estimate with an assumed RER",
    )


@pytest.mark.parametrize("language", ["Dutch", "Danish", "German", "English"])
def test_labels_in_four_languages_give_the_same_recording(carts, language):
    export = carts.make("vyntus_in", language=language)
    recording = carts.read(export)
    assert recording.vo2_mL_min == pytest.approx(export.breaths.vo2)
    assert recording.heart_rate_bpm == pytest.approx(export.breaths.heart_rate)


@pytest.mark.parametrize("name", ["cosmed_omnia_csv", "vyntus"])
def test_decimal_commas_give_the_same_recording(carts, name):
    export = carts.make(name)
    commas = export.copy()
    for row in commas.cells:
        for i, cell in enumerate(row):
            is_number = isinstance(cell, float) or str(cell).replace(".", "", 1).isdigit()
            row[i] = str(cell).replace(".", ",") if is_number and cell is not None else cell
    assert carts.read(commas).vo2_mL_min.tolist() == carts.read(export).vo2_mL_min.tolist()


def test_columns_in_another_order_give_the_same_recording(carts, layout):
    export = carts.make(layout)
    plain = carts.read(export)
    export.permute(np.random.default_rng(3).permutation(len(export.names)))
    assert carts.read(export).vo2_mL_min.tolist() == plain.vo2_mL_min.tolist()


def test_the_body_mass_typed_into_the_cart_is_kept(carts):
    for layout in ("cosmed_omnia_xlsx", "cosmed_legacy", "cortex_xml", "parvo_csv"):
        assert carts.read(carts.make(layout)).mass_kg == carts.mass_kg


def test_a_body_mass_in_pounds_is_converted(carts):
    export = carts.make("cortex_xlsx")
    row = [row[:1] for row in export.cells].index(["Gewicht"])
    export.cells[row] = ["Weight (lb)", 165.3467]
    assert carts.read(export).mass_kg == pytest.approx(75, abs=1e-3)


def test_two_body_masses_are_noticed(carts):
    export = carts.make("cosmed_legacy")
    export.cells[6][1] = 80
    recording = carts.read(export)
    assert recording.mass_kg == 80
    assert recording.warnings == ("body mass is 80 kg, but VO2/Kg was divided by 75 kg",)


def test_phases_and_markers_are_kept(carts):
    export = carts.make("cosmed_omnia_xlsx")
    recording = carts.read(export)
    assert recording.phase == ("REST",) * 10 + ("EXERCISE",) * 30
    assert recording.markers == (Marker(float(export.breaths.time_s[10]), "start"),)


def test_a_heart_rate_of_0_is_none(carts):
    assert np.isnan(carts.read(carts.make("cosmed_legacy")).heart_rate_bpm).all()
    assert carts.read(carts.make("cosmed_legacy")).warnings == ()


def test_values_beyond_the_range_and_dashes_are_no_value(carts):
    export = carts.make("vyntus")
    export.set(3, "V'O2", "-")
    export.set(5, "V'O2", ">.39")
    recording = carts.read(export)
    assert np.flatnonzero(np.isnan(recording.vo2_mL_min)).tolist() == [3, 5]
    assert recording.warnings == ("V'O2 beyond its range in row 11: no value",)


def test_rows_out_of_order_are_left_out_and_named(carts):
    export = carts.make("cosmed_omnia_xlsx")
    export.set(7, "t", export.sample(6, "t"))
    export.set(20, "t", export.sample(2, "t"))
    recording = carts.read(export)
    assert len(recording.time_s) == 38
    assert (np.diff(recording.time_s) > 0).all()
    assert recording.warnings == ("times do not increase in 2 rows (11, 24): left out",)


def test_blank_rows_are_left_out_and_counted(carts):
    export = carts.make("cosmed_legacy")
    export.cells.insert(20, [])
    export.cells += [[], [None, "", " "], []]
    recording = carts.read(export)
    assert len(recording.rows) == 40
    assert recording.rows[-1] == 44
    assert recording.warnings == ("1 blank row between the samples",)


def test_cosmed_without_its_empty_row_is_known_by_its_energy(carts):
    export = carts.make("cosmed_omnia_xlsx")
    for row, below in zip(export.cells[2:], export.cells[3:], strict=False):
        row[9:] = below[9:]
    del export.cells[-1]
    assert carts.read(export).cart == "cosmed_omnia"


def test_a_gap_is_noticed(carts):
    export = carts.make("parvo_csv")
    for i in range(25, 40):
        export.set(i, "TIME", export.sample(i, "TIME") + 5)
    gap = 300 + export.breaths.time_s[25] - export.breaths.time_s[24]
    assert carts.read(export).warnings == (f"no rows for {gap:.0f} s after row 36",)


def test_a_row_that_contradicts_itself_loses_its_values(carts):
    export = carts.make("cosmed_legacy")
    export.set(12, "VCO2", export.sample(12, "VCO2") * 1.5)
    recording = carts.read(export)
    assert np.flatnonzero(np.isnan(recording.vco2_mL_min)).tolist() == [12]
    assert np.flatnonzero(np.isnan(recording.vo2_mL_min)).tolist() == [12]
    assert recording.warnings == ("VCO2 / VO2 is not R in row 16: no value",)


def test_a_value_that_nothing_vouches_for_must_fit_its_neighbours(carts):
    export = carts.make("vo2master")
    export.set(7, "VO2[mL/min]", "12,5")
    assert carts.read(export).warnings[0] == (
        "VO2[mL/min] does not fit VO2[mL/kg/min] in row 9: no value"
    )
    export.cells[0][export.column("VO2[mL/kg/min]")] = "another"
    recording = carts.read(export)
    assert recording.warnings[0] == "VO2[mL/min] is far from its neighbours in row 9: no value"
    assert np.flatnonzero(np.isnan(recording.vo2_mL_min)).tolist() == [7]


def test_who_it_was_is_nowhere_in_a_recording(carts, layout):
    export = carts.make(layout)
    told = repr(vars(carts.read(export)))
    assert not [secret for secret in carts.secrets if secret in told]


def test_a_name_in_a_marker_is_removed(carts):
    markers = carts.read(carts.make("parvo_csv")).markers
    assert markers == (Marker(30.0, "Start Exercise"), Marker(90.0, "[removed] stops"))


def test_a_name_behind_its_fields_colon_is_removed_too(carts):
    export = carts.make("parvo_csv")
    export.cells[3] = ["Name: Wilhelmina Vandermolen"]
    assert carts.read(export).markers[1].text == "[removed] stops"


def test_the_name_of_the_next_field_is_nobodys_name(carts):
    """An empty "Last name:" stands left of "Test date:"; a marker may well say "Test"."""
    export = carts.make("cosmed_omnia_xlsx")
    for row in (0, 1, 2):
        export.cells[row][1] = None
        export.cells[row][2:4] = ["Test date:", None]
    export.set(10, "Marker", "Test start")
    assert [marker.text for marker in carts.read(export).markers] == ["Test start"]


def test_means_are_told_from_breaths(carts):
    export = carts.make("parvo_csv")
    assert carts.read(export).sampling == "binned", "five breaths a row"
    for i in range(export.n):
        export.set(i, "Breath#", float(i))
    assert carts.read(export).sampling == "breath"
