"""The norm table: whole, plausible, and chosen by speed."""

from pathlib import Path

import numpy as np
import pytest

from exoflow.errors import UserError
from exoflow.gait.norms import BAND_SPEED_M_S, JOINT_VARIABLE, band_for_speed, load_norms


def test_every_band_has_every_joint_over_the_whole_cycle() -> None:
    norms = load_norms()
    assert list(norms) == list(BAND_SPEED_M_S)
    for variables in norms.values():
        for variable in JOINT_VARIABLE.values():
            curve = variables[variable]
            assert curve.gait_pct.tolist() == list(range(0, 101, 2))
            assert (curve.lower < curve.upper).all()
            assert curve.mean == pytest.approx((curve.lower + curve.upper) / 2, abs=1e-3)


def test_signs_are_flexion_positive() -> None:
    free = load_norms()["Free"]
    knee, hip, ankle = (free[JOINT_VARIABLE[joint]] for joint in ("knee", "hip", "ankle"))
    # Swing knee flexion near 60 deg at 72 %; hip extended before toe-off; push-off at 62 %.
    assert 55 < knee.mean.max() < 65
    assert 68 <= knee.gait_pct[np.argmax(knee.mean)] <= 76
    assert 48 <= hip.gait_pct[np.argmin(hip.mean)] <= 58
    assert 58 <= ankle.gait_pct[np.argmin(ankle.mean)] <= 68


@pytest.mark.parametrize(
    ("speed_m_s", "band"),
    [
        (0.3, "VerySlow"),
        (1.0, "Slow"),
        (1.3, "Free"),
        (1.25, "Free"),
        (1.6, "Fast"),
        (3, "VeryFast"),
    ],
)
def test_band_is_the_nearest_in_speed(speed_m_s: float, band: str) -> None:
    assert band_for_speed(speed_m_s) == band


def test_band_speeds_follow_from_leg_length() -> None:
    # Nondimensional centres times sqrt(g * hip height) = sqrt(9.81 * 0.883) = 2.943 m/s.
    centres = np.array([0.159, 0.295, 0.431, 0.568, 0.704])
    assert list(BAND_SPEED_M_S.values()) == pytest.approx(centres * 2.943, abs=0.006)


def test_arrays_cannot_be_changed_by_a_reader() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_norms()["Free"]["hip_flexion"].mean[0] = 0


def test_speed_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        band_for_speed(float("nan"))


def test_damaged_table_is_named(tmp_path: Path) -> None:
    table = tmp_path / "norms.csv"
    table.write_text("speed_band,variable,gait_pct,lower,upper,mean,unit\nFree,x,0,1,,2,deg\n")
    with pytest.raises(UserError, match=r"norms\.csv: line 2"):
        load_norms(table)
    with pytest.raises(UserError, match="no such norm table"):
        load_norms(tmp_path / "none.csv")
