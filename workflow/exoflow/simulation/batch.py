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
    """Walkers of one human, stepped together by held torque commands.

    Parameters
    ----------
    variants : sequence of Walker
        The human on different slopes, or otherwise changed. Each has an even share of the rows,
        the first variant the first rows.
    parameters : mapping
        Reflex parameters and start-pose offsets.
    n_walkers : int
    control_dt_s : float
        Duration of one `step`.
    threads : int
        Each steps a part of every variant's rows; the result does not depend on how many.
    law : ExoLaw, optional
        What drives the exo until learning starts, ZeroTorque by default. A human who has
        adapted to an exo may fall without its torque.
    references : sequence of mapping, optional
        `speed_m_s` and `metabolic_power_W` that each variant is compared with, such as those
        of a walk without an exo; by default those of its steady gait under `law`.

    Attributes
    ----------
    states : ndarray, shape (n_walkers, n_state)
        All that a walker is; copying rows in and out restores it exactly.
    measures : ndarray, shape (n_walkers, n_measures)
        After `step`; columns in `measure_names`.
    privileged : ndarray, shape (n_walkers, n_privileged)
        Simulation state scaled to about one; names and units in `privileged_elements`.
    variant : ndarray, shape (n_walkers,)
        Which of `variants` each row is.
    reference : dict of ndarray, shape (n_walkers,)
        `speed_m_s` and `metabolic_power_W` of `references`.
    """

    measure_names = kernel.MEASURE_NAMES
    n_measures = len(kernel.MEASURE_NAMES)
    n_privileged = kernel.N_PRIVILEGED
    privileged_elements = PRIVILEGED_ELEMENTS

    def __init__(
        self,
        variants: Sequence[Walker],
        parameters: Mapping[str, float],
        n_walkers: int,
        control_dt_s: float = 0.01,
        threads: int = 1,
        law: ExoLaw | None = None,
        references: Sequence[Mapping[str, float]] | None = None,
    ):
        first = variants[0]
        if not all(walker.exo_settings for walker in variants):
            raise SimulationError("a batch for learning needs a worn exo.")
        self.n_walkers = n_walkers
        self.n_state = first.n_state
        self._parameters = dict(parameters)
        self._law = law or ZeroTorque()
        self._steps = round(control_dt_s / first.timestep_s)
        self._variants = list(variants)
        self._steady = [self._walk_steadily(walker) for walker in variants]
        rows = np.array_split(np.arange(n_walkers), len(variants))
        costs = references or [steady_costs(walk) for _, walk in self._steady]
        self.variant = np.repeat(np.arange(len(variants)), [len(some) for some in rows])
        self.reference = {
            name: np.concatenate(
                [np.full(len(some), cost[name]) for some, cost in zip(rows, costs, strict=True)]
            )
            for name in ("speed_m_s", "metabolic_power_W")
        }
        self.states = np.tile(first.start(parameters), (n_walkers, 1))
        self.measures = np.zeros((n_walkers, self.n_measures))
        self.privileged = np.zeros((n_walkers, self.n_privileged))
        self._lanes: list[list[_Share]] = [[] for _ in range(threads)]
        for walker, some in zip(variants, rows, strict=True):
            # The first thread has the walkers themselves, every other one copies.
            for thread, part in enumerate(np.array_split(some, threads)):
                if len(part):
                    own = walker.copy() if thread else walker
                    self._lanes[thread].append(_Share(own, parameters, part))
        self._pool = ThreadPoolExecutor(max(1, threads - 1))

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

    def _walk_steadily(self, walker: Walker) -> tuple[Rollout, Rollout]:
        """The walk until the gait is steady, and some time of the steady gait."""
        settled = walker.rollout(self._parameters, SETTLE_S, self._law)
        steady = self._go_on(walker, settled, REFERENCE_S)
        if settled.measures.fell or steady.measures.fell:
            torque = (
                "without any torque from the exo; optimize the gait first"
                if isinstance(self._law, ZeroTorque)
                else "with the exo's law that it adapted to; adapt it again"
            )
            raise SimulationError(f"the walker falls {torque}.")
        return settled, steady

    def _go_on(self, walker: Walker, walk: Rollout, duration_s: float) -> Rollout:
        """The same walk for some more time under the starting law."""
        return walker.rollout(
            self._parameters, duration_s, self._law, state=walk.state, memory=walk.memory
        )

    def snapshot_pool(
        self, n: int, seed: int, settle_s: float = SETTLE_S, variant: int = 0
    ) -> np.ndarray:
        """States of a variant's walk under the starting law at `n` random moments.

        The first one lies `settle_s` after the start pose at least. Shape: (n, n_state).
        """
        walker = self._variants[variant]
        span = round(REFERENCE_S / walker.timestep_s)
        moments = np.sort(np.random.default_rng(seed).integers(0, span, size=n))
        walk = (
            walker.rollout(self._parameters, settle_s, self._law)
            if settle_s != SETTLE_S
            else self._steady[variant][0]
        )
        snapshots = np.empty((n, self.n_state))
        done = 0
        for row, moment in enumerate(moments):
            if moment > done:
                walk = self._go_on(walker, walk, (moment - done) * walker.timestep_s)
                done = moment
            snapshots[row] = walk.state
        return snapshots


class _Share:
    """Rows of a batch that one thread steps with a walker of its own."""

    def __init__(self, walker: Walker, parameters: Mapping[str, float], rows: np.ndarray):
        self.walker = walker
        self.rows = slice(int(rows[0]), int(rows[-1]) + 1)
        self.reflexes = walker.table.arrays(parameters, walker.timestep_s)
        self.exo = walker.exo_arrays(ZeroTorque())._replace(mode=EXTERNAL_COMMAND)


def steady_costs(walk: Rollout) -> dict[str, float]:
    """Speed (m/s) and metabolic power (W) of a walk, as `WalkerBatch` takes references."""
    measures = walk.measures
    return {
        "speed_m_s": measures.speed_m_s,
        "metabolic_power_W": measures.effort_J / measures.reached_s,
    }


def unassisted_costs(walker: Walker, parameters: Mapping[str, float]) -> dict[str, float]:
    """What walking costs a human who wears nothing, as `WalkerBatch` takes references.

    Raises
    ------
    SimulationError
        If the walker falls.
    """
    settled = walker.rollout(parameters, SETTLE_S)
    walk = walker.rollout(parameters, REFERENCE_S, state=settled.state)
    if settled.measures.fell or walk.measures.fell:
        slope = np.degrees(walker.model.slope_rad)
        raise SimulationError(f"the walker without an exo falls on {slope:+.1f} deg.")
    return steady_costs(walk)
