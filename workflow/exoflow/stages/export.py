"""`export`: a weights file -> a verified C99 bundle and what its verification found."""

import time
from pathlib import Path
from typing import Any


def run(name: str, policy: Path, output: Path, settings: dict[str, Any] | None = None) -> None:
    """Export one controller.

    Parameters
    ----------
    name : str
        Of the bundle; its files lie in a folder of this name inside the zip.
    policy : Path
        weights.npz of a policy or of the student.
    output : Path
        The zip; the export JSON is written beside it.
    settings : dict, optional
        `export:` of params.yaml; used are tolerance_Nm and compiler.

    Raises
    ------
    PolicyFormatError, UserError
        The weights or the compiler cannot be used.
    ParityError
        The compiled code is not the trained network; nothing is written then.
    """
    from exoflow.control.policy_format import load_policy
    from exoflow.export.bundle import build_bundle, skipped_bundle, write_bundle
    from exoflow.export.verify import GATE_NM
    from exoflow.records.json_io import write_json
    from exoflow.records.provenance import write_run_record

    started_s = time.perf_counter()
    settings = settings or {}
    policy, output = Path(policy), Path(output)
    weights = load_policy(policy)
    if weights.status == "skipped":
        files, result = skipped_bundle(name, weights.reason)
    else:
        files, result = build_bundle(
            weights,
            name,
            policy,
            gate_Nm=settings.get("tolerance_Nm", GATE_NM),
            compiler=settings.get("compiler", "cc"),
        )
    summary = output.with_name(f"{output.name.removesuffix('.zip')}.json")
    write_bundle(output, files)
    write_json(summary, result)
    write_run_record(
        "export",
        name,
        settings=settings,
        inputs=[policy],
        outputs=[output, summary],
        wall_time_s=time.perf_counter() - started_s,
    )
