"""The settings and results of a revision, a DVC experiment or the workspace, read in place.

Nothing is checked out: settings come from Git, results from DVC's cache.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exoflow.config import PHASES, Params, build_params, load_params, parse_yaml, to_plain
from exoflow.config.build import did_you_mean
from exoflow.errors import ExoflowError, ParamsError, UserError
from exoflow.ledgers.dvc_engine import cache_folder
from exoflow.ledgers.dvc_lock import (
    FOLDER_SUFFIX,
    LOCK,
    StageLock,
    cached_file,
    read_listing,
    stage_locks,
)
from exoflow.ledgers.programs import ask, said_lines
from exoflow.ledgers.proof import Ledgers, read_ledgers
from exoflow.records import layout

WORKSPACE = "workspace"
EXPERIMENT_REF = re.compile(r"refs/exps/([0-9a-f]{2}/[0-9a-f]{38})/(.+)")
# What changes results, beside params.yaml.
SOURCES = ("workflow", "Snakefile", "rules", "data")


@dataclass(frozen=True)
class Snapshot:
    """One state of a project."""

    name: str
    commit: str | None
    """None for the workspace."""
    params: Params | None
    """None if this version of exoflow does not know its settings."""
    written: Mapping[str, Any]
    """params.yaml as it is written."""
    files: Mapping[str, Path]
    """Where the content of each result lies, by its path in the project."""
    notes: tuple[str, ...] = ()
    """What keeps the results from being those of the settings."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """All settings as plain values, defaults included where they are known."""
        return self.written if self.params is None else to_plain(self.params)


def read_snapshot(root: str | Path, name: str) -> Snapshot:
    """Find a state of a project.

    Parameters
    ----------
    root
        Folder of the project.
    name
        `workspace`, a Git revision, or the name of a DVC experiment.

    Raises
    ------
    UserError
        If there is no such state, nothing was recorded in it, or its results are not in
        DVC's cache.
    """
    root = Path(root)
    if name == WORKSPACE:
        return workspace(root)
    commit = find_commit(root, name)
    written = parse_yaml(shown_file(root, commit, name, "params.yaml"), f"{name}: params.yaml")
    lock = f"{name}: {LOCK}"
    stages = stage_locks(parse_yaml(shown_file(root, commit, name, LOCK.as_posix()), lock))
    try:
        params = build_params(written, f"{name}: params.yaml")
        notes: tuple[str, ...] = ()
    except ParamsError:
        params, notes = None, ("its settings are of another version of exoflow",)
    files = recorded_files(root, name, stages)
    return Snapshot(name, commit, params, written, files, (*notes, *unlike_lock(written, stages)))


def find_commit(root: Path, name: str) -> str:
    """The commit of a revision or an experiment.

    Raises
    ------
    UserError
        If there is none, or experiments of several commits have the name.
    """
    done = ask(root, "git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.strip()
    found = experiments(root)
    of_name = {baseline: commit for (baseline, one), commit in found.items() if one == name}
    head = ask(root, "git", "rev-parse", "--verify", "--quiet", "HEAD").stdout.strip()
    if head in of_name:
        return of_name[head]
    if len(of_name) > 1:
        raise UserError(
            f"{name}: experiments of several commits are called that. Name one by its own "
            f"commit: {', '.join(commit[:9] for commit in of_name.values())}."
        )
    if not of_name:
        known = sorted({one for _, one in found})
        raise UserError(
            f"{name} is neither {WORKSPACE}, a Git revision nor an experiment of DVC."
            f"{did_you_mean(name, [WORKSPACE, *known])} Experiments: {', '.join(known) or 'none'}."
        )
    return next(iter(of_name.values()))


def experiments(root: Path) -> dict[tuple[str, str], str]:
    """Commits of DVC's experiments by the commit they started from and their name."""
    done = ask(root, "git", "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps")
    if done.returncode:
        raise UserError(
            "Not a Git repository: experiments are commits of one. git init, or clone the project."
        )
    found = {}
    for line in said_lines(done.stdout):
        commit, _, ref = line.partition(" ")
        if match := EXPERIMENT_REF.fullmatch(ref):
            found[match[1].replace("/", ""), match[2]] = commit
    return found


def shown_file(root: Path, commit: str, name: str, path: str) -> str:
    """A text file of a commit."""
    done = ask(root, "git", "show", f"{commit}:./{path}")
    if done.returncode:
        remedy = "Record results there first: exoflow record, git commit." if "lock" in path else ""
        raise UserError(f"{name} has no {path}: nothing can be compared with it. {remedy}")
    return done.stdout


