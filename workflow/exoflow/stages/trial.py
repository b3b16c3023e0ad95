"""`trial`: a study folder -> statistics, a tidy table and a figure."""

import csv
import io
import time
from pathlib import Path
from typing import Any


def run(study: Path, output: Path, settings: dict[str, Any] | None = None) -> None:
    """Analyze one study.

    Parameters
    ----------
    study : Path
        data/trials/<study>/study.yaml.
    output : Path
        Folder for <study>.json, <study>.csv and <study>.svg; made if absent.
    settings : dict, optional
        What params.yaml says about this phase; recorded only, since a study
        declares its analysis itself.

    Raises
    ------
    TrialDataError
        If the study or its data cannot be trusted; nothing is written then.
    """
    from exoflow.figures.trial import trial_figure
    from exoflow.records.files import write_text
    from exoflow.records.json_io import write_json
    from exoflow.records.provenance import write_run_record
    from exoflow.trial.analysis import analyze, tabulate
    from exoflow.trial.study import load_study

    started = time.monotonic()
    description = load_study(study)
    result = analyze(description)

    stem = Path(output) / description.id
    table = write_text(stem.with_suffix(".csv"), _as_csv(tabulate(result)))
    figure = write_text(stem.with_suffix(".svg"), trial_figure(result))
    record = write_json(stem.with_suffix(".json"), result)

    write_run_record(
        "trial",
        description.id,
        settings=settings or {},
        inputs=[study, description.reductions_file],
        outputs=[record, table, figure],
        wall_time_s=time.monotonic() - started,
    )


def _as_csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
