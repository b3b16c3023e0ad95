"""A cart by a column map: what it takes, and what it says when the map is wrong."""

import copy

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart


@pytest.fixture
def mapped(carts):
    """The custom export with a map that may be changed."""
    export = carts.make("custom")
    export.column_map = copy.deepcopy(export.column_map)
    return export


def test_a_map_reads_a_cart_nobody_knows(carts, mapped):
    recording = carts.read(mapped)
    assert recording.cart == "custom"
    assert recording.vo2_mL_min == pytest.approx(mapped.breaths.vo2, abs=0.051)


def test_units_may_stand_in_a_row_of_the_file(carts, mapped):
    mapped.cells.insert(2, ["s", "L/min", "L/min", "---"])
    mapped.column_map["units_row"] = 3
    for column in mapped.column_map["columns"].values():
        column.pop("unit", None)
    assert carts.read(mapped).vo2_mL_min == pytest.approx(mapped.breaths.vo2, abs=0.051)


def test_a_map_of_a_workbook_names_its_sheet(carts, mapped):
    mapped.kind = "xlsx"
    mapped.column_map["sheet"] = "Sheet1"
    assert len(carts.read(mapped).rows) == 40
    mapped.column_map["sheet"] = "Shet1"
    assert carts.refusal(mapped) == (
        "export.dat: no sheet 'Shet1'. Did you mean Sheet1? Allowed: Sheet1."
    )


def test_the_decimal_sign_may_be_declared_where_no_number_decides(carts, gas_columns):
    """Litres per minute with three decimals: 1,104 is 1.104 or 1104."""
    lines = "".join(f"{4 * i};1,{100 + i};1,{i:03d}\n" for i in range(1, 40))
    column_map = gas_columns("o", "c", "L/min")
    content = f"t;o;c\n{lines}".encode()
    assert carts.refusal_of(content, column_map) == (
        "export.dat: row 2, column 2: o is '1,101': either a decimal or a thousand: no other "
        "number of the file decides. Expected a number in L/min or '-'. Correct the cell or export "
        "the test again."
    )
    path = carts.folder / "export.dat"
    recording = read_cart(path, {**column_map, "decimal": "comma"})
    assert recording.vo2_mL_min[0] == 1101


def test_a_map_without_carbon_dioxide_is_an_estimate(carts, mapped):
    del mapped.column_map["columns"]["vco2"]
    assert carts.read(mapped).warnings == (
        "no VCO2: energy from this cart is an estimate with an assumed RER",
    )


def test_a_declared_equation_is_the_only_one(carts):
    """The older COSMED program calls for its own equation, not for Lusk's."""
    export = carts.make("cosmed_legacy")
    export.column_map = {
        "header_row": 1,
        "units_row": 2,
        "energy_equation": "cosmed_legacy",
        "columns": {
            name: {"name": column}
            for name, column in (("time", "t"), ("vo2", "VO2"), ("vco2", "VCO2"), ("energy", "EEm"))
        },
    }
    assert carts.read(export).energy_equation == "cosmed_legacy"
    export.column_map["energy_equation"] = "peronnet_massicotte"
    assert "the nearest equation, peronnet_massicotte, is" in carts.refusal(export)


def change(mapped, path, value):
    place = mapped.column_map
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            ("header_row",),
            None,
            "column map: header_row is missing. Give a number in 1..100000.",
        ),
        (("header_row",), 1.5, "column map: header_row = 1.5 is not a whole number."),
        (
            ("first_row",),
            2,
            "column map: first_row = 2 is not below the names in row 2 and their units.",
        ),
        (("decimal",), ";", "column map: decimal = ';' is unknown. Allowed: comma, point."),
        (
            ("header_rwo",),
            2,
            "column map: header_rwo is not a known key. Did you mean header_row? Allowed: columns, "
            "decimal, energy_equation, first_row, header_row, sheet, units_row.",
        ),
        (("columns", "vo2"), None, "column map: columns.vo2 is missing. Give a mapping."),
        (
            ("columns", "vc02"),
            {"name": "x"},
            "column map: columns.vc02 is not a known column. Did you mean vco2? Allowed: energy, "
            "heart_rate, marker, phase, rer, time, vco2, vo2, vo2_per_mass.",
        ),
        (
            ("columns", "vo2", "unit"),
            None,
            "column map: columns.vo2.unit is missing. Give mL/min, L/min, mL/s, L/s, or units_row.",
        ),
        (
            ("columns", "vo2", "unit"),
            "gal/min",
            "column map: columns.vo2.unit = 'gal/min' is not known. Use mL/min, L/min, mL/s, L/s.",
        ),
        (
            ("columns", "vo2", "name"),
            "oxigen",
            "export.dat: row 2: the column map wants one column 'oxigen' for vo2; found: none. "
            "Names are compared letter by letter.",
        ),
        (
            ("energy_equation",),
            "weir",
            "column map: energy_equation = weir has no columns.energy to follow it. Give that "
            "column, or remove the equation.",
        ),
        (
            ("units_row",),
            3,
            "column map: first_row = 3 is not below the names in row 2 and their units.",
        ),
    ],
)
def test_a_wrong_map_is_one_line(carts, mapped, path, value, line):
    if path == ("units_row",):
        mapped.column_map["first_row"] = 3
    change(mapped, path, value)
    with pytest.raises(TrialDataError) as problem:
        carts.read(mapped)
    assert str(problem.value).replace(f"{carts.folder}/", "") == line


def test_a_unit_of_the_file_that_the_map_contradicts(carts, mapped):
    mapped.cells.insert(2, ["s", "mL/min", "L/min", ""])
    mapped.column_map["units_row"] = 3
    assert carts.refusal(mapped) == (
        "export.dat: row 3, column 2: the unit of vo2 is mL/min here and L/min in the column map. "
        "Correct one of them."
    )


@pytest.mark.parametrize("value", [[], "text", 3, {1: 2}])
def test_what_is_no_map_at_all(carts, mapped, value):
    mapped.column_map = value
    assert carts.refusal(mapped).startswith("column map")
