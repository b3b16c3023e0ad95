"""The walker behind the engine contract: parameters in, a walk out."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exoflow.config import to_plain
from exoflow.config.exo import ExoSettings
from exoflow.control.exo_laws import (
    DELAYED_OUTPUT_FEEDBACK,
    DOFC_RING,
    EXTERNAL_COMMAND,
    NETWORK,
    NO_ACTUATOR,
    ZERO_TORQUE,
    smoothing_factor,
)
from exoflow.control.network import HISTORY_TICKS, NetworkArrays, no_network, pack_network
from exoflow.control.policy_format import PolicyWeights, load_policy
from exoflow.control.reflex_table import ReflexTable, load_reflex_set
from exoflow.control.reflexes import N_SENSORS, ReflexArrays
from exoflow.errors import ModelError, PolicyFormatError
from exoflow.records.par_file import read_par
from exoflow.records.rollout import Measures, Rollout, Trajectory
from exoflow.simulation import kernel, layout
from exoflow.simulation.assemble import Limits, assemble
from exoflow.simulation.model_data import DATA, DOF_NAMES, MUSCLE_NAMES, WalkerModel, load_model
from exoflow.simulation.variation import AS_DESCRIBED, Variation
from exoflow.units import radians

if TYPE_CHECKING:
    from exoflow.simulation.batch import WalkerBatch

OFFSET_DOFS = DOF_NAMES[2:]
# Start pose published with each model version; h0918v2 has none of its own.
START_POSES = {"h0918v1": "scone2021", "h0918v2": "scone2026", "h0918v3": "scone2026"}
INITIAL_LOAD_BW = 1.0
MAX_STEPS = 2000
# Longest delay of the output feedback that its ring holds, control ticks.
LONGEST_DOFC_TICKS = DOFC_RING - 2
# What the simulated sensors give a network at a control tick: a tcn has the gyroscopes.
GYRO_INPUTS = ("thigh_gyro_r", "thigh_gyro_l")
HIP_INPUTS = ("hip_r", "hip_l", "hip_velocity_r", "hip_velocity_l", "torque_r", "torque_l")

TRAJECTORY_COLUMNS = (
    "time", *DOF_NAMES, *(f"{name}_u" for name in DOF_NAMES),
    *(
        f"{muscle}.{value}"
        for muscle in MUSCLE_NAMES
        for value in (
            "excitation", "activation", "mtu_length", "fiber_length", "fiber_velocity",
            "mtu_force", "fiber_active_force", "metabolic_rate",
        )
    ),
    "leg_r.grf_x", "leg_r.grf_y", "leg_l.grf_x", "leg_l.grf_y",
    "exo.hip_r.torque", "exo.hip_l.torque", "exo.hip_r.friction", "exo.hip_l.friction",
    "com_x", "com_y",
    *(f"{name}.muscle_moment" for name in DOF_NAMES[3:]),
    *(f"{name}.stop_moment" for name in DOF_NAMES[3:]), "push_x",
    "leg_r.gait_state", "leg_l.gait_state",
    "energy_effort", "energy_wang2012", "energy_uchida2016", "exo.work", "exo.positive_work",
)  # fmt: skip


@dataclass(frozen=True)
class NoExo:
    """No actuator: nothing worn, or an exo whose hips turn freely (the mass is the walker's)."""


@dataclass(frozen=True)
class ZeroTorque:
    """A powered exo commanded to zero: its friction and rotor inertia are felt."""


@dataclass(frozen=True)
class Dofc:
    """Delayed output feedback control through the actuator."""

    gain_Nm: float
    delay_s: float
    filter_tau_s: float


@dataclass(frozen=True)
class Policy:
    """A learned controller from its weights file, through the actuator."""

    weights: PolicyWeights

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """Read a weights file.

        Raises
        ------
        PolicyFormatError
            As `control.policy_format.load_policy`, and if the controller observes something
            that the simulated sensors do not give.
        """
        weights = load_policy(path)
        if weights.status == "ok":
            is_tcn = weights.kind == "tcn"
            needed, n_ticks = (GYRO_INPUTS, 1) if is_tcn else (HIP_INPUTS, HISTORY_TICKS)
            inputs = tuple(entry["name"] for entry in weights.io["inputs"])
            if (inputs, weights.io["history"]) != (needed, n_ticks):
                raise PolicyFormatError(
                    f"{path}: observes {weights.io['history']} ticks of {', '.join(inputs)}; the "
                    f"simulation gives a controller of kind {weights.kind} {n_ticks} of "
                    f"{', '.join(needed)}. Train it again with this version."
                )
        return cls(weights)


# Inputs (float32, in the order of a controller's io description), when they were measured and
# the time now, us -> torques (right, left), Nm, flexion positive.
Controller = Callable[[np.ndarray, int, int], np.ndarray]


@dataclass(frozen=True)
class External:
    """A controller outside the engine, such as exported C, called at the ticks of a motor loop.

    Attributes
    ----------
    controller : Controller
    gyro : bool
        It observes the thigh gyroscopes, not hip angles, velocities and torques.
    loop_rate_Hz : int
        Rate of the motor loop; sensors are read at the exo's control rate.
    """

    controller: Controller
    gyro: bool = False
    loop_rate_Hz: int = 1000


ExoLaw = NoExo | ZeroTorque | Dofc | Policy | External


@dataclass(frozen=True)
class SensorNoise:
    """Standard deviations of the exo's sensors; white, drawn anew at every control tick."""

    angle_rad: float = 0.05
    velocity_rad_s: float = 0.1
    gyro_rad_s: float = 0.1


@dataclass(frozen=True)
class Push:
    """A horizontal force on the pelvis' centre of mass, forward positive."""

    start_s: float
    duration_s: float
    force_N: float


def load_start_values(path: Path) -> dict[str, float]:
    """Read reflex parameters and start-pose offsets from a table or from SCONE.

    Parameters
    ----------
    path : Path
        `parameter,value` rows, or a `.par` file of SCONE (see `records.par_file.read_par`).

    Raises
    ------
    ModelError
        If the file is missing or a line is not a name and a number.
    """
    if not path.is_file():
        raise ModelError(f"start values {path}: no such file. Shipped ones are in data/reflexes/.")
    if path.suffix == ".par":
        return read_par(path)
    values: dict[str, float] = {}
    with path.open(newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream), start=2):
            try:
                values[row["parameter"]] = float(row["value"])
            except (KeyError, TypeError, ValueError):
                raise ModelError(
                    f"{path}, line {line}: expected `parameter,value` with a number."
                ) from None
    if not values:
        raise ModelError(f"{path}: holds no `parameter,value` rows.")
    return values


