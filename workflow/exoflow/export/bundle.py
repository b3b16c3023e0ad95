"""A controller as one zip: sources, tests, documents and the proof that they agree."""

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from exoflow import __version__
from exoflow.config.build import build
from exoflow.config.export import ExportSettings
from exoflow.control.policy_format import ZIP_DATE, NumpyPolicy, PolicyWeights
from exoflow.errors import PolicyFormatError, UserError
from exoflow.export import documents
from exoflow.export.c_code import count_multiply_adds, generate_sources
from exoflow.export.compiled import CompiledController, write_sources
from exoflow.export.device_files import bench_files, openexo_files, runner_files, test_files
from exoflow.export.golden import (
    TICK_US,
    GoldenWalk,
    fault_csv,
    fault_scenarios,
    golden_csv,
    golden_walks,
)
from exoflow.export.safety import safety_limits, safety_sources, safety_yaml
from exoflow.export.targets import MAKE_TARGETS, TargetRun, run_targets
from exoflow.export.verify import (
    MIN_GOLDEN_STEPS,
    HostVerification,
    ParityError,
    find_compiler,
    require_golden,
    require_parity,
    verify_on_host,
)
from exoflow.export.weight_storage import as_stored, constant_bytes, storage_error
from exoflow.records.bundle_manifest import (
    ID_HEADER,
    MANIFEST,
    bundle_id,
    id_header,
    make_manifest,
    policy_chain,
    seal_zip,
)
from exoflow.records.files import write_bytes
from exoflow.records.json_io import plain_json


@dataclass(frozen=True)
class Source:
    """What a bundle is made from.

    Attributes
    ----------
    weights : PolicyWeights
        Status "ok".
    name : str
        Of the bundle.
    file : Path
        Where the weights came from.
    settings, exo : mapping
        `export` and the worn exo of params.yaml; without an exo, what the policy was trained
        with stands for the device.
    graph : bytes, optional
        The same controller as ONNX.
    """

    weights: PolicyWeights
    name: str
    file: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    exo: Mapping[str, Any] | None = None
    graph: bytes | None = None


@dataclass(frozen=True)
class Golden:
    """What the C must answer, and how far that is from what was trained.

    Attributes
    ----------
    weights : PolicyWeights
        What the C must compute: the trained controller, or the one with the weights as stored
        and with golden outputs of its own.
    walks : dict of GoldenWalk
    storage_error : dict, optional
        Of `weight_storage.storage_error`; none: the weights are stored as trained.
    """

    weights: PolicyWeights
    walks: dict[str, GoldenWalk]
    storage_error: dict[str, Any] | None = None


def check_name(name: str) -> str:
    """Folder name inside the bundle; a path's slashes become underscores."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", name) or ".." in name:
        raise UserError(
            f"export: the name {name!r} is not usable as a folder and in C comments. "
            "Use letters, digits and . _ + - /"
        )
    return name.replace("/", "_")


def build_bundle(source: Source) -> tuple[dict[str, bytes], dict]:
    """Generate, compile and check a controller.

    Returns
    -------
    files : dict
        Content by path inside the bundle.
    result : dict
        The export JSON.

    Raises
    ------
    ParityError
        If compiled code misses the gate on any target; nothing is delivered then.
    PolicyFormatError, UserError
        If there are too few golden steps to judge it, or limits contradict the device.
    """
    folder = check_name(source.name)
    _require_golden(source)
    settings = build(ExportSettings, source.settings, "export", "settings")
    weights = source.weights
    limits = safety_limits(
        weights, plain_json(source.settings.get("safety", {})), source.exo, source.file
    )
    source = _without_graph_of_other_weights(source, settings.weights)
    golden = _golden(source, limits, settings)
    files = _fixed_files(source, folder, limits, golden, settings)
    compiler = find_compiler(settings.compiler)
    with tempfile.TemporaryDirectory(prefix="exoflow-export-") as scratch:
        root = Path(scratch)
        write_sources(files, root)
        faults = _record_faults(weights, limits, root, compiler)
        write_sources(faults, root)
        emulated = set(settings.targets) & set(MAKE_TARGETS)
        host = verify_on_host(
            root,
            weights,
            settings.tolerance_Nm,
            compiler,
            settings.emulated_steps if emulated else None,
            settings.weights,
        )
        require_parity(host, golden.weights, source.file, settings.weights)
        files |= faults
        if source.graph is not None:
            (root / "policy.onnx").write_bytes(source.graph)
        # The runner reads the id of its bundle from there.
        write_sources({MANIFEST: make_manifest(folder, {}, {})}, root)
        runs = run_targets(root, settings.targets, settings.emulated_steps)
    _require_targets(runs, source.file, settings.tolerance_Nm)
    result = _result(source, host, runs, settings) | {
        "weights": _weights_result(weights, golden, settings.weights)
    }
    return _complete(source, folder, files, limits, result), result


def skipped_bundle(name: str, reason: str) -> tuple[dict[str, bytes], dict]:
    """Bundle and export JSON of a controller that was never made."""
    files = {f"{check_name(name)}/README.md": documents.skipped_readme(name, reason).encode()}
    return files, {"phase": "export", "status": "skipped", "reason": reason, "name": name}


def write_bundle(path: Path, files: Mapping[str, bytes]) -> None:
    """Zip with sorted names, fixed dates and permissions: equal content, equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, files[name], compresslevel=6)
    write_bytes(path, seal_zip(content.getvalue()))


