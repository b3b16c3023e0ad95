"""`reflex`: settings of a condition -> reflex gains that make the walker walk."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.optimization.gait_search import FoundGait, GaitSearch
    from exoflow.records.rollout import Rollout

# A gait is accepted when it walks this long at the search's own step.
ACCEPTANCE_S = 60.0
STORED_STEP_S = 0.01
SUMMARY_STRIDES = 10


def run(
    condition: str, settings: Mapping[str, Any], output: Path, start_from: Path | None = None
) -> None:
    """Search the gait of one condition.

    Parameters
    ----------
    condition : str
        Condition id.
    settings : mapping
        `condition`, `model` and `reflex`, as `config.phase_settings` makes them.
    output : Path
        ID.json; ID.parquet (trajectory) and ID.svg are written beside it.
    start_from : Path, optional
        Result of the condition named by `start_from`.
    """
    from exoflow.config.conditions import COLD_START
    from exoflow.figures.gait import save_gait_figure
    from exoflow.optimization.gait_search import GaitSearch
    from exoflow.records.checkpoints import checkpoint_path
    from exoflow.records.json_io import read_json, write_json
    from exoflow.records.provenance import write_run_record
    from exoflow.records.trajectory import write_parquet
    from exoflow.simulation.start_values import fit_start_values
    from exoflow.simulation.walker import load_start_values, reflex_table

    started = time.monotonic()
    output = Path(output)
    warm_start = settings["condition"]["warm_start"]
    start_values, inputs, source = None, [], COLD_START
    if start_from is not None:
        inputs, source = [Path(start_from)], f"condition {settings['condition']['start_from']}"
        start_values = read_json(start_from).get("parameters")
    elif warm_start != COLD_START:
        inputs, source = [Path(warm_start)], warm_start
        start_values = load_start_values(inputs[0])
    if start_values is not None:
        table = reflex_table(settings["reflex"]["reflexes"])
        fitted = fit_start_values(start_values, table, str(inputs[0]))
        start_values = fitted.values
        for notice in fitted.notices(str(inputs[0]), table.name):
            print(f"exoflow: {notice}", flush=True)
    search = GaitSearch(settings, f"reflex {condition}")
    scratch = checkpoint_path("reflex", condition, settings, inputs, suffix="")
    found = search.run(start_values, scratch)
    result, walk = gait_result(search, found, condition, source)
    files = [output, output.with_suffix(".parquet"), output.with_suffix(".svg")]
    write_parquet(walk.trajectory, files[1])
    save_gait_figure(result, files[2])
    write_json(files[0], result)
    write_run_record(
        "reflex",
        condition,
        settings=settings,
        inputs=inputs,
        outputs=files,
        seed=settings["reflex"]["seed"],
        wall_time_s=time.monotonic() - started,
    )
    search.discard(scratch)


def gait_result(
    search: GaitSearch, found: FoundGait, condition: str, source: str
) -> tuple[dict[str, Any], Rollout]:
    """The result of a search as it is written, and the walk it was judged by.

    Parameters
    ----------
    search, found
        The search and what came of it.
    condition : str
        Condition id.
    source : str
        Where the start values are from.
    """
    from exoflow.config import scientific

    settings = search.settings
    walk = search.walk(found.parameters, ACCEPTANCE_S, STORED_STEP_S)
    summary, cycle, reason = search.describe(walk, SUMMARY_STRIDES)
    terms = search.score_terms(found.parameters)
    result = {
        "phase": "reflex",
        "status": "no_gait" if reason else "ok",
        "reason": reason,
        "condition": condition,
        "settings": scientific(settings),
        "model": settings["model"]["id"],
        "reflexes": settings["reflex"]["reflexes"],
        "start_values": source,
        "parameters": found.parameters,
        "score": found.score,
        "score_terms": dict(terms.terms),
        "evaluations": found.evaluations,
        "history": found.history,
        "gait": summary,
        "cycle": cycle,
    }
    return result, walk
