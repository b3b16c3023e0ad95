"""Many walkers side by side for learning, their whole state in one array."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from exoflow.control.exo_laws import DOFC_MEMORY, EXTERNAL_COMMAND
from exoflow.errors import SimulationError
from exoflow.simulation import kernel, layout
from exoflow.simulation.model_data import DOF_NAMES, MUSCLE_NAMES
from exoflow.simulation.walker import ExoLaw, NoExo, Walker, ZeroTorque

# Time over which the reference gait is measured, s.
REFERENCE_S = 10.0
# Walk from the start pose until the gait is steady, s.
SETTLE_S = 5.0
TRANSLATIONS = DOF_NAMES[:2]
PRIVILEGED_LEG_ELEMENTS = (
    ("load", "body weights"),
    ("gait_state", "4"),
    ("exo_torque", "share of the torque limit"),
)
# Name and unit of each number of `privileged`, as `kernel.observe_walker` scales them: a
# velocity of 1 stands for 5 rad/s, or 5 m/s of the pelvis. The first position would only grow.
PRIVILEGED_ELEMENTS = (
    *((f"position_{name}", "m" if name in TRANSLATIONS else "rad") for name in DOF_NAMES[1:]),
    *((f"velocity_{name}", "5 m/s" if name in TRANSLATIONS else "5 rad/s") for name in DOF_NAMES),
    *((f"activation_{muscle}", "1") for muscle in MUSCLE_NAMES),
    *((f"{name}_{leg}", unit) for leg in "rl" for name, unit in PRIVILEGED_LEG_ELEMENTS),
)


@dataclass(frozen=True, eq=False)
class Subject:
    """One human in a batch, in surroundings of their own.

    Attributes
    ----------
    walker : Walker
        With the exo that is worn.
    parameters : mapping
        Reflex parameters and start-pose offsets.
    law : ExoLaw
        What drives the exo until learning starts. A human who has adapted to an exo may fall
        without its torque.
    reference : mapping, optional
        `speed_m_s` and `metabolic_power_W` to compare with, such as those of a walk without an
        exo; by default those of the steady gait under `law`.
    told : mapping
        What a teacher may be told of the walk, such as `speed` (m/s) and `slope` (deg).
    """

    walker: Walker
    parameters: Mapping[str, float]
    law: ExoLaw = field(default_factory=ZeroTorque)
    reference: Mapping[str, float] | None = None
    told: Mapping[str, float] = field(default_factory=dict)


class WalkerBatch:
    """Walkers stepped together by held torque commands.

    Parameters
    ----------
    subjects : sequence of Subject
        Each has an even share of the rows, the first one the first rows.
    n_walkers : int
    control_dt_s : float
        Duration of one `step`.
    threads : int
        Each steps a part of the rows; the result does not depend on how many.

    Attributes
    ----------
    states : ndarray, shape (n_walkers, n_state)
        All that a walker is; copying rows in and out restores it exactly.
    measures : ndarray, shape (n_walkers, n_measures)
        After `step`; columns in `measure_names`.
    privileged : ndarray, shape (n_walkers, n_privileged)
        Simulation state scaled to about one; names and units in `privileged_elements`.
    subject : ndarray, shape (n_walkers,)
        Which of `subjects` each row is.
    reference : dict of ndarray, shape (n_walkers,)
        `speed_m_s` and `metabolic_power_W` of each row's subject.

    Raises
    ------
    SimulationError
        If nobody wears an exo, or a subject whose costs must be measured falls.
    """

    measure_names = kernel.MEASURE_NAMES
    n_measures = len(kernel.MEASURE_NAMES)
    n_privileged = kernel.N_PRIVILEGED
    privileged_elements = PRIVILEGED_ELEMENTS

    def __init__(
        self,
        subjects: Sequence[Subject],
        n_walkers: int,
        control_dt_s: float = 0.01,
        threads: int = 1,
    ):
        if not all(subject.walker.exo_settings for subject in subjects):
            raise SimulationError("a batch for learning needs a worn exo.")
        self.n_walkers = n_walkers
        self.n_state = max(subject.walker.n_state for subject in subjects)
        self._subjects = list(subjects)
        self._steps = round(control_dt_s / subjects[0].walker.timestep_s)
        rows = np.array_split(np.arange(n_walkers), len(subjects))
        self.subject = np.repeat(np.arange(len(subjects)), [len(some) for some in rows])
        costs = [
            one.reference or settled_costs(one.walker, one.parameters, one.law) for one in subjects
        ]
        self.reference = {
            name: np.array([costs[which][name] for which in self.subject])
            for name in ("speed_m_s", "metabolic_power_W")
        }
        starts = [self._padded(one.walker.start(one.parameters), one.walker) for one in subjects]
        self.states = np.array([starts[which] for which in self.subject])
        self.measures = np.zeros((n_walkers, self.n_measures))
        self.privileged = np.zeros((n_walkers, self.n_privileged))
        self._lanes: list[list[_Share]] = [[] for _ in range(threads)]
        for subject, some in zip(subjects, rows, strict=True):
            # The first thread has the walkers themselves, every other one copies.
            for thread, part in enumerate(np.array_split(some, threads)):
                if len(part):
                    self._lanes[thread].append(_Share(subject, part, copied=thread > 0))
        self._pool = ThreadPoolExecutor(max(1, threads - 1))

    def told(self, names: Sequence[str]) -> np.ndarray:
        """What the walkers' subjects tell a teacher. Shape: (n_walkers, len(names)).

        Raises
        ------
        SimulationError
            If a subject does not say it.
        """
        for subject in self._subjects:
            missing = [name for name in names if name not in subject.told]
            if missing:
                raise SimulationError(f"a walker of the batch does not tell {', '.join(missing)}.")
        rows = [[subject.told[name] for name in names] for subject in self._subjects]
        return np.array(rows, float).reshape(len(rows), len(names))[self.subject]

    def index(self, name: str) -> int:
        """Column of a measure.

        Raises
        ------
        KeyError
            Lists the measures there are.
        """
        if name not in self.measure_names:
            raise KeyError(
                f"measure {name!r} is unknown. Measures: {', '.join(self.measure_names)}."
            )
        return self.measure_names.index(name)

    def step(self, torque_command_Nm: np.ndarray) -> None:
        """Advance every walker by one control tick; fills `measures` and `privileged`.

        Parameters
        ----------
        torque_command_Nm : ndarray, shape (n_walkers, 2)
            Right and left, flexion positive; the actuator clips and slews it.
        """
        commands = np.ascontiguousarray(torque_command_Nm, dtype=np.float64)
        others = [self._pool.submit(self._step_lane, lane, commands) for lane in self._lanes[1:]]
        # Waking a thread takes as long as a walker's step: the first lane stays in this one.
        self._step_lane(self._lanes[0], commands)
        for done in others:
            done.result()

    def _step_lane(self, lane: "list[_Share]", commands: np.ndarray) -> None:
        for share in lane:
            rows, walker = share.rows, share.walker
            kernel.step_walkers(
                walker.plant, share.reflexes, share.exo, walker.n_ring, self._steps,
                self.states[rows], commands[rows], self.measures[rows], self.privileged[rows],
                walker.work,
            )  # fmt: skip

    def walk(self, n_ticks: int, subject: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """A subject's walk from the start pose under the starting law, tick by tick.

        Returns
        -------
        states : ndarray, shape (n_ticks + 1, n_state)
            The start pose first.
        commands : ndarray, shape (n_ticks, 2)
            What the law asked for during each tick, Nm: `step` with them repeats the walk.
        """
        one = self._subjects[subject]
        walker = one.walker
        state, memory = walker.start(one.parameters), None
        states = np.empty((n_ticks + 1, self.n_state))
        states[0] = self._padded(state, walker)
        for tick in range(n_ticks):
            walk = walker.rollout(
                one.parameters, self._steps * walker.timestep_s, one.law, state=state, memory=memory
            )
            state, memory = walk.state, walk.memory
            states[tick + 1] = self._padded(state, walker)
        return states, states[1:, layout.EXO_COMMAND : layout.EXO_COMMAND + 2].copy()

    def dofc_memory(self, states: np.ndarray) -> np.ndarray:
        """What delayed output feedback remembers in these states. Shape: (n, DOFC_MEMORY)."""
        return states[:, layout.DOFC_STATE : layout.DOFC_STATE + DOFC_MEMORY]

    def _padded(self, state: np.ndarray, walker: Walker) -> np.ndarray:
        """A state as long as the longest: commands on their way stay at its end."""
        line = 2 * walker.delay_steps
        padded = np.zeros(self.n_state)
        padded[: len(state) - line] = state[: len(state) - line]
        padded[self.n_state - line :] = state[len(state) - line :]
        return padded


class _Share:
    """Rows of a batch that one thread steps with a walker of its own."""

    def __init__(self, subject: Subject, rows: np.ndarray, copied: bool):
        self.walker = subject.walker.copy() if copied else subject.walker
        self.rows = slice(int(rows[0]), int(rows[-1]) + 1)
        self.reflexes = self.walker.table.arrays(subject.parameters, self.walker.timestep_s)
        self.exo = self.walker.exo_arrays(ZeroTorque())._replace(mode=EXTERNAL_COMMAND)


def settled_costs(
    walker: Walker, parameters: Mapping[str, float], law: ExoLaw | None = None
) -> dict[str, float]:
    """Speed (m/s) and metabolic power (W) of a walk once it is steady, as a `Subject` is compared.

    Parameters
    ----------
    law : ExoLaw, optional
        What drives the exo; nothing by default.

    Raises
    ------
    SimulationError
        If the walker falls.
    """
    settled = walker.rollout(parameters, SETTLE_S, law)
    walk = walker.rollout(parameters, REFERENCE_S, law, state=settled.state, memory=settled.memory)
    if settled.measures.fell or walk.measures.fell:
        slope = np.degrees(walker.model.slope_rad)
        raise SimulationError(f"the walker falls on {slope:+.1f} deg {_blamed(walker, law)}.")
    measures = walk.measures
    return {
        "speed_m_s": measures.speed_m_s,
        "metabolic_power_W": measures.effort_J / measures.reached_s,
    }


def _blamed(walker: Walker, law: ExoLaw | None) -> str:
    if law is None or isinstance(law, NoExo):
        worn = "with the exo worn and off; optimize the gait first"
        return worn if walker.exo_settings else "without an exo"
    if isinstance(law, ZeroTorque):
        return "without any torque from the exo; optimize the gait first"
    return "with the exo's law that it adapted to; adapt it again"
