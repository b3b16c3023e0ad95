"""Muscle geometry of a model at given poses, for comparison with other simulators."""

from collections.abc import Mapping

import numpy as np

from exoflow.simulation import layout, mechanics
from exoflow.simulation.assemble import assemble
from exoflow.simulation.model_data import DOF_NAMES, LEG_JOINTS, MUSCLE_NAMES, load_model

_SETTINGS = {
    "activation": "opensim",
    "specific_tension_MPa": 0.25,
    "uchida_specific_tension_MPa": 0.6,
}


def model_geometry(model_id: str, poses: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Lengths, moment arms and centre of mass.

    Parameters
    ----------
    model_id : str
        See `model_data.load_model`.
    poses : mapping
        DOF name -> values (rad, m), shape (n_poses,); missing DOFs are 0.

    Returns
    -------
    dict
        `<muscle>.mtu_length`, `<muscle>.moment_arm_hip|knee|ankle` (positive = turns the joint
        positive), `com_x`, `com_y`, m, each of shape (n_poses,).
    """
    plant, _body = assemble(load_model(model_id), _SETTINGS, 0.001)
    work = layout.make_work()
    n = len(next(iter(poses.values()))) if poses else 0
    out = {}
    for muscle in MUSCLE_NAMES:
        out[f"{muscle}.mtu_length"] = np.empty(n)
        out |= {f"{muscle}.moment_arm_{joint}": np.empty(n) for joint in LEG_JOINTS}
    out |= {"com_x": np.empty(n), "com_y": np.empty(n)}
    for row in range(n):
        q = np.array([poses[name][row] if name in poses else 0.0 for name in DOF_NAMES])
        mechanics.place_bodies(plant, q, work)
        mechanics.muscle_paths(plant, work)
        for m, muscle in enumerate(MUSCLE_NAMES):
            out[f"{muscle}.mtu_length"][row] = work.mtu_length[m]
            for j, joint in enumerate(LEG_JOINTS):
                out[f"{muscle}.moment_arm_{joint}"][row] = work.arm[m, j]
        out["com_x"][row], out["com_y"][row] = mechanics.center_of_mass(plant, work)
    return out
