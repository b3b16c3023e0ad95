"""SCONE's parameter files."""

import pytest

from exoflow.errors import ModelError
from exoflow.records.par_file import read_par

# As SCONE's optimizer writes it: padded names, tabs, a tab at the end of each line.
WRITTEN = (
    "pelvis_tilt.offset              \t-0.02\t-0.01\t0.001\t\n"
    "stance_load_threshold           \t0.17\t0.16\t0.002\t\n"
    "S00011.vasti-knee_angle.pos_max \t-0.25\t-0.26\t0.0001\t\n"
    "S00100.glut_max.C0              \t-2.5e-1\t-0.3\t0\t\n"
)


@pytest.fixture
def par(tmp_path):
    def write(text):
        path = tmp_path / "gait.par"
        path.write_text(text)
        return path

    return write


def test_the_first_number_is_the_best_value(par):
    assert read_par(par(WRITTEN)) == {
        "pelvis_tilt.offset": -0.02,
        "stance_load_threshold": 0.17,
        "S00011.vasti-knee_angle.pos_max": -0.25,
        "S00100.glut_max.C0": -0.25,
    }


def test_states_of_opensim_4_lose_their_path(par):
    line = "/jointset/hip_r/hip_flexion_r/value.offset \t0.1\t0.2\t0.01\n"
    assert read_par(par(line)) == {"hip_flexion_r.offset": 0.1}


def test_blank_lines_comments_and_windows_line_ends_are_passed_over(par):
    text = "# mine\r\n\r\n* old\r\nS00011.vasti.KF 1 1 0.1\r\n"
    assert read_par(par(text)) == {"S00011.vasti.KF": 1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 1 2 3\nb 1 2\n", r"gait.par, line 2: has 3 fields, expected 4: name, best, mean"),
        ("a 1 2 3\na 1 2 3\n", r"line 2: a stands in the file twice"),
        ("a one 2 3\n", r"line 1: 'one' of a is not a number"),
        ("a nan 2 3\n", r"line 1: 'nan' of a is not a number"),
        ("# nothing\n", r"gait.par: holds no parameter"),
    ],
)
def test_what_is_no_par_file_is_named_with_its_line(par, text, expected):
    with pytest.raises(ModelError, match=expected):
        read_par(par(text))


def test_binary_files_are_refused(tmp_path):
    path = tmp_path / "x.par"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"x\.par: is no text file"):
        read_par(path)
