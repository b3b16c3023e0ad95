"""One bout: plausibility, the cart's own energy column, and the flags of bouts."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made_bouts import CHOICES, make_bout, make_recording, make_session

from exoflow.errors import TrialDataError
from exoflow.trial.bout_rates import measure_bout

# 340.225 W by Brockway, see the energy tests; 337.16 W by 3.9 and 1.1 kcal/L.
TIME_S = np.arange(1, 121) * 3.0
OWN_W = 4.835 * 4184 / 60


def measured(recording=None, choices=CHOICES, mass_kg=70.0, activity="free", end_s=360.0):
    session = make_session([activity])
    recording = make_recording(TIME_S, 1000) if recording is None else recording
    return measure_bout(make_bout(session, 1, 0.0, end_s, recording), mass_kg, choices)


def test_rate_is_per_body_mass():
    found = measured()
    assert found.gross_W_kg == pytest.approx(340.225 / 70)
    assert (found.window.start_s, found.window.end_s) == (180, 360)
    assert found.flags == ()
    assert found.cart_energy_difference_pct is None


def test_the_carts_own_energy_is_compared():
    recording = make_recording(
        TIME_S, 1000, energy_W=np.full(120, 1.02 * OWN_W), energy_equation="weir_rounded"
    )
    found = measured(recording)
    assert found.cart_energy_difference_pct == pytest.approx(2.0)
    assert found.flags == ("cart_energy",)


def test_an_energy_column_that_contradicts_the_gases_is_refused():
    recording = make_recording(
        TIME_S, 1000, energy_W=np.full(120, 1.2 * OWN_W), energy_equation="weir_rounded"
    )
    with pytest.raises(TrialDataError) as error:
        measured(recording)
    assert str(error.value) == (
        "s1.csv: subject 1, free 1: the cart's own energy differs by 20.0 % from weir_rounded of "
        "its gases, at most 5 % is rounding. Check units and columns of VO2 and VCO2."
    )


@pytest.mark.parametrize(("vo2", "shown"), [(1.0, "0.00486"), (100_000, "486")])
def test_a_wrong_unit_gives_a_rate_nobody_has(vo2, shown):
    with pytest.raises(TrialDataError) as error:
        measured(make_recording(TIME_S, vo2))
    assert str(error.value) == (
        f"s1.csv: subject 1, free 1: gross rate {shown} W/kg (180..360 s, VO2 {vo2:.4g} mL/min) "
        "is outside 0.5..25. Check the unit of VO2 (mL/min or L/min) and body_mass_kg."
    )


def test_a_window_soon_after_the_start_is_flagged():
    assert measured(end_s=240.0).flags == ("early_window",)
    assert measured(end_s=240.0, activity="stand").flags == ()


def test_another_mass_in_the_cart_is_flagged():
    assert measured(make_recording(TIME_S, 1000, mass_kg=73.0)).flags == ("mass",)
    assert measured(make_recording(TIME_S, 1000, mass_kg=71.5)).flags == ()


def test_a_fit_of_walking_finds_the_steady_state_and_standing_stays_a_mean():
    choices = replace(CHOICES, walking_estimate="transient_fit")
    rising = 1000 - 700 * np.exp(-TIME_S / 42)
    found = measured(make_recording(TIME_S, rising), choices, end_s=180.0)
    assert found.gross_W_kg == pytest.approx(340.225 / 70)
    assert (found.vo2_mL_min, found.vco2_mL_min) == pytest.approx((1000, 850))
    assert found.estimate == "transient_fit"
    standing = measured(make_recording(TIME_S, rising), choices, activity="stand", end_s=180.0)
    assert standing.estimate == "window_mean"
    assert standing.vo2_mL_min < 950
