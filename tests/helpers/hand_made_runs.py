"""Small parameters, and what runs of them could have said, for tests of the status page."""

import json
from pathlib import Path
from typing import Any

from exoflow.config import Params, build_params
from exoflow.ledgers.content import read_contents
from exoflow.ledgers.job_states import read_status
from exoflow.ledgers.snakemake_records import record_place
from exoflow.records.run_status import RunStatus

SLOW, FAST = "results/reflex/slow.json", "results/reflex/fast.json"
SLOW_POLICY, FAST_POLICY = "results/policy/slow/seed1.npz", "results/policy/fast/seed1.npz"
REPORT = "results/report/report.html"
# Any time: nothing here asks the clock.
NOW_S = 1_000_000.0


def params(**changes: Any) -> Params:
    """Two conditions of one seed each, a student, no trial."""
    made: dict[str, Any] = {
        "conditions": {
            "slow": {"speed_m_s": 1.0, "seeds": [1], "warm_start": "cold"},
            "fast": {"speed_m_s": 1.3, "seeds": [1], "warm_start": "cold"},
        },
        **{name: {} for name in ("model", "exo", "reflex", "policy", "metabolics", "wearer")},
        **{name: {} for name in ("teacher", "student", "report")},
        "export": {"policies": ["fast/seed1"], "targets": ["host"]},
        "trial": {"studies": []},
    }
    return build_params({**made, **changes})


def event(kind: str, time_s: float, run: str = "a", **facts: Any) -> dict[str, Any]:
    """One event."""
    return {"kind": kind, "run": run, "time_s": time_s, **facts}


def job(
    number: int, path: str, began_s: float, ended_s: float | None, run: str = "a"
) -> list[dict[str, Any]]:
    """Events of one job that ended well, or is at work."""
    found = [event("started", began_s, run, job=number, output=path)]
    if ended_s is not None:
        found.append(event("finished", ended_s, run, job=number))
    return found


def write_result(root: Path, path: str, text: str = "{}") -> None:
    """A result, whatever it says."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def write_record(root: Path, path: str, end_s: float, checksums: dict[str, str]) -> None:
    """What Snakemake would note about a result."""
    place = record_place(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    checksums = {name: f"sha256:{content}" for name, content in checksums.items()}
    content = {
        "rule": "any", "params": [], "input": [], "input_checksums": checksums, "endtime": end_s,
    }  # fmt: skip
    place.write_text(json.dumps(content))


def status_of(
    root: Path,
    events: list[dict[str, Any]],
    living: str | None = None,
    now_s: float = NOW_S,
    asked: Params | None = None,
) -> RunStatus:
    """The picture of a folder."""
    return read_status(asked or params(), events, read_contents(root), now_s, living)


def states(status: RunStatus) -> dict[str, str]:
    """State by main file."""
    return {one.job.path: one.state for one in status.jobs}
