"""Torque quality of made-up signals with known answers."""

import numpy as np
import pytest

from exoflow.gait import torque_quality

STEP_S = 0.001
TIME = np.arange(0.0, 10.0, STEP_S)
PHASE = np.linspace(0.0, 1.0, 1001)


def test_largest_step_of_a_ramp_and_a_jump():
    # 100 Nm/s over 10 ms is 1 Nm; a jump of 3 Nm on top makes 4 Nm.
    torque = 100.0 * TIME
    assert torque_quality.largest_step_Nm(torque, STEP_S) == pytest.approx(1.0)
    torque[5000:] += 3.0
    assert torque_quality.largest_step_Nm(torque, STEP_S) == pytest.approx(4.0)
    assert torque_quality.largest_step_Nm(torque[::10], 0.01) == pytest.approx(4.0)


def test_share_above_10_Hz_of_two_sines():
    # Variances 8^2/2 at 1 Hz and 2^2/2 at 12 Hz: 4 / (64 + 4) = 5.88 %. The mean is no power.
    torque = 3.0 + 8.0 * np.sin(2 * np.pi * TIME) + 2.0 * np.sin(2 * np.pi * 12.0 * TIME)
    share = torque_quality.power_above_pct(torque, STEP_S)
    assert share == pytest.approx(100 * 4 / 68, rel=1e-4)
    both = np.column_stack([torque, 8.0 * np.sin(2 * np.pi * TIME)])
    assert torque_quality.power_above_pct(both, STEP_S) == pytest.approx(100 * 4 / 132, rel=1e-4)


def test_slow_torque_does_not_leak_past_10_Hz():
    # 9.3 strides: the record does not end where it began.
    torque = 8.0 * np.sin(2 * np.pi * 0.93 * TIME + 0.4)
    assert torque_quality.power_above_pct(torque, STEP_S) < 1e-4
    assert torque_quality.power_above_pct(np.full(1000, 2.0), STEP_S) is None


def test_left_right_r_is_that_of_the_shift():
    right, left = np.sin(2 * np.pi * PHASE[:-1]), np.sin(2 * np.pi * PHASE[:-1] + np.pi / 3)
    assert torque_quality.left_right_r(right, 0.5 * right) == pytest.approx(1.0)
    assert torque_quality.left_right_r(right, left) == pytest.approx(np.cos(np.pi / 3))
    assert torque_quality.left_right_r(right, np.zeros(1000)) is None


def test_peak_sd_is_the_larger_of_flexion_and_extension():
    # Peaks 4, 6, 8 Nm (SD 2) and -5, -5, -5 Nm (SD 0).
    strides = np.array([[0.0, 4.0, -5.0], [0.0, 6.0, -5.0], [0.0, 8.0, -5.0]])
    assert torque_quality.peak_sd_Nm(strides) == pytest.approx(2.0)
    assert torque_quality.peak_sd_Nm(-strides) == pytest.approx(2.0)
    assert torque_quality.peak_sd_Nm(strides[:1]) is None


@pytest.mark.parametrize("shift", [0.1, -0.1, 0.45])
def test_lag_of_a_shifted_copy_is_its_shift(shift):
    moment = 50.0 * np.cos(2 * np.pi * (PHASE - 0.95))
    torque = 8.0 * np.cos(2 * np.pi * (PHASE - 0.95 - shift))
    for sign, muscle_pct in ((1, 95.0), (-1, 45.0)):
        timing = torque_quality.peak_timing(torque, moment, sign)
        assert timing.muscle_pct == pytest.approx(muscle_pct, abs=0.11)
        assert timing.lag_pct == pytest.approx(100 * shift, abs=0.11)
        assert timing.exo_pct == pytest.approx((muscle_pct + 100 * shift) % 100, abs=0.11)


def test_lag_is_to_the_nearest_real_peak():
    def bump(at, height, width=0.05):
        return height * np.exp(-(((PHASE - at + 0.5) % 1.0 - 0.5) ** 2) / (2 * width**2))

    # Flexor peaks of 60 Nm at 50 % and 40 Nm at 90 %, and a bump of 10 Nm at 72 % that counts
    # for nothing; the exo peaks at 75 %, nearer to 90 % than to 50 %.
    moment = bump(0.5, 60.0) + bump(0.9, 40.0) + bump(0.72, 10.0, 0.02)
    timing = torque_quality.peak_timing(bump(0.75, 8.0), moment, 1)
    assert timing.muscle_pct == pytest.approx(90.0, abs=0.2)
    assert timing.lag_pct == pytest.approx(-15.0, abs=0.2)
    assert torque_quality.peak_timing(bump(0.75, 8.0), moment, -1) is None


def test_a_peak_at_heel_strike_is_found():
    curve = np.cos(2 * np.pi * PHASE[:-1])
    assert torque_quality.cyclic_peaks(curve).tolist() == [0]