def _require_golden(source: Source) -> None:
    n_golden = len(source.weights.golden_inputs)
    if n_golden < MIN_GOLDEN_STEPS:
        raise PolicyFormatError(
            f"{source.file}: array golden_inputs has {n_golden} steps, the export needs at least "
            f"{MIN_GOLDEN_STEPS}. Record a longer walk with `exoflow policy`."
        )


def _without_graph_of_other_weights(source: Source, stored_as: str) -> Source:
    """policy.onnx holds single-precision weights: no part of a bundle with other ones."""
    return source if stored_as == "float32" else replace(source, graph=None)


def _golden(source: Source, limits: Mapping[str, Any], settings: ExportSettings) -> Golden:
    """Golden walks of the weights as they will be stored."""
    trained = golden_walks(source.weights, limits)
    if settings.weights == "float32":
        return Golden(source.weights, trained)
    require_golden(source.weights, settings.tolerance_Nm, source.file)
    try:
        stored = as_stored(source.weights, settings.weights)
    except UserError as problem:
        raise UserError(f"{source.file}: {problem}") from None
    answers = NumpyPolicy(stored).run(stored.golden_inputs).astype(np.float32)
    stored = replace(stored, golden_outputs=answers)
    walks = golden_walks(stored, limits)
    return Golden(stored, walks, storage_error(trained, walks))


def _weights_result(weights: PolicyWeights, golden: Golden, stored_as: str) -> dict[str, Any]:
    """How the weights are stored, what that saves and what it costs."""
    return {
        "stored_as": stored_as,
        "bytes": constant_bytes(weights, stored_as),
        "bytes_as_float32": constant_bytes(weights, "float32"),
        "error_against_float32_network": golden.storage_error,
    }


def _fixed_files(
    source: Source,
    folder: str,
    limits: Mapping[str, Any],
    golden: Golden,
    settings: ExportSettings,
) -> dict[str, str]:
    """Everything that follows from weights and settings alone."""
    weights, walks, gate_Nm = source.weights, golden.walks, settings.tolerance_Nm
    scenarios = fault_scenarios(weights)
    yaml_text = safety_yaml(limits)
    common = {"title": f'Limits of "{folder}".', "version": __version__}
    return {
        **generate_sources(weights, folder, settings.weights),
        **safety_sources(yaml_text, common),
        "safety.yaml": yaml_text,
        "policy_io.yaml": documents.describe_io(weights),
        "golden/README.md": documents.golden_readme(settings.weights),
        **{f"golden/{name}.csv": golden_csv(weights, walk) for name, walk in walks.items()},
        **test_files(list(walks), list(scenarios), gate_Nm),
        **bench_files(weights, gate_Nm, settings.weights),
        **openexo_files(weights, settings.weights),
        **(runner_files(weights) if source.graph is not None else {}),
        "MISRA.md": documents.misra_deviations(),
        "NOTICE": documents.NOTICE,
    }


def _record_faults(
    weights: PolicyWeights, limits: Mapping[str, Any], root: Path, compiler: list[str]
) -> dict[str, str]:
    """Fault scenarios with the torques of the compiled controller, which must be sane.

    Raises
    ------
    ParityError
        If a torque is not finite or beyond its limit.
    """
    files = {}
    controller = CompiledController(root, compiler)
    for name, (taken_us, inputs) in fault_scenarios(weights).items():
        controller.boot()
        controller.start()
        torques = np.array(
            [
                controller.tick(row, int(taken), tick * TICK_US)
                for tick, (taken, row) in enumerate(zip(taken_us, inputs, strict=True))
            ]
        )
        if not np.abs(torques).max() <= np.float32(limits["torque_limit_Nm"]["right"]):
            raise ParityError(
                f"export: the fault scenario {name!r} makes the safety layer answer with "
                f"{np.abs(torques).max():g} Nm. A fault of export/templates; please report it."
            )
        files[f"golden/fault_{name}.csv"] = fault_csv(weights, taken_us, inputs, torques)
    for scratch in ("controller.so", "python_bridge.c"):
        (root / scratch).unlink(missing_ok=True)
    return files


