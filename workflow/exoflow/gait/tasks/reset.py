"""Where an episode starts: at a random moment of a walk under what the walker is used to."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.errors import SimulationError
from exoflow.gait.tasks.observation import CONTROL_DT_S

# Moments lie this long after the first possible one at most, control ticks.
SPAN_TICKS = 1000
# Of the moments of a walk with torque, one in so many is its very beginning: every walk of a
# controller has one, and one tick in a thousand would not teach it.
ONE_IN_BEGINS = 8


@dataclass(frozen=True, eq=False)
class SnapshotPool:
    """Moments of walks from the start pose on: simulation states and what came before them.

    A device that drove the walk is on already: the controller takes over with its history. One
    that gave no torque is switched on at that moment, knowing nothing.

    Attributes
    ----------
    states : ndarray, shape (n_moments, n_state)
    privileged : ndarray, shape (n_moments, n_privileged)
    walks : ndarray, shape (n_subjects, n_ticks, n_measures)
        What is measured at the end of every tick of each subject's walk.
    commands : ndarray, shape (n_subjects, n_ticks, 2)
        What its law asked for in that tick, Nm.
    ticks : ndarray, shape (n_moments,)
        The tick of its walk at whose end each moment is.
    per_subject : int
        Moments of each subject of the batch (`batch.subject`), one subject after the other.
    """

    states: np.ndarray
    privileged: np.ndarray
    walks: np.ndarray
    commands: np.ndarray
    ticks: np.ndarray
    per_subject: int

    @classmethod
    def record(cls, batch: Any, n_moments: int, seed: int, settle_s: float) -> SnapshotPool:
        """Walk every subject under its starting law and keep moments of it.

        Parameters
        ----------
        batch
            As `AssistedGait` takes it.
        n_moments : int
            Of each subject.
        seed : int
            Of the moments.
        settle_s : float
            From the start pose to the first moment at least.

        Raises
        ------
        SimulationError
            If a moment is not finite: every episode would start from a broken walker.
        """
        n_subjects = int(batch.subject.max()) + 1
        first = round(settle_s / CONTROL_DT_S)
        n_ticks = first + SPAN_TICKS
        drawn = np.sort(np.random.default_rng(seed).integers(first, n_ticks, size=n_moments))
        states = np.empty((n_subjects, n_moments, batch.states.shape[1]))
        privileged = np.empty((n_subjects, n_moments, batch.privileged.shape[1]))
        walks = np.empty((n_subjects, n_ticks, batch.measures.shape[1]))
        commands = np.empty((n_subjects, n_ticks, 2))
        ticks = np.empty((n_subjects, n_moments), np.int64)
        for k in range(n_subjects):
            walk, commands[k] = batch.walk(n_ticks, k)
            ticks[k] = drawn
            if commands[k].any():
                ticks[k, ::ONE_IN_BEGINS] = 0
            walks[k], seen = _step_along(
                batch, np.flatnonzero(batch.subject == k), walk, commands[k]
            )
            states[k], privileged[k] = walk[ticks[k] + 1], seen[ticks[k]]
        pool = cls(
            states.reshape(n_subjects * n_moments, -1),
            privileged.reshape(n_subjects * n_moments, -1),
            walks, commands, ticks.ravel(), n_moments,
        )  # fmt: skip
        if not (np.isfinite(walks).all() and np.isfinite(privileged).all()):
            raise SimulationError(
                "a moment of the walk that episodes start from is not finite. "
                "Lower policy.timestep_s, or optimize the gait first."
            )
        return pool

    def draw(self, subject: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Random moments for walkers of these subjects. Shape: that of `subject`."""
        return subject * self.per_subject + rng.integers(self.per_subject, size=len(subject))

    def measures(self, moments: np.ndarray) -> np.ndarray:
        """What is measured at these moments. Shape: (len(moments), n_measures)."""
        return self.walks[moments // self.per_subject, self.ticks[moments]]

    def past(self, moments: np.ndarray, columns: list[int], n_ticks: int) -> np.ndarray:
        """Some measures of the last ticks a device knows of; zero before it was switched on.

        Returns
        -------
        ndarray, shape (len(moments), n_ticks, len(columns))
            Oldest tick first, the moment itself last.
        """
        subject, now = moments // self.per_subject, self.ticks[moments]
        then = now[:, None] + np.arange(1 - n_ticks, 1)
        seen = self.walks[subject[:, None], then.clip(0)][:, :, columns]
        known = (then >= 0) & self._assisted[subject][:, None]
        known[:, -1] = True
        return np.where(known[:, :, None], seen, 0.0)

    def command(self, moments: np.ndarray) -> np.ndarray:
        """What the law of the walk asked for last, Nm. Shape: (len(moments), 2)."""
        return self.commands[moments // self.per_subject, self.ticks[moments]]

    @functools.cached_property
    def _assisted(self) -> np.ndarray:
        """Whether the exo gave torque in each subject's walk. Shape: (n_subjects,), bool."""
        return np.asarray(self.commands.any(axis=(1, 2)))

    def __len__(self) -> int:
        return len(self.states)


def _step_along(
    batch: Any, rows: np.ndarray, walk: np.ndarray, commands: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Measures and privileged numbers of every tick of a subject's walk, stepped by its rows.

    Only a subject's own rows step its walk: another slope would change it.
    """
    n_ticks = len(commands)
    measures = np.empty((n_ticks, batch.measures.shape[1]))
    privileged = np.empty((n_ticks, batch.privileged.shape[1]))
    asked = np.zeros((batch.n_walkers, 2))
    for first in range(0, n_ticks, len(rows)):
        some = slice(first, min(first + len(rows), n_ticks))
        used = rows[: some.stop - some.start]
        batch.states[used], asked[used] = walk[some], commands[some]
        batch.step(asked)
        measures[some], privileged[some] = batch.measures[used], batch.privileged[used]
    return measures, privileged
