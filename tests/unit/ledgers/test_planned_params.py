"""Jobs compute with the settings that their run was planned with."""

import shutil
from pathlib import Path

import pytest

from exoflow.errors import ParamsError
from exoflow.ledgers.planned_params import PLANNED, as_planned, params_of_job, params_of_run

PARAMS = Path(__file__).parents[3] / "config/toy.yaml"


@pytest.fixture
def project(tmp_path):
    shutil.copy(PARAMS, tmp_path / "params.yaml")
    return tmp_path


def edit(project):
    """Change a setting; that of before is given back."""
    path = project / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("speed_m_s: 1.", "speed_m_s: 0.9"))
    assert path.read_text() != before
    return before


def test_a_job_has_the_settings_of_its_run_after_params_were_edited(project):
    planned = params_of_run(project)
    before = edit(project)
    assert params_of_job(project) == planned
    assert not as_planned(project)
    (project / "params.yaml").write_text(before)
    assert as_planned(project)


def test_a_new_run_plans_anew(project):
    params_of_run(project)
    edit(project)
    assert params_of_job(project) != params_of_run(project)
    assert params_of_job(project) == params_of_run(project)


def test_wrong_params_are_named_as_params_and_planned_ones_stay(project):
    params_of_run(project)
    planned = (project / PLANNED).read_text()
    (project / "params.yaml").write_text("conditions: {}\n")
    with pytest.raises(ParamsError, match=r"params\.yaml"):
        params_of_run(project)
    assert (project / PLANNED).read_text() == planned


def test_a_folder_without_a_planned_run_has_its_own_settings(project):
    assert params_of_job(project) == params_of_run(project)
