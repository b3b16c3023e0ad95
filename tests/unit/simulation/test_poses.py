"""Poses without the engine are those of the engine."""

import numpy as np
import pytest

from exoflow.simulation import mechanics
from exoflow.simulation.model_data import DOF_NAMES, MUSCLE_NAMES
from exoflow.simulation.poses import body_poses, coordinates, joint_centers, muscle_points


@pytest.fixture
def q():
    """Five poses, rad and m, legs unlike each other."""
    return np.random.default_rng(1).uniform(-0.6, 0.6, (5, len(DOF_NAMES)))


def test_bodies_and_joints_are_where_the_kernel_puts_them(make_walker, q):
    walker = make_walker()
    angles, places = body_poses(walker.model, q)
    centers = joint_centers(walker.model, q)
    for row in range(len(q)):
        mechanics.place_bodies(walker.plant, q[row], walker.work)
        np.testing.assert_allclose(angles[row], walker.work.angle, atol=1e-12)
        np.testing.assert_allclose(places[row], walker.work.place, atol=1e-12)
        np.testing.assert_allclose(centers[row], walker.work.joint_place[:6], atol=1e-12)


def test_path_of_a_muscle_in_the_plane_is_no_longer_than_its_length(make_walker, q):
    """The plane leaves out the lateral way, which adds less than 2 cm."""
    walker = make_walker()
    paths = muscle_points(walker.model, q)
    assert len(paths) == len(MUSCLE_NAMES)
    for row in range(len(q)):
        mechanics.place_bodies(walker.plant, q[row], walker.work)
        mechanics.muscle_paths(walker.plant, walker.work)
        for muscle, path in enumerate(paths):
            in_plane = np.linalg.norm(np.diff(path[row], axis=0), axis=1).sum()
            length = walker.work.mtu_length[muscle]
            assert length - 0.02 < in_plane <= length + 1e-12, MUSCLE_NAMES[muscle]


def test_straight_leg_stands_below_the_pelvis(make_walker):
    columns = {name: np.zeros(1) for name in DOF_NAMES} | {"pelvis_ty": np.ones(1), "time": [0.0]}
    hip, knee, ankle = joint_centers(make_walker().model, coordinates(columns))[0, :3]
    # Hip 0.0661 m below the pelvis' centre of mass, thigh 0.396 m, shank 0.430 m.
    assert hip[1] == pytest.approx(0.9339, abs=1e-4)
    assert hip[1] - knee[1] == pytest.approx(0.396, abs=1e-3)
    assert knee[1] - ankle[1] == pytest.approx(0.430, abs=1e-3)
