"""Gross metabolic rate of one bout, with its error and its checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.errors import TrialDataError
from exoflow.trial.carts.own_energy import EQUATIONS as CART_EQUATIONS
from exoflow.trial.description import RateChoices
from exoflow.trial.energy import PLAUSIBLE_RATE_W_KG, find_equation, metabolic_power_W
from exoflow.trial.kinetics import fit_step_response
from exoflow.trial.locate import LocatedBout
from exoflow.trial.recording import Recording
from exoflow.trial.window import WindowMean, cut_breaths, window_mean

# Markers and bouts end within seconds of what was planned.
BOUT_TOLERANCE_S = 10.0
# Three time constants of 42 s, rounded: what is left of the step is below 5 %.
SETTLING_S = 120.0
# Printed with two digits, a cart's own energy column rounds by up to 1 %.
CART_ENERGY_FLAG_PCT = 1.0
CART_ENERGY_LIMIT_PCT = 5.0
MASS_TOLERANCE_KG = 2.0
# No steady walk or stand reaches this; with VO2 and VCO2 exchanged, .7 to .95 read 1.4 to 1.05.
EXCHANGED_RER = 1.05
# How near the inverse of such a ratio comes to that of the session's other bouts.
EXCHANGED_TOLERANCE = 0.05


@dataclass(frozen=True)
class BoutRate:
    """What one bout says.

    Attributes
    ----------
    vo2_mL_min, vco2_mL_min : float
        Means over the window, or the steady state of the fit.
    gross_W_kg, standard_error_W_kg : float
        Per body mass, without the device; the error is that of breath noise.
    estimate : str
        "window_mean" or "transient_fit".
    cart_energy_difference_pct : float or None
        The cart's own energy column against its equation recomputed; None without one.
    flags : tuple of str
        Checks that failed. Nothing is dropped because of one.
    """

    bout: LocatedBout
    window: WindowMean
    vo2_mL_min: float
    vco2_mL_min: float
    gross_W_kg: float
    standard_error_W_kg: float
    estimate: str
    cart_energy_difference_pct: float | None
    flags: tuple[str, ...]


def measure_bout(bout: LocatedBout, body_mass_kg: float, choices: RateChoices) -> BoutRate:
    """Gross rate of one bout.

    Parameters
    ----------
    body_mass_kg : float
        Of the subject, without the device.
    choices : RateChoices
        Equation, window, and whether walking is a window mean or a fit.

    Raises
    ------
    TrialDataError
        If the bout is shorter than the window, has no carbon dioxide and no assumed
        ratio, holds too few rows, its rate is implausible, or the cart's energy column
        contradicts its gases.
    """
    recording = bout.recording
    start_s, end_s = window_span(bout, choices.window_min)
    if not recording.has_vco2 and choices.assumed_rer is None:
        raise TrialDataError(
            f"{bout.slot.file}: no carbon dioxide in this recording. Give "
            "measurement.assumed_rer, such as 0.85; the rates are then estimates."
        )
    equation = find_equation(choices.equation)
    try:
        window = window_mean(recording, start_s, end_s, equation, choices.assumed_rer)
    except ValueError as error:
        raise _too_few(bout, error) from None
    fits = choices.walking_estimate == "transient_fit" and bout.slot.activity != "stand"
    if fits:
        vo2, vco2, power_error = _steady_state(bout, choices)
    else:
        vo2, vco2 = window.vo2_mL_min, window.vco2_mL_min
        power_error = window.power_standard_error_W
    gross = float(metabolic_power_W(vo2, vco2, equation)) / body_mass_kg
    _refuse_implausible(bout, gross, window)
    difference = cart_energy_difference_pct(recording, start_s, end_s)
    _refuse_contradiction(bout, difference)
    flags = list(window.flags)
    if not fits and bout.slot.activity != "stand" and start_s - bout.start_s < SETTLING_S:
        flags.append("early_window")
    if difference is not None and abs(difference) > CART_ENERGY_FLAG_PCT:
        flags.append("cart_energy")
    if recording.mass_kg is not None and abs(recording.mass_kg - body_mass_kg) > MASS_TOLERANCE_KG:
        flags.append("mass")
    return BoutRate(
        bout=bout,
        window=window,
        vo2_mL_min=vo2,
        vco2_mL_min=vco2,
        gross_W_kg=gross,
        standard_error_W_kg=power_error / body_mass_kg,
        estimate="transient_fit" if fits else "window_mean",
        cart_energy_difference_pct=difference,
        flags=tuple(flags),
    )


def window_span(bout: LocatedBout, window_min: float) -> tuple[float, float]:
    """Start and end of the window at the end of a bout, s.

    Raises
    ------
    TrialDataError
        If the bout is shorter than the window.
    """
    duration, window = bout.end_s - bout.start_s, 60 * window_min
    if duration < window - BOUT_TOLERANCE_S:
        raise TrialDataError(
            f"{bout.slot.place}: {bout.name} lasts {duration:.0f} s in {bout.slot.file}, shorter "
            f"than the window of {window:.0f} s. Correct the times, or lower "
            "measurement.window_min."
        )
    return max(bout.start_s, bout.end_s - window), bout.end_s


def cart_energy_difference_pct(recording: Recording, start_s: float, end_s: float) -> float | None:
    """Median difference of the cart's own energy column from its equation, %; None without one."""
    if recording.energy_equation not in CART_EQUATIONS:
        return None
    inside = (recording.time_s > start_s) & (recording.time_s <= end_s)
    recomputed = CART_EQUATIONS[recording.energy_equation](
        recording.vo2_mL_min, recording.vco2_mL_min
    )
    usable = inside & np.isfinite(recording.energy_W) & (recomputed > 0)
    if not usable.any():
        return None
    return 100 * float(np.median(recording.energy_W[usable] / recomputed[usable])) - 100


