"""State machine, delays and clamp order of the reflexes; reading of reflex tables."""

import numpy as np
import pytest

from exoflow.config.reflex import reflex_sets
from exoflow.control import reflexes as r
from exoflow.control.reflex_table import load_reflex_set, load_reflex_table
from exoflow.errors import ModelError
from exoflow.simulation.model_data import DATA

HEADER = (
    "active_states,reflex_type,target,source,delay_s,parameter,init_mean,init_std,min,max,free_or_fixed,"
    "allow_neg_L,allow_neg_F,allow_neg_V,min_control_value,condition_dof\n"
    "(state machine),GaitStateController,,,,stance_load_threshold,0.1,,,,fixed,,,,,\n"
)
REFLEXES = DATA / "reflexes"
# Free parameters; gh2010_v12 has none for the two muscles that H0914 does not have.
FREE_PARAMETERS = {"h0918_rs3": 66, "h0918_rs2v3": 46, "gh2010_m18v8": 32, "gh2010_v12": 28}


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
    arrays = load_reflex_table(path).arrays(values, dt)
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


def test_every_shipped_table_is_listed_here():
    assert reflex_sets(REFLEXES) == sorted(FREE_PARAMETERS)


@pytest.mark.parametrize("name, free", FREE_PARAMETERS.items())
def test_shipped_reflex_sets_load_and_give_arrays(name, free):
    table = load_reflex_table(REFLEXES / f"{name}.csv")
    assert len(table.parameters) == free
    assert len(set(table.parameter_names)) == free
    arrays = table.arrays({p.name: p.mean for p in table.parameters}, 0.001)
    assert arrays.rows.shape == (len(table.reflexes), 9)
    assert arrays.value.shape == (len(table.reflexes), 13)
    assert not np.isnan(arrays.value).any()
    ring = np.random.default_rng(1).normal(1.0, 0.3, (table.ring_length(0.001), r.N_SENSORS))
    for state in range(5):
        out = np.zeros(18)
        r.add_reflexes(arrays.rows, arrays.value, 0, state, ring, 0, out)
        assert np.isfinite(out).all() and out[:9].any() and not out[9:].any()


def test_a_user_adds_a_reflex_in_a_file(tmp_path):
    shipped = REFLEXES / "h0918_rs2v3.csv"
    mine = tmp_path / "mine.csv"
    row = "Swing Landing,MuscleReflex,vasti,soleus,0.010,KF,0.5,0.05,-10,10,free,,,,,\n"
    mine.write_text(shipped.read_text() + row)
    before, after = load_reflex_table(shipped), load_reflex_table(mine)
    assert after.parameter_names == (*before.parameter_names, "S11000.vasti-soleus.KF")
    ring = np.full((60, r.N_SENSORS), 0.8)
    excitations = []
    for table in (before, after):
        arrays = table.arrays({p.name: p.mean for p in table.parameters}, 0.001)
        out = np.zeros(18)
        r.add_reflexes(arrays.rows, arrays.value, 0, r.SWING, ring, 59, out)
        excitations.append(out)
    change = excitations[1] - excitations[0]
    # 0.5 x the soleus force of 0.8 on vasti, which is muscle 5, and nothing else
    assert change[5] == pytest.approx(0.4)
    assert np.count_nonzero(change) == 1


def test_output_of_one_reflex_is_held_above_its_minimum_before_the_sum(tmp_path):
    ring = np.full((8, r.N_SENSORS), 1.0)
    rows = (
        "EarlyStance,MuscleReflex,tib_ant,soleus,0.002,KF,-1,0.1,-10,10,free,,,,{},\n"
        "EarlyStance,MuscleReflex,tib_ant,tib_ant,0.002,KF,0.3,0.1,-10,10,free,,,,,\n"
    )
    values = {"S00001.tib_ant-soleus.KF": -1.0, "S00001.tib_ant.KF": 0.3}
    assert excitation(tmp_path, rows.format(""), values, ring)[8] == pytest.approx(-0.7)
    assert excitation(tmp_path, rows.format("0"), values, ring)[8] == pytest.approx(0.3)


