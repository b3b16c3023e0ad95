"""The planar H0918 walker as numbers: bodies, joints, muscles, contacts and their edits.

Frames sit at each body's centre of mass, x forward, y up, z to the right; the lateral
offsets of muscle points count for lengths only. The torso is welded to the pelvis.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from exoflow.control.reflex_table import MUSCLES
from exoflow.errors import ModelError
from exoflow.physiology.metabolics import MUSCLE_DENSITY

DATA = Path(__file__).resolve().parents[3] / "data"
VERSIONS = {"h0918v1": "scone2021", "h0918v2": "sconegym2024", "h0918v3": "scone2026_v3"}
LEG_BODIES = ("femur", "tibia", "calcn")
LEG_JOINTS = ("hip", "knee", "ankle")
N_DOF = 9
# Order inside the engine; trajectories name them as OpenSim does.
DOF_NAMES = (
    "pelvis_tx", "pelvis_ty", "pelvis_tilt",
    "hip_flexion_r", "knee_angle_r", "ankle_angle_r",
    "hip_flexion_l", "knee_angle_l", "ankle_angle_l",
)  # fmt: skip
MUSCLE_NAMES = tuple(f"{m}_{side}" for side in "rl" for m in MUSCLES)

# Damping of the joint stops where the model file leaves it at its default, s/rad.
_DEFAULT_STOP_DAMPING = 2.86479
# Distance of a thigh cuff's mass below the hip, m.
THIGH_CUFF_BELOW_HIP = 0.2
# Stiffness of two identical materials in series, N/m^1.5; see data/models/README.md.
CONTACT_STIFFNESS = {"h0918v1": 163_300.0, "h0918v2": 163_300.0, "h0918v3": 408_247.0}
# Tangential force per slip speed of one sphere before friction caps it, N s/m. With SCONE's
# 1000 a standing foot creeps 5 cm in a stride, with 5000 one.
CONTACT_VISCOSITY = 5000.0


@dataclass(frozen=True)
class Body:
    """Mass (kg), inertia about z at the centre of mass (kg m2), centre of mass in its frame (m)."""

    mass: float
    inertia: float
    com: tuple[float, float] = (0.0, 0.0)

    def with_point_mass(self, mass: float, at: tuple[float, float]) -> "Body":
        """The same body with a point mass added at `at`."""
        total = self.mass + mass
        com = (
            (self.mass * self.com[0] + mass * at[0]) / total,
            (self.mass * self.com[1] + mass * at[1]) / total,
        )
        inertia = self.inertia
        for m, p in ((self.mass, self.com), (mass, at)):
            inertia += m * sum((a - b) ** 2 for a, b in zip(p, com, strict=True))
        return Body(total, inertia, com)


@dataclass(frozen=True)
class Muscle:
    """Force (N), lengths (m), pennation (rad), slow-twitch share, path points (body, x, y, z)."""

    max_force: float
    optimal_length: float
    slack_length: float
    pennation: float
    points: tuple[tuple[int, float, float, float], ...]
    slow_twitch: float = 0.5

    def mass(self, specific_tension_Pa: float) -> float:
        """Muscle mass, kg."""
        return self.max_force / specific_tension_Pa * MUSCLE_DENSITY * self.optimal_length


@dataclass(frozen=True)
class Joint:
    """Place in parent and child frames (m), stops (rad), stiffness (Nm/rad), damping (s/rad)."""

    parent: tuple[float, float]
    child: tuple[float, float]
    low: float
    high: float
    stiffness: float
    damping: float


@dataclass(frozen=True)
class Contact:
    """Heel or toe sphere in the foot frame (m), stiffness (N/m^1.5), damping (s/m), friction."""

    at: tuple[float, float]
    radius: float
    stiffness: float
    damping: float
    friction: float


@dataclass(frozen=True)
class WalkerModel:
    """Everything the engine needs to know of one walker; edits return a changed copy.

    `bodies` and `joints` list pelvis (with torso), then femur, tibia, foot of the right and
    left leg; `muscles` and `excitation_ceiling` list the right leg, then the left.
    """

    id: str
    bodies: tuple[Body, ...]
    joints: tuple[Joint, ...]
    muscles: tuple[Muscle, ...]
    contacts: tuple[Contact, ...]
    excitation_ceiling: tuple[float, ...]
    body_mass: float
    slope_rad: float = 0.0

    def on_slope(self, slope_rad: float) -> "WalkerModel":
        """The same walker on a slope (uphill positive): gravity is tilted, not the ground."""
        return replace(self, slope_rad=slope_rad)

    def with_mass_scale(self, factor: float) -> "WalkerModel":
        """The walker with all segment masses and inertias times `factor`; size and muscles stay.

        Raises
        ------
        ModelError
            If the factor is not above 0.
        """
        if not factor > 0.0:
            raise ModelError(f"mass scale {factor:g} is not above 0.")
        bodies = tuple(
            replace(body, mass=factor * body.mass, inertia=factor * body.inertia)
            for body in self.bodies
        )
        return replace(self, bodies=bodies, body_mass=factor * self.body_mass)

    def with_strength(self, factor: float) -> "WalkerModel":
        """The walker with all muscles' largest forces times `factor`.

        Raises
        ------
        ModelError
            If the factor is not above 0.
        """
        if not factor > 0.0:
            raise ModelError(f"strength {factor:g} is not above 0.")
        muscles = tuple(
            replace(muscle, max_force=factor * muscle.max_force) for muscle in self.muscles
        )
        return replace(self, muscles=muscles)

    def with_ground_friction(self, factor: float) -> "WalkerModel":
        """The walker on ground whose friction coefficient is `factor` times as large.

        Raises
        ------
        ModelError
            If the factor is not above 0.
        """
        if not factor > 0.0:
            raise ModelError(f"ground friction {factor:g} is not above 0.")
        contacts = tuple(
            replace(contact, friction=factor * contact.friction) for contact in self.contacts
        )
        return replace(self, contacts=contacts)

    def with_impairment(self, impairment: Mapping | None) -> "WalkerModel":
        """The walker with the excitation of some muscles of one side held below a ceiling.

        Raises
        ------
        ModelError
            If a muscle or side is unknown.
        """
        if not impairment:
            return self
        ceiling = list(self.excitation_ceiling)
        side = impairment["side"][0]
        for muscle in impairment["muscles"]:
            name = f"{muscle}_{side}"
            if name not in MUSCLE_NAMES:
                raise ModelError(
                    f"impairment: muscle {name!r} is unknown. Muscles: {', '.join(MUSCLES)}."
                )
            ceiling[MUSCLE_NAMES.index(name)] = float(impairment["excitation_ceiling"])
        return replace(self, excitation_ceiling=tuple(ceiling))

    def with_exo(self, mass_pelvis_kg: float, mass_thigh_kg: float) -> "WalkerModel":
        """The walker wearing an exo: mass at the pelvis and on each thigh, 0.2 m below the hip."""
        bodies = list(self.bodies)
        bodies[0] = bodies[0].with_point_mass(mass_pelvis_kg, (0.0, 0.0))
        for leg in (0, 1):
            hip = self.joints[3 * leg].child
            at = (hip[0], hip[1] - THIGH_CUFF_BELOW_HIP)
            bodies[1 + 3 * leg] = bodies[1 + 3 * leg].with_point_mass(mass_thigh_kg, at)
        return replace(self, bodies=tuple(bodies))


def _rows(name: str, version: str) -> list[dict[str, str]]:
    with (DATA / "models" / f"h0918_{name}.csv").open(newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["model_version"] == version]


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default


@lru_cache
def load_model(
    model_id: str, contact_stiffness: float | None = None, slow_twitch: str = "uniform"
) -> WalkerModel:
    """Read one H0918 version from data/models.

    Parameters
    ----------
    model_id : str
        h0918v1 (2021), h0918v2 (2024) or h0918v3.
    contact_stiffness : float, optional
        N/m^1.5 of one sphere on the ground; the version's own value if omitted.
    slow_twitch : str
        Column of data/models/slow_twitch.csv.

    Raises
    ------
    ModelError
        If the id is unknown; lists the known ones.
    """
    if model_id not in VERSIONS:
        raise ModelError(f"model {model_id!r} is unknown. Models: {', '.join(VERSIONS)}.")
    version = VERSIONS[model_id]
    files = {row["body"]: row for row in _rows("bodies", version)}
    joints = {row["joint"]: row for row in _rows("joints", version)}

    def body(name: str) -> Body:
        return Body(float(files[name]["mass_kg"]), float(files[name]["Izz_kgm2"]))

    back = joints["back"]
    torso_at = (
        float(back["px_parent_m"]) - float(back["px_child_m"]),
        float(back["py_parent_m"]) - float(back["py_child_m"]),
    )
    torso = body("torso")
    trunk = body("pelvis").with_point_mass(torso.mass, torso_at)
    trunk = replace(trunk, inertia=trunk.inertia + torso.inertia)
    bodies = [trunk, *(body(f"{name}_{side}") for side in "rl" for name in LEG_BODIES)]

    def joint(row: Mapping[str, str]) -> Joint:
        return Joint(
            (float(row["px_parent_m"]), float(row["py_parent_m"])),
            (float(row["px_child_m"]), float(row["py_child_m"])),
            np.radians(float(row["lim_z_min_deg"])),
            np.radians(float(row["lim_z_max_deg"])),
            float(row["limit_stiffness_Nm_per_rad"]),
            _number(row["limit_damping_s_per_rad"], _DEFAULT_STOP_DAMPING),
        )

    stiffness = CONTACT_STIFFNESS[model_id] if contact_stiffness is None else contact_stiffness
    spheres = [
        row
        for row in _rows("contacts", version)
        if row["type"] == "sphere" and row["body"] == "calcn_r"
    ]
    contacts = tuple(
        Contact(
            (float(row["x_m"]), float(row["y_m"])), float(row["radius_m"]), stiffness,
            float(row["damping_s_per_m"]), float(row["static_friction"]),
        )
        for row in sorted(spheres, key=lambda row: float(row["x_m"]))
    )  # fmt: skip
    return WalkerModel(
        id=model_id,
        bodies=tuple(bodies),
        joints=tuple(joint(joints[f"{name}_{side}"]) for side in "rl" for name in LEG_JOINTS),
        muscles=_muscles(version, _slow_twitch(slow_twitch)),
        contacts=contacts,
        excitation_ceiling=(1.0,) * len(MUSCLE_NAMES),
        body_mass=sum(b.mass for b in bodies),
    )


def _slow_twitch(column: str) -> dict[str, float]:
    """Share of slow-twitch fibres of each muscle, the same on both sides."""
    with (DATA / "models" / "slow_twitch.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    if column not in rows[0]:
        known = ", ".join(name for name in rows[0] if name != "muscle")
        raise ModelError(f"slow-twitch shares {column!r} are unknown. Columns: {known}.")
    return {row["muscle"]: float(row[column]) for row in rows}


def _muscles(version: str, slow_twitch: Mapping[str, float]) -> tuple[Muscle, ...]:
    points: dict[str, list[dict[str, str]]] = {}
    for row in _rows("muscles", version):
        points.setdefault(row["muscle"], []).append(row)
    muscles = []
    for name in MUSCLE_NAMES:
        rows = points[name]
        path = tuple(
            (
                ("pelvis", *LEG_BODIES).index(row["point_body"].removesuffix(name[-2:])),
                float(row["x_m"]), float(row["y_m"]), float(row["z_m"]),
            )
            for row in rows
        )  # fmt: skip
        first = rows[0]
        muscles.append(
            Muscle(
                float(first["F_max_N"]), float(first["l_opt_m"]), float(first["l_slack_m"]),
                float(first["pennation_rad"]), path, slow_twitch[name[:-2]],
            )
        )  # fmt: skip
    return tuple(muscles)
