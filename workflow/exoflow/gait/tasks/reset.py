"""Where an episode starts: at a random moment of a walk without assistance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.errors import SimulationError


@dataclass(frozen=True, eq=False)
class SnapshotPool:
    """Moments of a walk from the start pose on: simulation states and what is measured in them.

    Attributes
    ----------
    states : ndarray, shape (n_moments, n_state)
    measures : ndarray, shape (n_moments, n_measures)
    privileged : ndarray, shape (n_moments, n_privileged)
    per_variant : int
        Moments of each variant of the batch (`batch.variant`), one variant after the other.
    """

    states: np.ndarray
    measures: np.ndarray
    privileged: np.ndarray
    per_variant: int

    @classmethod
    def record(cls, batch: Any, n_moments: int, seed: int, settle_s: float) -> SnapshotPool:
        """Take moments from `batch` and let each walk one tick, which fills its measures.

        Raises
        ------
        SimulationError
            If a moment is not finite: every episode would start from a broken walker.
        """
        parts = []
        for variant in range(batch.variant.max() + 1):
            moments = batch.snapshot_pool(n_moments, seed, settle_s, variant)
            # Only rows of the variant step it: another slope would change the moment.
            own = np.flatnonzero(batch.variant == variant)
            for first in range(0, n_moments, len(own)):
                some = moments[first : first + len(own)]
                rows = own[: len(some)]
                batch.states[rows] = some
                batch.step(np.zeros((batch.n_walkers, 2)))
                parts.append(
                    [
                        array[rows].copy()
                        for array in (batch.states, batch.measures, batch.privileged)
                    ]
                )
        states, measures, privileged = (
            np.concatenate(arrays) for arrays in zip(*parts, strict=True)
        )
        pool = cls(states, measures, privileged, n_moments)
        if not (np.isfinite(pool.measures).all() and np.isfinite(pool.privileged).all()):
            raise SimulationError(
                "a moment of the walk without torque is not finite. "
                "Lower policy.timestep_s, or optimize the gait first."
            )
        return pool

    def draw(self, variant: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Random moments for walkers of these variants. Shape: that of `variant`."""
        return variant * self.per_variant + rng.integers(self.per_variant, size=len(variant))

    def __len__(self) -> int:
        return len(self.states)
