"""Drawing walkers from declared ranges, so that a controller does not learn one human by heart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from exoflow.config.randomization import RANGES, RandomizationSettings
from exoflow.simulation import ExoLaw, SensorNoise, Variation, Walker


def ranges_of(settings: RandomizationSettings, stretch: float = 1.0) -> dict[str, tuple]:
    """Low and high end of every range, `stretch` times as wide about its middle."""
    found = {}
    for name in RANGES:
        low, high = getattr(settings, name)
        middle, half = (low + high) / 2.0, stretch * (high - low) / 2.0
        found[name] = (middle - half, middle + half)
    return found


def draw(ranges: Mapping[str, tuple], rng: np.random.Generator) -> Variation:
    """One walker, every value drawn evenly from its range."""
    return Variation(
        **{name: float(rng.uniform(low, high)) for name, (low, high) in ranges.items()}
    )


def survivors(
    make_walker: Callable[[Variation], Walker],
    parameters: Mapping[str, float],
    laws: Mapping[str, ExoLaw],
    variations: Sequence[Variation],
    duration_s: float,
    noise: SensorNoise | None,
    threads: int,
) -> dict[str, list[bool]]:
    """Who is still walking at the end, by law, for every drawn walker.

    Parameters
    ----------
    make_walker : callable
        A walker with the exo worn.
    laws : mapping
        All walk the same draws, with the same noise.
    threads : int
        Walks side by side; the result does not depend on it.
    """

    def walk(number: int) -> dict[str, bool]:
        walker = make_walker(variations[number])
        return {
            name: not walker.rollout(
                parameters, duration_s, law, noise=noise, noise_seed=number
            ).measures.fell
            for name, law in laws.items()
        }

    with ThreadPoolExecutor(threads) as pool:
        walked = list(pool.map(walk, range(len(variations))))
    return {name: [one[name] for one in walked] for name in laws}
