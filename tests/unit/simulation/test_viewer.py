"""The display model shows what the engine computes; without a display it says what to do."""

import math

import mujoco
import numpy as np
import pytest

from exoflow.errors import UserError
from exoflow.simulation import mechanics, viewer
from exoflow.simulation.model_data import MUSCLE_NAMES, VERSIONS, load_model
from exoflow.simulation.mujoco_body import walker_xml
from exoflow.simulation.poses import body_poses, coordinates, muscle_points


def in_gait_axes(positions, slope_rad=0.0):
    """MuJoCo's (x, -z, y) back to x along and y away from a ground tilted by the slope."""
    x, y = positions[..., 0], positions[..., 2]
    cos, sin = math.cos(slope_rad), math.sin(slope_rad)
    return np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1)


@pytest.fixture(scope="module")
def walk():
    """A walker of the shipped gait on a slope and one second of its walk."""
    from exoflow.simulation import Walker
    from exoflow.simulation.model_data import DATA
    from exoflow.simulation.walker import load_start_values

    model = {
        "id": "h0918v3",
        "activation": "opensim",
        "specific_tension_MPa": 0.25,
        "uchida_specific_tension_MPa": 0.6,
    }
    walker = Walker.create(model, reflexes="h0918_rs3", timestep_s=0.001, slope_deg=2.0)
    gait = load_start_values(DATA / "reflexes" / "start_level.csv")
    return walker, walker.rollout(gait, 1.0, store_every_s=0.05).trajectory


@pytest.mark.parametrize("model_id", VERSIONS)
def test_joints_have_the_order_sign_and_type_of_the_engines(model_id):
    model = load_model(model_id)
    engine = mujoco.MjModel.from_xml_string(walker_xml(model))
    display = mujoco.MjModel.from_xml_string(viewer.display_xml(model))
    assert display.nq == engine.nq == 9 and display.ntendon == len(MUSCLE_NAMES)
    for joint in range(9):
        assert display.joint(joint).name == engine.joint(joint).name
        assert display.jnt_type[joint] == engine.jnt_type[joint]
        np.testing.assert_array_equal(display.jnt_axis[joint], engine.jnt_axis[joint])


def test_bodies_and_path_points_are_where_the_kernel_has_them(walk):
    walker, trajectory = walk
    display = viewer.Display(walker.model, trajectory)
    q = coordinates({name: trajectory[name] for name in trajectory.columns})
    _, places = body_poses(walker.model, q)
    paths = muscle_points(walker.model, q)
    slope = walker.model.slope_rad
    for row in (0, 7, 19):
        display.show(row)
        mechanics.place_bodies(walker.plant, q[row], walker.work)
        # Body 0 is the world; the pelvis and the two legs follow in the engine's order.
        shown = in_gait_axes(display.data.xpos[1:], slope)
        np.testing.assert_allclose(shown, walker.work.place, atol=1e-9)
        np.testing.assert_allclose(shown, places[row], atol=1e-9)
        for name, path in zip(MUSCLE_NAMES, paths, strict=True):
            sites = [display.data.site(f"{name}.{k}").xpos for k in range(path.shape[1])]
            np.testing.assert_allclose(in_gait_axes(np.array(sites), slope), path[row], atol=1e-9)


def test_tendons_are_as_long_as_the_muscles(walk):
    """Length in space, so the lateral offsets of legs and points are right too."""
    walker, trajectory = walk
    display = viewer.Display(walker.model, trajectory)
    for row in (3, 15):
        display.show(row)
        lengths = [trajectory[f"{name}.mtu_length"][row] for name in MUSCLE_NAMES]
        np.testing.assert_allclose(display.data.ten_length, lengths, atol=1e-9)


def test_contact_spheres_lie_on_the_tilted_floor(walk):
    walker, trajectory = walk
    display = viewer.Display(walker.model, trajectory)
    heights = []
    for row in range(len(trajectory.values)):
        display.show(row)
        for side in "rl":
            for k, contact in enumerate(walker.model.contacts):
                at = display.data.geom(f"contact_{side}_{k}").xpos
                heights.append(in_gait_axes(at, walker.model.slope_rad)[1] - contact.radius)
    # The lowest sphere sinks in by a few mm, as the compliant contact lets it.
    assert -0.02 < min(heights) < 0.0
    uphill = display.data.geom("floor").xmat.reshape(3, 3) @ [1.0, 0.0, 0.0]
    assert uphill == pytest.approx([math.cos(math.radians(2)), 0.0, math.sin(math.radians(2))])


def test_muscles_take_the_colour_of_their_activation(walk):
    walker, trajectory = walk
    display = viewer.Display(walker.model, trajectory)
    display.show(10)
    for muscle, name in enumerate(MUSCLE_NAMES):
        expected = viewer.activation_rgb(trajectory[f"{name}.activation"][10])
        assert display.model.tendon_rgba[muscle, :3] == pytest.approx(expected, abs=1e-6)
    rest, full = viewer.activation_rgb(0.0), viewer.activation_rgb(1.0)
    assert rest[2] > rest[0] and full[0] > full[2]  # blue at rest, red when active


def test_without_a_display_one_line_says_what_works(walk, tmp_path, monkeypatch):
    walker, trajectory = walk
    monkeypatch.setattr(viewer, "_can_open_windows", lambda: False)
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    with pytest.raises(UserError, match=r"needs a display.*exoflow simulate --video"):
        viewer.replay(walker.model, trajectory)
    with pytest.raises(UserError, match=r"MUJOCO_GL=egl.*exoflow simulate --video"):
        viewer.save_picture(walker.model, trajectory, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()
