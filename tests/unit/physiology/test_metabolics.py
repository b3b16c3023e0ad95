"""Metabolic models: limits, signs and numbers worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exoflow.compiled import compiled
from exoflow.physiology import metabolics
from exoflow.physiology.metabolics import MODELS, metabolic_rate

MODELS_FOLDER = Path(__file__).parents[3] / "data" / "models"

# A muscle of 1 kg with optimal length 0.1 m and maximum force 1000 N, half slow-twitch,
# isometric at optimal length: the state that every test starts from.
STATE = {
    "mass": 1.0,
    "slow_twitch": 0.5,
    "excitation": 1.0,
    "activation": 1.0,
    "length": 1.0,
    "velocity_per_s": 0.0,
    "optimal_length": 0.1,
    "max_force": 1000.0,
    "active_force": 1000.0,
    "passive_force": 0.0,
    "mtu_force": 1000.0,
    "active_force_length": 1.0,
    "negative_work": 0,
}


def rate(model, **changes):
    return metabolic_rate(MODELS[model], *(STATE | changes).values())


# u = a = 1: sin = 1, 1 - cos = 1.
# Wang and Bhargava: 0.5 * (40 + 133) + 0.5 * (74 + 111) = 86.5 + 92.5.
# Umberger: 1.5 * (128 * 0.5 + 25); recruitment is complete, so Uchida's share is 0.5 too.
@pytest.mark.parametrize(
    "model, expected",
    [
        ("wang2012", 179.0),
        ("bhargava2004", 179.0),
        ("umberger2003", 133.5),
        ("umberger2010", 133.5),
        ("uchida2016", 133.5),
    ],
)
def test_isometric_full_effort_is_activation_and_maintenance_heat(model, expected):
    assert rate(model) == pytest.approx(expected)


# v = -1 l_opt/s = -0.1 m/s, work 1000 N * 0.1 m/s = 100 W.
@pytest.mark.parametrize(
    "model, expected",
    [
        # 0.25 * 1000 * 0.1 = 25 W of shortening heat.
        ("wang2012", 179.0 + 25.0 + 100.0),
        # (0.16 * 1000 + 0.18 * 1000) * 0.1 = 34 W.
        ("bhargava2004", 179.0 + 34.0 + 100.0),
        # alpha_s = 100/4 = 25, alpha_f = 153/10 = 15.3: 1.5 * (12.5 + 7.65) = 30.225 W.
        ("umberger2003", 133.5 + 30.225 + 100.0),
        ("umberger2010", 133.5 + 30.225 + 100.0),
        ("uchida2016", 133.5 + 30.225 + 100.0),
    ],
)
def test_shortening_adds_heat_and_work(model, expected):
    assert rate(model, velocity_per_s=-1.0) == pytest.approx(expected)


# v = +1 l_opt/s: 100 W are absorbed.
@pytest.mark.parametrize(
    "model, negative_work, expected",
    [
        ("wang2012", 0, 179.0),
        # 1.5 * 4 * 25 = 150 W of lengthening heat, the work is taken off.
        ("umberger2003", 0, 133.5 + 150.0 - 100.0),
        ("uchida2016", 0, 133.5 + 150.0 - 100.0),
        # 1.5 * 0.3 * 25 = 11.25 W, no negative work.
        ("umberger2010", 0, 133.5 + 11.25),
        # 0.157 * 1000 * 0.1 = 15.7 W are taken up.
        ("bhargava2004", 0, 179.0 - 15.7),
        ("bhargava2004", 1, 179.0 - 15.7 - 100.0),
    ],
)
def test_lengthening(model, negative_work, expected):
    assert rate(model, velocity_per_s=1.0, negative_work=negative_work) == pytest.approx(expected)


def test_only_bhargava_reads_the_choice_of_negative_work():
    for model in set(MODELS) - {"bhargava2004"}:
        with_it, without = (rate(model, velocity_per_s=1.0, negative_work=n) for n in (0, 1))
        assert with_it == without


def test_the_total_of_bhargava_is_kept_non_negative_before_the_heat_floor():
    # At v = +3: 179 - 47.1 heat, -300 W of work. The total is lifted to zero.
    assert rate("bhargava2004", velocity_per_s=3.0, negative_work=1) == pytest.approx(0.0)
    # Without the work the heat is what remains.
    assert rate("bhargava2004", velocity_per_s=3.0) == pytest.approx(131.9)
    # At v = +12 the fibre would take up 188.4 W: the total stops at zero, then the heat at 1 W/kg.
    assert rate("bhargava2004", velocity_per_s=12.0, mass=1.0) == pytest.approx(1.0)


def test_the_rate_of_2003_may_be_negative_where_uchida_stops_at_zero():
    # Lightly excited but pulled: A = 0.01, so heat is the floor of 1 W/kg or little more.
    pulled = {"excitation": 0.01, "activation": 0.01, "velocity_per_s": 1.0}
    assert rate("umberger2003", **pulled) < 0.0
    assert rate("uchida2016", **pulled) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("model", ["bhargava2004", "umberger2003", "umberger2010", "uchida2016"])
def test_a_muscle_at_rest_costs_the_heat_floor(model):
    rest = {
        "excitation": 0.0,
        "activation": 0.0,
        "active_force": 0.0,
        "mtu_force": 0.0,
        "mass": 2.0,
    }
    # 1 W per kg.
    assert rate(model, **rest) == pytest.approx(2.0)


def test_a_muscle_at_rest_costs_nothing_after_wang():
    rest = {"excitation": 0.0, "activation": 0.0, "active_force": 0.0, "mtu_force": 0.0}
    assert rate("wang2012", **rest) == 0.0


def test_passive_force_warms_a_shortening_fiber_but_does_no_metabolic_work():
    # 0.18 * 500 N * 0.1 m/s = 9 W more, in Bhargava's model alone.
    for model in MODELS:
        extra = rate(model, velocity_per_s=-1.0, passive_force=500.0) - rate(
            model, velocity_per_s=-1.0
        )
        assert extra == pytest.approx(9.0 if model == "bhargava2004" else 0.0, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("velocity", [-3.0, 0.0, 0.5])
def test_rates_scale_with_the_size_of_the_muscle(model, velocity):
    # Watts: twice the mass at twice the force is two muscles side by side.
    one = rate(model, velocity_per_s=velocity, excitation=0.4, activation=0.3)
    two = rate(
        model,
        velocity_per_s=velocity,
        excitation=0.4,
        activation=0.3,
        mass=2.0,
        max_force=2000.0,
        active_force=2000.0,
        mtu_force=2000.0,
    )
    assert two == pytest.approx(2.0 * one)


def test_slow_fibers_are_cheaper_in_every_model():
    for model in MODELS:
        assert rate(model, slow_twitch=0.9, excitation=0.6) < rate(
            model, slow_twitch=0.1, excitation=0.6
        )


def test_dispatcher_returns_what_the_models_return():
    rng = np.random.default_rng(5)
    for _ in range(50):
        mass, share, u, a, fl = rng.uniform(0.1, 1.0, 5)
        length, velocity = rng.uniform(0.5, 1.6), rng.uniform(-5.0, 3.0)
        lopt, active, passive, mtu = 0.08, *rng.uniform(0.0, 2000.0, 3)
        arguments = (mass, share, u, a, length, velocity, lopt)
        expected = {
            "wang2012": metabolics.wang2012_rate(
                mass, share, u, a, length, velocity * lopt, active, mtu
            ),
            "uchida2016": metabolics.uchida2016_rate(*arguments, active, fl),
            "umberger2010": metabolics.umberger2010_rate(*arguments, active, fl),
            "umberger2003": metabolics.umberger2003_rate(*arguments, active, fl),
            "bhargava2004": metabolics.bhargava2004_rate(
                *arguments, 1500.0, active, passive, fl, 1
            ),
        }
        for model, value in expected.items():
            number = MODELS[model]
            assert value == metabolic_rate(number, *arguments, 1500.0, active, passive, mtu, fl, 1)


def test_a_number_that_is_no_model_gives_nan():
    assert math.isnan(metabolic_rate(99, *STATE.values()))


@compiled
def basal(model):
    return metabolics.BASAL[model]


def test_every_model_has_a_basal_rate_that_compiled_code_can_read():
    assert {name: basal(number) for name, number in MODELS.items()} == {
        "wang2012": 1.51,
        "uchida2016": 1.2,
        "umberger2010": 1.2,
        "bhargava2004": 1.2,
        "umberger2003": 1.2,
    }


def test_every_muscle_of_the_walker_has_its_shares_of_slow_fibers():
    shares = pd.read_csv(MODELS_FOLDER / "slow_twitch.csv", index_col="muscle")
    muscles = pd.read_csv(MODELS_FOLDER / "h0918_muscles.csv")["muscle"]
    assert list(shares.index) == list(
        muscles.str.removesuffix("_r").str.removesuffix("_l").unique()
    )
    assert list(shares.columns) == ["uniform", "spinal_controller", "falisse"]
    assert shares.to_numpy().min() > 0.0 and shares.to_numpy().max() < 1.0
    assert (shares["uniform"] == 0.5).all()
    # Soleus is the slowest muscle of the leg, rectus femoris the fastest.
    for column in ("spinal_controller", "falisse"):
        assert shares[column].idxmax() == "soleus"
        assert shares[column].idxmin() == "rect_fem"
