"""`export`: a weights file -> a verified C99 bundle and what its verification found."""

import time
from pathlib import Path
from typing import Any


def run(
    name: str,
    policy: Path,
    output: Path,
    settings: dict[str, Any] | None = None,
    layout: Path | None = None,
) -> None:
    """Export one controller.

    Parameters
    ----------
    name : str
        Of the bundle; its files lie in a folder of this name inside the zip.
    policy : Path
        weights.npz of a policy or of the student; if its ONNX lies beside it, that comes along.
    output : Path
        The zip; the export JSON is written beside it.
    settings : dict, optional
        `exo` and `export`, as `config.phase_settings` makes them.
    layout : Path, optional
        policy_io.yaml of firmware that is there already: a controller with other inputs is
        refused.

    Raises
    ------
    PolicyFormatError, UserError
        The weights, the limits or the compiler cannot be used.
    ParityError
        The compiled code is not the trained network; nothing is written then.
    """
    from exoflow.control.policy_format import load_policy
    from exoflow.export.bundle import Source, build_bundle, skipped_bundle, write_bundle
    from exoflow.export.input_layout import require_layout
    from exoflow.records.json_io import write_json
    from exoflow.records.provenance import write_run_record

    started_s = time.perf_counter()
    settings = settings or {}
    policy, output = Path(policy), Path(output)
    graph = policy.with_suffix(".onnx")
    weights = load_policy(policy)
    if weights.status == "skipped":
        files, result = skipped_bundle(name, weights.reason)
    else:
        if layout is not None:
            require_layout(weights, policy, Path(layout))
        files, result = build_bundle(
            Source(
                weights,
                name,
                policy,
                settings.get("export", {}),
                settings.get("exo"),
                graph.read_bytes() if graph.is_file() else None,
            )
        )
    summary = output.with_name(f"{output.name.removesuffix('.zip')}.json")
    write_bundle(output, files)
    write_json(summary, result)
    write_run_record(
        "export",
        name,
        settings=settings,
        inputs=[policy, *([graph] if graph.is_file() else [])],
        outputs=[output, summary],
        wall_time_s=time.perf_counter() - started_s,
    )
