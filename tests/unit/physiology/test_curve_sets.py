"""Curve sets: the published check values, hand-worked points, and the compiled tables."""

import numpy as np
import pytest

from exoflow.physiology import curve_sets, curves
from exoflow.physiology.curve_sets import (
    ACTIVE_FORCE_LENGTH,
    CURVE_SETS,
    FORCE_VELOCITY,
    PASSIVE_FORCE_LENGTH,
    TABLE_NODES,
    TENDON_FORCE_STRAIN,
    table_value,
    table_value_slope,
    tabulate,
)

ROWS = {
    "active_force_length": ACTIVE_FORCE_LENGTH,
    "passive_force_length": PASSIVE_FORCE_LENGTH,
    "force_velocity": FORCE_VELOCITY,
    "tendon_force_strain": TENDON_FORCE_STRAIN,
}
# Where a curve changes its slope at once.
KINKS = {
    ("m2012fast", "active_force_length"): (0.46899, 1.80528),
    ("m2012fast", "force_velocity"): (-1.0, 0.0),
    ("m2012fast", "tendon_force_strain"): (0.0,),
    ("thelen", "passive_force_length"): (1.0,),
    ("thelen", "force_velocity"): (-1.0, 0.0),
    ("thelen", "tendon_force_strain"): (0.0, 0.609 * 0.033),
    ("gh2010", "force_velocity"): (0.0,),
}


@pytest.fixture(scope="module", params=CURVE_SETS)
def tabulated(request):
    return request.param, tabulate(request.param)


def points(tables, row, n=4001):
    """Points over the whole grid, few of them on nodes."""
    end = tables.low[row] + tables.step[row] * (TABLE_NODES - 1)
    return np.linspace(tables.low[row], end, n)


def away_from_kinks(x, name, curve, tables):
    keep = np.ones_like(x, dtype=bool)
    for kink in KINKS.get((name, curve), ()):
        keep &= np.abs(x - kink) > tables.step[ROWS[curve]]
    return x[keep]


@pytest.mark.parametrize("curve", ROWS)
def test_table_agrees_with_the_exact_curve(tabulated, curve):
    name, tables = tabulated
    x = away_from_kinks(points(tables, ROWS[curve]), name, curve, tables)
    exact = getattr(CURVE_SETS[name], curve)(x)
    read = [table_value(tables, ROWS[curve], v) for v in x]
    np.testing.assert_allclose(read, exact, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("curve", ROWS)
def test_table_agrees_near_kinks_to_the_change_of_slope_within_a_cell(tabulated, curve):
    name, tables = tabulated
    row = ROWS[curve]
    for kink in KINKS.get((name, curve), ()):
        x = kink + tables.step[row] * np.linspace(-1.0, 1.0, 201)
        exact = getattr(CURVE_SETS[name], curve)
        slopes = np.diff(exact(x)) / np.diff(x)
        # The cubic with the wrong end slope is off by 4/27 of the error in slope times the cell.
        # A kink inside a cell, not on a node, costs at most twice that.
        bound = 8.0 / 27.0 * tables.step[row] * np.ptp(slopes) + 1e-6
        read = np.array([table_value(tables, row, v) for v in x])
        assert np.abs(read - exact(x)).max() < bound


@pytest.mark.parametrize("curve", ROWS)
def test_slope_is_the_finite_difference_of_the_table(tabulated, curve):
    _, tables = tabulated
    row = ROWS[curve]
    step = 1e-3 * tables.step[row]
    for x in np.random.default_rng(3).uniform(points(tables, row)[0], points(tables, row)[-1], 200):
        # On both sides of a node the curvature differs: the difference is exact to its size.
        value, slope = table_value_slope(tables, row, x)
        assert value == table_value(tables, row, x)
        numeric = (table_value(tables, row, x + step) - table_value(tables, row, x - step)) / (
            2.0 * step
        )
        assert slope == pytest.approx(numeric, rel=2e-4, abs=1e-4)


@pytest.mark.parametrize("curve", ROWS)
def test_table_is_smooth_over_the_nodes_and_straight_beyond_them(tabulated, curve):
    _, tables = tabulated
    row = ROWS[curve]
    nodes = tables.low[row] + tables.step[row] * np.arange(TABLE_NODES)
    tiny = 1e-9 * tables.step[row]
    for x in nodes[[1, 512, 1000, 1024, 2047]]:
        left = table_value_slope(tables, row, x - tiny)
        right = table_value_slope(tables, row, x + tiny)
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-6)
    for end, outwards in ((nodes[0], -1.0), (nodes[-1], 1.0)):
        value, slope = table_value_slope(tables, row, end)
        far_value, far_slope = table_value_slope(tables, row, end + outwards)
        assert far_slope == slope
        assert far_value == pytest.approx(value + outwards * slope, rel=1e-12)


def test_a_velocity_that_is_not_a_number_stays_one():
    tables = tabulate("gh2010")
    assert np.isnan(table_value(tables, FORCE_VELOCITY, np.nan))


def test_table_of_the_default_set_has_the_slopes_of_its_formulas():
    tables = tabulate("m2012fast")
    for row, slope, arguments in (
        (ACTIVE_FORCE_LENGTH, curves.active_force_length_slope, (0.61, 0.93, 1.17, 1.5)),
        (PASSIVE_FORCE_LENGTH, curves.passive_force_length_slope, (0.8, 1.1, 1.6)),
        (FORCE_VELOCITY, curves.force_velocity_slope, (-0.7, -0.2, 0.02, 0.3)),
        (TENDON_FORCE_STRAIN, curves.tendon_force_strain_slope, (-0.01, 0.003, 0.05)),
    ):
        for x in arguments:
            assert table_value_slope(tables, row, x)[1] == pytest.approx(slope(x), abs=1e-5)


