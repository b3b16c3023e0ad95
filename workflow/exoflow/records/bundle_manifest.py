"""The manifest of a bundle: hashes of its files, and the chain from policy to commit.

`bundle_id` names what runs on the device: it is the hash of all files but the reports, the
manifest and those that tell the id. The same policy with the same limits has the
same id on every computer and at every commit. It is no signature: it shows that a bundle is
whole and belongs to a log, not who made it.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.errors import UserError
from exoflow.records.hashing import BUNDLE_RECORDS, content_hash
from exoflow.records.json_io import plain_json, read_json
from exoflow.records.provenance import RUNS, TRACKED, git, is_dirty

FORMAT = 2
MANIFEST = "MANIFEST.json"
ID_HEADER = "bundle_id.h"
# These tell the id, so it cannot cover them; the manifest does.
TELL_THE_ID = (ID_HEADER, "README.md", "BENCH_CHECKLIST.md")
# What building the tests of an unpacked bundle leaves behind.
SCRATCH = "test/build/"
LOG_LINE = re.compile(r"#?\s*exoflow bundle (?P<name>\S+) (?P<id>[0-9a-f]{12,64})\s*$")
# A log names its bundle near its beginning.
LOG_HEAD_LINES = 50
# A zip ends with the length of its comment, in two bytes, and the comment.
SEAL = b"exoflow sha256 "
SEAL_BYTES = len(SEAL) + 64
TRAINED_BY = ("policy", "student", "teacher")


@dataclass(frozen=True)
class Bundle:
    """A bundle that is whole.

    Attributes
    ----------
    path : Path
        Zip or folder.
    name, id : str
    n_files : int
        Files whose hash was checked.
    chain : dict
        `policy`, `training`, `settings`, `data`, `commit`, `dirty`.
    """

    path: Path
    name: str
    id: str
    n_files: int
    chain: dict[str, Any]


def bundle_id(name: str, files: Mapping[str, bytes]) -> str:
    """Hash of what runs on the device, 64 hexadecimal digits."""
    digest = hashlib.sha256(f"{name}\n".encode())
    for path in sorted(files):
        if path not in (*BUNDLE_RECORDS, *TELL_THE_ID):
            digest.update(f"{path} {sha256(files[path])}\n".encode())
    return digest.hexdigest()


def id_header(name: str, identity: str) -> str:
    """bundle_id.h: what firmware writes into its logs."""
    return (
        "/* What a log must name: `exoflow bundle NAME ID`. */\n"
        "#ifndef BUNDLE_ID_H\n#define BUNDLE_ID_H\n\n"
        f'#define BUNDLE_NAME "{name}"\n#define BUNDLE_ID "{identity}"\n\n'
        "#endif /* BUNDLE_ID_H */\n"
    )


def make_manifest(name: str, files: Mapping[str, bytes], chain: Mapping[str, Any]) -> str:
    """MANIFEST.json of a bundle with these files, as text."""
    manifest = {
        "format": FORMAT,
        "bundle": name,
        "bundle_id": bundle_id(name, files),
        "files": {path: sha256(files[path]) for path in sorted(files)},
        "chain": plain_json(chain),
    }
    return _manifest_text(manifest | {"manifest_sha256": settings_sha256(manifest)})


def policy_chain(
    policy: Path,
    weights_sha256: str,
    source: Mapping[str, Any],
    settings: Mapping[str, Any],
    root: Path = Path("."),
) -> dict[str, Any]:
    """Where a policy comes from: training run, settings, data version, commit.

    Parameters
    ----------
    policy : Path
        Weights file.
    weights_sha256, source
        Its digest, and what it says of itself.
    settings : mapping
        Of the export.
    root : Path
        Folder of the project; it need not be under Git.
    """
    found = content_hash(policy)
    inside = policy.resolve().is_relative_to(root.resolve())
    path = policy.resolve().relative_to(root.resolve()) if inside else Path(policy.name)
    return {
        "policy": {
            "file": path.as_posix(),
            "content_hash": found,
            "weights_sha256": weights_sha256,
            "source": dict(source),
        },
        "training": training_record(found, root),
        "settings": dict(settings),
        "settings_sha256": settings_sha256(settings),
        "data": {
            folder.name: content_hash(folder)
            for folder in sorted((root / "data").glob("*"))
            if folder.name in ("models", "reflexes")
        },
        "commit": git(root, "rev-parse", "--verify", "HEAD"),
        "dirty": {part: is_dirty(root, paths) for part, paths in TRACKED.items()},
    }


def training_record(policy_hash: str, root: Path) -> dict[str, Any] | None:
    """What the run record says that made a weights file with this content; None: no record."""
    for phase in TRAINED_BY:
        for file in sorted((root / RUNS / phase).rglob("*.run.json")):
            record = read_json(file)
            if policy_hash in record["outputs"].values():
                return {
                    "record": file.relative_to(root).as_posix(),
                    "commit": record["commit"],
                    "dirty": record["dirty"],
                    "seed": record["seed"],
                    "settings": record["settings"],
                    "settings_sha256": settings_sha256(record["settings"]),
                    "inputs": record["inputs"],
                    "content_hash": policy_hash,
                }
    return None


def read_bundle(path: Path) -> dict[str, bytes]:
    """Files of a bundle by their path in it, from a zip or an unpacked folder.

    Raises
    ------
    UserError
        If there is no such bundle or the zip is damaged; names the member.
    """
    if path.is_dir():
        return {
            file.relative_to(path).as_posix(): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file() and not file.relative_to(path).as_posix().startswith(SCRATCH)
        }
    if not path.is_file():
        raise UserError(f"{path}: no such bundle. Make it with `exoflow export`.")
    member = "its table of contents"
    files = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith("/"):
                    files[member.partition("/")[2]] = archive.read(member)
    except Exception as problem:
        # zipfile raises whatever its decompressor does with damaged bytes.
        text = " ".join(str(problem).split()) or type(problem).__name__
        raise UserError(
            f"{path}: damaged, {member} cannot be read ({text}). Do not flash it; export again."
        ) from None
    return files


def seal_zip(content: bytes) -> bytes:
    """A zip without a comment -> the same with a comment that holds the hash of all before it.

    Dates, rights and padding in a zip belong to no file, so no hash in the manifest covers them.
    """
    body = content[:-2]
    return body + SEAL_BYTES.to_bytes(2, "little") + SEAL + sha256(body).encode()


def _check_seal(path: Path) -> None:
    content = path.read_bytes()
    if seal_zip(content[:-SEAL_BYTES]) != content:
        _refuse(
            path,
            "it is not the zip that was exported (if it was only packed again, verify the "
            "unpacked folder)",
        )


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a bundle, not checked against its files.

    Raises
    ------
    UserError
        If it is missing or of another format.
    """
    return _manifest(path, read_bundle(path))


