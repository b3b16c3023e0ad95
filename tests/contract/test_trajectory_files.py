"""The trajectory others rely on: names, units and files."""

import numpy as np
import pytest

from exoflow.errors import CheckpointError
from exoflow.records.trajectory import read_parquet, read_sto, write_parquet, write_sto
from exoflow.simulation import Walker
from exoflow.simulation.model_data import DATA, MUSCLE_NAMES
from exoflow.simulation.walker import load_start_values

MODEL = {
    "id": "h0918v3",
    "activation": "opensim",
    "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.6,
}
PROMISED = [
    "time", "pelvis_tilt", "pelvis_tx", "pelvis_ty", "hip_flexion_r", "knee_angle_r",
    "ankle_angle_r", "hip_flexion_l", "knee_angle_l", "ankle_angle_l", "leg_r.grf_x",
    "leg_r.grf_y", "leg_l.grf_x", "leg_l.grf_y", "exo.hip_r.torque", "exo.hip_l.torque",
    "exo.hip_r.friction", "exo.hip_l.friction", "com_x", "com_y",
]  # fmt: skip
PER_MUSCLE = [
    "excitation", "activation", "mtu_length", "fiber_length", "fiber_velocity", "mtu_force",
    "fiber_active_force", "metabolic_rate",
]  # fmt: skip


@pytest.fixture(scope="module")
def trajectory():
    walker = Walker.create(MODEL, reflexes="h0918_rs3", timestep_s=0.001)
    gait = load_start_values(DATA / "reflexes" / "start_level.csv")
    return walker.rollout(gait, 2.0, store_every_s=0.01).trajectory


def test_promised_columns_are_there(trajectory):
    names = PROMISED + [f"{dof}_u" for dof in PROMISED[1:10]]
    names += [f"{muscle}.{value}" for muscle in MUSCLE_NAMES for value in PER_MUSCLE]
    assert not set(names) - set(trajectory.columns)
    assert np.isfinite(trajectory.values).all()


def test_values_are_si(trajectory):
    assert np.diff(trajectory["time"]) == pytest.approx(0.01)
    weight = trajectory.body_mass_kg * 9.81
    support = trajectory["leg_r.grf_y"] + trajectory["leg_l.grf_y"]
    assert support.mean() == pytest.approx(weight, rel=0.05)
    assert trajectory["knee_angle_r"].min() < -0.7  # flexion is negative, rad
    assert 0.2 < trajectory["soleus_r.mtu_length"].mean() < 0.4
    speed = np.gradient(trajectory["pelvis_tx"], 0.01)
    # Positions and velocities of a row belong to the same instant.
    assert np.abs(speed - trajectory["pelvis_tx_u"])[2:-2].max() < 0.1


def test_parquet_returns_what_was_written(trajectory, tmp_path):
    path = tmp_path / "walk.parquet"
    write_parquet(trajectory, path)
    back = read_parquet(path)
    assert back.columns == trajectory.columns
    assert np.array_equal(back.values, trajectory.values)
    assert back.body_mass_kg == trajectory.body_mass_kg


def test_sto_has_the_header_that_opensim_and_scone_read(trajectory, tmp_path):
    path = tmp_path / "walk.sto"
    write_sto(trajectory, path)
    lines = path.read_text().splitlines()
    assert lines[:6] == [
        "walk",
        "version=1",
        f"nRows={len(trajectory.values)}",
        f"nColumns={len(trajectory.columns)}",
        "inDegrees=no",
        "endheader",
    ]
    assert lines[6].split("\t") == list(trajectory.columns)
    assert lines[6].startswith("time\t")
    assert len(lines) == 7 + len(trajectory.values)


def test_sto_holds_every_state_that_scone_looks_for(trajectory, tmp_path):
    path = tmp_path / "walk.sto"
    write_sto(trajectory, path)
    states = [f"{dof}{ending}" for dof in PROMISED[1:10] for ending in ("", "_u")]
    states += [f"{m}.{what}" for m in MUSCLE_NAMES for what in ("activation", "fiber_length")]
    assert not set(states) - set(read_sto(path).columns)


def test_sto_returns_what_was_written(trajectory, tmp_path):
    path = tmp_path / "walk.sto"
    write_sto(trajectory, path)
    back = read_sto(path)
    assert tuple(back.columns) == trajectory.columns
    np.testing.assert_allclose(back.to_numpy(), trajectory.values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("inDegrees=no", "inDegrees=yes", r"x\.sto: is in degrees"),
        ("endheader", "", r"x\.sto: is no storage file, the line endheader is missing"),
        ("time\t", "t\t", r"x\.sto, line 7: the first column must be time"),
        ("nRows=", "nRows=1", r"the header says nRows=1\d+, but there are \d+\. The file is trunc"),
        ("\n0.01\t", "\nbad\t", r"x\.sto, line 9: could not convert string to float: 'bad'"),
        ("\n0.01\t", "\n", r"x\.sto, line 9: has 192 numbers for 193 columns"),
    ],
)
def test_a_damaged_sto_is_named_with_its_line(trajectory, tmp_path, old, new, expected):
    path = tmp_path / "x.sto"
    write_sto(trajectory, path)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CheckpointError, match=expected):
        read_sto(path)


def test_truncated_parquet_names_the_file(trajectory, tmp_path):
    path = tmp_path / "walk.parquet"
    write_parquet(trajectory, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match=r"walk.parquet: no readable trajectory"):
        read_parquet(path)
