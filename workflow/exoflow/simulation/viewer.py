"""Replay of a walk in MuJoCo's viewer: a display model of its own, and no physics.

The display model has the nine joints of the engine's, capsules and contact spheres to look at,
and the muscles as tendons through their path points. It is posed, never simulated. Axes map as
in `mujoco_body`: gait (x, y up, z right) -> MuJoCo (x, -z, y).
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from exoflow.errors import UserError
from exoflow.records.rollout import Trajectory
from exoflow.simulation.assemble import LATERAL_OFFSET
from exoflow.simulation.model_data import LEG_BODIES, LEG_JOINTS, MUSCLE_NAMES, Joint, WalkerModel
from exoflow.simulation.poses import coordinates

if TYPE_CHECKING:
    from mujoco import viewer

PICTURE_PX = (960, 720)
_FRAMES_PER_S = 60.0
# How long a window may take to close, s.
_CLOSING_S = 5.0
NO_DISPLAY = (
    "the viewer needs a display, and there is none here. "
    "`exoflow simulate --video FILE.gif` makes an animation without one."
)
NO_OFFSCREEN = (
    "a picture needs a display, or the variable MUJOCO_GL=egl where EGL is installed. "
    "`exoflow simulate --video FILE.gif` makes an animation without one."
)

_BONE = "0.83 0.81 0.77 1"
_SIDE_COLOR = {"r": "0 0.447 0.698 1", "l": "0.835 0.369 0 1"}
_BONE_RADIUS = {"femur": 0.026, "tibia": 0.02, "calcn": 0.016}
_TRUNK_M, _HEAD_RADIUS_M = 0.45, 0.1
_TENDON_WIDTH = 0.009
# Muscle colours at activation 0, 0.5 and 1.
_REST, _HALF, _FULL = (0.2, 0.4, 0.9), (0.75, 0.1, 0.55), (0.95, 0.05, 0.05)


def display_xml(model: WalkerModel) -> str:
    """MJCF to look at: floor, bodies, contact spheres, muscles; joints as in the engine's.

    On a slope everything is turned, so that gravity points down the screen.
    """
    legs = "".join(_leg_xml(model, leg, side) for leg, side in enumerate("rl"))
    hip = model.joints[0].parent
    trunk = (
        '<joint name="tx" type="slide" axis="1 0 0"/><joint name="ty" type="slide" axis="0 0 1"/>'
        '<joint name="tilt" type="hinge" axis="0 -1 0"/>'
        f'<geom type="capsule" size="0.05" rgba="{_BONE}" '
        f'fromto="{_vector((*hip, -0.06))} {_vector((*hip, 0.06))}"/>'
        f'<geom type="capsule" size="0.075" rgba="{_BONE}" '
        f'fromto="{_vector((0.0, 0.05, 0.0))} {_vector((0.0, _TRUNK_M, 0.0))}"/>'
        f'<geom type="sphere" size="{_HEAD_RADIUS_M}" rgba="{_BONE}" '
        f'pos="{_vector((0.0, _TRUNK_M + 1.6 * _HEAD_RADIUS_M, 0.0))}"/>'
        '<light mode="trackcom" pos="0 -1 3" dir="0 0.3 -1" diffuse="0.4 0.4 0.4"/>'
        f"{_sites(model, 0, 0)}"
    )
    tendons = "".join(
        f'<spatial name="{name}" width="{_TENDON_WIDTH}">'
        + "".join(f'<site site="{name}.{k}"/>' for k in range(len(muscle.points)))
        + "</spatial>"
        for name, muscle in zip(MUSCLE_NAMES, model.muscles, strict=True)
    )
    # A rotation about MuJoCo's +y turns x downward, so uphill is negative.
    slope = f"{-model.slope_rad:.17g}"
    return (
        f'<mujoco model="{model.id}"><compiler angle="radian" inertiafromgeom="true"/>'
        '<option><flag contact="disable" autoreset="disable"/></option>'
        f'<visual><global offwidth="{PICTURE_PX[0]}" offheight="{PICTURE_PX[1]}"/>'
        '<headlight ambient="0.45 0.45 0.45" diffuse="0.5 0.5 0.5"/></visual>'
        '<asset><texture name="sky" type="skybox" builtin="gradient" rgb1="0.95 0.96 0.98" '
        'rgb2="0.7 0.76 0.84" width="64" height="64"/>'
        '<texture name="tiles" type="2d" builtin="checker" rgb1="0.83 0.85 0.87" '
        'rgb2="0.74 0.76 0.79" width="256" height="256"/>'
        '<material name="floor" texture="tiles" texrepeat="1 1" texuniform="true"/></asset>'
        f'<worldbody><frame euler="0 {slope} 0"><geom name="floor" type="plane" size="0 0 0.1" '
        f'material="floor"/><body name="pelvis">{trunk}{legs}</body></frame></worldbody>'
        f"<tendon>{tendons}</tendon></mujoco>"
    )


def _leg_xml(model: WalkerModel, leg: int, side: str) -> str:
    """Thigh, shank and foot of one leg, inside out."""
    lateral = 1.0 if side == "r" else -1.0
    inner = ""
    for j in (2, 1, 0):
        joint, name = model.joints[3 * leg + j], LEG_BODIES[j]
        offset = lateral * (LATERAL_OFFSET[j + 1] - LATERAL_OFFSET[j])
        at = (joint.parent[0] - joint.child[0], joint.parent[1] - joint.child[1], offset)
        inner = (
            f'<body name="{name}_{side}" pos="{_vector(at)}">'
            f'<joint name="{LEG_JOINTS[j]}_{side}" type="hinge" axis="0 -1 0" '
            f'pos="{_vector((*joint.child, 0.0))}"/>'
            f"{_bone(model, leg, j, joint, side)}{_sites(model, j + 1, leg)}{inner}</body>"
        )
    return inner


def _bone(model: WalkerModel, leg: int, j: int, joint: Joint, side: str) -> str:
    """Capsule from joint to joint; the foot from ankle to heel and toe, with its spheres."""
    name = LEG_BODIES[j]
    style = f'size="{_BONE_RADIUS[name]}" rgba="{_SIDE_COLOR[side] if j == 2 else _BONE}"'
    start = (*joint.child, 0.0)
    if j < 2:
        end = (*model.joints[3 * leg + j + 1].parent, 0.0)
        return f'<geom type="capsule" {style} fromto="{_vector(start)} {_vector(end)}"/>'
    ends = [(*contact.at, 0.0) for contact in model.contacts]
    lines = [(start, ends[0]), (start, ends[-1]), (ends[0], ends[-1])]
    capsules = "".join(
        f'<geom type="capsule" {style} fromto="{_vector(a)} {_vector(b)}"/>' for a, b in lines
    )
    return capsules + "".join(
        f'<geom name="contact_{side}_{k}" type="sphere" size="{contact.radius:.17g}" '
        f'pos="{_vector((*contact.at, 0.0))}" rgba="{_SIDE_COLOR[side][:-1]}0.6"/>'
        for k, contact in enumerate(model.contacts)
    )


def _sites(model: WalkerModel, body: int, leg: int) -> str:
    """Path points on one body: of one leg's muscles, or of all on the pelvis."""
    half = len(MUSCLE_NAMES) // 2
    muscles = range(len(MUSCLE_NAMES)) if body == 0 else range(half * leg, half * (leg + 1))
    return "".join(
        f'<site name="{MUSCLE_NAMES[m]}.{k}" pos="{_vector((x, y, z))}" size="0.004" '
        'rgba="0.5 0.1 0.1 0.6"/>'
        for m in muscles
        for k, (at, x, y, z) in enumerate(model.muscles[m].points)
        if at == body
    )


