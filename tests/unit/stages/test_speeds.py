"""The line of a gait in the table of `exoflow speeds`."""

from exoflow.stages import speeds

ROW = {
    "condition": "speed_120", "speed_m_s": 1.25, "speed_km_h": 4.5, "fell": False,
    "fall_fraction": 0.0, "rms_torque_Nm": 3.456, "peak_torque_Nm": 7.9, "change_cot_pct": -5.04,
    "change_net_cot_pct": -6.0, "change_speed_pct": 0.51,
}  # fmt: skip


def test_a_gait_is_one_line_below_its_head():
    line = speeds.line(ROW)
    assert line.split() == "speed_120 1.25 4.5 none 3.46 7.90 -5.0 -6.0 +0.5".split()
    assert len(line) == len(speeds.HEAD) <= 80


def test_a_fall_leaves_dashes():
    unknown = dict.fromkeys(ROW) | {"condition": "x" * 30, "fell": True, "fall_fraction": 0.5}
    assert speeds.line(unknown).split() == ["x" * 20, "-", "-", "50", "%", *["-"] * 5]
    assert len(speeds.line(unknown)) == len(speeds.HEAD)
