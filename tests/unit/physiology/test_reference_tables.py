"""The muscle, activation and metabolic models against the published-form check tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exoflow.compiled import compiled
from exoflow.physiology import activation, curves, metabolics, muscle
from exoflow.physiology.curve_sets import CURVE_SETS, tabulate

GOLDEN = Path(__file__).parents[2] / "golden"

CURVES = {
    "active_force_length": curves.active_force_length,
    "passive_force_length": curves.passive_force_length,
    "force_velocity": curves.force_velocity,
    "tendon_force_strain": curves.tendon_force_strain,
}


@pytest.mark.parametrize("name", CURVES)
def test_curve_reproduces_the_check_table(name):
    table = pd.read_csv(GOLDEN / "muscle_curve_checks.csv").query("curve == @name")
    assert len(table) > 5
    values = [CURVES[name](float(x)) for x in table["x"]]
    np.testing.assert_allclose(values, table["hyfydy_m2012fast"], atol=2e-6)


@pytest.mark.parametrize(
    "curve_set, column",
    [
        ("m2012fast", "hyfydy_m2012fast"),
        ("millard", "millard2012_opensim_bezier"),
        ("degroote", "degroote2016_kT35"),
        ("thelen", "thelen2003_a1"),
        ("gh2010", "geyer_herr2010"),
    ],
)
@pytest.mark.parametrize("name", CURVES)
def test_curve_set_reproduces_the_check_table(name, curve_set, column):
    table = pd.read_csv(GOLDEN / "muscle_curve_checks.csv").query("curve == @name")
    values = getattr(CURVE_SETS[curve_set], name)(table["x"].to_numpy())
    # The table has six decimals.
    np.testing.assert_allclose(values, table[column], rtol=0.0, atol=6e-7)


@pytest.mark.parametrize(
    "curve, slope",
    [
        (curves.active_force_length, curves.active_force_length_slope),
        (curves.passive_force_length, curves.passive_force_length_slope),
        (curves.force_velocity, curves.force_velocity_slope),
        (curves.tendon_force_strain, curves.tendon_force_strain_slope),
    ],
)
def test_slopes_are_finite_differences(curve, slope):
    for x in (-0.7, -0.2, 0.02, 0.3, 0.61, 0.93, 1.17, 1.5):
        numeric = (curve(x + 1e-6) - curve(x - 1e-6)) / 2e-6
        assert slope(x) == pytest.approx(numeric, abs=1e-4)


@compiled
def tendon_pull(curves, length, mtu_length, optimal_length, slack_length, sin_pennation):
    return muscle.tendon_force(
        curves, length, mtu_length, optimal_length, slack_length, sin_pennation
    )


def test_fiber_equilibrium_reproduces_the_check_table():
    table = pd.read_csv(GOLDEN / "muscle_equilibrium_checks.csv")
    table = table[table["mode"].isin(["isometric", "implicit_step"])]
    fast = muscle.choose_curves("m2012fast")
    for row in table.itertuples():
        dt = 0.0 if row.mode == "isometric" else float(row.dt_s)
        geometry = (row.L_mtu_m, row.l_opt_m, row.l_slack_m, float(np.sin(row.pennation_rad)))
        previous = row.l_prev_m / row.l_opt_m
        length = muscle.fiber_step(fast, previous, previous, dt, row.activation, *geometry)
        assert length * row.l_opt_m == pytest.approx(row.l_new_m, abs=3e-6), row
        force = tendon_pull(fast, length, *geometry) * row.F0_N
        # Six printed digits of the MTU length leave a few newtons of tendon force open.
        assert force == pytest.approx(row.F_tendon_N, rel=5e-3, abs=3.0), row


def test_all_muscles_at_once_agree_with_one_at_a_time():
    table = pd.read_csv(GOLDEN / "muscle_equilibrium_checks.csv").query("mode == 'implicit_step'")
    for curves_name in ("m2012fast", "millard", "degroote"):
        chosen = muscle.choose_curves(curves_name)
        for dt, rows in table.groupby("dt_s"):
            columns = [
                (rows["l_prev_m"] / rows["l_opt_m"]).to_numpy(), np.zeros(len(rows)), float(dt),
                rows["activation"].to_numpy(float), rows["L_mtu_m"].to_numpy(),
                rows["l_opt_m"].to_numpy(), rows["l_slack_m"].to_numpy(),
                np.sin(rows["pennation_rad"].to_numpy()),
            ]  # fmt: skip
            low = np.array([muscle.shortest_fiber(chosen, s) for s in columns[-1]])
            length, residual = np.zeros(len(rows)), np.zeros(len(rows))
            muscle.fiber_steps(chosen, *columns, low, length, residual)
            previous, _, _, activation_, *geometry = columns
            for m in range(len(rows)):
                one = muscle.fiber_step(
                    chosen, previous[m], previous[m], float(dt), activation_[m],
                    *(g[m] for g in geometry),
                )  # fmt: skip
                assert length[m] == pytest.approx(one, abs=1e-7), (curves_name, m)


def test_tabulated_curves_give_the_same_fibre_as_the_formulas():
    fast, tables = muscle.choose_curves("m2012fast"), tabulate("m2012fast")
    table = pd.read_csv(GOLDEN / "muscle_equilibrium_checks.csv").query("mode == 'implicit_step'")
    for row in table.itertuples():
        geometry = (row.L_mtu_m, row.l_opt_m, row.l_slack_m, float(np.sin(row.pennation_rad)))
        previous = row.l_prev_m / row.l_opt_m
        step = (previous, previous, float(row.dt_s), row.activation, *geometry)
        assert muscle.fiber_step(fast, *step) == pytest.approx(
            muscle.fiber_step(tables, *step), abs=1e-6
        )


@pytest.mark.parametrize(
    "model, start, excitation, expected",
    [
        ("hyfydy", 0.0, 1.0, {5: 0.3935, 10: 0.6321, 20: 0.8647, 40: 0.9817, 80: 0.9997}),
        ("hyfydy", 1.0, 0.0, {5: 0.8825, 10: 0.7788, 20: 0.6065, 40: 0.3679, 80: 0.1353}),
        ("opensim", 0.0, 1.0, {5: 0.4405, 10: 0.6189, 20: 0.7979, 40: 0.9328, 80: 0.9913}),
        ("opensim", 0.0, 0.5, {5: 0.2526, 10: 0.3530, 20: 0.4406, 40: 0.4887, 80: 0.4995}),
    ],
)
def test_activation_follows_the_closed_form(model, start, excitation, expected):
    dt = 1e-5
    a, step = start, 0
    for t_ms, value in expected.items():
        while step * dt < t_ms * 1e-3 - 1e-9:
            a = activation.activation_step(activation.MODELS[model], a, excitation, dt)
            step += 1
        assert a == pytest.approx(value, abs=1e-3)


def test_metabolic_rates_reproduce_the_check_table():
    table = pd.read_csv(GOLDEN / "metabolic_checks.csv")
    for row in table.itertuples():
        mass = row.F0_N / row.sigma_Pa * metabolics.MUSCLE_DENSITY * row.l_opt_m
        wang = metabolics.wang2012_rate(
            mass, row.slow_twitch, row.u, row.a, row.l_norm,
            row.v_lopt_per_s * row.l_opt_m, row.F_active_N, row.F_mtu_N,
        )  # fmt: skip
        uchida = metabolics.uchida2016_rate(
            mass, row.slow_twitch, row.u, row.a, row.l_norm,
            row.v_lopt_per_s, row.l_opt_m, row.F_active_N, row.f_iso,
        )  # fmt: skip
        assert wang == pytest.approx(row.wang_total_W, rel=2e-4)
        assert uchida == pytest.approx(row.uchida_total_W, rel=2e-4)


@pytest.mark.parametrize(
    "model, column",
    [
        ("wang2012", "wang_total_W"),
        ("uchida2016", "uchida_total_W"),
        ("umberger2010", "umberger2010_total_W"),
        ("umberger2003", "umberger2003_total_W"),
        ("bhargava2004", "bhargava_total_W"),
    ],
)
def test_metabolic_dispatcher_reproduces_the_check_table(model, column):
    table = pd.read_csv(GOLDEN / "metabolic_checks.csv")
    for row in table.itertuples():
        mass = row.F0_N / row.sigma_Pa * metabolics.MUSCLE_DENSITY * row.l_opt_m
        # The table has no passive force and leaves Bhargava's negative work out.
        rate = metabolics.metabolic_rate(
            metabolics.MODELS[model], mass, row.slow_twitch, row.u, row.a, row.l_norm,
            row.v_lopt_per_s, row.l_opt_m, row.F0_N, row.F_active_N, 0.0, row.F_mtu_N,
            row.f_iso, 0,
        )  # fmt: skip
        assert rate == pytest.approx(getattr(row, column), rel=1e-5, abs=1e-9), row
