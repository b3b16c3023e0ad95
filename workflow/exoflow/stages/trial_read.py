"""`exoflow trial read`: what one file of a metabolic cart holds."""

from __future__ import annotations

import json
import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.trial.recording import Recording

WIDTH = 79


def run(file: Path, columns: Path | None = None, as_json: bool = False) -> None:
    """Print the cart, rows, times and mean gas exchange of one file.

    Parameters
    ----------
    file : Path
        An export of a cart, or a copy that `exoflow trial ingest` wrote.
    columns : Path, optional
        YAML column map of a cart that exoflow does not know.
    as_json : bool
        Print JSON instead of a table.

    Raises
    ------
    TrialDataError
        If the file cannot be trusted.
    """
    from exoflow.trial.carts import read_cart

    recording = read_cart(file, column_map(columns))
    print(json.dumps(summary(recording), indent=2) if as_json else as_text(recording))


def column_map(file: Path | None) -> dict[str, Any] | None:
    """The column map in a YAML file, None without one."""
    from exoflow.trial.schema import read_yaml

    return None if file is None else read_yaml(file).values


def summary(recording: Recording) -> dict[str, Any]:
    """What --json prints: plain means over the rows, NaN as null."""
    return {
        "cart": recording.cart,
        "rows": len(recording.rows),
        "first_s": float(recording.time_s[0]),
        "last_s": float(recording.time_s[-1]),
        "mean_vo2_mL_min": _mean(recording.vo2_mL_min),
        "mean_vco2_mL_min": _mean(recording.vco2_mL_min),
        "warnings": list(recording.warnings),
    }


def _mean(values: Any) -> float | None:
    finite = [value for value in values.tolist() if not math.isnan(value)]
    return math.fsum(finite) / len(finite) if finite else None


def as_text(recording: Recording) -> str:
    """A short table for people, at most 80 columns wide."""
    record = summary(recording)
    mass = "not given" if recording.mass_kg is None else f"{recording.mass_kg:g} kg"
    lines = [
        ("cart", f"{recording.cart}, one row per {_row_of(recording)}"),
        ("rows", f"{record['rows']} (rows {recording.rows[0]}..{recording.rows[-1]} of the file)"),
        ("times", f"{record['first_s']:.1f} to {record['last_s']:.1f} s"),
        ("mean VO2", _flow(record["mean_vo2_mL_min"])),
        ("mean VCO2", _flow(record["mean_vco2_mL_min"])),
        ("cart's energy", _energy(recording)),
        ("markers", str(len(recording.markers))),
        ("phases", str(len({phase for phase in recording.phase if phase}))),
        ("body mass", mass),
        ("warnings", str(len(recording.warnings)) if recording.warnings else "none"),
    ]
    text = "\n".join(f"{name:<15}{value}"[:WIDTH] for name, value in lines)
    noticed = [
        textwrap.fill(warning, WIDTH, initial_indent="  ", subsequent_indent="    ")
        for warning in recording.warnings
    ]
    return "\n".join([text, *noticed])


def _energy(recording: Recording) -> str:
    """The equation of the cart's own energy column, and how far the column is from it."""
    from exoflow.trial.carts.checks import largest_energy_difference

    if recording.energy_equation is None:
        return "none" if all(map(math.isnan, recording.energy_W.tolist())) else "unknown equation"
    difference_W = largest_energy_difference(
        recording.energy_equation,
        recording.energy_W,
        recording.vo2_mL_min,
        recording.vco2_mL_min,
    )
    return f"{recording.energy_equation}, the largest difference {difference_W:.2g} W"


def _row_of(recording: Recording) -> str:
    return "breath" if recording.sampling == "breath" else "interval"


def _flow(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1f} mL/min"