def verify_bundle(path: Path) -> Bundle:
    """Check a bundle offline: every file's hash, its id and the chain behind it.

    Raises
    ------
    UserError
        Names the first file or link that differs, with what was found and expected.
    """
    path = Path(path)
    files = read_bundle(path)
    manifest = _manifest(path, files)
    _check_files(path, files, manifest["files"])
    _check_manifest(path, files[MANIFEST], manifest)
    found = bundle_id(manifest["bundle"], files)
    if found != manifest["bundle_id"]:
        _refuse(path, f"its id is {found[:16]}, MANIFEST.json says {manifest['bundle_id'][:16]}")
    header = files.get(ID_HEADER, b"").decode()
    if path.is_file():
        _check_seal(path)
    if found not in header:
        _refuse(path, f"{ID_HEADER} does not carry the id {found[:16]}")
    _check_chain(path, files, manifest["chain"])
    n_files = len(manifest["files"])
    return Bundle(path, manifest["bundle"], found, n_files, manifest["chain"])


def bundle_of_log(log: Path, bundles: Iterable[Path]) -> Bundle:
    """The bundle that a device log names, verified.

    Parameters
    ----------
    log : Path
        Text; one of its first lines is `# exoflow bundle NAME ID`.
    bundles : iterable of Path
        Where to look: zips or folders.

    Raises
    ------
    UserError
        If the log names none, or none of `bundles` is the one; lists those there are.
    """
    name, identity = _named_in(log)
    there = []
    for path in bundles:
        manifest = read_manifest(Path(path))
        if manifest["bundle_id"].startswith(identity):
            return verify_bundle(Path(path))
        there.append(f"{manifest['bundle']} {manifest['bundle_id'][:12]}")
    raise UserError(
        f"{log}: was made with bundle {name} {identity[:12]}, which is not among "
        f"{', '.join(there) or 'no bundles at all'}. Give the bundle that was flashed."
    )


