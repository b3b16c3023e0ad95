"""Time-weighted means by hand, and every check that can fail."""

import numpy as np
import pytest
from hand_made_bouts import make_recording

from exoflow.trial.energy import EQUATIONS
from exoflow.trial.window import cut_breaths, window_mean

BROCKWAY = EQUATIONS["brockway"]


def mean_of(recording, start_s, end_s, assumed_rer=None):
    return window_mean(recording, start_s, end_s, BROCKWAY, assumed_rer)


def steady(n=60, vo2=1000.0, **kwargs):
    """Three minutes of breaths with a little noise that repeats."""
    wobble = np.tile([1.0, 1.02, 0.98, 1.01, 0.99, 1.0], n // 6 + 1)[:n]
    return make_recording(np.arange(1, n + 1) * 3.0, vo2 * wobble, **kwargs)


def test_mean_is_weighted_by_time():
    # Rows stand for 0-2, 2-6, 6-8, 8-10 s: (2 * 1000 + 4 * 1300 + 2 * 1000 + 2 * 1600) / 10.
    recording = make_recording([2, 6, 8, 10], [1000, 1300, 1000, 1600])
    assert mean_of(recording, 0, 10).vo2_mL_min == pytest.approx(1240)
    # A window from 4 s on takes half of the long breath: (1300 + 1000 + 1600) / 3.
    assert mean_of(recording, 4, 10).vo2_mL_min == pytest.approx(1300)


def test_power_and_ratio_are_those_of_the_means():
    recording = make_recording([2, 4, 6], [900, 1000, 1100], [720, 850, 980])
    found = mean_of(recording, 0, 6)
    # VO2 1000, VCO2 850 mL/min: 340.225 W, see the energy tests.
    assert found.power_W == pytest.approx(340.225)
    assert found.rer == pytest.approx(0.85)


def test_rows_without_a_value_are_counted_and_left_out():
    recording = make_recording([2, 4, 6, 8], [1000, np.nan, 0, 1200])
    found = mean_of(recording, 0, 8)
    assert found.vo2_mL_min == pytest.approx(1100)
    assert (found.n_breaths, found.n_missing) == (2, 2)


def test_longest_gap_includes_the_ends_of_the_window():
    breaths = cut_breaths(make_recording([40, 43, 46], 1000), 0, 60, None)
    assert breaths.longest_gap_s == 40


def test_a_steady_window_has_no_flags():
    found = mean_of(steady(), 0, 180)
    assert found.flags == ()
    assert found.n_breaths == 60
    assert found.change_pct == pytest.approx(0, abs=1)


def test_a_slope_is_flagged():
    # From 950 to 1050 mL/min over the window: 10 % of the mean.
    time_s = np.arange(3, 181, 3.0)
    found = mean_of(make_recording(time_s, 950 + 100 * time_s / 180), 0, 180)
    assert found.flags == ("slope",)
    assert found.change_pct == pytest.approx(10, rel=0.01)


def test_a_slope_within_noise_is_not_flagged():
    # 6 % of change, but breaths scatter by 30 % to either side: 0.6 standard errors.
    time_s = np.arange(3, 181, 3.0)
    scatter = np.where(np.arange(60) % 2, 1.3, 0.7)
    found = mean_of(make_recording(time_s, (970 + 60 * time_s / 180) * scatter), 0, 180)
    assert abs(found.change_pct) > 5
    assert "slope" not in found.flags


@pytest.mark.parametrize(
    ("recording", "flag"),
    [
        (steady(rer=1.0), "rer_high"),
        (steady(rer=0.6), "rer_low"),
        (make_recording(np.arange(1, 19) * 10.0, 1000), "few_breaths"),
        (make_recording([*range(3, 100, 3), *range(125, 181, 3)], 1000), "gap"),
    ],
)
def test_checks_name_what_failed(recording, flag):
    assert mean_of(recording, 0, 180).flags == (flag,)


def test_an_outlying_breath_is_counted_and_stays():
    recording = steady()
    recording.vo2_mL_min[30] = 3000
    found = mean_of(recording, 0, 180)
    assert found.n_outliers == 1
    assert "outlier_breaths" in found.flags
    assert found.vo2_mL_min > 1030


def test_binned_rows_are_not_called_few_nor_gappy():
    recording = make_recording(np.arange(1, 7) * 30.0, 1000, sampling="binned")
    assert mean_of(recording, 0, 180).flags == ()


def test_oxygen_alone_is_an_estimate_and_says_so():
    recording = make_recording(np.arange(1, 61) * 3.0, 1000, np.full(60, np.nan))
    found = mean_of(recording, 0, 180, assumed_rer=0.85)
    assert found.power_W == pytest.approx(340.225)
    assert found.flags == ("assumed_rer",)


def test_a_window_without_rows_is_refused():
    with pytest.raises(ValueError, match="0 rows with both gases between 500 and 600 s"):
        mean_of(steady(), 500, 600)