def test_velocity_term_of_a_dof_reflex_is_clamped_after_its_gain(tmp_path):
    ring = np.zeros((8, r.N_SENSORS))
    ring[:, r.SENSE_TILT + 1] = 0.5
    row = "EarlyStance,DofReflex,glut_max,pelvis_tilt,0.002,KV,{},0.1,-10,10,free,,,{},,\n"
    name = "S00001.glut_max-pelvis_tilt.KV"
    # 0.2 (0 - 0.5) = -0.1, and with the gain's sign turned 0.1
    for gain, allow, expected in ((0.2, "", -0.1), (0.2, "0", 0.0), (-0.2, "0", 0.1)):
        out = excitation(tmp_path, row.format(gain, allow), {name: gain}, ring)
        assert out[2] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "Swing,MuscleReflex,soleous,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n",
            r"line 3: target 'soleous' is unknown. Did you mean soleus\? Allowed: hamstrings",
        ),
        (
            "Swing,MuscleReflex,soleus,soleus,0.002,KP,1,0.1,-10,10,free,,,,,\n",
            "line 3: parameter 'KP' is unknown. Allowed: KL, L0, KF",
        ),
        (
            "Swnig,MuscleReflex,soleus,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n",
            "line 3: state 'Swnig' is unknown. States: EarlyStance",
        ),
        (
            "Swing,MuscleReflex,soleus,soleus,0.002,KF,one,0.1,-10,10,free,,,,,\n",
            "line 3: init_mean = 'one' is not a number",
        ),
        (
            "Swing,MuscleReflex,soleus,soleus,0.002,KF,20,0.1,-10,10,free,,,,,\n",
            r"line 3: init_mean = 20 of S01000.soleus.KF is outside -10..10",
        ),
        (
            "Swing,MuscleReflex,soleus,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n" * 2,
            "line 4: S01000.soleus.KF stands in the table twice",
        ),
        (
            "Swing,MuscleReflex,soleus,soleus,0.002,KF,1,0.1,-10,10,free,,,,,\n"
            "Swing,MuscleReflex,soleus,soleus,0.005,KL,1,0.1,-10,10,free,,,,,\n",
            r"line 4: delay, allow_neg.* differ from an earlier row of the same reflex \(soleus\)",
        ),
        (
            "Swing,ConditionalMuscleReflex,vasti,vasti,0.01,KF,1,0.1,-10,10,free,,,,,\n",
            "line 3: condition_dof '' is unknown. Allowed: hip_flexion, knee_angle, ankle_angle",
        ),
        (
            "(state machine),GaitStateController,,,,landing_threshold,0,0.5,-1,1,free,,,,,\n",
            "line 3: parameter 'landing_threshold' is unknown",
        ),
        ("Swing,MuscleReflex,soleus\n", "line 3: has fewer than 16 columns"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(tmp_path, rows, expected):
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + rows)
    with pytest.raises(ModelError, match=expected):
        load_reflex_table(path)


def test_a_table_of_start_values_is_no_reflex_set():
    with pytest.raises(ModelError, match=r"is no reflex set, column active_states is missing.*gh2"):
        load_reflex_table(REFLEXES / "start_level.csv")


def test_a_misspelt_reflex_set_is_answered_with_the_ones_there_are():
    with pytest.raises(
        ModelError,
        match=r"h0918_rs2v4.csv: no such file. Did you mean h0918_rs2v3\? "
        r"Reflex sets there: gh2010_m18v8, gh2010_v12, h0918_rs2v3, h0918_rs3\.$",
    ):
        load_reflex_table(REFLEXES / "h0918_rs2v4.csv")


def test_missing_parameter_is_named(tmp_path):
    table = load_reflex_table(DATA / "reflexes" / "h0918_rs2v3.csv")
    with pytest.raises(ModelError, match="parameter stance_load_threshold has no value"):
        table.arrays({}, 0.001)


def test_a_muscle_gives_way_to_torque_of_its_own_direction_alone(tmp_path):
    row = "EarlyStance,ExoReflex,{},{},0.002,KT,0,0.01,-1,1,free,,,,,\n"
    rows = row.format("iliopsoas", "flexion_torque") + row.format("glut_max", "extension_torque")
    values = {
        "S00001.iliopsoas-flexion_torque.KT": -0.02,
        "S00001.glut_max-extension_torque.KT": -0.01,
    }
    ring = np.zeros((8, r.N_SENSORS))
    ring[:, r.SENSE_EXO] = 5.0  # the right leg is flexed by 5 Nm
    out = excitation(tmp_path, rows, values, ring)
    # -0.02 x 5 Nm on iliopsoas (3), nothing on glut_max (2)
    assert out[3] == pytest.approx(-0.1) and np.count_nonzero(out) == 1
    ring[:, r.SENSE_EXO] = -5.0
    out = excitation(tmp_path, rows, values, ring)
    assert out[2] == pytest.approx(-0.05) and np.count_nonzero(out) == 1


def test_an_added_table_follows_the_set_and_needs_no_state_machine():
    alone = load_reflex_set(REFLEXES, "h0918_rs3")
    both = load_reflex_set(REFLEXES, "h0918_rs3+exo_hip")
    assert both.name == "h0918_rs3+exo_hip"
    assert both.parameter_names[: len(alone.parameters)] == alone.parameter_names
    assert [name.split(".", 1)[1] for name in both.parameter_names[len(alone.parameters) :]] == [
        "iliopsoas-flexion_torque.KT", "rect_fem-flexion_torque.KT",
        "glut_max-extension_torque.KT", "hamstrings-extension_torque.KT",
    ]  # fmt: skip
    with pytest.raises(ModelError, match="KT stands in two of its tables"):
        load_reflex_set(REFLEXES, "h0918_rs3+exo_hip+exo_hip")
    with pytest.raises(ModelError, match=r"has no stance_load_threshold"):
        load_reflex_table(REFLEXES / "added/exo_hip.csv")
