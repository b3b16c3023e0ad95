"""What a gait withstands: pushes, noisy starts, slopes and body masses, at several time steps.

Every disturbance is drawn before the first walk and is the same at every time step, so the
outcome depends neither on the number of threads nor on which walk ends first.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import numpy as np
from scipy.stats import binomtest

from exoflow.gait.analysis import last_strides
from exoflow.records.rollout import Trajectory
from exoflow.simulation import Push, Variation, Walker
from exoflow.simulation.model_data import DOF_NAMES

# Pushes act on the pelvis, forwards or backwards, for this long.
PUSH_FORCE_N = (10.0, 60.0)
PUSH_DURATION_S = 0.2
# Walk from the start pose until the gait is steady.
SETTLE_S = 5.0
# Strides whose mean duration places the pushes.
STRIDES = 3
# Standard deviations of a noisy start. The place along the ground means nothing and the
# height follows from the load on the feet, so neither is changed.
START_POSITION_STD_RAD = 0.02
# The same number in m/s for the two velocities of the pelvis.
START_VELOCITY_STD_RAD_S = 0.1
FIXED_POSITIONS = ("pelvis_tx", "pelvis_ty")
SLOPE_CHANGES_DEG = (-2.0, -1.0, 1.0, 2.0)
MASS_SCALES = (0.9, 0.95, 1.05, 1.1)
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Disturbances:
    """What the walker is put through.

    Attributes
    ----------
    n_pushes, n_starts : int
        Random pushes and random starts.
    duration_s : float
        Time without a fall that counts as survived: after the push, or after the start.
    seed : int
        Of pushes and starts; the first n are the same whatever their number.
    slope_changes_deg : tuple of float
        Added to the slope of the gait's condition, uphill positive.
    mass_scales : tuple of float
        Factors of all segment masses and inertias.
    """

    n_pushes: int = 100
    n_starts: int = 100
    duration_s: float = 10.0
    seed: int = 1
    slope_changes_deg: tuple[float, ...] = SLOPE_CHANGES_DEG
    mass_scales: tuple[float, ...] = MASS_SCALES


@dataclass(frozen=True)
class Draws:
    """Random numbers of all trials.

    Attributes
    ----------
    push_force_N : ndarray, shape (n_pushes,)
        Forward positive.
    push_phase : ndarray, shape (n_pushes,)
        Share of a stride after the landing of the right foot, 0..1.
    position_change, velocity_change : ndarray, shape (n_starts, 9)
        In the order of DOF_NAMES; rad and m, per second.
    """

    push_force_N: np.ndarray
    push_phase: np.ndarray
    position_change: np.ndarray
    velocity_change: np.ndarray


@dataclass(frozen=True)
class Trial:
    """One disturbed walk; `walked_s` counts from the push or from the start."""

    disturbance: Mapping[str, float]
    survived: bool
    walked_s: float
    speed_m_s: float


@dataclass(frozen=True)
class Fraction:
    """Survivors of some trials with the Wilson interval of their share."""

    survived: int
    trials: int
    low: float
    high: float

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> "Fraction":
        """Count the survivors; no trials say nothing, so their interval is 0..1."""
        return cls.of_all([trial.survived for trial in trials])

    @classmethod
    def of_all(cls, survived: Sequence[bool]) -> "Fraction":
        """The same of plain outcomes."""
        if not survived:
            return cls(0, 0, 0.0, 1.0)
        count = sum(survived)
        interval = binomtest(count, len(survived)).proportion_ci(CONFIDENCE, method="wilson")
        return cls(count, len(survived), float(interval.low), float(interval.high))

    @property
    def share(self) -> float:
        """Survivors per trial, 0..1."""
        return self.survived / self.trials if self.trials else 0.0

    def holds(self, other: "Fraction") -> bool:
        """Whether the other share lies inside this interval."""
        return self.low <= other.share <= self.high


@dataclass(frozen=True)
class StepOutcome:
    """All trials at one time step; `stride_s` is None if the undisturbed walk has no stride."""

    timestep_s: float
    undisturbed: Trial
    stride_s: float | None
    pushes: tuple[Trial, ...]
    starts: tuple[Trial, ...]
    slopes: tuple[Trial, ...]
    masses: tuple[Trial, ...]


@dataclass(frozen=True)
class Agreement:
    """Whether the time steps tell the same.

    Attributes
    ----------
    within_intervals : bool
        Every step's share lies in the interval of every other step.
    same_outcome, trials : int
        Trials that ended alike at all steps, of how many.
    """

    within_intervals: bool
    same_outcome: int
    trials: int


@dataclass(frozen=True)
class Robustness:
    """Outcomes of every time step."""

    disturbances: Disturbances
    steps: tuple[StepOutcome, ...]

    def agreement(self, kind: str) -> Agreement:
        """Compare `pushes`, `starts`, `slopes` or `masses` between the time steps."""
        trials = [getattr(step, kind) for step in self.steps]
        fractions = [Fraction.of(row) for row in trials]
        outcomes = [{trial.survived for trial in same} for same in zip(*trials, strict=True)]
        return Agreement(
            within_intervals=all(a.holds(b) for a, b in permutations(fractions, 2)),
            same_outcome=sum(len(outcome) == 1 for outcome in outcomes),
            trials=len(outcomes),
        )


def draw(disturbances: Disturbances) -> Draws:
    """Random pushes and starts from the seed."""
    pushes, starts = (
        np.random.default_rng(child) for child in np.random.SeedSequence(disturbances.seed).spawn(2)
    )
    # Row by row, so that a smaller number of trials is the beginning of a larger one.
    uniform = pushes.uniform(size=(disturbances.n_pushes, 3))
    force = PUSH_FORCE_N[0] + (PUSH_FORCE_N[1] - PUSH_FORCE_N[0]) * uniform[:, 0]
    normal = starts.normal(size=(disturbances.n_starts, 2, len(DOF_NAMES)))
    position = START_POSITION_STD_RAD * normal[:, 0]
    position[:, [DOF_NAMES.index(name) for name in FIXED_POSITIONS]] = 0.0
    return Draws(
        push_force_N=np.where(uniform[:, 1] < 0.5, -force, force),
        push_phase=uniform[:, 2],
        position_change=position,
        velocity_change=START_VELOCITY_STD_RAD_S * normal[:, 1],
    )


def measure_robustness(
    gait: Mapping,
    timesteps_s: Sequence[float],
    disturbances: Disturbances | None = None,
    threads: int = 1,
) -> Robustness:
    """Put a gait through all disturbances at every time step.

    Parameters
    ----------
    gait : mapping
        Result of the reflex phase.
    timesteps_s : sequence of float
        Steps of the simulation, s.
    disturbances : Disturbances, optional
    threads : int
        Walks side by side; the result does not depend on it.
    """
    disturbances = disturbances or Disturbances()
    draws = draw(disturbances)
    with ThreadPoolExecutor(threads) as pool:
        steps = tuple(
            _at_step(gait, timestep, disturbances, draws, pool, threads) for timestep in timesteps_s
        )
    return Robustness(disturbances, steps)


def _walker(
    gait: Mapping, timestep_s: float, slope_change_deg: float = 0.0, mass_scale: float = 1.0
) -> Walker:
    settings = gait["settings"]
    return Walker.for_gait(
        gait,
        settings["model"],
        settings["condition"],
        timestep_s,
        slope_change_deg=slope_change_deg,
        variation=Variation(mass=mass_scale),
        with_uchida=False,
    )


def _at_step(
    gait: Mapping,
    timestep_s: float,
    disturbances: Disturbances,
    draws: Draws,
    pool: ThreadPoolExecutor,
    threads: int,
) -> StepOutcome:
    values, duration = gait["parameters"], disturbances.duration_s
    walker = _walker(gait, timestep_s)
    lanes = [walker, *(walker.copy() for _ in range(threads - 1))]
    settled = walker.rollout(values, SETTLE_S, store_every_s=timestep_s)
    landing, stride = _last_landing(settled.trajectory)

    def walk(own: Walker, disturbance: Mapping[str, float], state: np.ndarray | None) -> Trial:
        measures = own.rollout(values, duration, state=state).measures
        survived = not measures.fell
        return Trial(disturbance, survived, measures.reached_s, measures.speed_m_s)

    def push(own: Walker, k: int) -> Trial:
        done = {"force_N": float(draws.push_force_N[k]), "phase": float(draws.push_phase[k])}
        if settled.measures.fell or stride is None:
            return Trial(done, False, 0.0, 0.0)
        # The strides are not all alike: never before the state the walk goes on from.
        start = max(SETTLE_S, landing + (1.0 + done["phase"]) * stride)
        measures = own.rollout(
            values,
            start - SETTLE_S + duration,
            state=settled.state,
            pushes=[Push(start, PUSH_DURATION_S, done["force_N"])],
        ).measures
        walked = max(0.0, SETTLE_S + measures.reached_s - start)
        return Trial(done, not measures.fell, walked, measures.speed_m_s)

    def noisy_start(own: Walker, k: int) -> Trial:
        state = own.start(values, draws.position_change[k], draws.velocity_change[k])
        return walk(own, {}, state)

    def changed(name: str, value: float, other: Walker) -> Callable[[Walker], Trial]:
        return lambda _: walk(other, {name: value}, None)

    # MuJoCo compiles the changed bodies here, one after the other; the threads only walk.
    slopes = [
        changed("slope_change_deg", value, _walker(gait, timestep_s, slope_change_deg=value))
        for value in disturbances.slope_changes_deg
    ]
    masses = [
        changed("mass_scale", value, _walker(gait, timestep_s, mass_scale=value))
        for value in disturbances.mass_scales
    ]
    groups: list[list[Callable[[Walker], Trial]]] = [
        [lambda own: walk(own, {}, None)],
        [partial(push, k=k) for k in range(disturbances.n_pushes)],
        [partial(noisy_start, k=k) for k in range(disturbances.n_starts)],
        slopes,
        masses,
    ]
    done = iter(_side_by_side([task for group in groups for task in group], lanes, pool))
    undisturbed, pushes, starts, on_slopes, of_mass = (
        tuple(next(done) for _ in group) for group in groups
    )
    return StepOutcome(timestep_s, undisturbed[0], stride, pushes, starts, on_slopes, of_mass)


def _last_landing(trajectory: Trajectory) -> tuple[float, float | None]:
    """Time of the right foot's last landing, s, and the mean of its last strides, s."""
    strikes = last_strides(trajectory, STRIDES, "r").strikes
    if len(strikes) < 2:
        return 0.0, None
    return float(strikes[-1]), float(strikes[-1] - strikes[0]) / (len(strikes) - 1)


def _side_by_side(
    tasks: Sequence[Callable[[Walker], Trial]],
    lanes: Sequence[Walker],
    pool: ThreadPoolExecutor,
) -> list[Trial]:
    """Run the tasks, each lane with a walker of its own; outcomes in the order of the tasks."""
    outcomes: list[Trial | None] = [None] * len(tasks)

    def lane(number: int) -> None:
        for k in range(number, len(tasks), len(lanes)):
            outcomes[k] = tasks[k](lanes[number])

    for running in [pool.submit(lane, number) for number in range(len(lanes))]:
        running.result()
    return [outcome for outcome in outcomes if outcome is not None]
