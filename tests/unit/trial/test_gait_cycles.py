"""Cutting a signal into gait cycles."""

import numpy as np
import pytest

from exoflow.trial.gait_cycles import POINTS, flexion_peaks, mean_cycle, whole_cycles


def test_peaks_of_flexion_begin_cycles():
    time = np.arange(0, 9.5, 0.01)
    # Peaks at .3, 1.5, ... 8.7 s; the bumps of a twice as fast wave between them are no cycles.
    angle = np.cos(2 * np.pi * (time - 0.3) / 1.2) + 0.4 * np.cos(4 * np.pi * (time - 0.3) / 1.2)
    assert flexion_peaks(time, angle) == pytest.approx(np.arange(0.3, 9, 1.2), abs=0.011)


def test_the_last_regular_cycles_count():
    # A stumble of 1.8 s between cycles of 1.1 s is left out and counted.
    events = np.cumsum([0, 1.1, 1.1, 1.8, 1.1, 1.1, 1.1])
    cycles = whole_cycles(events, count=4)
    assert cycles.ends_s - cycles.starts_s == pytest.approx([1.1] * 4)
    assert cycles.starts_s[0] == pytest.approx(1.1)
    assert cycles.n_left_out == 1
    assert cycles.duration_s == pytest.approx(1.1)


def test_too_few_cycles_are_refused():
    with pytest.raises(ValueError, match="1 whole gait cycles; at least 2 are needed"):
        whole_cycles(np.array([0.0, 1.1]))


def test_mean_cycle_is_the_cycle_of_a_periodic_signal():
    time = np.arange(0, 12, 0.005)
    values = np.sin(2 * np.pi * time / 1.2)
    cycle = mean_cycle(time, values, whole_cycles(np.arange(0, 12, 1.2)))
    assert cycle.shape == (POINTS,)
    assert cycle == pytest.approx(np.sin(2 * np.pi * np.arange(POINTS) / POINTS), abs=1e-3)