def _vector(gait: tuple[float, float, float]) -> str:
    """Gait axes (x, y up, z right) as an MJCF position."""
    x, y, z = gait
    return f"{x:.17g} {-z:.17g} {y:.17g}"


class Display:
    """The display model, posed row by row from a trajectory.

    Parameters
    ----------
    walker : WalkerModel
    trajectory : Trajectory
        Coordinates and `<muscle>.activation`.
    """

    def __init__(self, walker: WalkerModel, trajectory: Trajectory):
        self.model = mujoco.MjModel.from_xml_string(display_xml(walker))
        self.data = mujoco.MjData(self.model)
        columns = {name: trajectory[name] for name in trajectory.columns}
        self.times = trajectory["time"]
        self.poses = coordinates(columns)
        self.activation = _activation(columns)

    def show(self, row: int) -> None:
        """Pose the model as in one row and colour its muscles."""
        self.data.time = self.times[row]
        self.data.qpos[:] = self.poses[row]
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        mujoco.mj_tendon(self.model, self.data)
        for muscle, activation in enumerate(self.activation[row]):
            self.model.tendon_rgba[muscle, :3] = activation_rgb(activation)


def activation_rgb(activation: float) -> tuple[float, float, float]:
    """Colour of a muscle: blue at rest, purple half active, red fully."""
    stops = np.array([_REST, _HALF, _FULL])
    red, green, blue = (
        float(np.interp(activation, [0.0, 0.5, 1.0], stops[:, k])) for k in range(3)
    )
    return red, green, blue


