"""A human who adapts: the tool that searches reflexes again with an exo on."""

import json

import numpy as np
import pytest
import yaml

from exoflow.config.params import SECTIONS
from exoflow.control.policy_format import PolicyWeights, save_policy
from exoflow.errors import CheckpointError, ParamsError, PolicyFormatError, UserError
from exoflow.simulation import Dofc, NoExo, ZeroTorque
from exoflow.simulation.walker import GYRO_INPUTS, HIP_INPUTS, Policy
from exoflow.stages import adapt, simulate
from exoflow.stages.worn_exo import exo_law

SMALL = {
    "population": 4, "duration_s": 1.5, "timestep_s": 0.002, "slopes_deg": [0.0],
    "sigma_factor": 0.001,
}  # fmt: skip


@pytest.fixture
def gait(level_gait, tmp_path):
    """A gait file in a folder whose params.yaml asks for searches of seconds."""
    params = {"conditions": {"level": {"speed_m_s": 1.27}}, **{name: {} for name in SECTIONS}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params | {"reflex": SMALL}))
    return level_gait


def adapted(gait, exo, tmp_path, evaluations=5):
    output = tmp_path / "adapted.json"
    adapt.run(gait, exo, evaluations, 2, output)
    return json.loads(output.read_text())


def test_adapted_gait_is_a_gait_that_names_its_law(gait, tmp_path, capsys):
    result = adapted(gait, "dofc:3,0.15,0.03", tmp_path)
    assert result["status"] == "ok"
    assert {"settings", "model", "reflexes", "score_terms", "history", "cycle"} <= set(result)
    assert 1.1 < result["gait"]["speed_m_s"] < 1.5
    assert result["gait"]["exo_positive_power_W"] > 1.0
    done = result["adaptation"]
    assert (done["law"], done["gain_Nm"], done["delay_s"], done["evaluations"]) == (
        "dofc", 3.0, 0.15, 5
    )  # fmt: skip
    assert result["score"] <= done["start_score"]
    assert result["settings"]["exo"]["name"] == "barati"
    assert "level, dofc: score" in capsys.readouterr().out
    # He feels the exo: reflexes that answer its torque are searched with the others.
    assert result["reflexes"] == "h0918_rs3+exo_hip"
    assert -0.05 < result["parameters"]["S11111.iliopsoas-flexion_torque.KT"] < 0.0
    # The tools that take a gait take this one.
    _, _, walk = simulate.walk_gait(tmp_path / "adapted.json", 2.0, "dofc:3,0.15,0.03")
    assert not walk.measures.fell and walk.measures.exo_positive_work_J > 1.0


def test_dofc_can_be_tuned_beside_the_reflexes(gait, tmp_path):
    output = tmp_path / "tuned.json"
    adapt.run(gait, "dofc:3,0.15,0.03", 29, 2, output, tune=True)
    result = json.loads(output.read_text())
    done = result["adaptation"]
    # The law moves with the best candidate, and is no part of the reflexes.
    assert done["law"] == "dofc" and done["gain_Nm"] != 3.0
    assert 0.0 <= done["gain_Nm"] <= 24.0 and 0.01 <= done["delay_s"] <= 0.4
    assert "gain_share" not in result["parameters"]
    # Whom he is compared with is the human before.
    start = json.loads(gait.read_text())["parameters"]
    assert done["reference"] == {"reflexes": "h0918_rs3", "parameters": start}
    with pytest.raises(UserError, match="--tune with --exo none: only DOFC has gains to tune"):
        adapt.run(gait, "none", 5, 2, output, tune=True)


def test_control_wears_nothing_and_costs_as_many_evaluations(gait, tmp_path):
    control = adapted(gait, "none", tmp_path)
    assert (control["adaptation"]["law"], control["evaluations"]) == ("none", 5)
    assert control["adaptation"]["sensor_noise"] is None
    assert "exo" not in control["settings"]
    assert control["reflexes"] == "h0918_rs3"
    assert control["gait"]["exo_positive_power_W"] == 0.0
    assert adapted(gait, "none", tmp_path) == control, "the same seed gives the same gait"


