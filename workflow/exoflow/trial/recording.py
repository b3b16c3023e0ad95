"""One recording of a metabolic cart, whatever cart it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Marker:
    """Something the operator noted while recording: its time (s from the start) and text."""

    time_s: float
    text: str


@dataclass(frozen=True, eq=False)
class Recording:
    """Gas exchange over time; nothing in it says who breathed.

    Attributes
    ----------
    cart : str
        Which export this is, such as `cosmed_omnia`, `cosmed_legacy`, `cortex_xlsx`,
        `cortex_xml`, `parvo`, `vyntus`, `vo2master`, `custom`.
    file : str
        Name of the file without its folder.
    sha256 : str
        Of the file's bytes.
    sampling : str
        `breath` (one row per breath) or `binned` (means over fixed intervals).
    rows : ndarray, shape (n,)
        Row (line) of every sample in the file, 1 is the first, for messages.
    time_s : ndarray, shape (n,)
        Since the start of the recording, strictly increasing.
    vo2_mL_min, vco2_mL_min : ndarray, shape (n,)
        STPD. NaN where the cart has no value; `vco2_mL_min` is all NaN for a cart without it.
    heart_rate_bpm : ndarray, shape (n,)
        NaN where there is none.
    phase : tuple of str, length n
        The cart's own phase label of every row, "" where there is none.
    markers : tuple of Marker
    energy_W : ndarray, shape (n,)
        The cart's own energy expenditure, W; all NaN where it exports none.
    energy_equation : str or None
        The equation that column follows, by a name that `trial/energy.py` knows.
    mass_kg : float or None
        Body mass as typed into the cart.
    warnings : tuple of str
        What a reader noticed: dropped blank rows, times that did not increase, ...
    """

    cart: str
    file: str
    sha256: str
    sampling: str
    rows: np.ndarray
    time_s: np.ndarray
    vo2_mL_min: np.ndarray
    vco2_mL_min: np.ndarray
    heart_rate_bpm: np.ndarray
    phase: tuple[str, ...]
    markers: tuple[Marker, ...]
    energy_W: np.ndarray
    energy_equation: str | None
    mass_kg: float | None
    warnings: tuple[str, ...] = ()

    @property
    def has_vco2(self) -> bool:
        """Whether the cart measured carbon dioxide."""
        return bool(np.isfinite(self.vco2_mL_min).any())
