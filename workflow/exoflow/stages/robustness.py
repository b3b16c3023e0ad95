"""`exoflow robustness`: what a found gait withstands, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.gait.robustness import Robustness, StepOutcome, Trial

RANDOM = ("pushes", "starts")
GRIDS = ("slopes", "masses")
# Columns of 80: one label and three time steps.
LABEL_WIDTH = 16
CELL_WIDTH = 20
STEPS_PER_TABLE = 3


def run(
    gait: Path,
    *,
    timesteps_ms: Sequence[float] = (0.5, 1.0, 2.0),
    n_pushes: int = 100,
    n_starts: int = 100,
    duration_s: float = 10.0,
    seed: int = 1,
    threads: int = 2,
    as_json: bool = False,
    output: Path | None = None,
) -> None:
    """Measure the robustness of a gait and print it.

    Parameters
    ----------
    gait : Path
        Result of the reflex phase.
    timesteps_ms : sequence of float
        Steps of the simulation, ms.
    n_pushes, n_starts, duration_s, seed
        See `gait.robustness.Disturbances`.
    threads : int
        Walks side by side; the result does not depend on it.
    as_json : bool
        Print the JSON instead of the table.
    output : Path, optional
        JSON to write.

    Raises
    ------
    CheckpointError
        If the file holds no gait.
    """
    from exoflow.gait.robustness import Disturbances, measure_robustness
    from exoflow.records.gait_file import read_gait
    from exoflow.records.json_io import plain_json, write_json

    gait = Path(gait)
    found = read_gait(gait)
    disturbances = Disturbances(n_pushes, n_starts, duration_s, seed)
    measured = measure_robustness(
        found, [step * 1e-3 for step in timesteps_ms], disturbances, threads
    )
    result = {"condition": found["condition"], **summary(measured)}
    if output is not None:
        write_json(output, result)
    if as_json:
        print(json.dumps(plain_json(result), sort_keys=True))
        return
    print(f"{found['condition']}: {found['model']}, {found['reflexes']}")
    print("\n".join(table(measured)))


def summary(measured: "Robustness") -> dict[str, Any]:
    """Fractions, their intervals, the agreement of the time steps and every trial."""
    from exoflow.gait.robustness import CONFIDENCE, PUSH_DURATION_S, PUSH_FORCE_N, Fraction

    steps = {}
    for step in measured.steps:
        shares = {
            kind: {**asdict(Fraction.of(getattr(step, kind))), "share": share(step, kind)}
            for kind in RANDOM
        }
        steps[step_name(step)] = {**asdict(step), "fractions": shares}
    return {
        "disturbances": asdict(measured.disturbances),
        "push_force_N": PUSH_FORCE_N,
        "push_duration_s": PUSH_DURATION_S,
        "confidence": CONFIDENCE,
        "timesteps": steps,
        "agreement": {kind: asdict(measured.agreement(kind)) for kind in (*RANDOM, *GRIDS)},
    }


def share(step: "StepOutcome", kind: str) -> float:
    """Share of survivors, 0..1."""
    from exoflow.gait.robustness import Fraction

    return Fraction.of(getattr(step, kind)).share


def step_name(step: "StepOutcome") -> str:
    """The time step with its unit, such as `0.5_ms`."""
    return f"{step.timestep_s * 1e3:g}_ms"


def table(measured: "Robustness") -> list[str]:
    """Lines of at most 80 columns, three time steps side by side."""
    asked = measured.disturbances
    lines = [f"survived: no fall for {asked.duration_s:g} s; with 95 % Wilson intervals"]
    for first in range(0, len(measured.steps), STEPS_PER_TABLE):
        steps = measured.steps[first : first + STEPS_PER_TABLE]
        lines += ["", row("time step", [step_name(step).replace("_", " ") for step in steps])]
        lines.append(row("undisturbed", [outcome(step.undisturbed) for step in steps]))
        lines.append(row("pushes 10..60 N", [fraction(step, "pushes") for step in steps]))
        lines.append(row("noisy starts", [fraction(step, "starts") for step in steps]))
        for k, change in enumerate(asked.slope_changes_deg):
            lines.append(row(f"slope {change:+g} deg", [outcome(s.slopes[k]) for s in steps]))
        for k, scale in enumerate(asked.mass_scales):
            label = f"body mass {100.0 * (scale - 1.0):+.0f} %"
            lines.append(row(label, [outcome(s.masses[k]) for s in steps]))
    if len(measured.steps) > 1:
        lines += ["", "do the time steps agree?"]
        lines += [row(kind, [agreement(measured, kind)]) for kind in (*RANDOM, *GRIDS)]
    return lines


def row(label: str, cells: Sequence[str]) -> str:
    """One line of the table."""
    return f"  {label:<{LABEL_WIDTH}}{''.join(f'{cell:<{CELL_WIDTH}}' for cell in cells)}".rstrip()


def fraction(step: "StepOutcome", kind: str) -> str:
    """`97/100 (92..99 %)`."""
    from exoflow.gait.robustness import Fraction

    counted = Fraction.of(getattr(step, kind))
    return (
        f"{counted.survived}/{counted.trials} ({100 * counted.low:.0f}..{100 * counted.high:.0f} %)"
    )


def outcome(trial: "Trial") -> str:
    """Speed of a walker that stayed up, or when it fell."""
    return f"{trial.speed_m_s:.2f} m/s" if trial.survived else f"fell at {trial.walked_s:.1f} s"


def agreement(measured: "Robustness", kind: str) -> str:
    """Words for one kind of disturbance."""
    found = measured.agreement(kind)
    same = f"{found.same_outcome} of {found.trials} ended alike at all steps"
    if kind in GRIDS:
        return same
    verdict = "within their intervals" if found.within_intervals else "NOT within their intervals"
    return f"{verdict}; {same}"