def _require_targets(runs: list[TargetRun], source: Path, gate_Nm: float) -> None:
    """Raise ParityError if a target that ran misses the gate, or its tools are there but fail."""
    for run in runs:
        if run.not_run is not None and run.not_run.startswith("failed"):
            raise ParityError(
                f"{source}: {documents.TARGET_NAMES[run.name]} could not be checked: it "
                f"{run.not_run}. See what is wrong with its tools, or leave the target out of "
                "export.targets."
            )
        if run.printed is not None and not run.printed.max_abs_error_Nm <= gate_Nm:
            worst = run.printed.worst
            raise ParityError(
                f"{source}: on {documents.TARGET_NAMES[run.name]} the controller differs from "
                f"torch by {worst.max_abs_error_Nm:.3g} Nm at golden step "
                f"{worst.max_error_step} of {worst.name}, gate {gate_Nm:g} Nm. Leave the target "
                "out of export.targets only if you do not use it."
            )


def _complete(
    source: Source,
    folder: str,
    files: dict[str, str],
    limits: Mapping[str, Any],
    result: Mapping[str, Any],
) -> dict[str, bytes]:
    """Adds id, documents, report and manifest; content by path inside the zip."""
    content = {path: text.encode("utf-8") for path, text in files.items()}
    if source.graph is not None:
        content["policy.onnx"] = source.graph
    identity = bundle_id(folder, content)
    state_bytes = result["sizes_bytes"]["controller_state"]
    texts = {
        "README.md": documents.readme(
            source.weights,
            source.name,
            identity,
            state_bytes,
            source.graph is not None,
            result["weights"]["stored_as"],
        ),
        "BENCH_CHECKLIST.md": documents.bench_checklist(source.name, identity, limits),
        ID_HEADER: id_header(folder, identity),
        "EXPORT_REPORT.md": documents.export_report(result, source.weights),
        "EXPORT_REPORT.json": json.dumps(plain_json(result), sort_keys=True, indent=1) + "\n",
    }
    content |= {path: text.encode("utf-8") for path, text in texts.items()}
    settings = {"exo": source.exo, "export": dict(source.settings)}
    digest, trained_by = source.weights.digest(), source.weights.io.get("source", {})
    chain = policy_chain(source.file, digest, trained_by, settings)
    content[MANIFEST] = make_manifest(folder, content, chain).encode("utf-8")
    return {f"{folder}/{path}": content[path] for path in content}


def _result(
    source: Source, host: HostVerification, runs: list[TargetRun], settings: ExportSettings
) -> dict[str, Any]:
    weights, printed = source.weights, host.printed
    targets: dict[str, dict[str, Any]] = {
        "host": {
            "not_run": None,
            "n_steps": printed.n_steps,
            "max_abs_error_Nm": printed.max_abs_error_Nm,
            "bit_identical": None,
        },
        **{run.name: _target_result(run, host, weights.io["rate_Hz"]) for run in runs},
    }
    same = [
        run["bit_identical"] for run in targets.values() if run.get("bit_identical") is not None
    ]
    walk, worst = printed.files[0], printed.worst
    return {
        "phase": "export",
        "status": "ok",
        "reason": None,
        "name": source.name,
        "kind": weights.kind,
        "mirrored": weights.mirrored,
        "torque_limit_Nm": weights.torque_limit_Nm,
        "rate_Hz": weights.io["rate_Hz"],
        "max_abs_error_Nm": {
            name: run["max_abs_error_Nm"] for name, run in targets.items() if not run["not_run"]
        },
        "max_error_step": worst.max_error_step,
        "max_error_leg": worst.max_error_leg,
        "gate_Nm": host.gate_Nm,
        "passed": host.passed,
        "n_golden_steps": walk.n_steps,
        "golden": {
            file.name: {"n_steps": file.n_steps, "max_abs_error_Nm": file.max_abs_error_Nm}
            for file in printed.files
        },
        "reset_reproduces": printed.reset_reproduces,
        "bit_identical": all(same) if same else None,
        "emulated_steps": settings.emulated_steps,
        "targets": targets,
        "sizes_bytes": host.sizes_bytes,
        "multiply_adds_per_tick": count_multiply_adds(weights),
        "compiler": host.compiler,
        "compiler_flags": host.flags,
        "weights_sha256": weights.digest(),
        "not_measured": list(documents.NOT_MEASURED),
    }


def _target_result(run: TargetRun, host: HostVerification, rate_Hz: float) -> dict[str, Any]:
    if run.printed is None:
        return {"not_run": run.not_run}
    found: dict[str, Any] = {
        "not_run": None,
        "n_steps": run.printed.n_steps,
        "max_abs_error_Nm": run.printed.max_abs_error_Nm,
        # ONNX runtime sums in an order of its own.
        "bit_identical": None if run.name == "onnx" else run.same_bits(host.short),
    }
    instructions = run.printed.number("instructions_per_step")
    if instructions is not None:
        names = (
            "instructions_per_step", "instructions_per_controller_tick", "instructions_at_boot",
            "stack_bytes", "controller_stack_bytes", "policy_frames_bytes", "code_bytes",
            "constant_bytes", "data_bytes", "bss_bytes", "state_bytes", "controller_bytes",
        )  # fmt: skip
        found |= {name: run.printed.number(name) for name in names}
        found |= documents.tick_verdict(run.name, instructions, rate_Hz)
    return found