def recorded_files(root: Path, name: str, stages: Mapping[str, StageLock]) -> dict[str, Path]:
    """Where DVC's cache keeps the results that a dvc.lock names.

    Raises
    ------
    UserError
        If a list of results is not in the cache of this computer.
    """
    cache = cache_folder(root)
    found = {}
    for phase in PHASES:
        for out, md5 in (stages[phase].outs if phase in stages else {}).items():
            listed = read_listing(cache, md5) if md5.endswith(FOLDER_SUFFIX) else {"": md5}
            if listed is None:
                raise not_here(name, out)
            for inner, one in listed.items():
                found[f"{out}/{inner}".rstrip("/")] = cached_file(cache, one)
    return found


def not_here(name: str, path: str) -> UserError:
    """Recorded, but never fetched."""
    return UserError(
        f"{name}: {path} is recorded, but not in DVC's cache of this computer. Fetch it: "
        f"dvc fetch --all-branches; of an experiment: dvc exp pull REMOTE {name}"
    )


def unlike_lock(written: Mapping[str, Any], stages: Mapping[str, StageLock]) -> list[str]:
    """Phases recorded with other settings than params.yaml has beside them."""
    other = [
        phase
        for phase, stage in stages.items()
        if any(written.get(key) != value for key, value in stage.params.items())
    ]
    missing = [phase for phase in PHASES if phase not in stages]
    notes = [f"not recorded: {', '.join(missing)}"] if missing else []
    return notes + ([f"recorded with other settings: {', '.join(other)}"] if other else [])


def workspace(root: Path) -> Snapshot:
    """The folder as it is."""
    params = load_params(root / "params.yaml")
    ledgers = read_ledgers(root, params)
    files = {
        file.relative_to(root).as_posix(): file
        for phase in PHASES
        for file in sorted((root / layout.RESULTS / phase).rglob("[!.]*"))
        if file.is_file()
    }
    return Snapshot(
        WORKSPACE, None, params, ledgers.written_params, files, workspace_notes(ledgers)
    )


def workspace_notes(ledgers: Ledgers) -> tuple[str, ...]:
    """How many results of the workspace are not those of its settings, code and data."""
    mains = [path for phase in PHASES for path in layout.results_of(ledgers.params, phase)]
    missing = [path for path in mains if not (ledgers.root / path).exists()]
    stale = [path for path in mains if path not in missing and not is_current(ledgers, path)]
    ledgers.contents.remember()
    notes = [f"not made yet: {counted(missing)}"] if missing else []
    return (*notes, *([f"not of these settings and code: {counted(stale)}"] if stale else []))


def is_current(ledgers: Ledgers, path: str) -> bool:
    """Whether an existing result is proven, and of the settings, code, data and inputs of now."""
    record = ledgers.record(path)
    return record is not None and ledgers.doubt(path) is None and ledgers.is_wanted(path, record)


def counted(paths: Sequence[str]) -> str:
    """The first of some paths, and how many more."""
    return paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def link_results(snapshot: Snapshot, folder: Path) -> Path:
    """A results folder of links to what a snapshot holds, for everything that reads one.

    Raises
    ------
    UserError
        If the content of a table or figure is not in DVC's cache.
    """
    for path, content in snapshot.files.items():
        if not content.exists():
            if Path(path).suffix in (".json", ".csv", ".svg", ".png"):
                raise not_here(snapshot.name, path)
            continue
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(content.resolve())
    (folder / layout.RESULTS).mkdir(parents=True, exist_ok=True)
    return folder / layout.RESULTS


def differing_sources(root: str | Path, snapshots: Sequence[Snapshot]) -> list[str]:
    """Files of code and data that differ from those of the first snapshot."""
    root = Path(root)
    commits = [one.commit for one in snapshots]
    found: set[str] = set()
    for first, other in [(commits[0], commit) for commit in commits[1:]]:
        known = [commit for commit in (first, other) if commit is not None]
        if not known or first == other:
            continue
        done = ask(root, "git", "diff", "--name-only", "--relative", *known, "--", *SOURCES)
        if done.returncode:
            raise ExoflowError(f"git diff: {done.stderr.strip()}")
        found |= set(said_lines(done.stdout))
        if len(known) == 1:
            untracked = ask(
                root, "git", "ls-files", "--others", "--exclude-standard", "--", *SOURCES
            )
            found |= set(said_lines(untracked.stdout))
    return sorted(found)