def sha256(content: bytes) -> str:
    """SHA-256 of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def settings_sha256(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings, whatever the order of their keys."""
    text = json.dumps(plain_json(settings), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode())


def _named_in(log: Path) -> tuple[str, str]:
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as problem:
        raise UserError(f"{log}: cannot be read ({problem.strerror}).") from None
    for line in lines[:LOG_HEAD_LINES]:
        match = LOG_LINE.match(line)
        if match:
            return match["name"], match["id"]
    raise UserError(
        f"{log}: names no bundle in its first {LOG_HEAD_LINES} lines. Firmware writes "
        "`# exoflow bundle NAME ID` with the values of bundle_id.h."
    )


def _manifest(path: Path, files: Mapping[str, bytes]) -> dict[str, Any]:
    if MANIFEST not in files:
        raise UserError(f"{path}: holds no {MANIFEST}, so it is no bundle, or an old one.")
    try:
        manifest = json.loads(files[MANIFEST])
        version = manifest["format"]
        complete = {"bundle", "bundle_id", "files", "chain"} <= set(manifest)
    except (ValueError, KeyError, TypeError):
        _refuse(path, f"{MANIFEST} is damaged")
    if version != FORMAT or not complete:
        raise UserError(
            f"{path}: {MANIFEST} has format {version!r}, this version reads {FORMAT}. Export again."
        )
    return manifest


def _manifest_text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, sort_keys=True, indent=1) + "\n"


def _check_manifest(path: Path, text: bytes, manifest: Mapping[str, Any]) -> None:
    """The manifest against itself, to the byte: what the chain says is hashed nowhere else."""
    content = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    found, expected = settings_sha256(content), str(manifest.get("manifest_sha256"))
    if found != expected:
        _refuse(path, f"{MANIFEST} has SHA-256 {found[:16]}, it says {expected[:16]}")
    if _manifest_text(manifest).encode() != text:
        _refuse(path, f"{MANIFEST} is not written as `exoflow export` writes it")


def _check_files(path: Path, files: Mapping[str, bytes], listed: Mapping[str, str]) -> None:
    for name, expected in listed.items():
        if name not in files:
            _refuse(path, f"{name} is missing")
        found = sha256(files[name])
        if found != expected:
            _refuse(path, f"{name} has SHA-256 {found[:16]}, MANIFEST.json says {expected[:16]}")
    for name in files:
        if name not in listed and name != MANIFEST:
            _refuse(path, f"{name} is not in {MANIFEST}")


def _check_chain(path: Path, files: Mapping[str, bytes], chain: Mapping[str, Any]) -> None:
    weights = chain["policy"]["weights_sha256"]
    for name in ("policy.h", "policy_weights.c", "policy_io.yaml", "EXPORT_REPORT.json"):
        if weights.encode() not in files.get(name, b""):
            _refuse(path, f"{name} is not of the policy {weights[:16]} that {MANIFEST} names")
    for link in (chain, chain["training"] or {"settings": {}, "settings_sha256": None}):
        found = settings_sha256(link["settings"])
        if link["settings_sha256"] not in (found, None):
            _refuse(
                path,
                f"its settings have SHA-256 {found[:16]}, "
                f"{MANIFEST} says {link['settings_sha256'][:16]}",
            )
    trained = chain["training"]
    if trained and trained["content_hash"] != chain["policy"]["content_hash"]:
        _refuse(
            path,
            f"the training record is of a policy {trained['content_hash'][:16]}, the bundle of "
            f"{chain['policy']['content_hash'][:16]}",
        )


def _refuse(path: Path, difference: str) -> None:
    raise UserError(f"{path}: {difference}. Do not flash it; export it again.")