def refuse_exchanged_gases(bouts: Sequence[BoutRate]) -> None:
    """Refuse ratios that are explained best by VO2 and VCO2 under each other's name.

    Suspicious is a ratio above `EXCHANGED_RER` in every bout of a session, or in one whose
    inverse is what the others have. A recording whose own energy column fits its gases is not.

    Parameters
    ----------
    bouts : sequence of BoutRate
        Of one session.

    Raises
    ------
    TrialDataError
        Names the recording and the bout.
    """
    ratios = np.array([rate.window.rer for rate in bouts])
    high = ratios > EXCHANGED_RER
    usual = None if high.all() else float(np.median(ratios[~high]))
    for bout, ratio in zip([rate.bout for rate in bouts], ratios, strict=True):
        if ratio <= EXCHANGED_RER or bout.recording.energy_equation is not None:
            continue
        if usual is None or abs(1 / ratio - usual) < EXCHANGED_TOLERANCE:
            raise TrialDataError(
                f"{bout.slot.file}: {bout.name}: VCO2 / VO2 is {ratio:.2f}, expected below "
                f"{EXCHANGED_RER:g} at a steady state. The columns may be swapped: correct their "
                "names. If they are right, leave this subject out: no equation gives the energy."
            )


def _steady_state(bout: LocatedBout, choices: RateChoices) -> tuple[float, float, float]:
    """Oxygen and carbon dioxide after infinite time, mL/min, and the error of power, W.

    The fit is linear, so fitting power is the same as fitting both gases.
    """
    breaths = cut_breaths(bout.recording, bout.start_s, bout.end_s, choices.assumed_rer)
    time = breaths.time_s - bout.start_s
    power = metabolic_power_W(
        breaths.vo2_mL_min, breaths.vco2_mL_min, find_equation(choices.equation)
    )
    try:
        vo2, vco2, fitted = (
            fit_step_response(time, values)
            for values in (breaths.vo2_mL_min, breaths.vco2_mL_min, power)
        )
    except ValueError as error:
        raise _too_few(bout, error) from None
    return vo2.steady, vco2.steady, fitted.steady_standard_error


def _too_few(bout: LocatedBout, error: ValueError) -> TrialDataError:
    return TrialDataError(
        f"{bout.slot.place}: {bout.name}: {error} in {bout.slot.file}. "
        "Correct the times, or the file."
    )


def _refuse_implausible(bout: LocatedBout, gross_W_kg: float, window: WindowMean) -> None:
    low, high = PLAUSIBLE_RATE_W_KG
    if not low <= gross_W_kg <= high:
        raise TrialDataError(
            f"{bout.slot.file}: {bout.name}: gross rate {gross_W_kg:.3g} W/kg "
            f"({window.start_s:.0f}..{window.end_s:.0f} s, VO2 {window.vo2_mL_min:.4g} mL/min) is "
            f"outside {low:g}..{high:g}. Check the unit of VO2 (mL/min or L/min) and body_mass_kg."
        )


def _refuse_contradiction(bout: LocatedBout, difference_pct: float | None) -> None:
    if difference_pct is not None and abs(difference_pct) > CART_ENERGY_LIMIT_PCT:
        raise TrialDataError(
            f"{bout.slot.file}: {bout.name}: the cart's own energy differs by "
            f"{difference_pct:.1f} % from {bout.recording.energy_equation} of its gases, at most "
            f"{CART_ENERGY_LIMIT_PCT:g} % is rounding. Check units and columns of VO2 and VCO2."
        )
