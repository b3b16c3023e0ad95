"""Values far from the others: named, never dropped."""

from __future__ import annotations

import numpy as np

# Iglewicz and Hoaglin 1993: modified z score.
LIMIT = 3.5
NORMAL_MAD = 0.6745
# The median deviation of fewer values is no scale.
FEWEST_VALUES = 5


def outlying(values: np.ndarray) -> np.ndarray:
    """Whether each value's modified z score is beyond the limit, shape (n,)."""
    distance = np.abs(values - np.median(values))
    spread = np.median(distance)
    if values.size < FEWEST_VALUES or spread == 0:
        return np.zeros(values.size, dtype=bool)
    return NORMAL_MAD * distance / spread > LIMIT
