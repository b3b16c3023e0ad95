"""The step response: exact without noise, unbiased with it."""

import numpy as np
import pytest

from exoflow.trial.kinetics import fit_step_response


def response(time_s, initial, steady, tau_s=42.0):
    return steady + (initial - steady) * np.exp(-np.asarray(time_s) / tau_s)


def test_recovers_both_ends_without_noise():
    time_s = np.arange(3, 180, 3.0)
    fit = fit_step_response(time_s, response(time_s, 1.5, 4.5))
    assert (fit.initial, fit.steady) == pytest.approx((1.5, 4.5))
    assert fit.steady_standard_error == pytest.approx(0, abs=1e-9)
    # After one time constant 1 / e = .367879 of the step is left: 4.5 - 3 * .367879.
    assert float(fit.at(42.0)) == pytest.approx(4.5 - 3 * 0.3678794)


def test_three_minutes_with_noise_are_within_one_percent_on_average():
    rng = np.random.default_rng(3)
    time_s = np.arange(2.9, 180, 2.9)
    power = response(time_s, 1.9, 4.6)
    errors, claimed = [], []
    for _ in range(400):
        fit = fit_step_response(time_s, power * (1 + rng.normal(0, 0.09, time_s.size)))
        errors.append(100 * (fit.steady / 4.6 - 1))
        claimed.append(100 * fit.steady_standard_error / 4.6)
    # 1.5 % of scatter of one bout over sqrt(400) is 0.08 %: three of it.
    assert abs(np.mean(errors)) < 0.25
    assert np.mean(claimed) == pytest.approx(np.std(errors), rel=0.15)


def test_one_noisy_bout_is_within_one_percent():
    rng = np.random.default_rng(5)
    time_s = np.arange(2.9, 180, 2.9)
    # 3 % of noise, such as means over some breaths: 0.5 % of standard error.
    noisy = response(time_s, 2.2, 5.0) * (1 + rng.normal(0, 0.03, time_s.size))
    assert fit_step_response(time_s, noisy).steady == pytest.approx(5.0, rel=0.01)


def test_a_start_above_zero_is_not_taken_for_zero():
    # The mean over the bout is 8 % low; a curve through zero, the usual shortcut, is wrong too.
    time_s = np.arange(3, 180, 3.0)
    power = response(time_s, 3.0, 4.5)
    rise = 1 - np.exp(-time_s / 42)
    through_zero = float(rise @ power / (rise @ rise))
    assert abs(through_zero / 4.5 - 1) > 0.05
    assert fit_step_response(time_s, power).steady == pytest.approx(4.5)


def test_too_few_breaths_are_refused():
    with pytest.raises(ValueError, match="9 breaths; a step response needs at least 10"):
        fit_step_response(np.arange(9.0), np.arange(9.0))