def _start_pose(name: str) -> tuple[np.ndarray, np.ndarray]:
    with (DATA / "models" / "h0918_start_poses.csv").open(newline="") as stream:
        rows = {row["dof"]: row for row in csv.DictReader(stream) if row["pose"] == name}
    if not rows:
        raise ModelError(f"start pose {name!r} is unknown; see data/models/h0918_start_poses.csv.")
    q = np.array([float(rows[dof]["position"]) for dof in DOF_NAMES])
    v = np.array([float(rows[dof]["velocity"]) for dof in DOF_NAMES])
    return q, v


def sensed(state: np.ndarray, noise: np.ndarray, gyro: bool) -> np.ndarray:
    """What the exo's sensors tell a controller, as the kernel senses for a network; float32.

    Parameters
    ----------
    state : ndarray
        State vector of a walker.
    noise : ndarray, shape (6,)
        Added to hip angles, hip velocities and thigh gyroscopes, right and left.
    gyro : bool
        Thigh gyroscopes, shape (2,), in place of hip angles, velocities and torques, (6,).
    """
    hips = [layout.Q + 3, layout.Q + 6]
    speeds = state[[layout.V + 3, layout.V + 6]]
    if gyro:
        return (state[layout.V + layout.TILT] + speeds + noise[4:6]).astype(np.float32)
    torques = state[layout.EXO_TORQUE : layout.EXO_TORQUE + 2]
    angles = state[hips] + noise[0:2]
    return np.concatenate([angles, speeds + noise[2:4], torques]).astype(np.float32)


