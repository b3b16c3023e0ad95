"""Many walkers side by side for learning, their whole state in one array."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from exoflow.control.exo_laws import EXTERNAL_COMMAND
from exoflow.errors import SimulationError
from exoflow.simulation import kernel
from exoflow.simulation.model_data import DOF_NAMES, MUSCLE_NAMES
from exoflow.simulation.walker import Walker, ZeroTorque

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

    Attributes
    ----------
    states : ndarray, shape (n_walkers, n_state)
        All that a walker is; copying rows in and out restores it exactly.
    measures : ndarray, shape (n_walkers, n_measures)
        After `step`; columns in `measure_names`.
    privileged : ndarray, shape (n_walkers, n_privileged)
        Simulation state scaled to about one; names and units in `privileged_elements`.
    reference : dict
        `speed_m_s`, `metabolic_power_W`, `cot_J_kg_m` of the steady gait with the powered exo
        commanded to zero, so that a controller that does nothing changes nothing.
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
        self._pool = ThreadPoolExecutor(len(walkers)) if len(walkers) > 1 else None
        self.reference, self._steady = self._walk_steadily()

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
        if self._pool is None:
            self._step_share(0, commands)
            return
        for done in [
            self._pool.submit(self._step_share, i, commands) for i in range(len(self._shares))
        ]:
            done.result()

    def _step_share(self, thread: int, commands: np.ndarray) -> None:
        rows = slice(self._shares[thread][0], self._shares[thread][-1] + 1)
        walker = self._walkers[thread]
        kernel.step_walkers(
            walker.plant, self._reflexes[thread], self._exo[thread], walker.n_ring, self._steps,
            self.states[rows], commands[rows], self.measures[rows], self.privileged[rows],
            walker.work,
        )  # fmt: skip

    def _walk_steadily(self) -> tuple[dict[str, float], np.ndarray]:
        """Reference costs at zero torque and the settled state they start from."""
        walker = self._walkers[0]
        settled = walker.rollout(self._parameters, SETTLE_S, ZeroTorque())
        walk = walker.rollout(self._parameters, REFERENCE_S, ZeroTorque(), state=settled.state)
        measures = walk.measures
        if settled.measures.fell or measures.fell:
            raise SimulationError(
                "the walker falls without any torque from the exo; optimize the gait first."
            )
        power = measures.effort_J / measures.reached_s
        reference = {
            "speed_m_s": measures.speed_m_s,
            "metabolic_power_W": power,
            "cot_J_kg_m": power / measures.speed_m_s / measures.body_mass_kg,
        }
        return reference, settled.state

    def snapshot_pool(self, n: int, seed: int, settle_s: float = SETTLE_S) -> np.ndarray:
        """States of the steady gait at zero torque at `n` random moments, shape (n, n_state)."""
        walker = self._walkers[0]
        span = round(REFERENCE_S / walker.timestep_s)
        moments = np.sort(np.random.default_rng(seed).integers(0, span, size=n))
        state = (
            walker.rollout(self._parameters, settle_s, ZeroTorque()).state
            if settle_s != SETTLE_S
            else self._steady.copy()
        )
        snapshots = np.empty((n, self.n_state))
        done = 0
        for row, moment in enumerate(moments):
            if moment > done:
                state = walker.rollout(
                    self._parameters,
                    (moment - done) * walker.timestep_s,
                    ZeroTorque(),
                    state=state,
                ).state
                done = moment
            snapshots[row] = state
        return snapshots