@pytest.mark.parametrize("name", CURVE_SETS)
def test_more_stretch_never_means_less_force(name):
    # A falling passive or velocity curve would give the equilibrium a second root.
    curve_set = CURVE_SETS[name]
    length = np.linspace(curve_set.shortest_fiber, 2.0, 3001)
    assert np.all(np.diff(curve_set.passive_force_length(length)) >= 0.0)
    velocity = np.linspace(-2.0, 2.0, 3001)
    assert np.all(np.diff(curve_set.force_velocity(velocity)) >= 0.0)
    strain = np.linspace(-0.1, 0.3, 3001)
    assert np.all(np.diff(curve_set.tendon_force_strain(strain)) >= 0.0)


@pytest.mark.parametrize("curve", ["passive_force_length", "force_velocity", "tendon_force_strain"])
def test_tables_rise_as_the_curves_do(tabulated, curve):
    _, tables = tabulated
    x = points(tables, ROWS[curve], 10007)
    slopes = np.array([table_value_slope(tables, ROWS[curve], v)[1] for v in x])
    # Where a level stretch begins inside a cell (the buffer spring of gh2010) the cubic dips
    # by the curvature there times the cell: 25 * 0.001 * a few percent.
    assert slopes.min() > -1e-3


@pytest.mark.parametrize("name", CURVE_SETS)
def test_isometric_force_at_optimal_length_is_the_maximum_force(name):
    curve_set = CURVE_SETS[name]
    one = np.ones(1)
    # De Groote's fit: 0.9994 * 1.0021.
    assert curve_set.active_force_length(one)[0] == pytest.approx(1.0, abs=6e-4)
    assert curve_set.isometric_force_velocity == pytest.approx(1.0, abs=2.2e-3)


@pytest.mark.parametrize(
    "name, strain", [("m2012fast", 0.0485), ("millard", 0.049), ("degroote", 0.04736)]
)
def test_tendon_carries_the_maximum_force_at_its_published_strain(name, strain):
    force = CURVE_SETS[name].tendon_force_strain(np.array([strain]))[0]
    assert force == pytest.approx(1.0, abs=1e-3)


def test_millard_curves_pass_through_the_points_that_define_them():
    millard = CURVE_SETS["millard"]
    # Shallow slope 0.8616 from the transition 0.73 to the shoulder 0.95:
    # 1 - 0.8616 * 0.22 = 0.810448; the segment joins there at half height, x = 0.58705.
    assert millard.active_force_length(np.array([0.58705]))[0] == pytest.approx(0.405224, abs=1e-9)
    # Middle of the descending limb: (1.05 + 1.8123) / 2.
    assert millard.active_force_length(np.array([1.43115]))[0] == pytest.approx(0.5, abs=1e-9)
    assert millard.passive_force_length(np.array([1.7]))[0] == pytest.approx(1.0, abs=1e-12)
    # 0.05 * 0.25 from the concentric end, 1.4 - 0.05 * 0.15 at the eccentric one.
    np.testing.assert_allclose(
        millard.force_velocity(np.array([-0.9, 0.9])), [0.0125, 1.3925], atol=1e-12
    )
    # Beyond the toe (force 2/3) the tendon is straight: 1.375/0.049 per unit strain.
    rise = np.diff(millard.tendon_force_strain(np.array([0.05, 0.06])))[0]
    assert rise == pytest.approx(0.01 * 1.375 / 0.049, rel=1e-12)


def test_a_bezier_corner_ends_with_the_slopes_it_was_given():
    corner = curve_sets.quintic_corners([(0.0, 0.0, 0.0), (1.0, 1.0, 2.0)], [0.5])
    d = 1e-6
    start, end = corner(np.array([0.0, d])), corner(np.array([1.0 - d, 1.0]))
    assert np.diff(start)[0] / d == pytest.approx(0.0, abs=1e-4)
    assert np.diff(end)[0] / d == pytest.approx(2.0, abs=1e-4)
    # Corner at (0.5, 0), c = 0.5: control points (0, .25, .25, .75, .75, 1) and
    # (0, 0, 0, .5, .5, 1). At s = 1/2: x = (0 + 15 * .25 + 15 * .75 + 1)/32 = 0.5,
    # y = (15 * .5 + 1)/32 = 0.265625.
    assert corner(np.array([0.5]))[0] == pytest.approx(0.265625, abs=1e-12)


def test_the_buffer_spring_of_geyer_and_herr_pushes_short_fibers_apart():
    gh2010 = CURVE_SETS["gh2010"]
    # ((0.44 - 0.3) / 0.28)^2 = 0.25; no spring at all between 0.44 and 1.
    np.testing.assert_allclose(
        gh2010.passive_force_length(np.array([0.16, 0.3, 0.44, 0.7, 1.0])),
        [-1.0, -0.25, 0.0, 0.0, 0.0],
        atol=1e-12,
    )
    # Tangent at -1: slope 1 / (1 + 5).
    assert gh2010.force_velocity(np.array([-1.6]))[0] == pytest.approx(-0.1)


def test_an_unknown_set_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'hill'; available: m2012fast, millard, degroote, thelen"):
        tabulate("hill")
