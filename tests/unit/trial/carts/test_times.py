"""Every way a cart writes a time."""

import datetime

import numpy as np
import pytest

from exoflow.trial.carts.numbers import NotANumber
from exoflow.trial.carts.samples import longest_increase
from exoflow.trial.carts.times import clock_seconds


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        (datetime.time(0, 1, 2, 500_000), 62.5),
        (datetime.timedelta(hours=25), 90_000),
        (datetime.datetime(1899, 12, 30, 0, 1, 2), 62),
        ("00:00:04,8", 4.8),
        ("0:01:02.5", 62.5),
        (" 00:56", 56),
        ("75:12", 4512),
        ("1:00:00", 3600),
    ],
)
def test_a_clock_becomes_seconds(cell, seconds):
    assert clock_seconds(cell) == pytest.approx(seconds, abs=1e-9)


def test_two_numbers_are_hours_where_the_unit_says_so():
    assert clock_seconds("01:30", hours_first=True) == 5400
    assert clock_seconds("01:30") == 90


@pytest.mark.parametrize("cell", [4.8, "4.8", "abc", "", None, "1:2", "1:02:03:04", "-0:05"])
def test_what_shows_no_clock_is_none(cell):
    assert clock_seconds(cell) is None


@pytest.mark.parametrize("cell", ["0:75", "1:75:00"])
def test_minutes_and_seconds_stay_below_60(cell):
    with pytest.raises(NotANumber, match="minutes and seconds stay below 60"):
        clock_seconds(cell)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 2, 3], [0, 1, 2]),
        ([1, 2, 2, 3], [0, 1, 3]),  # of equal times the first
        ([1, 2, 99, 3, 4], [0, 1, 3, 4]),  # one time too late costs one row
        ([1, 2, 0, 3], [0, 1, 3]),
        ([], []),
    ],
)
def test_as_many_rows_as_possible_stay_in_order(values, kept):
    assert longest_increase(np.array(values, dtype=float)).tolist() == kept


def test_times_of_any_kind_give_the_same_recording(carts):
    """2 s is datetime.time(0, 0, 2), a duration, 2/86400 of a day, or text."""
    ways = {
        "time": None,
        "timedelta": lambda s: datetime.timedelta(seconds=s),
        "day fraction": lambda s: s / 86_400,
        "seconds": lambda s: s,
        "text": lambda s: f"{int(s) // 60:02d}:{int(s) % 60:02d}",
        "date": lambda s: datetime.datetime(2024, 5, 3, 9) + datetime.timedelta(seconds=s),
    }
    for name, way in ways.items():
        export = carts.make("cosmed_omnia", time=way)
        recording = carts.read(export)
        expected = export.breaths.time_s
        if name == "date":
            expected = expected - expected[0]
        assert recording.time_s == pytest.approx(expected, abs=1e-6), name
        assert recording.warnings == {
            "day fraction": ("t read as fractions of a day",),
            "date": ("t is a time of day: counted from the first row",),
        }.get(name, ())


def test_hours_and_minutes_in_place_of_minutes_and_seconds_are_noticed(carts):
    """Excel turns 00:56 into 56 minutes when a person opens the text and saves it."""
    export = carts.make("cosmed_omnia", time=lambda s: datetime.time(int(s) // 60, int(s) % 60))
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell J1: rows are 180 s apart and start at 180 s if t is in s. "
        "Expected 0.3..150 s apart, from 0 on: check its unit."
    )
