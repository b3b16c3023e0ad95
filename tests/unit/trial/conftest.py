"""Small studies on disk, of reductions and of recordings, and ways to break them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from synthetic_trial import Walker, draw_walkers, write_study

STUDY = """\
title: Two laws on four walkers
source: {citation: invented for tests, tables: none, licence: none needed}
subjects:
  - {id: 1, sex: female, age_years: 30, body_mass_kg: 60}
  - {id: 2, sex: male, age_years: 40, body_mass_kg: 80}
  - {id: 03}
device: {name: belt, mass_kg: 3, joints: both hips, torque_capacity_Nm: 15, control_rate_Hz: 100}
controllers:
  - {id: fast, label: Fast, description: a law}
  - {id: slow, label: Slow, description: another law}
protocol:
  speed_m_s: 1.25
  controller_order: randomised
  bouts:
    - {activity: stand, duration_min: 5}
    - {activity: free, duration_min: 6}
    - {activity: fast, duration_min: 6}
    - {activity: slow, duration_min: 6}
measurement: {cart: a cart, energy_equation: Brockway 1987, net_rate: walking minus standing}
analysis:
  primary:
    controller: fast
    against: free
    measure: net_metabolic_rate_reduction_pct
    test: one_sample_t
    declared: before_data
  difference: [fast, slow]
data: {reductions: reductions.csv}
"""

REDUCTIONS = """\
subject,controller,net_metabolic_rate_reduction_pct,peak_torque_Nm
1,fast,2,7.5
2,fast,4,
03,fast,6,8
1,slow,1,7
2,slow,5,7
03,slow,3,7
"""


class StudyFolder:
    """A study folder whose two files can be rewritten piece by piece."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.study = folder / "study.yaml"
        self.reductions = folder / "reductions.csv"
        self.study.write_text(STUDY)
        self.reductions.write_text(REDUCTIONS)

    def change(self, file: Path, old: str, new: str) -> None:
        """Replace the one occurrence of `old`."""
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        file.write_text(text.replace(old, new))


@pytest.fixture
def study_folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "pilot")


@pytest.fixture
def barati() -> Path:
    return Path(__file__).parents[3] / "data/trials/barati/study.yaml"


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Walker]]:
    """A raw study of six invented walkers, by markers, and their truth."""
    rng = np.random.default_rng(11)
    walkers = draw_walkers(6, rng)
    folder = tmp_path_factory.mktemp("trials") / "synthetic"
    return write_study(folder, walkers, rng), walkers


class RecordedFolder:
    """A copy of a raw study whose study.yaml can be changed by key."""

    def __init__(self, study: Path, folder: Path) -> None:
        shutil.copytree(study.parent, folder)
        self.study = folder / "study.yaml"
        self.values = yaml.safe_load(self.study.read_text())

    def save(self) -> Path:
        """Write what `values` holds."""
        self.study.write_text(yaml.safe_dump(self.values, sort_keys=False))
        return self.study

    def recording(self, subject: int) -> Path:
        """The recording of a subject."""
        return self.study.parent / f"recordings/s{subject}.csv"


@pytest.fixture(scope="session")
def two_walkers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw study of two invented walkers."""
    rng = np.random.default_rng(12)
    return write_study(tmp_path_factory.mktemp("trials") / "two", draw_walkers(2, rng), rng)


@pytest.fixture
def recorded_folder(two_walkers: Path, tmp_path: Path) -> RecordedFolder:
    return RecordedFolder(two_walkers, tmp_path / "pilot")
