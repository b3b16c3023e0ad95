"""Where an episode starts: at a random moment of the steady gait without assistance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.errors import SimulationError


@dataclass(frozen=True, eq=False)
class SnapshotPool:
    """Moments of the steady gait: simulation states and what is measured in them.

    Attributes
    ----------
    states : ndarray, shape (n_moments, n_state)
    measures : ndarray, shape (n_moments, n_measures)
    privileged : ndarray, shape (n_moments, n_privileged)
    """

    states: np.ndarray
    measures: np.ndarray
    privileged: np.ndarray

    @classmethod
    def record(cls, batch: Any, n_moments: int, seed: int, settle_s: float) -> SnapshotPool:
        """Take moments from `batch` and let each walk one tick, which fills its measures.

        Raises
        ------
        SimulationError
            If a moment is not finite: every episode would start from a broken walker.
        """
        moments = batch.snapshot_pool(n_moments, seed, settle_s)
        parts = []
        for first in range(0, n_moments, batch.n_walkers):
            some = moments[first : first + batch.n_walkers]
            # A short last part is padded: every walker needs a state to step from.
            rows = np.arange(batch.n_walkers) % len(some)
            batch.states[:] = some[rows]
            batch.step(np.zeros((batch.n_walkers, 2)))
            parts.append(
                [
                    array[: len(some)].copy()
                    for array in (batch.states, batch.measures, batch.privileged)
                ]
            )
        pool = cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        if not (np.isfinite(pool.measures).all() and np.isfinite(pool.privileged).all()):
            raise SimulationError(
                "a moment of the steady gait without torque is not finite. "
                "Lower policy.timestep_s, or optimize the gait first."
            )
        return pool

    def __len__(self) -> int:
        return len(self.states)
