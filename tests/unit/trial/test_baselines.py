"""Net rates, reductions and their errors, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made_bouts import CHOICES, make_rates, make_session

from exoflow.errors import TrialDataError
from exoflow.trial.baselines import BaselinePair, baseline_weights, subject_rates

ORDER = ("stand", "free", "exo", "free", "stand")
GROSS = (1.4, 5.0, 4.6, 5.2, 1.6)
ERRORS = (0.02, 0.05, 0.05, 0.05, 0.02)
MIDDLES = (0.0, 600.0, 900.0, 1800.0, 2400.0)
INTERPOLATED = replace(CHOICES, stand_baseline="interpolated", free_baseline="interpolated")


def rates(gross=GROSS, choices=CHOICES, order=ORDER, middles=MIDDLES):
    session = make_session(order)
    return subject_rates(make_rates(session, gross, ERRORS, middles), ["exo"], choices)


def test_mean_baselines_by_hand():
    # Standing 1.5, free 5.1, exo 4.6: 100 * .5 / 3.6.
    found = rates()
    assert found.reductions["exo"].pct == pytest.approx(100 * 0.5 / 3.6)
    assert found.net_W_kg == pytest.approx({"free": 3.6, "exo": 3.1})
    assert found.gross_W_kg == pytest.approx({"stand": 1.5, "free": 5.1, "exo": 4.6})
    assert found.reductions["exo"].saving_W_kg == pytest.approx(0.5)


def test_interpolated_baselines_by_hand():
    # At 900 s: standing 1.4 + .2 * 900 / 2400 = 1.475; free 5 + .2 * 300 / 1200 = 5.05.
    found = rates(choices=INTERPOLATED)
    assert found.reductions["exo"].pct == pytest.approx(100 * 0.45 / 3.575)


def test_error_of_a_reduction_by_hand():
    # F = 5.1, S = 1.5, E = 4.6, net 3.6. dr/dE = -100/3.6 = -27.78; each free bout half of
    # 100 * 3.1 / 3.6^2 = 23.92; each standing bout half of 100 * .5 / 3.6^2 = 3.858 (% per W/kg).
    expected = np.sqrt(
        (27.7778 * 0.05) ** 2 + 2 * (23.9198 / 2 * 0.05) ** 2 + 2 * (3.8580 / 2 * 0.02) ** 2
    )
    assert rates().reductions["exo"].standard_error_pct == pytest.approx(expected, rel=1e-4)
    low, high = rates().reductions["exo"].ci95_pct
    assert high - low == pytest.approx(2 * 1.96 * expected, rel=1e-4)


@pytest.mark.parametrize("choices", [CHOICES, INTERPOLATED])
def test_gradient_is_the_finite_difference(choices):
    gradient = rates(choices=choices).reductions["exo"].gradient_pct
    for k in range(len(GROSS)):
        up, down = ([g + s * (i == k) for i, g in enumerate(GROSS)] for s in (1e-5, -1e-5))
        high, low = (rates(g, choices).reductions["exo"].pct for g in (up, down))
        assert gradient[k] == pytest.approx((high - low) / 2e-5, rel=1e-6)


def test_shared_baselines_cancel_in_a_difference():
    order = ("stand", "free", "a", "b")
    session = make_session(order)
    measured = make_rates(session, (1.5, 5.0, 4.6, 4.6), (0, 0.1, 0, 0), (0, 400, 800, 1200))
    found = subject_rates(measured, ["a", "b"], CHOICES)
    assert found.reductions["a"].standard_error_pct > 2
    errors = np.array([0, 0.1, 0, 0])
    assert found.difference_standard_error_pct("a", "b", errors) == pytest.approx(0)


def test_weights_of_a_baseline():
    middles = np.array([0.0, 100.0, 300.0])
    assert baseline_weights(middles, 150, "mean") == pytest.approx([1 / 3] * 3)
    assert baseline_weights(middles, 150, "interpolated") == pytest.approx([0, 0.75, 0.25])
    # Nothing is extrapolated.
    assert baseline_weights(middles, 500, "interpolated") == pytest.approx([0, 0, 1])


def test_period_is_the_place_among_controllers():
    session = make_session(("stand", "free", "b", "a", "free"))
    measured = make_rates(session, (1.5, 5, 4.5, 4.7, 5), (0,) * 5, (0, 1, 2, 3, 4))
    found = subject_rates(measured, ["a", "b"], CHOICES)
    assert (found.reductions["a"].period, found.reductions["b"].period) == (2, 1)


def test_a_baseline_that_drifts_is_flagged():
    # 5.0 and 5.4: .4 / 5.2 = 7.7 % of their mean, beyond 5 %. 1.4 and 1.6 are 13.3 %, beyond 10 %.
    found = rates(gross=(1.4, 5.0, 4.6, 5.4, 1.6))
    assert found.flags == {"stand": ("stand_drift",), "free": ("free_drift",), "exo": ()}
    assert BaselinePair("1", "1", "free", 5.0, 5.4).difference_pct == pytest.approx(100 * 0.4 / 5.2)


def test_free_walking_that_takes_no_more_than_standing_is_refused():
    with pytest.raises(TrialDataError) as error:
        rates(gross=(5.0, 1.5, 4.6, 1.5, 5.0))
    assert str(error.value) == (
        "study.yaml: data.sessions[0]: subject 1: free walking takes 1.50 W/kg, standing 5.00: "
        "no net rate of at least 0.3 to reduce. Check which bout is which."
    )


@pytest.mark.parametrize("free_W_kg", [5.0 + 1e-15, 5.2])
def test_a_net_rate_of_rounding_or_noise_is_refused(free_W_kg):
    """A percentage of next to nothing would be any number."""
    with pytest.raises(TrialDataError, match="no net rate of at least"):
        rates(gross=(5.0, free_W_kg, 4.6, free_W_kg, 5.0))
