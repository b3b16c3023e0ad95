"""Named measures of likeness: the project's example, and small cycles by hand."""

import numpy as np
import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.waveforms import likeness

PHASE = np.arange(1000) / 1000


def sine(shift_pct=0.0, offset=10.0, amplitude=20.0):
    """A sine that comes `shift_pct` of the cycle later, deg."""
    return offset + amplitude * np.sin(2 * np.pi * (PHASE - shift_pct / 100))


def test_uncentred_correlation_is_not_pearsons_r():
    # A sine on an offset of 10 deg, 5 % later. With amplitude 20 the mean product is
    # 100 + 200 cos(18 deg) of 100 + 200: .967; without the offset cos(18 deg): .951.
    found = likeness(sine(5.0), sine(), cycle_s=1.1)
    assert round(found.correlation_zero_lag, 3) == 0.967
    assert round(found.pearson_r, 3) == 0.951
    assert round(found.correlation_best_lag, 3) == 1.000
    assert found.correlation_zero_lag == pytest.approx(
        (100 + 200 * np.cos(np.radians(18))) / 300, abs=1e-9
    )
    assert found.pearson_r == pytest.approx(np.cos(np.radians(18)), abs=1e-9)


def test_a_later_device_has_a_positive_lag():
    # 5 % of 1.1 s is 55 ms.
    found = likeness(sine(5.0), sine(), cycle_s=1.1)
    assert (found.best_lag_pct, found.best_lag_ms) == pytest.approx((5.0, 55.0))
    assert found.peak_timing_error_pct == pytest.approx(5.0)
    assert found.peak_timing_error_ms == pytest.approx(55.0)
    earlier = likeness(sine(), sine(5.0), cycle_s=1.1)
    assert earlier.best_lag_pct == pytest.approx(-5.0)


def test_peaks_are_compared_the_shorter_way_round():
    # Peaks at 95 % and at 5 % are 10 % apart.
    found = likeness(sine(70.0), sine(80.0), cycle_s=1.0)
    assert found.peak_timing_error_pct == pytest.approx(-10.0)


def test_four_points_by_hand():
    # x = 1 2 3 2, y = 2 4 6 4: proportional, so R = r = 1; RMSE sqrt((1 + 4 + 9 + 4) / 4).
    found = likeness(np.array([1.0, 2, 3, 2]), np.array([2.0, 4, 6, 4]), cycle_s=1.0)
    assert found.correlation_zero_lag == pytest.approx(1)
    assert found.pearson_r == pytest.approx(1)
    assert found.rmse == pytest.approx(np.sqrt(18 / 4))
    assert (found.device_peak, found.simulated_peak, found.peak_error) == (3, 6, -3)


def test_a_lag_beyond_a_quarter_of_the_cycle_is_not_looked_for():
    # Against its own negative a sine fits best half a cycle away, which is another phase.
    found = likeness(sine(offset=0), -sine(offset=0), cycle_s=1.0)
    assert found.correlation_zero_lag == pytest.approx(-1)
    assert abs(found.best_lag_pct) <= 25


def test_a_constant_has_no_pearson_r():
    assert likeness(np.ones(10), np.arange(10.0), cycle_s=1.0).pearson_r is None


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(3), np.ones(4), "cycles of shapes (3,) and (4,) cannot be compared."),
        (np.zeros(4), np.ones(4), "a cycle is zero throughout: it has no correlation."),
        (np.array([1, np.nan]), np.ones(2), "a cycle holds a value that is not finite."),
    ],
)
def test_cycles_without_an_answer_are_refused(x, y, message):
    with pytest.raises(TrialDataError) as error:
        likeness(x, y, cycle_s=1.0)
    assert str(error.value) == message
