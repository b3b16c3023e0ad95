"""Many walkers side by side for learning, their whole state in one array."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from exoflow.control.exo_laws import EXTERNAL_COMMAND
from exoflow.errors import SimulationError
from exoflow.records.rollout import Rollout
from exoflow.simulation import kernel
from exoflow.simulation.model_data import DOF_NAMES, MUSCLE_NAMES
from exoflow.simulation.walker import ExoLaw, Walker, ZeroTorque

# Time over which the reference gait is measured and snapshots are drawn, s.
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


class WalkerBatch:
    """Walkers of one kind, stepped together by held torque commands.

    Parameters
    ----------
    walkers : sequence of Walker
        One per thread, all alike; each thread steps its share of the rows, so the
        result does not depend on how many there are.
    parameters : mapping
        Reflex parameters and start-pose offsets.
    n_walkers : int
    control_dt_s : float
        Duration of one `step`.
    law : ExoLaw, optional
        What drives the exo until learning starts, ZeroTorque by default. A human who has
        adapted to an exo may fall without its torque.
    reference : mapping, optional
        `speed_m_s` and `metabolic_power_W` to compare with, such as those of a walk without
        an exo; by default those of the steady gait under `law`.

    Attributes
    ----------
    states : ndarray, shape (n_walkers, n_state)
        All that a walker is; copying rows in and out restores it exactly.
    measures : ndarray, shape (n_walkers, n_measures)
        After `step`; columns in `measure_names`.
    privileged : ndarray, shape (n_walkers, n_privileged)
        Simulation state scaled to about one; names and units in `privileged_elements`.
    reference : dict
        `speed_m_s`, `metabolic_power_W`, `cot_J_kg_m` of `reference`, or of the steady gait
        with the powered exo commanded to zero, against which a controller that does nothing
        changes nothing.
    """

    measure_names = kernel.MEASURE_NAMES
    n_measures = len(kernel.MEASURE_NAMES)
    n_privileged = kernel.N_PRIVILEGED
    privileged_elements = PRIVILEGED_ELEMENTS

    def __init__(
        self,
        walkers: Sequence[Walker],
        parameters: Mapping[str, float],
        n_walkers: int,
        control_dt_s: float,
        law: ExoLaw | None = None,
        reference: Mapping[str, float] | None = None,
    ):
        first = walkers[0]
        self.n_walkers = n_walkers
        self.n_state = first.n_state
        self._walkers = walkers
        self._parameters = dict(parameters)
        self._steps = round(control_dt_s / first.timestep_s)
        self._reflexes = [first.table.arrays(parameters, first.timestep_s) for _ in walkers]
        if not first.exo_settings:
            raise SimulationError("a batch for learning needs a worn exo.")
        zero = first.exo_arrays(ZeroTorque())
        self._exo = [zero._replace(mode=EXTERNAL_COMMAND) for _ in walkers]
        self.states = np.tile(first.start(parameters), (n_walkers, 1))
        self.measures = np.zeros((n_walkers, self.n_measures))
        self.privileged = np.zeros((n_walkers, self.n_privileged))
        self._shares = [s for s in np.array_split(np.arange(n_walkers), len(walkers)) if len(s)]
        self._pool = ThreadPoolExecutor(max(1, len(walkers) - 1))
        self._law = law or ZeroTorque()
        self.reference, self._steady = self._walk_steadily()
        if reference is not None:
            speed, power = reference["speed_m_s"], reference["metabolic_power_W"]
            self.reference = _reference(speed, power, first.model.body_mass)

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
        others = [
            self._pool.submit(self._step_share, i, commands) for i in range(1, len(self._shares))
        ]
        # Waking a thread takes as long as a walker's step: the first share stays in this one.
        self._step_share(0, commands)
        for done in others:
            done.result()

    def _step_share(self, thread: int, commands: np.ndarray) -> None:
        rows = slice(self._shares[thread][0], self._shares[thread][-1] + 1)
        walker = self._walkers[thread]
        kernel.step_walkers(
            walker.plant, self._reflexes[thread], self._exo[thread], walker.n_ring, self._steps,
            self.states[rows], commands[rows], self.measures[rows], self.privileged[rows],
            walker.work,
        )  # fmt: skip

    def _walk_steadily(self) -> tuple[dict[str, float], Rollout]:
        """Reference costs under the starting law and the settled walk they start from."""
        walker = self._walkers[0]
        settled = walker.rollout(self._parameters, SETTLE_S, self._law)
        measures = self._go_on(settled, REFERENCE_S).measures
        if settled.measures.fell or measures.fell:
            torque = (
                "without any torque from the exo; optimize the gait first"
                if isinstance(self._law, ZeroTorque)
                else "with the exo's law that it adapted to; adapt it again"
            )
            raise SimulationError(f"the walker falls {torque}.")
        power = measures.effort_J / measures.reached_s
        return _reference(measures.speed_m_s, power, measures.body_mass_kg), settled

    def _go_on(self, walk: Rollout, duration_s: float) -> Rollout:
        """The same walk for some more time under the starting law."""
        return self._walkers[0].rollout(
            self._parameters, duration_s, self._law, state=walk.state, memory=walk.memory
        )

    def snapshot_pool(self, n: int, seed: int, settle_s: float = SETTLE_S) -> np.ndarray:
        """States of the steady gait under the starting law at `n` random moments.

        Shape: (n, n_state).
        """
        walker = self._walkers[0]
        span = round(REFERENCE_S / walker.timestep_s)
        moments = np.sort(np.random.default_rng(seed).integers(0, span, size=n))
        walk = (
            walker.rollout(self._parameters, settle_s, self._law)
            if settle_s != SETTLE_S
            else self._steady
        )
        snapshots = np.empty((n, self.n_state))
        done = 0
        for row, moment in enumerate(moments):
            if moment > done:
                walk = self._go_on(walk, (moment - done) * walker.timestep_s)
                done = moment
            snapshots[row] = walk.state
        return snapshots


def _reference(speed_m_s: float, power_W: float, body_mass_kg: float) -> dict[str, float]:
    return {
        "speed_m_s": speed_m_s,
        "metabolic_power_W": power_W,
        "cot_J_kg_m": power_W / speed_m_s / body_mass_kg,
    }
