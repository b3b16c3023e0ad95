"""export/input_layout.py: firmware is not fed to a controller with other inputs."""

from pathlib import Path

import pytest
import yaml

from exoflow.errors import PolicyFormatError, UserError
from exoflow.export.documents import describe_io
from exoflow.export.input_layout import require_layout


@pytest.fixture
def layout(make_policy, tmp_path):
    """policy_io.yaml of an mlp, and a function that changes it."""
    file = tmp_path / "policy_io.yaml"
    file.write_text(describe_io(make_policy("mlp", n_steps=5)))

    def change(edit):
        document = yaml.safe_load(file.read_text())
        edit(document)
        file.write_text(yaml.safe_dump(document))

    return file, change


def test_retrained_controller_of_another_kind_fits_if_its_inputs_do(make_policy, layout):
    require_layout(make_policy("lstm_window", True, n_steps=5), Path("w.npz"), layout[0])


@pytest.mark.parametrize(
    ("edit", "difference"),
    [
        (lambda d: d["inputs"][2].update(unit="deg/s"), "unit of input 2 is rad/s, {} has deg/s"),
        (
            lambda d: d["inputs"][1].update(sign="extension positive"),
            "sign of input 1 is flexion positive, {} has extension positive",
        ),
        (lambda d: d["inputs"].reverse(), "name of input 0 is hip_r, {} has torque_l"),
        (lambda d: d["inputs"].pop(), "number of inputs is 6, {} has 5"),
        (lambda d: d.update(rate_Hz=200), "rate_Hz is 100, {} has 200"),
    ],
)
def test_other_inputs_are_refused_with_the_difference_named(make_policy, layout, edit, difference):
    file, change = layout
    change(edit)
    with pytest.raises(PolicyFormatError) as caught:
        require_layout(make_policy("mlp", n_steps=5), Path("w.npz"), file)
    text = str(caught.value)
    assert text.startswith(f"w.npz: {difference.format(file)}. The firmware would feed it")
    assert "\n" not in text


def test_file_that_is_no_layout_is_refused(make_policy, tmp_path):
    file = tmp_path / "io.yaml"
    file.write_text("inputs: 3\n")
    with pytest.raises(UserError, match=r"is no policy_io\.yaml"):
        require_layout(make_policy("mlp", n_steps=5), Path("w.npz"), file)
