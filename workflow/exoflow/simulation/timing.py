"""Where the time of a physics step goes: each part of the kernel, repeated on states of a walk."""

import time
from collections.abc import Callable, Mapping

import mujoco
import numpy as np

from exoflow.compiled import compiled
from exoflow.simulation import kernel, layout, mechanics
from exoflow.simulation.mujoco_body import MujocoBody
from exoflow.simulation.walker import NoExo, Walker

# States along a walk that the parts are timed on, and calls in one timing.
_N_STATES = 100
_CALLS = 20_000


@compiled
def _skeleton(plant, states, work, calls):
    for k in range(calls):
        mechanics.skeleton(plant, states[k % states.shape[0]], work)


@compiled
def _placing(plant, states, work, calls):
    for k in range(calls):
        state = states[k % states.shape[0]]
        mechanics.place_bodies(plant, state[layout.Q : layout.Q + layout.N_DOF], work)


@compiled
def _paths(plant, states, work, calls):
    for k in range(calls):
        state = states[k % states.shape[0]]
        mechanics.place_bodies(plant, state[layout.Q : layout.Q + layout.N_DOF], work)
        mechanics.muscle_paths(plant, work)


@compiled
def _contact(plant, states, work, calls):
    for k in range(calls):
        state = states[k % states.shape[0]]
        mechanics.place_bodies(plant, state[layout.Q : layout.Q + layout.N_DOF], work)
        mechanics.contact(plant, state, work)


@compiled
def _muscles(plant, states, work, calls):
    for k in range(calls):
        state = states[k % states.shape[0]]
        mechanics.place_bodies(plant, state[layout.Q : layout.Q + layout.N_DOF], work)
        mechanics.muscle_paths(plant, work)
        kernel.muscles(plant, state, work)


@compiled
def _metabolics(plant, states, work, calls):
    for k in range(calls):
        kernel.metabolics(plant, states[k % states.shape[0]], work)


@compiled
def _reflexes(plant, reflex, n_ring, states, work, calls):
    for k in range(calls):
        kernel.excite(reflex, n_ring, states[k % states.shape[0]], work)


@compiled
def _integration(plant, states, work, calls):
    for k in range(calls):
        mechanics.skeleton(plant, states[k % states.shape[0]], work)
        mechanics.integrate(plant, states[k % states.shape[0]], work)


def _best_us(run: Callable[[np.ndarray], None], states: np.ndarray, repeats: int) -> float:
    best = np.inf
    for _ in range(repeats + 1):
        # The parts change the states they run on: every timing starts from the same copies.
        copies = states.copy()
        begin = time.perf_counter()
        run(copies)
        best = min(best, time.perf_counter() - begin)
    return best / _CALLS * 1e6


def time_parts(
    walker: Walker, parameters: Mapping[str, float], repeats: int = 5
) -> dict[str, float]:
    """Microseconds of each part of one physics step, best of `repeats`.

    Returns
    -------
    dict
        skeleton (MuJoCo's mass matrix and bias forces), muscle_paths (with the placing of the
        bodies), contact, muscles, metabolics, reflexes (sensing included), integration; and
        mj_step, the floor: MuJoCo's own step of the same nine joints without muscles or contact.
    """
    state = walker.rollout(parameters, 5.0).state
    states = np.empty((_N_STATES, len(state)))
    for k in range(_N_STATES):
        state = walker.rollout(parameters, 0.011, state=state).state
        states[k] = state
    plant, work, reflex = walker.plant, walker.work, walker.table.arrays(
        parameters, walker.timestep_s
    )  # fmt: skip

    def timed(part, *extra) -> float:
        return _best_us(lambda copies: part(plant, *extra, copies, work, _CALLS), states, repeats)

    skeleton, placing, paths = timed(_skeleton), timed(_placing), timed(_paths)
    return {
        "skeleton": skeleton,
        "muscle_paths": paths,
        "contact": timed(_contact) - placing,
        "muscles": timed(_muscles) - paths,
        "metabolics": timed(_metabolics),
        "reflexes": timed(_reflexes, reflex, walker.n_ring),
        "integration": timed(_integration) - skeleton,
        "mj_step": bare_mj_step_us(walker, state, repeats),
    }


def bare_mj_step_us(walker: Walker, state: np.ndarray, repeats: int = 5) -> float:
    """Microseconds of MuJoCo's `mj_step` of the walker's bodies alone, called in bulk."""
    body = MujocoBody.create(walker.model)
    model, data = body.model, body.data
    model.opt.timestep = walker.timestep_s
    best = np.inf
    for _ in range(repeats + 1):
        mujoco.mj_resetData(model, data)
        data.qpos[:] = state[layout.Q : layout.Q + layout.N_DOF]
        begin = time.perf_counter()
        mujoco.mj_step(model, data, _CALLS // 20)
        best = min(best, time.perf_counter() - begin)
    return best / (_CALLS // 20) * 1e6


def python_loop_factor(walker: Walker, parameters: Mapping[str, float], duration_s: float) -> float:
    """Simulated seconds per second when a Python loop calls every physics step."""
    exo = walker.exo_arrays(NoExo())
    reflex = walker.table.arrays(parameters, walker.timestep_s)
    memory, noise = np.zeros(exo.network.n_memory, np.float32), np.zeros((1, 6))
    state = walker.start(parameters)
    n = round(duration_s / walker.timestep_s)
    begin = time.perf_counter()
    for _ in range(n):
        kernel.physics_step(
            walker.plant, reflex, exo, walker.n_ring, state, memory, noise, walker.work
        )
    return duration_s / (time.perf_counter() - begin)
