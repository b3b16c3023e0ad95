"""`trial`: a study folder -> statistics, tidy tables, figures and a methods paragraph."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.figures.style import Drawing
    from exoflow.figures.trial_timeline import SessionTrace
    from exoflow.trial.net_rates import Rates
    from exoflow.trial.study import Study

NO_RECORDINGS = "This study holds published reductions only: no recordings to show."


def run(study: Path, output: Path, settings: dict[str, Any] | None = None) -> None:
    """Analyze one study.

    Parameters
    ----------
    study : Path
        data/trials/<study>/study.yaml.
    output : Path
        Folder for <study>.json, .csv (a row per subject and condition), .bouts.csv,
        .sensitivity.csv, .methods.md, and as .svg and .png: <study> (reductions),
        .bars, .rates, .baselines, .timeline. A study without recordings has them too,
        empty or with the reason. Made if absent.
    settings : dict, optional
        What params.yaml says about this phase; recorded only, since a study
        declares its analysis itself.

    Raises
    ------
    TrialDataError
        If the study or its data cannot be trusted; nothing is written then.
    """
    from exoflow.records.files import write_together
    from exoflow.records.json_io import json_text
    from exoflow.records.provenance import write_run_record
    from exoflow.trial.analysis import analyze, tabulate
    from exoflow.trial.study import load_study

    started = time.monotonic()
    description = load_study(study)
    result = analyze(description)

    def named(ending: str) -> Path:
        return Path(output) / f"{description.id}.{ending}"

    texts = {
        named("json"): json_text(named("json"), result),
        named("csv"): csv_text(tabulate(description)),
        named("bouts.csv"): csv_text(result["bouts"] or []),
        named("sensitivity.csv"): csv_text(result["sensitivity"] or []),
        named("methods.md"): result["methods"] + "\n",
    }
    files: dict[str | Path, bytes] = {path: text.encode("utf-8") for path, text in texts.items()}
    for name, figure in figures(description, result):
        files[named(f"{name}svg")] = figure.svg.encode("utf-8")
        files[named(f"{name}png")] = figure.png
    written = write_together(files)

    write_run_record(
        "trial",
        description.id,
        settings=settings or {},
        inputs=description.files,
        outputs=written,
        wall_time_s=time.monotonic() - started,
    )


def figures(study: Study, result: Mapping[str, Any]) -> Iterator[tuple[str, Drawing]]:
    """Every figure with the middle of its file names."""
    from exoflow.figures.style import message_drawing
    from exoflow.figures.trial import trial_figure
    from exoflow.figures.trial_bars import bars_figure
    from exoflow.figures.trial_baselines import baselines_figure
    from exoflow.figures.trial_rates import rates_figure
    from exoflow.figures.trial_timeline import timeline_figure

    yield "", trial_figure(result)
    yield "bars.", bars_figure(result)
    if study.rates:
        yield "rates.", rates_figure(result)
        yield "baselines.", baselines_figure(result)
        yield "timeline.", timeline_figure(result["title"], session_traces(study.rates))
    else:
        for name in ("rates.", "baselines.", "timeline."):
            yield name, message_drawing(NO_RECORDINGS)


def session_traces(rates: Rates) -> list[SessionTrace]:
    """The breaths of every session as the time line draws them."""
    from exoflow.figures.trial_timeline import SessionTrace, WindowOfBout
    from exoflow.trial.traces import trace_session

    traces = []
    for session in rates.plan.sessions:
        trace = trace_session(rates, session)
        windows = tuple(WindowOfBout(**window) for window in trace.windows)
        traces.append(SessionTrace(trace.title, trace.time_min, trace.power_W_kg, windows))
    return traces


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as comma-separated text with a header; without rows only that there are none."""
    stream = io.StringIO()
    columns = list(rows[0]) if rows else ["no_recordings"]
    writer = csv.DictWriter(stream, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
