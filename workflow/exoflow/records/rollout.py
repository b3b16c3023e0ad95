"""What one simulated walk leaves behind: measures for scoring, and its trajectory if asked for."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Measures:
    """Sums and events of one rollout; SI units, costs per body mass without the exo.

    Attributes
    ----------
    planned_s, reached_s : float
        Wanted and reached duration; shorter if the walker fell.
    fell, finite : bool
        A walker whose state left the finite numbers counts as fallen with `finite` false.
    distance_m : float
        Travel of the centre of mass along the ground.
    steps : ndarray, shape (n, 3)
        Time (s), gait distance (m) and leg (0 right, 1 left) of every step.
    start_gait_distance_m, end_gait_distance_m : float
        Gait distance at the start and at the end.
    effort_J, wang2012_J, uchida2016_J : float
        Metabolic energy, basal included: of the model that was chosen, and of both that are
        always reported.
    cubed_activation_s : float
        Time integral of the mean cubed activation.
    knee_limit_Nm : float
        Mean moment of the knees' end stops.
    grf_excess_BW, leg_grf_excess_BW : float
        Ground force of both legs, and of each leg, above its limit; time averages, as below,
        that count after the first second.
    trunk_lean_rad : float
        Trunk lean in either direction above its limit.
    head_acceleration_m2_s4 : float
        Square of what the head's acceleration exceeds 4.9 m/s2 up and down, 2.45 m/s2 along.
    scuff_BW : float
        Ground force of legs in swing.
    exo_work_J, exo_positive_work_J : float
        Of the motor torques on the hips, both legs together; the actuator's friction is not in.
    body_mass_kg : float
        Without the exo.
    """

    planned_s: float
    reached_s: float
    fell: bool
    finite: bool
    distance_m: float
    steps: np.ndarray
    start_gait_distance_m: float
    end_gait_distance_m: float
    effort_J: float
    wang2012_J: float
    uchida2016_J: float
    cubed_activation_s: float
    knee_limit_Nm: float
    grf_excess_BW: float
    leg_grf_excess_BW: float
    trunk_lean_rad: float
    head_acceleration_m2_s4: float
    scuff_BW: float
    exo_work_J: float
    exo_positive_work_J: float
    body_mass_kg: float

    @property
    def speed_m_s(self) -> float:
        """Mean speed of the centre of mass."""
        return self.distance_m / self.reached_s

    def cost_of_transport(self, energy_J: float) -> float:
        """Energy per body mass and distance, J/kg/m; the distance counts as 1 m at least."""
        return energy_J / (self.body_mass_kg * max(1.0, self.distance_m))


@dataclass(frozen=True)
class Trajectory:
    """A stored walk as named columns (see `records/trajectory.py` for files)."""

    columns: tuple[str, ...]
    values: np.ndarray
    step_s: float
    body_mass_kg: float
    slope_deg: float = 0.0
    meta: dict = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        """One column by name, shape (n_rows,)."""
        return self.values[:, self.columns.index(name)]

    def window(self, start_s: float, end_s: float) -> "Trajectory":
        """The rows with start_s <= time < end_s."""
        time = self["time"]
        keep = (time >= start_s) & (time < end_s)
        return Trajectory(
            self.columns,
            self.values[keep],
            self.step_s,
            self.body_mass_kg,
            self.slope_deg,
            self.meta,
        )


@dataclass(frozen=True)
class Rollout:
    """Measures, trajectory (no rows unless stored), and what a walk goes on from.

    `state` is the walker with its exo, `memory` what a learned controller carries.
    """

    measures: Measures
    trajectory: Trajectory
    state: np.ndarray
    memory: np.ndarray
