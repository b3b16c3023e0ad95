"""State machine, delays and clamp order of the reflexes; reading of reflex tables."""

import numpy as np
import pytest

from exoflow.control import reflexes as r
from exoflow.control.reflex_table import load_reflex_table
from exoflow.errors import ModelError
from exoflow.simulation.model_data import DATA

HEADER = (
    "active_states,reflex_type,target,source,delay_s,parameter,init_mean,init_std,min,max,free_or_fixed,"
    "allow_neg_L,allow_neg_F,allow_neg_V,min_control_value,condition_dof\n"
)


@pytest.mark.parametrize(
    "state, load, other_load, sag, other_sag, expected",
    [
        (r.EARLY_STANCE, 0.8, 0.0, 0.1, 0.2, r.EARLY_STANCE),
        (r.EARLY_STANCE, 0.8, 0.0, -0.1, 0.2, r.LATE_STANCE),
        (r.EARLY_STANCE, 0.8, 0.5, -0.1, 0.2, r.LIFTOFF),
        (r.LATE_STANCE, 0.0, 0.0, -0.3, 0.2, r.LATE_STANCE),
        (r.LATE_STANCE, 0.8, 0.5, -0.3, 0.2, r.LIFTOFF),
        (r.LIFTOFF, 0.5, 0.5, -0.3, 0.2, r.LIFTOFF),
        (r.LIFTOFF, 0.05, 0.5, -0.3, 0.2, r.SWING),
        (r.SWING, 0.0, 1.0, -0.1, 0.0, r.SWING),
        (r.SWING, 0.0, 1.0, 0.1, 0.0, r.LANDING),
        (r.SWING, 0.5, 1.0, -0.1, 0.0, r.SWING),  # scuffing behind the other foot stays swing
        (r.SWING, 0.5, 1.0, 0.1, 0.0, r.EARLY_STANCE),
        (r.LANDING, 0.0, 1.0, 0.1, 0.0, r.LANDING),
        (r.LANDING, 0.5, 1.0, 0.1, 0.0, r.EARLY_STANCE),
        (r.UNKNOWN, 0.5, 0.0, 0.1, 0.0, r.EARLY_STANCE),
        (r.UNKNOWN, 0.0, 0.5, 0.1, 0.0, r.LANDING),
        (r.UNKNOWN, 0.0, 0.5, -0.1, 0.0, r.SWING),
    ],
)
def test_gait_state_transitions(state, load, other_load, sag, other_sag, expected):
    assert r.next_gait_state(state, load, other_load, sag, other_sag, 0.1) == expected


def excitation(tmp_path, rows, values, ring, state=r.EARLY_STANCE, dt=0.001):
    path = tmp_path / "set.csv"
    path.write_text(HEADER + rows)
    arrays = load_reflex_table(path).arrays({"stance_load_threshold": 0.1, **values}, dt)
    out = np.zeros(18)
    r.add_reflexes(arrays.rows, arrays.value, 0, state, ring, ring.shape[0] - 1, out)
    return out


def test_delay_interpolates_between_samples(tmp_path):
    ring = np.zeros((12, r.N_SENSORS))
    ring[:, r.SENSE_FORCE + 7] = np.arange(12.0)  # soleus force; newest sample 11
    row = "EarlyStance,MuscleReflex,soleus,soleus,0.005,KF,1,0.1,-10,10,free,,,,,\n"
    # 5 ms at 2 ms steps is 2.5 steps back: between 9 and 8
    out = excitation(tmp_path, row, {"S00001.soleus.KF": 1.0}, ring, dt=0.002)
    assert out[7] == pytest.approx(8.5)


def test_length_difference_is_clamped_before_the_gain(tmp_path):
    ring = np.zeros((8, r.N_SENSORS))
    ring[:, r.SENSE_LENGTH + 3] = 0.5
    rows = (
        "EarlyStance,MuscleReflex,iliopsoas,iliopsoas,0.002,KL,-4,0.1,-10,10,free,0,,,,\n"
        "EarlyStance,MuscleReflex,iliopsoas,iliopsoas,0.002,L0,0.85,0.1,0,2,free,0,,,,\n"
    )
    values = {"S00001.iliopsoas.KL": -4.0, "S00001.iliopsoas.L0": 0.85}
    assert excitation(tmp_path, rows, values, ring)[3] == 0.0
    allowed = rows.replace("free,0,", "free,1,")
    # -4 (0.5 - 0.85) = 1.4: a short fibre turns inhibition into excitation
    assert excitation(tmp_path, allowed, values, ring)[3] == pytest.approx(1.4)


def test_dof_reflex_pushes_towards_its_target(tmp_path):
    ring = np.zeros((8, r.N_SENSORS))
    ring[:, r.SENSE_TILT], ring[:, r.SENSE_TILT + 1] = -0.3, 0.5
    rows = (
        "EarlyStance,DofReflex,glut_max,pelvis_tilt,0.002,KP,2,0.1,-10,10,free,,,,,\n"
        "EarlyStance,DofReflex,glut_max,pelvis_tilt,0.002,KV,0.2,0.1,-10,10,free,,,,,\n"
        "EarlyStance,DofReflex,glut_max,pelvis_tilt,0.002,P0,-0.105,,,,fixed,,,,,\n"
    )
    values = {"S00001.glut_max-pelvis_tilt.KP": 2.0, "S00001.glut_max-pelvis_tilt.KV": 0.2}
    # 2 (-0.105 + 0.3) + 0.2 (0 - 0.5) = 0.29
    assert excitation(tmp_path, rows, values, ring)[2] == pytest.approx(0.29)


def test_reflexes_of_other_states_are_silent(tmp_path):
    ring = np.ones((8, r.N_SENSORS))
    row = "Swing,MuscleReflex,soleus,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n"
    assert not excitation(tmp_path, row, {"S01000.soleus.KF": 1.0}, ring).any()
    assert excitation(tmp_path, row, {"S01000.soleus.KF": 1.0}, ring, state=r.SWING)[7] == 1.0


@pytest.mark.parametrize("name, free", [("h0918_rs2v3", 46), ("gh2010_m18v8", 32)])
def test_shipped_reflex_sets_load(name, free):
    table = load_reflex_table(DATA / "reflexes" / f"{name}.csv")
    assert len(table.parameters) == free
    assert len(set(table.parameter_names)) == free


def test_unknown_muscle_names_line_and_choices(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + "Swing,MuscleReflex,soleous,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n")
    with pytest.raises(
        ModelError, match=r"mine.csv, line 2: 'soleous' is unknown. Names: hamstrings"
    ):
        load_reflex_table(path)


def test_missing_parameter_is_named(tmp_path):
    table = load_reflex_table(DATA / "reflexes" / "h0918_rs2v3.csv")
    with pytest.raises(ModelError, match="parameter stance_load_threshold has no value"):
        table.arrays({}, 0.001)
