"""Strides and cost beside those measured on people."""

import csv

import pytest

from exoflow.gait import measured_walking as measured
from exoflow.gait.norms import default_norms_path


def test_reference_stands_first_and_deviations_are_worked_out_by_hand():
    found = measured.compare_strides(1.3, 0.9, 1.3 / 0.9)
    assert [m.source for m in found] == ["Koelewijn 2019", "van der Zee 2022", "Jordan 2007"]
    assert (found[0].stride_frequency_Hz, found[0].stride_length_m) == (0.9229, 1.4086)
    # 0.9 / 0.9229 = 0.9752; (1.3 / 0.9) / 1.4086 = 1.0255.
    assert found[0].frequency_deviation_pct == pytest.approx(-2.48, abs=0.01)
    assert found[0].length_deviation_pct == pytest.approx(2.55, abs=0.01)
    # Between 0.9724 Hz at 1.1 and 1.1023 Hz at 1.4 m/s, two thirds of the way: 1.0590 Hz.
    assert found[1].rows_m_s == (1.1, 1.4)
    assert found[1].stride_frequency_Hz == pytest.approx(1.0590, abs=1e-4)


def test_sources_differ_by_a_fifth():
    frequencies = [m.stride_frequency_Hz for m in measured.compare_strides(1.3, 0.9, 1.44)]
    assert 1.2 < max(frequencies) / min(frequencies) < 1.25


def test_no_source_is_used_far_from_its_speeds():
    assert {m.source for m in measured.compare_strides(0.65, 0.7, 0.93)} == {"van der Zee 2022"}
    assert measured.compare_strides(0.5, 0.7, 0.7) == ()
    nearest = measured.compare_strides(1.35, 0.93, 1.45)[0]
    assert (nearest.source, nearest.speed_m_s, nearest.rows_m_s) == ("Koelewijn 2019", 1.3, (1.3,))


def test_grade_counts():
    # 8 % is atan(0.08) = 4.574 deg; nobody measured near the 5.2 % of 3 deg.
    uphill = measured.compare_strides(1.3, 0.9, 1.44, slope_deg=4.574)
    assert [(m.source, m.stride_frequency_Hz) for m in uphill] == [("Koelewijn 2019", 0.8915)]
    assert measured.compare_strides(1.0, 0.8, 1.25, slope_deg=3.0) == ()
    assert measured.compare_cost(1.0, 5.0, slope_deg=3.0) == ()


def test_gross_cost_is_not_compared_with_a_net_one():
    found = {m.source: m for m in measured.compare_cost(1.3, 3.7)}
    # 4.1828 W/kg at 1.3 m/s: 3.2175 J/kg/m; 3.7 lies 15.0 % above.
    assert found["Koelewijn 2019"].cost_of_transport_J_kg_m == pytest.approx(3.2175, abs=1e-4)
    assert found["Koelewijn 2019"].deviation_pct == pytest.approx(15.0, abs=0.05)
    assert found["Koelewijn 2019"].basis == "unclear"
    assert found["Gomenuka 2013"].basis == "net" and found["Gomenuka 2013"].deviation_pct is None
    # Of the imposed stride frequencies only the preferred one is usual walking: 3.0482 / 1.3.
    imposed = found["Umberger and Martin 2007"]
    assert imposed.cost_of_transport_J_kg_m == pytest.approx(2.3448, abs=1e-4)


def test_reference_deviations_are_none_where_nothing_was_measured():
    near = measured.reference_deviations(1.3, 0.9229, 1.4086)
    assert list(near.values()) == pytest.approx([0.0, 0.0])
    assert list(measured.reference_deviations(2.0, 1.0, 2.0).values()) == [None, None]


@pytest.mark.parametrize("name", ["temporal_spatial_by_speed.csv", "metabolics_by_speed.csv"])
def test_rows_are_whole_and_consistent(name):
    with default_norms_path().with_name(name).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        assert row["source"] and 0.2 < float(row["speed_m_s"]) <= 2.0
        if "stride_length_m" in row:
            product = float(row["stride_frequency_Hz"]) * float(row["stride_length_m"])
            assert product == pytest.approx(float(row["speed_m_s"]), rel=1e-3)
        else:
            assert row["basis"] in ("net", "unclear")
            assert row["walking"] in ("usual", "added mass", "imposed stride frequency")
