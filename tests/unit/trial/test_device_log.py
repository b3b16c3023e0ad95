"""Logs: SI inside, and the line a mistake gets."""

import math

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.device_log import read_device_log

LOG = """\
time_s,hip_angle_r_deg,hip_velocity_r_deg_s,hip_torque_r_Nm,speed_km_h
0.00,30,-90,5,4.5
0.01,29,-100,5.5,4.5
0.02,28,-110,6,4.5
"""


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "log.csv"
    file.write_text(LOG)
    return file


def test_units_become_si(log):
    found = read_device_log(log)
    assert found.values["hip_angle_r"][0] == pytest.approx(math.pi / 6)
    assert found.values["hip_velocity_r"][0] == pytest.approx(-math.pi / 2)
    assert found.values["hip_torque_r"].tolist() == [5, 5.5, 6]
    assert found.values["speed"][0] == pytest.approx(1.25)


def test_names_of_the_simulation_are_understood(log):
    log.write_text(LOG.replace("hip_angle_r_deg", "hip_flexion_r_rad").replace("30,", "0.5,"))
    log.write_text(log.read_text().replace("29,", "0.5,").replace("28,", "0.5,"))
    assert read_device_log(log).values["hip_angle_r"].tolist() == [0.5] * 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("time_s", "time", "column time_s is missing. Columns found: time, hip_angle_r_deg, "
         "hip_velocity_r_deg_s, hip_torque_r_Nm, speed_km_h."),
        ("0.02,28", "0.01,28", "row 4: time_s = 0.01 does not come after 0.01. Sort the rows, or "
         "cut the log where its clock started anew."),
        ("29,-100", "x,-100", "row 3: hip_angle_r_deg = 'x' is not a finite number. Correct the "
         "cell, or cut the row."),
        ("29,-100", ",-100", "row 3: hip_angle_r_deg = '' is not a finite number. Correct the "
         "cell, or cut the row."),
        ("hip_angle_r_deg", "hip_angle_r_rad", "row 2: hip_angle_r_rad is 30 in SI units, at most "
         "4 is plausible. Check the unit in the name."),
        ("hip_torque_r_Nm", "hip_angle_r_rad", "hip_angle_r is given in two units. Keep one "
         "column."),
    ],
)  # fmt: skip
def test_mistakes_are_named(log, old, new, message):
    text = LOG.replace(old, new)
    assert text != LOG
    log.write_text(text)
    with pytest.raises(TrialDataError) as error:
        read_device_log(log)
    assert str(error.value) == f"{log}: {message}"


def test_an_unknown_column_gets_the_nearest_name(log):
    log.write_text(LOG.replace("hip_torque_r_Nm", "hip_torque_r_Nmm"))
    with pytest.raises(TrialDataError) as error:
        read_device_log(log)
    start = f"{log}: column 'hip_torque_r_Nmm' is not known. Did you mean hip_torque_r_Nm? Allowed"
    assert str(error.value).startswith(start)


def test_a_missing_log_is_named(tmp_path):
    with pytest.raises(TrialDataError, match=r"none\.csv: no such file\."):
        read_device_log(tmp_path / "none.csv")
