"""One CMA-ES search: ask, evaluate on threads, tell, checkpoint.

pycma draws from numpy's global generator, so its state is part of the checkpoint:
a search that was killed goes on exactly where the last checkpoint was written.
"""

import pickle
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cma
import numpy as np

from exoflow.errors import CheckpointError
from exoflow.records.files import write_bytes
from exoflow.records.progress import Progress

# A lane evaluates one candidate; each thread has its own.
Lane = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class SearchSpace:
    """Named free numbers with start values, standard deviations and bounds."""

    names: tuple[str, ...]
    start: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray


def joined(first: SearchSpace, second: SearchSpace) -> SearchSpace:
    """Both spaces as one; their names must differ."""
    return SearchSpace(
        (*first.names, *second.names),
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("start", "std", "low", "high")
        ),
    )


@dataclass
class SearchResult:
    """Best candidate, its value, and (evaluations, best value) after every generation."""

    best: np.ndarray
    value: float
    evaluations: int
    history: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often a search saves itself."""

    path: Path
    every_s: float = 20.0

    def load(self) -> dict | None:
        """The saved search, or None if there is none.

        Raises
        ------
        CheckpointError
            If the file cannot be read; names it and the remedy.
        """
        if not self.path.exists():
            return None
        try:
            return pickle.loads(self.path.read_bytes())
        except Exception as problem:
            raise CheckpointError(
                f"checkpoint {self.path} is damaged or truncated ({type(problem).__name__}). "
                "Delete it; the search then starts again."
            ) from None

    def save(self, saved: dict) -> None:
        """Write the search whole or not at all."""
        write_bytes(self.path, pickle.dumps(saved))


def minimize(
    space: SearchSpace,
    lanes: Sequence[Lane],
    *,
    evaluations: int,
    population: int,
    seed: int,
    label: str,
    checkpoint: Checkpoint | None = None,
    history_offset: int = 0,
    diagonal: bool = False,
) -> SearchResult:
    """Minimize with CMA-ES.

    Parameters
    ----------
    space : SearchSpace
    lanes : sequence of callables
        One per thread; candidates are dealt out in order, so the result does not
        depend on the number of lanes.
    evaluations : int
        Stop after the generation that reaches this number.
    seed : int
        Of the generator pycma draws from.
    diagonal : bool
        Adapt a step for every parameter and no correlations: with many parameters a short
        search learns the steps but not the correlations (Ros and Hansen 2008).
    checkpoint : Checkpoint, optional
        Resume from it if it exists, and write it now and then.

    Returns
    -------
    SearchResult
    """
    saved = checkpoint.load() if checkpoint else None
    if saved:
        strategy, result = saved["strategy"], saved["result"]
        np.random.set_state(saved["random_state"])
    else:
        strategy = _new_strategy(space, population, seed, diagonal)
        # pycma never tries the start itself; a search must not end worse than it began.
        result = SearchResult(space.start.copy(), float(lanes[0](space.start)), 1)
        result.history.append((history_offset + 1, result.value))
    progress = Progress(evaluations, label, done=result.evaluations)
    last_save = time.monotonic()
    with ThreadPoolExecutor(len(lanes)) as threads:
        while result.evaluations < evaluations:
            candidates = strategy.ask()
            values = _evaluate(candidates, lanes, threads)
            strategy.tell(candidates, values)
            result.evaluations += len(candidates)
            best = int(np.argmin(values))
            if values[best] < result.value:
                result.value, result.best = float(values[best]), np.array(candidates[best])
            result.history.append((history_offset + result.evaluations, result.value))
            progress.update(result.evaluations, f"best {result.value:.3f}")
            if checkpoint and time.monotonic() - last_save >= checkpoint.every_s:
                checkpoint.save(
                    {"strategy": strategy, "result": result, "random_state": np.random.get_state()}
                )
                last_save = time.monotonic()
    return result


def _new_strategy(
    space: SearchSpace, population: int, seed: int, diagonal: bool
) -> cma.CMAEvolutionStrategy:
    options = {
        "popsize": population,
        # pycma reads 0 as "take the clock".
        "seed": seed + 1,
        "CMA_stds": space.std,
        "CMA_diagonal": diagonal,
        "bounds": [space.low.tolist(), space.high.tolist()],
        "verbose": -9,
        "tolfun": 0,
        "tolx": 0,
        "tolstagnation": int(1e9),
        "tolflatfitness": int(1e9),
    }
    start = np.clip(space.start, space.low, space.high)
    return cma.CMAEvolutionStrategy(start, 1.0, options)


def _evaluate(
    candidates: Sequence[np.ndarray], lanes: Sequence[Lane], threads: ThreadPoolExecutor
) -> np.ndarray:
    values = np.empty(len(candidates))
    n = len(lanes)

    def work(k: int) -> None:
        for i in range(k, len(candidates), n):
            values[i] = lanes[k](candidates[i])

    for done in [threads.submit(work, k) for k in range(n)]:
        done.result()
    return values
