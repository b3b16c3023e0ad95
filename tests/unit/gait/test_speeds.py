"""One law on a gait: the numbers of the comparison, in both units of speed."""

import json
from pathlib import Path

import pytest

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings
from exoflow.config.model import ModelSettings
from exoflow.gait.comparison import Protocol
from exoflow.gait.speeds import walk_with_law
from exoflow.simulation import Dofc

ROOT = Path(__file__).parents[3]


def test_a_gait_file_walks_with_a_law():
    gait = json.loads((ROOT / "data/reference/level.json").read_text())
    found = walk_with_law(
        gait,
        Dofc(8.0, 0.1, 0.03),
        to_plain(ModelSettings()),
        to_plain(ExoSettings()),
        Protocol(5.0, 2, (0.0,), None, (1, 2), 1.51, 2.0),
        0.001,
    )
    assert found["condition"] == "level" and not found["fell"]
    assert found["speed_km_h"] == pytest.approx(3.6 * found["speed_m_s"])
    # Changes are against the same gait without exo: the speed's is that of the two speeds.
    change = 100 * (found["speed_m_s"] / found["speed_without_exo_m_s"] - 1)
    assert found["change_speed_pct"] == pytest.approx(change)
    assert 0.0 < found["rms_torque_Nm"] < found["peak_torque_Nm"] <= 8.0
