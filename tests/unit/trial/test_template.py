"""`exoflow trial init`: a template that is valid once its recordings exist."""

import numpy as np
import pytest
from synthetic_trial import Population, breathe, draw_walkers, write_recording

from exoflow.errors import TrialDataError
from exoflow.stages import trial_init
from exoflow.trial.study import load_study


@pytest.fixture
def walked(tmp_path):
    """The template's folder with recordings of two invented walkers in it."""
    folder = tmp_path / "pilot"
    trial_init.run(folder)
    population = Population(reduction_pct={"assist": (9.0, 1.0), "zero_torque": (-5.0, 1.0)})
    rng = np.random.default_rng(1)
    (folder / "recordings").mkdir()
    for walker in draw_walkers(2, rng, population):
        texts = {"zero_torque": "zero"}
        markers = []
        for activity, start, end in walker.bouts():
            if activity != "rest":
                markers += [(start, texts.get(activity, activity)), (end, "end")]
        file = folder / f"recordings/s{walker.id}.csv"
        write_recording(file, breathe(walker, rng), sorted(markers), "omnia", walker)
    return folder / "study.yaml"


def test_template_is_a_valid_study(walked):
    study = load_study(walked)
    assert study.id == "pilot"
    assert [c.id for c in study.controllers] == ["assist", "zero_torque"]
    assert min(study.reductions.reduction_pct["assist"]) > 0
    assert max(study.reductions.reduction_pct["zero_torque"]) < 0


def test_template_misses_only_its_recordings(tmp_path):
    trial_init.run(tmp_path / "pilot")
    file = tmp_path / "pilot/study.yaml"
    with pytest.raises(TrialDataError) as error:
        load_study(file)
    assert str(error.value) == (
        f"{file}: data.sessions[0].file = 'recordings/s1.csv': no such file in {file.parent}. "
        "Put the recording there, or correct the name."
    )


def test_an_existing_study_is_not_overwritten(tmp_path):
    trial_init.run(tmp_path / "pilot")
    with pytest.raises(TrialDataError) as error:
        trial_init.run(tmp_path / "pilot")
    assert str(error.value) == (
        f"{tmp_path / 'pilot' / 'study.yaml'}: is there already. Edit it, or choose another folder."
    )


def test_a_folder_that_is_no_id_is_refused(tmp_path):
    with pytest.raises(TrialDataError) as error:
        trial_init.run(tmp_path / "my study")
    assert str(error.value) == (
        f"{tmp_path / 'my study'}: the folder name 'my study' becomes the study's id. "
        "Use letters, digits, '_' or '-'."
    )
