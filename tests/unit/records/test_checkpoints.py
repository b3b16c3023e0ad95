"""Checkpoints are keyed by everything that changes the run, and by nothing else."""

import pytest

from exoflow.config import PHASES
from exoflow.records.checkpoints import PACKAGE, checkpoint_path, code_files

SETTINGS = {"reflex": {"evaluations": 10, "threads": 2}}


@pytest.fixture
def gait(tmp_path):
    path = tmp_path / "gait.json"
    path.write_text('{"a": 1}')
    return path


def test_other_settings_or_inputs_have_another_checkpoint(tmp_path, gait):
    first = checkpoint_path("reflex", "level", SETTINGS, [gait], root=tmp_path)
    assert first.parent == tmp_path / ".exoflow/checkpoints/reflex"
    assert first.name.startswith("level-")
    more = {"reflex": {"evaluations": 11, "threads": 2}}
    assert checkpoint_path("reflex", "level", more, [gait], root=tmp_path) != first
    gait.write_text('{"a": 2}')
    assert checkpoint_path("reflex", "level", SETTINGS, [gait], root=tmp_path) != first


def test_other_threads_go_on_from_the_same_checkpoint(tmp_path):
    fewer = {"reflex": {"evaluations": 10, "threads": 1}}
    first = checkpoint_path("reflex", "level", SETTINGS, root=tmp_path)
    assert checkpoint_path("reflex", "level", fewer, root=tmp_path) == first


@pytest.mark.parametrize("phase", PHASES)
def test_code_of_a_phase_is_its_stage_and_its_rooms(phase):
    files = {file.relative_to(PACKAGE).as_posix() for file in code_files(phase)}
    rooms = {name.split("/")[0] for name in files if "/" in name}
    assert rooms - {"stages"} == set(PHASES[phase].rooms)
    assert not any("__pycache__" in name for name in files)
    stages = {f"stages/{name}.py" for name in (phase, *PHASES[phase].stages)}
    assert {name for name in files if name.startswith("stages/")} <= stages