def test_words_name_laws(gait):
    assert exo_law("none", gait) == exo_law("off", gait) == NoExo()
    assert exo_law("zero_torque", gait) == ZeroTorque()
    assert exo_law("dofc:-8,0.15,0", gait) == Dofc(-8.0, 0.15, 0.0)


@pytest.mark.parametrize(
    "words", ["dofc:8", "dofc:8,x,0", "dofc:8,0.7,0", "dofc:8,0.1,-1", "dofc:"]
)
def test_dofc_needs_three_numbers_in_range(gait, words):
    with pytest.raises(
        UserError, match=r"expected dofc:GAIN_Nm,DELAY_s,TAU_s, such as.*0\.\.0\.62 s"
    ):
        exo_law(words, gait)


@pytest.mark.parametrize(
    ("change", "error", "expected"),
    [
        (
            {"status": "no_gait", "reason": "fell"},
            CheckpointError,
            r"does not walk \(fell\)\. Give",
        ),
        ({"condition": "steep"}, ParamsError, "steep is not a condition. Known: level"),
    ],
)
def test_a_gait_that_cannot_adapt_is_named(gait, tmp_path, change, error, expected):
    gait.write_text(json.dumps(json.loads(gait.read_text()) | change))
    with pytest.raises(error, match=expected):
        adapted(gait, "none", tmp_path)


def test_a_file_without_parameters_is_no_gait(gait, tmp_path):
    gait.write_text("{}")
    with pytest.raises(CheckpointError, match=r"holds no gait\. Give a result of the reflex phase"):
        adapted(gait, "none", tmp_path)


def weights(path, names, history):
    """A small mlp over `history` ticks of `names`, stored."""
    n = history * len(names)
    io = {
        "inputs": [{"name": name, "unit": "SI", "sign": "positive"} for name in names],
        "history": history, "history_order": "oldest_first", "rate_Hz": 100, "reset": "zeros",
        "torque_limit_Nm": 8.0, "slew_Nm_s": 160.0,
    }  # fmt: skip
    arrays = {
        "fc0_w": np.full((3, n), 0.01, np.float32), "fc0_b": np.zeros(3, np.float32),
        "out_w": np.ones((2, 3), np.float32), "out_b": np.zeros(2, np.float32),
    }  # fmt: skip
    policy = PolicyWeights(
        kind="mlp", mirrored=False, input_scale=np.ones(len(names), np.float32),
        torque_limit_Nm=8.0, io=io, arrays=arrays,
        golden_inputs=np.zeros((1000, len(names)), np.float32),
        golden_outputs=np.zeros((1000, 2), np.float32),
    )  # fmt: skip
    save_policy(path, policy)
    return path


def test_a_policy_is_adapted_to(gait, tmp_path):
    path = weights(tmp_path / "p.npz", HIP_INPUTS, 10)
    done = adapted(gait, str(path), tmp_path, evaluations=1)["adaptation"]
    assert (done["law"], done["weights"]) == ("policy", str(path))
    assert done["sensor_noise"]["angle_rad"] == 0.05


@pytest.mark.parametrize(("names", "history"), [(GYRO_INPUTS, 10), (HIP_INPUTS, 5)])
def test_a_policy_of_another_observation_is_refused(tmp_path, names, history):
    path = weights(tmp_path / "p.npz", names, history)
    with pytest.raises(
        PolicyFormatError, match=rf"observes {history} ticks of {names[0]}.*mlp 10 of hip_r, hip_l"
    ):
        Policy.load(path)


def test_a_skipped_policy_is_no_controller(gait, tmp_path):
    path = tmp_path / "p.npz"
    save_policy(path, PolicyWeights(status="skipped", reason="no gait"))
    with pytest.raises(UserError, match=r"holds no controller \(no gait\)"):
        exo_law(str(path), gait)
