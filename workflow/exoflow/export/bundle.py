"""A controller as one zip: sources, tests, documents and the proof that they agree."""

import io
import re
import zipfile
from pathlib import Path

from exoflow.control.policy_format import ZIP_DATE, PolicyWeights
from exoflow.errors import PolicyFormatError, UserError
from exoflow.export import documents
from exoflow.export.c_code import (
    STRICT_FLAGS,
    count_multiply_adds,
    generate_sources,
    read_template,
)
from exoflow.export.verify import (
    GATE_NM,
    MIN_GOLDEN_STEPS,
    HostVerification,
    require_parity,
    verify_on_host,
)
from exoflow.records.files import write_bytes


def check_name(name: str) -> str:
    """Folder name inside the bundle; a path's slashes become underscores."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", name) or ".." in name:
        raise UserError(
            f"export: the name {name!r} is not usable as a folder and in C comments. "
            "Use letters, digits and . _ + - /"
        )
    return name.replace("/", "_")


def build_bundle(
    weights: PolicyWeights,
    name: str,
    source: Path,
    gate_Nm: float = GATE_NM,
    compiler: str = "cc",
) -> tuple[dict[str, str], dict]:
    """Generate, compile and check a controller.

    Parameters
    ----------
    weights : PolicyWeights
        Status "ok".
    name : str
        Of the bundle.
    source : Path
        Where the weights came from, for messages.
    gate_Nm : float
        Largest allowed |C - torch| of a torque command, Nm.
    compiler : str
        Host C compiler; the environment variable CC goes before it.

    Returns
    -------
    files : dict
        Text by path inside the bundle.
    result : dict
        The export JSON.

    Raises
    ------
    ParityError
        If the compiled code misses the gate; nothing is delivered then.
    PolicyFormatError
        If there are too few golden steps to judge it.
    """
    folder = check_name(name)
    n_golden = len(weights.golden_inputs)
    if n_golden < MIN_GOLDEN_STEPS:
        raise PolicyFormatError(
            f"{source}: array golden_inputs has {n_golden} steps, the export needs at least "
            f"{MIN_GOLDEN_STEPS}. Record a longer walk with `exoflow policy`."
        )
    files = generate_sources(weights, folder)
    files["golden/walk.csv"] = documents.golden_csv(weights)
    files["test/test_golden.c"] = read_template("test_golden.c").substitute(gate=repr(gate_Nm))
    files["test/Makefile"] = read_template("Makefile.txt").substitute(
        strict=" ".join(STRICT_FLAGS), gate=repr(gate_Nm)
    )
    host = verify_on_host(files, weights, gate_Nm, compiler)
    require_parity(host, weights, source)
    files["policy_io.yaml"] = documents.describe_io(weights)
    files["EXPORT_REPORT.md"] = documents.export_report(weights, name, host)
    files["NOTICE"] = documents.NOTICE
    return {f"{folder}/{path}": text for path, text in files.items()}, _result(weights, name, host)


def skipped_bundle(name: str, reason: str) -> tuple[dict[str, str], dict]:
    """Bundle and export JSON of a controller that was never made."""
    files = {f"{check_name(name)}/README.md": documents.skipped_readme(name, reason)}
    return files, {"phase": "export", "status": "skipped", "reason": reason, "name": name}


def write_bundle(path: Path, files: dict[str, str]) -> None:
    """Zip with sorted names, fixed dates and permissions: equal content, equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, files[name].encode("utf-8"), compresslevel=6)
    write_bytes(path, content.getvalue())


def _result(weights: PolicyWeights, name: str, host: HostVerification) -> dict:
    return {
        "phase": "export",
        "status": "ok",
        "reason": None,
        "name": name,
        "kind": weights.kind,
        "mirrored": weights.mirrored,
        "torque_limit_Nm": weights.torque_limit_Nm,
        "rate_Hz": weights.io["rate_Hz"],
        "max_abs_error_Nm": {"host": host.max_abs_error_Nm},
        "max_error_step": host.max_error_step,
        "max_error_leg": host.max_error_leg,
        "gate_Nm": host.gate_Nm,
        "passed": host.passed,
        "n_golden_steps": host.n_golden_steps,
        "reset_reproduces": host.reset_reproduces,
        "bit_identical": None,
        "sizes_bytes": host.sizes_bytes,
        "multiply_adds_per_tick": count_multiply_adds(weights),
        "compiler": host.compiler,
        "compiler_flags": host.flags,
        "weights_sha256": weights.digest(),
        "not_measured": list(documents.NOT_MEASURED),
    }
