"""Which walkers a controller is trained on, and what they are compared with."""

import numpy as np
import pytest

from exoflow.config import load_params, phase_settings
from exoflow.config.policy import PolicySettings
from exoflow.errors import PolicyFormatError
from exoflow.gait.training_walkers import law_of_gait, training_walkers, unadapted
from exoflow.simulation import Dofc, NoExo, ZeroTorque
from exoflow.simulation.model_data import DATA
from exoflow.simulation.walker import load_start_values

PARAMETERS = load_start_values(DATA / "reflexes" / "start_level.csv")
GAIT = {"reflexes": "h0918_rs3", "parameters": PARAMETERS}


def test_a_human_is_trained_under_the_law_that_was_on_when_he_adapted():
    assert law_of_gait(GAIT) is None
    numbers = {"gain_Nm": 5.0, "delay_s": 0.1, "filter_tau_s": 0.03}
    laws = {"dofc": Dofc(5.0, 0.1, 0.03), "zero_torque": ZeroTorque(), "off": NoExo()}
    for name, law in laws.items():
        assert law_of_gait({"adaptation": {"law": name, **numbers}}) == law
    assert law_of_gait({"adaptation": {"law": "none"}}) is None
    with pytest.raises(PolicyFormatError, match=r"gone\.npz: no such weights file"):
        law_of_gait({"adaptation": {"law": "policy", "weights": "gone.npz"}})


def test_an_adapted_human_is_compared_with_himself_before_and_without_an_exo():
    """References do not depend on what the adapted human does; each slope has its own."""
    settings = phase_settings(load_params(DATA.parent / "params.yaml"), "policy", "level", 1)
    policy = PolicySettings(slopes_deg=(-1.0, 0.0), timestep_s=0.002, threads=1)
    adapted = {
        **GAIT,
        "parameters": {**PARAMETERS, "S00011.soleus.KF": 0.95},
        "adaptation": {"law": "zero_torque", "reference": GAIT},
    }
    assert unadapted(adapted) is GAIT and unadapted(GAIT) is GAIT
    before, after = (training_walkers(gait, settings, policy)(4) for gait in (GAIT, adapted))
    for name, values in before.reference.items():
        np.testing.assert_array_equal(values, after.reference[name])
    downhill, level = before.reference["speed_m_s"][[0, 2]]
    assert downhill > level
    heavier = before.reference["metabolic_power_W"]
    assert 400.0 < heavier.min() and heavier.max() < 800.0
