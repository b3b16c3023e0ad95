"""Where bodies and muscle paths are in the poses of a trajectory; plain arrays, no engine."""

from collections.abc import Mapping

import numpy as np

from exoflow.simulation.model_data import DOF_NAMES, WalkerModel

N_BODIES = 7


def coordinates(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The nine coordinates of a trajectory's columns in the engine's order, m and rad.

    Returns
    -------
    ndarray, shape (n_steps, 9)
        In the order of `model_data.DOF_NAMES`.
    """
    return np.stack([np.asarray(columns[name], dtype=float) for name in DOF_NAMES], axis=1)


def body_poses(model: WalkerModel, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angle and frame origin of every body in the sagittal plane.

    Parameters
    ----------
    model : WalkerModel
    q : ndarray, shape (n, 9)
        Coordinates in the order of `DOF_NAMES`.

    Returns
    -------
    angles : ndarray, shape (n, 7)
        Counter-clockwise seen from the right, rad. Pelvis, then femur, tibia, foot of the
        right and of the left leg.
    places : ndarray, shape (n, 7, 2)
        x forward and y up, m, along the ground. A frame lies at the body's centre of mass
        without an exo.
    """
    angles = np.empty((len(q), N_BODIES))
    places = np.empty((len(q), N_BODIES, 2))
    angles[:, 0], places[:, 0] = q[:, 2], q[:, :2]
    for index, joint in enumerate(model.joints):
        body = index + 1
        parent = 0 if index % 3 == 0 else index
        center = places[:, parent] + turned(joint.parent, angles[:, parent])
        angles[:, body] = angles[:, parent] + q[:, 3 + index]
        places[:, body] = center - turned(joint.child, angles[:, body])
    return angles, places


def joint_centers(model: WalkerModel, q: np.ndarray) -> np.ndarray:
    """Hip, knee and ankle of the right, then of the left leg, m; shape (n, 6, 2)."""
    angles, places = body_poses(model, q)
    return np.stack(
        [
            places[:, index + 1] + turned(joint.child, angles[:, index + 1])
            for index, joint in enumerate(model.joints)
        ],
        axis=1,
    )


def muscle_points(model: WalkerModel, q: np.ndarray) -> list[np.ndarray]:
    """Path of every muscle in the sagittal plane.

    Returns
    -------
    list of ndarray, shape (n, n_points, 2)
        In the order of `model_data.MUSCLE_NAMES`, m.
    """
    angles, places = body_poses(model, q)
    paths = []
    for index, muscle in enumerate(model.muscles):
        leg = 3 * (index // (len(model.muscles) // 2))
        points = [
            places[:, body_index(body, leg)] + turned((x, y), angles[:, body_index(body, leg)])
            for body, x, y, _z in muscle.points
        ]
        paths.append(np.stack(points, axis=1))
    return paths


def body_index(body: int, leg: int) -> int:
    """Index among the seven bodies of a path point's body (0 pelvis, 1..3 of leg 0 or 3)."""
    return 0 if body == 0 else leg + body


def turned(vector: tuple[float, float], angle: np.ndarray) -> np.ndarray:
    """A vector of a body's frame along the axes of the ground; shape (n, 2)."""
    x, y = vector
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)
