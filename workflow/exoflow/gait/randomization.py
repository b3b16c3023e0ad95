"""Drawing walkers from declared ranges, so that a controller does not learn one human by heart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from exoflow.config.randomization import RANGES, RandomizationSettings
from exoflow.simulation.variation import Variation


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