def replay(walker: WalkerModel, trajectory: Trajectory) -> None:
    """Open MuJoCo's viewer and play the walk in real time, over and over, until it is closed.

    Raises
    ------
    UserError
        Without a display.
    """
    need_display()
    from mujoco import viewer

    display = Display(walker, trajectory)
    display.show(0)
    threads = set(threading.enumerate())
    try:
        with viewer.launch_passive(
            display.model, display.data, show_left_ui=False, show_right_ui=False
        ) as window:
            _aim(window.cam, display.model)
            _play(display, window, trajectory.step_s)
    finally:
        # A process that ends while the window's thread still draws would abort.
        for thread in set(threading.enumerate()) - threads:
            thread.join(timeout=_CLOSING_S)


def _play(display: Display, window: viewer.Handle, step_s: float) -> None:
    """Show the row of the moment until the window is closed."""
    times = display.times - display.times[0]
    started = time.monotonic()
    while window.is_running():
        played = (time.monotonic() - started) % (times[-1] + step_s)
        with window.lock():
            display.show(int(np.searchsorted(times, played, side="right")) - 1)
        window.sync()
        time.sleep(1.0 / _FRAMES_PER_S)


def save_picture(walker: WalkerModel, trajectory: Trajectory, path: Path) -> None:
    """Write the last pose of a walk as a PNG.

    Raises
    ------
    UserError
        Where nothing can draw: no display, and no EGL or OSMesa named by MUJOCO_GL.
    """
    from PIL import Image

    display = Display(walker, trajectory)
    display.show(len(display.times) - 1)
    if os.environ.get("MUJOCO_GL", "glfw") == "glfw" and not _can_open_windows():
        raise UserError(NO_OFFSCREEN)
    width, height = PICTURE_PX
    try:
        renderer = mujoco.Renderer(display.model, height, width)
    except (mujoco.FatalError, RuntimeError, ImportError) as problem:
        raise UserError(f"{NO_OFFSCREEN} ({problem})") from problem
    with renderer:
        camera = mujoco.MjvCamera()
        _aim(camera, display.model)
        # A tracking camera starts where it was aimed, not behind the walker.
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:] = display.data.xpos[camera.trackbodyid] - [0.0, 0.0, 0.15]
        renderer.update_scene(display.data, camera)
        pixels = renderer.render()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _aim(camera: mujoco.MjvCamera, model: mujoco.MjModel) -> None:
    """Walk along beside the pelvis, seen from the right and a little from the front and above."""
    camera.type = mujoco.mjtCamera.mjCAMERA_TRACKING
    camera.trackbodyid = model.body("pelvis").id
    camera.distance, camera.azimuth, camera.elevation = 2.9, 105.0, -10.0


def _activation(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.stack([columns[f"{name}.activation"] for name in MUSCLE_NAMES], axis=1)


def need_display() -> None:
    """Refuse to go on where no window can be opened.

    Raises
    ------
    UserError
        Without a display.
    """
    if not _can_open_windows():
        raise UserError(NO_DISPLAY)


def _can_open_windows() -> bool:
    # Asked first because MuJoCo's window thread would not come back with an exception.
    import glfw

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(glfw.init())
