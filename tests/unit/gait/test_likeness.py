"""Likeness to the norms, on curves whose distance is known."""

import numpy as np
import pytest

from exoflow.gait.joints import JOINTS
from exoflow.gait.likeness import distance_sd, likeness, norm_likeness
from exoflow.gait.norms import JOINT_MOMENT, JOINT_POWER, JOINT_VARIABLE, NormCurve, load_norms

GAIT_PCT = np.arange(101.0)


def norm_cycle(band: str, added: dict[str, float] | None = None) -> dict[str, list[float]]:
    """The norm's own mean as a mean cycle, with something added to some curves."""
    norms, cycle = load_norms()[band], {"gait_pct": GAIT_PCT.tolist()}
    for joint in JOINTS:
        for name, unit, variable in (
            (joint, "deg", JOINT_VARIABLE[joint]),
            (f"{joint}_moment", "Nm_kg", JOINT_MOMENT[joint]),
            (f"{joint}_power", "W_kg", JOINT_POWER[joint]),
        ):
            curve = np.interp(GAIT_PCT, norms[variable].gait_pct, norms[variable].mean)
            curve = curve + (added or {}).get(name, 0.0)
            cycle |= {f"{name}{side}_{unit}": curve.tolist() for side in ("", "_l")}
    return cycle


def test_likeness_of_a_curve_worked_out_by_hand():
    mean = np.array([0.0, 1.0, 2.0])
    norm = NormCurve(np.array([0.0, 50.0, 100.0]), mean - 2.0, mean + 2.0, mean)
    # Twice the norm plus 1: errors 1, 2, 3; rms sqrt(14 / 3); about their mean 2: sqrt(2 / 3).
    like = likeness(np.array([0.0, 100.0]), np.array([1.0, 5.0]), norm)
    assert like["r"] == pytest.approx(1.0)
    assert like["rmse"] == pytest.approx(np.sqrt(14 / 3))
    assert like["rmse_shape"] == pytest.approx(np.sqrt(2 / 3))
    assert like["z"] == pytest.approx(np.sqrt(14 / 3) / 2)


def test_distance_is_counted_in_sd_of_the_norm():
    norm = NormCurve(
        np.array([0.0, 100.0]), np.zeros(2), np.array([2.0, 4.0]), np.array([1.0, 2.0])
    )
    # At 50 % the mean is 1.5 and the SD 1.5: 4.5 lies 2 SD above.
    distance = distance_sd(np.array([0.0, 50.0]), np.array([0.0, 4.5]), norm)
    assert distance == pytest.approx([-1.0, 2.0])


def test_norm_is_like_itself_and_an_offset_shows():
    like = norm_likeness(norm_cycle("Slow", {"knee": 3.0, "hip_moment": 0.1}), "Slow")
    assert like["norm_speed_band"] == "Slow"
    for joint in JOINTS:
        for quantity in ("", "_moment", "_power"):
            assert like[f"{joint}{quantity}_r"] == pytest.approx(1.0)
            assert like[f"{joint}{quantity}_l_r"] == pytest.approx(1.0)
    assert like["knee_rmse_deg"] == pytest.approx(3.0)
    assert like["knee_rmse_shape_deg"] == pytest.approx(0.0, abs=1e-9)
    assert like["hip_moment_rmse_Nm_kg"] == pytest.approx(0.1)
    assert like["hip_moment_rmse_shape_Nm_kg"] == pytest.approx(0.0, abs=1e-9)
    assert like["ankle_power_rmse_W_kg"] == pytest.approx(0.0, abs=1e-9)
    # Only the knee is off, so the mean of three z is a third of its own.
    assert like["z"] == pytest.approx(like["knee_z"] / 3)


def test_definitions_stand_beside_the_numbers():
    like = norm_likeness(norm_cycle("Free"), "Free")
    assert "exo torque not added" in like["norm_definitions"]["moment"]


def test_norm_moments_extend_and_powers_generate():
    """Weight acceptance and push-off: the signs everybody must agree on."""
    free = load_norms()["Free"]
    hip, ankle = free[JOINT_MOMENT["hip"]], free[JOINT_MOMENT["ankle"]]
    push_off = free[JOINT_POWER["ankle"]]
    assert hip.mean[hip.gait_pct == 10] > 0 > hip.mean[hip.gait_pct == 50]
    assert 44 <= ankle.gait_pct[np.argmax(ankle.mean)] <= 52 and ankle.mean.max() > 1
    assert 48 <= push_off.gait_pct[np.argmax(push_off.mean)] <= 58 and push_off.mean.max() > 2