def reflex_table(name: str) -> ReflexTable:
    """A reflex set by name from data/reflexes; `a+b` is both tables together."""
    return load_reflex_set(DATA / "reflexes", name)


def _push_rows(pushes: Sequence[Push]) -> np.ndarray:
    rows = np.zeros((len(pushes), 3))
    for k, push in enumerate(pushes):
        rows[k] = push.start_s, push.start_s + push.duration_s, push.force_N
    return rows


@dataclass
class Walker:
    """One walker ready to run; holds private engine memory, so it belongs to one thread.

    Build it with `Walker.create`.
    """

    model: WalkerModel
    model_settings: Mapping
    table: ReflexTable
    timestep_s: float
    exo_settings: Mapping
    pose: tuple[np.ndarray, np.ndarray]
    plant: layout.Plant
    work: layout.Work
    body: object = field(repr=False)

    @classmethod
    def create(
        cls,
        model: Mapping,
        *,
        reflexes: str,
        timestep_s: float,
        slope_deg: float = 0.0,
        impairment: Mapping | None = None,
        exo: Mapping | None = None,
        limits: Limits | None = None,
        with_uchida: bool = True,
        variation: Variation = AS_DESCRIBED,
    ) -> "Walker":
        """Build a walker.

        Parameters
        ----------
        model : mapping
            Keys of config/model.py; `id`, `activation` and both specific tensions at least.
        reflexes : str
            Name of a reflex set in data/reflexes.
        timestep_s : float
        slope_deg : float
            Uphill positive.
        impairment : mapping, optional
            `side`, `muscles`, `excitation_ceiling`.
        exo : mapping, optional
            The worn exo: its masses and, with `torque_limit_Nm`, its actuator, whose other
            keys default to those of config/exo.py. None: nothing is worn.
        limits : Limits, optional
            What is free in the penalties of `Measures`.
        with_uchida : bool
            Compute the second metabolic model too; a search is faster without it.
        variation : Variation
            What differs from all this.
        """
        walker = load_model(
            model["id"],
            model.get("contact_stiffness_N_m15"),
            model.get("slow_twitch", "uniform"),
        )
        if variation != AS_DESCRIBED:
            walker = walker.with_mass_scale(variation.mass).with_strength(variation.strength)
            walker = walker.with_ground_friction(variation.ground_friction)
            slope_deg += variation.slope_deg
            exo = variation.of_exo(exo)
        walker = walker.on_slope(radians(slope_deg)).with_impairment(impairment)
        if exo and "torque_limit_Nm" in exo:
            exo = to_plain(ExoSettings()) | dict(exo)
        if exo:
            walker = walker.with_exo(exo["mass_pelvis_kg"], exo["mass_thigh_kg"])
        plant, body = assemble(walker, model, timestep_s, limits or Limits(), with_uchida)
        return cls(
            walker, model, reflex_table(reflexes), timestep_s, exo or {},
            _start_pose(START_POSES[model["id"]]), plant, layout.make_work(), body,
        )  # fmt: skip

    @classmethod
    def for_gait(
        cls,
        gait: Mapping,
        model: Mapping,
        condition: Mapping,
        timestep_s: float,
        exo: Mapping | None = None,
        *,
        slope_change_deg: float = 0.0,
        variation: Variation = AS_DESCRIBED,
        with_uchida: bool = True,
    ) -> "Walker":
        """The walker of a reflex result: its reflex set, on its slope, with its impairment.

        Parameters
        ----------
        gait : mapping
            Result of the reflex phase.
        model, exo : mapping
            As in `create`.
        condition : mapping
            `slope_deg` and `impairment`.
        slope_change_deg : float
            Added to the condition's slope, uphill positive.
        variation, with_uchida
            As in `create`.
        """
        return cls.create(
            model,
            reflexes=gait["reflexes"],
            timestep_s=timestep_s,
            slope_deg=condition["slope_deg"] + slope_change_deg,
            impairment=condition["impairment"],
            exo=exo,
            with_uchida=with_uchida,
            variation=variation,
        )

    @property
    def n_ring(self) -> int:
        """Samples in the sensor ring."""
        return self.table.ring_length(self.timestep_s)

    @property
    def n_state(self) -> int:
        """Length of the state vector: its last numbers are the exo commands on their way."""
        return layout.RING + self.n_ring * N_SENSORS + 2 * self.delay_steps

    def exo_arrays(self, law: ExoLaw) -> layout.Exo:
        """The exo law and actuator as the kernel takes them."""
        s = self.exo_settings
        if isinstance(law, NoExo):
            return layout.Exo(
                NO_ACTUATOR, 0.0, 0.0, 0.0, 0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1, 0.0, 0.0, 1.0,
                no_network(),
            )  # fmt: skip
        if "torque_limit_Nm" not in s:
            raise ModelError("an exo law needs a worn exo: give `exo` settings to Walker.create.")
        tick = 1.0 / s["control_rate_Hz"]
        mode, gain, delay, smoothing = ZERO_TORQUE, 0.0, 0.0, 1.0
        network: NetworkArrays = no_network()
        if isinstance(law, Dofc):
            mode, gain = DELAYED_OUTPUT_FEEDBACK, law.gain_Nm
            delay = min(law.delay_s / tick, float(LONGEST_DOFC_TICKS))
            smoothing = smoothing_factor(law.filter_tau_s, tick)
        elif isinstance(law, Policy):
            mode, network = NETWORK, pack_network(law.weights)
        elif isinstance(law, External):
            mode = EXTERNAL_COMMAND
        return layout.Exo(
            mode, float(s["torque_limit_Nm"]), float(s["slew_Nm_s"]), float(s["lag_s"]),
            self.delay_steps, float(s["friction_Nm"]), float(s["friction_velocity_rad_s"]),
            float(s["inertia_kg_m2"]), float(s["torque_gain"]), float(s["transmission"]),
            float(s["soft_start_s"]), self.steps_per_tick,
            float(gain), float(delay), float(smoothing), network,
        )  # fmt: skip

    @property
    def delay_steps(self) -> int:
        """Physics steps from a sample to the torque that answers it, rounded to whole ones.

        Sensors and actuator delay a closed loop alike: a law that hears of everything 10 ms
        late does what one does whose commands arrive 10 ms late.
        """
        delay_s = self.exo_settings.get("delay_s", 0.0)
        sensor_delay_s = self.exo_settings.get("sensor_delay_s", 0.0)
        return round((delay_s + sensor_delay_s) / self.timestep_s)

    @property
    def steps_per_tick(self) -> int:
        """Physics steps in one control tick of the exo."""
        ticks = 1.0 / (self.exo_settings["control_rate_Hz"] * self.timestep_s)
        steps = round(ticks)
        if abs(ticks - steps) > 1e-6 or steps < 1:
            raise ModelError(
                f"exo.control_rate_Hz = {self.exo_settings['control_rate_Hz']} Hz is no whole "
                f"number of {self.timestep_s * 1e3:g} ms steps. Choose a rate that divides evenly."
            )
        return steps

    def start(
        self,
        parameters: Mapping[str, float],
        position_change: np.ndarray | None = None,
        velocity_change: np.ndarray | None = None,
    ) -> np.ndarray:
        """State vector at the start pose with its offsets, muscles at rest.

        Parameters
        ----------
        position_change, velocity_change : ndarray, shape (9,), optional
            Added to pose and velocity in the order of DOF_NAMES; m, rad and per second. The
            height is set afterwards so that the feet carry the body.
        """
        q, v = self.pose[0].copy(), self.pose[1].copy()
        for dof in OFFSET_DOFS:
            q[DOF_NAMES.index(dof)] += parameters.get(f"{dof}.offset", 0.0)
        if position_change is not None:
            q += position_change
        if velocity_change is not None:
            v += velocity_change
        state = np.zeros(self.n_state)
        kernel.start_state(self.plant, q, v, INITIAL_LOAD_BW, self.n_ring, state, self.work)
        return state

    def rollout(
        self,
        parameters: Mapping[str, float],
        duration_s: float,
        exo: ExoLaw | None = None,
        *,
        noise: SensorNoise | None = None,
        noise_seed: int = 0,
        store_every_s: float | None = None,
        state: np.ndarray | None = None,
        memory: np.ndarray | None = None,
        pushes: Sequence[Push] = (),
    ) -> Rollout:
        """Walk for `duration_s` or until a fall.

        Parameters
        ----------
        parameters : mapping
            Reflex parameters and start-pose offsets.
        exo : NoExo, ZeroTorque, Dofc, Policy or External, optional
        noise, noise_seed : optional
            Sensor noise of the exo.
        store_every_s : float, optional
            Store a trajectory with this step.
        state : ndarray, optional
            Start from a copied state vector instead of the start pose.
        memory : ndarray, optional
            Of the learned controller, from the `Rollout` that goes on here; none: reset.
        pushes : sequence of Push, optional
            Forces on the pelvis; times count from the start pose.

        Returns
        -------
        Rollout
        """
        law = exo or NoExo()
        arrays = self.exo_arrays(law)
        state = self.start(parameters) if state is None else state.copy()
        begin = state.copy()
        n_steps = round(duration_s / self.timestep_s)
        every = max(1, round(store_every_s / self.timestep_s)) if store_every_s else 1
        rows = np.zeros((n_steps // every + 1 if store_every_s else 0, layout.N_ROW))
        steps = np.zeros((MAX_STEPS, layout.N_EVENT))
        memory = np.zeros(arrays.network.n_memory, np.float32) if memory is None else memory.copy()
        noise_rows = self._noise(duration_s, noise, noise_seed)
        reflexes = self.table.arrays(parameters, self.timestep_s)
        if isinstance(law, External):
            n_events, n_rows = self._run_external(
                law, arrays, reflexes, n_steps, state, noise_rows, steps, rows, every, pushes
            )
        else:
            n_events, n_rows = kernel.run(
                self.plant, reflexes, arrays, self.n_ring, n_steps, state, memory, noise_rows,
                self.work, steps, rows, every, _push_rows(pushes),
            )  # fmt: skip
        trajectory = Trajectory(
            TRAJECTORY_COLUMNS,
            rows[:n_rows],
            every * self.timestep_s,
            self.model.body_mass,
            float(np.degrees(self.model.slope_rad)),
        )
        return Rollout(
            self._measures(begin, state, duration_s, steps[:n_events]), trajectory, state, memory
        )

    def _run_external(
        self,
        law: External,
        arrays: layout.Exo,
        reflexes: ReflexArrays,
        n_steps: int,
        state: np.ndarray,
        noise: np.ndarray,
        events: np.ndarray,
        rows: np.ndarray,
        every: int,
        pushes: Sequence[Push],
    ) -> tuple[int, int]:
        """`kernel.run` with a controller called between pieces of it.

        Sensors are read and noise is drawn at the same ticks as for a network.
        """
        piece = self._steps_per_call(law, every if len(rows) else None)
        memory = np.zeros(1, np.float32)
        push_rows = _push_rows(pushes)
        n_events = n_rows = taken_us = 0
        features: np.ndarray = np.zeros(0, np.float32)
        for done in range(0, n_steps, piece):
            step = int(state[layout.STEP_COUNT])
            now_us = round(step * self.timestep_s * 1e6)
            if step % self.steps_per_tick == 0:
                tick = step // self.steps_per_tick
                features, taken_us = sensed(state, noise[tick % len(noise)], law.gyro), now_us
            command = law.controller(features, taken_us, now_us)
            state[layout.EXO_COMMAND : layout.EXO_COMMAND + 2] = command
            stored = rows[n_rows : n_rows + 1] if done % every == 0 else rows[:0]
            more_events, more_rows = kernel.run(
                self.plant, reflexes, arrays, self.n_ring, min(piece, n_steps - done), state,
                memory, np.zeros((1, 6)), self.work, events[n_events:], stored, every, push_rows,
            )  # fmt: skip
            n_events, n_rows = n_events + more_events, n_rows + more_rows
            if state[layout.FALLEN] == 1.0:
                break
        return n_events, n_rows

    def _steps_per_call(self, law: External, every: int | None) -> int:
        """Physics steps between two calls of an external controller."""
        steps = 1.0 / (law.loop_rate_Hz * self.timestep_s)
        piece = round(steps)
        whole = abs(steps - piece) < 1e-6 and piece >= 1 and self.steps_per_tick % piece == 0
        if not whole or (every is not None and every % piece):
            raise ModelError(
                f"a motor loop of {law.loop_rate_Hz} Hz does not divide the control tick of "
                f"{self.steps_per_tick} steps of {self.timestep_s * 1e3:g} ms, or the stored step."
            )
        return piece

    def _noise(self, duration_s: float, noise: SensorNoise | None, seed: int) -> np.ndarray:
        if noise is None or not self.exo_settings:
            return np.zeros((1, 6))
        ticks = int(duration_s * self.exo_settings["control_rate_Hz"]) + 2
        sigma = [noise.angle_rad] * 2 + [noise.velocity_rad_s] * 2 + [noise.gyro_rad_s] * 2
        return np.random.default_rng(seed).normal(size=(ticks, 6)) * sigma

    def _measures(
        self, begin: np.ndarray, end: np.ndarray, planned_s: float, steps: np.ndarray
    ) -> Measures:
        reached = (end[layout.STEP_COUNT] - begin[layout.STEP_COUNT]) * self.timestep_s

        def gained(index: int) -> float:
            return float(end[index] - begin[index])

        return Measures(
            planned_s=planned_s,
            reached_s=float(reached),
            fell=bool(end[layout.FALLEN]),
            finite=not bool(end[layout.NOT_FINITE]),
            distance_m=gained(layout.COM),
            steps=steps,
            start_gait_distance_m=float(begin[layout.LAST_STEP_DISTANCE]),
            end_gait_distance_m=float(kernel.gait_distance(end, self.work)),
            effort_J=gained(layout.METABOLIC_EFFORT),
            wang2012_J=gained(layout.METABOLIC_WANG),
            uchida2016_J=gained(layout.METABOLIC_UCHIDA),
            cubed_activation_s=gained(layout.CUBED_ACTIVATION),
            knee_limit_Nm=gained(layout.KNEE_LIMIT) / reached,
            grf_excess_BW=gained(layout.GRF_EXCESS) / reached,
            leg_grf_excess_BW=gained(layout.LEG_GRF_EXCESS) / reached,
            trunk_lean_rad=gained(layout.TRUNK_LEAN) / reached,
            head_acceleration_m2_s4=gained(layout.HEAD_ACCELERATION) / reached,
            scuff_BW=gained(layout.SCUFF) / reached,
            exo_work_J=gained(layout.EXO_WORK),
            exo_positive_work_J=gained(layout.EXO_POSITIVE_WORK),
            body_mass_kg=self.model.body_mass,
        )

    def batch(
        self,
        parameters: Mapping[str, float],
        n_walkers: int,
        control_dt_s: float = 0.01,
        threads: int = 1,
    ) -> "WalkerBatch":
        """Many copies of this walker for learning; see `simulation.batch.WalkerBatch`."""
        from exoflow.simulation.batch import Subject, WalkerBatch

        return WalkerBatch([Subject(self, parameters)], n_walkers, control_dt_s, threads)

    def copy(self) -> "Walker":
        """The same walker with engine memory of its own, for another thread."""
        plant, body = assemble(
            self.model,
            self.model_settings,
            self.timestep_s,
            Limits(
                self.plant.grf_limit_BW, self.plant.leg_grf_limit_BW, self.plant.trunk_lean_limit
            ),
            bool(self.plant.with_uchida),
        )
        return replace(self, plant=plant, work=layout.make_work(), body=body)
