"""Numbers in the decimals of both worlds."""

import datetime
import math

import pytest

from exoflow.trial.carts.numbers import NotANumber, NumberFormat, decimal_signs


@pytest.mark.parametrize(
    ("cells", "signs"),
    [
        (["13,80"], {","}),
        (["0,298"], {","}),  # no thousands begin with a lone zero
        (["1717,5", 3.2], {","}),
        (["17.8", 1], {"."}),
        (["1.234"], set()),  # 1234 in Berlin, 1.234 in Boston
        (["1.234", "2,5"], {","}),
        (["1.234,5"], {","}),
        (["1,234.5"], {"."}),
        (["1.234.567"], {","}),
        ([">.39"], {"."}),
        (["-", "", "abc", None, 0.5], set()),
        (["1,5", "1.5"], {",", "."}),
    ],
)
def test_decimal_signs_are_what_the_texts_cannot_do_without(cells, signs):
    assert decimal_signs(cells) == signs


@pytest.mark.parametrize(
    ("decimal", "cell", "value"),
    [
        (".", "13.80", 13.8),
        (",", "13,80", 13.8),
        (",", "1.234,5", 1234.5),
        (".", "1,234.5", 1234.5),
        (",", "1.234", 1234.0),
        (".", "1.234", 1.234),
        ("", " 321 ", 321.0),
        (".", "1e3", 1000.0),
        (".", ".5", 0.5),
        ("", 7, 7.0),
    ],
)
def test_a_text_is_read_in_the_decimals_of_its_file(decimal, cell, value):
    assert NumberFormat(decimal).value(cell) == value


@pytest.mark.parametrize("cell", [None, "", " ", "-", "---", "–", ">.39", "< 0,5", "n/a", "NaN"])
def test_signs_for_no_value_are_no_value(cell):
    assert math.isnan(NumberFormat(".").value(cell))


@pytest.mark.parametrize(
    ("decimal", "cell", "reason"),
    [
        (".", "12a", "not a number"),
        (".", "1.2.3", "not a number"),
        (".", "1,5", "not written like the others, with '.' for decimals"),
        (
            "",
            "1.234",
            "either a decimal or a thousand: no other number of the file decides",
        ),
        (".", True, "a yes or no, not a number"),
        (".", datetime.time(1), "a date or time, not a number"),
        (".", float("inf"), "not a finite number"),
        (".", "1e999", "not a finite number"),
    ],
)
def test_what_is_no_number_says_why(decimal, cell, reason):
    with pytest.raises(NotANumber) as problem:
        NumberFormat(decimal).value(cell)
    assert str(problem.value) == reason
