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
    per_subject : int
        Moments of each subject of the batch (`batch.subject`), one subject after the other.
    """

    states: np.ndarray
    measures: np.ndarray
    privileged: np.ndarray
    per_subject: int

    @classmethod
    def record(cls, batch: Any, n_moments: int, seed: int, settle_s: float) -> SnapshotPool:
        """Take moments from `batch` and let each walk one tick, which fills its measures.

        Raises
        ------
        SimulationError
            If a moment is not finite: every episode would start from a broken walker.
        """
        n_subjects = int(batch.subject.max()) + 1
        moments = [batch.snapshot_pool(n_moments, seed, settle_s, k) for k in range(n_subjects)]
        # Only a subject's own rows step its moments: another slope would change them.
        rows = [np.flatnonzero(batch.subject == k) for k in range(n_subjects)]
        at_once = min(len(own) for own in rows)
        states, measures, privileged = (
            np.empty((n_subjects, n_moments, array.shape[1]))
            for array in (batch.states, batch.measures, batch.privileged)
        )
        for first in range(0, n_moments, at_once):
            some = slice(first, min(first + at_once, n_moments))
            used = [own[: some.stop - some.start] for own in rows]
            for own, of_subject in zip(used, moments, strict=True):
                batch.states[own] = of_subject[some]
            batch.step(np.zeros((batch.n_walkers, 2)))
            for k, own in enumerate(used):
                states[k, some] = batch.states[own]
                measures[k, some] = batch.measures[own]
                privileged[k, some] = batch.privileged[own]
        states, measures, privileged = (
            array.reshape(n_subjects * n_moments, -1) for array in (states, measures, privileged)
        )
        pool = cls(states, measures, privileged, n_moments)
        if not (np.isfinite(pool.measures).all() and np.isfinite(pool.privileged).all()):
            raise SimulationError(
                "a moment of the walk without torque is not finite. "
                "Lower policy.timestep_s, or optimize the gait first."
            )
        return pool

    def draw(self, subject: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Random moments for walkers of these subjects. Shape: that of `subject`."""
        return subject * self.per_subject + rng.integers(self.per_subject, size=len(subject))

    def __len__(self) -> int:
        return len(self.states)
