"""Asking Snakemake, which is a program of its own, what it would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import UserError
from exoflow.ledgers.programs import ask, said_lines

SUMMARY_COLUMNS = 6


@dataclass(frozen=True)
class Planned:
    """One output of the workflow."""

    path: str
    rule: str
    exists: bool
    status: str
    """What Snakemake finds: ok, missing, params changed, updated input files ..."""
    pending: bool
    """Whether its job would run."""


def planned_outputs(root: str | Path = ".", target: str | None = None) -> dict[str, Planned]:
    """Every output that Snakemake would have, or those behind one target, by path.

    Raises
    ------
    UserError
        With Snakemake's reason, if it cannot plan.
    """
    done = ask(root, "snakemake", "--summary", *([target] if target else []))
    if done.returncode:
        raise UserError(f"snakemake cannot plan: {reason(done.stderr)}")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {
        row[0]: Planned(row[0], row[2], row[1] != "-", row[4], row[5] == "update pending")
        for row in rows
        if len(row) == SUMMARY_COLUMNS and row[0] != "output_file"
    }


def reason(output: str) -> str:
    """The line that says what is wrong; ours where there is one."""
    lines = said_lines(output)
    ours = [line for line in lines if line.startswith("exoflow: error:")]
    if ours:
        return ours[-1].removeprefix("exoflow: error:").strip()
    return " ".join(lines[-2:]) if lines else "it said nothing."
