"""Subcommands about what Snakemake and DVC have written down."""

from __future__ import annotations

import argparse
import json
import os
import sys

from exoflow.cli.command import Command
from exoflow.config import PHASES
from exoflow.errors import ExoflowError, UserError


def recover(options: argparse.Namespace) -> None:
    """Remove what a killed run left."""
    from exoflow.ledgers.recovery import recover as recover_folder

    def tell(text: str) -> None:
        print(f"exoflow: {text}", flush=True)

    done = recover_folder(stop_workers=options.stop, wait=options.wait, tell=tell)
    for line in done or ["nothing was left behind"]:
        print(f"exoflow: {line}")
    print(
        "exoflow: next, the command that was killed: snakemake --cores all, or dvc repro. "
        "What is done stays done; a search or training goes on from its checkpoint."
    )


def recover_options(parser: argparse.ArgumentParser) -> None:
    first = parser.add_mutually_exclusive_group()
    first.add_argument(
        "--stop",
        action="store_true",
        help="first end what is still at work here, such as jobs whose Snakemake was killed; "
        "jobs under SLURM are cancelled",
    )
    first.add_argument(
        "--wait",
        action="store_true",
        help="first wait until jobs whose Snakemake was killed have ended by themselves",
    )


def record(options: argparse.Namespace) -> None:
    """Put proven results into dvc.lock."""
    from exoflow.ledgers.record import record as record_results

    done = record_results()
    for output in done.outputs:
        print(f"exoflow: {output.path}: {output.state}: {output.reason}")
    for phase, reason in done.refused.items():
        print(f"exoflow: {phase} is not recorded: {reason}")
    print(f"exoflow: recorded: {', '.join(done.stages) or 'nothing new'}")
    if done.kept:
        print(f"exoflow: dvc.lock already had: {', '.join(done.kept)}")
    if done.refused:
        raise ExoflowError(
            f"{len(done.refused)} of {len(PHASES)} phases are not recorded. What would run: "
            "snakemake -n. Why: exoflow why PATH"
        )


def audit(options: argparse.Namespace) -> None:
    """Compare both ledgers and the files."""
    from exoflow.ledgers.audit import CURRENT, STATES
    from exoflow.ledgers.audit import audit as audit_folder

    found = audit_folder()
    if options.json:
        outputs = {
            one.path: {"state": one.state, "reason": one.reason} for one in found.outputs.values()
        }
        result = {"outputs": outputs, "lies": found.lies, "recorded": list(found.recorded)}
        print(json.dumps(result, sort_keys=True))
    else:
        for one in found.outputs.values():
            if options.all or one.state != CURRENT:
                print(f"{one.state:9} {one.path}{f': {one.reason}' if one.reason else ''}")
        print(", ".join(f"{found.count(state)} {state}" for state in STATES))
        print(f"recorded in dvc.lock: {', '.join(found.recorded) or 'nothing'}")
        for lie in found.lies:
            print(f"lie: {lie}")
    if found.lies:
        raise ExoflowError(
            f"{len(found.lies)} claims of the ledgers are false, such as: {found.lies[0]}."
        )


def audit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also list what is current")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


def why(options: argparse.Namespace) -> None:
    """Say what made an output stale."""
    from exoflow.ledgers.why import why as ask_why

    answer = ask_why(options.path)
    print(f"{answer.path} is {answer.state}")
    for reason in answer.reasons:
        if reason:
            print(f"  {reason}")
    if answer.jobs:
        print(f"jobs that would run: {len(answer.jobs)}")
        for job in answer.jobs:
            print(f"  {job}")
        print(f"expected: {expected(answer.seconds, answer.shortest_s, answer.unknown)}")


def expected(seconds: float | None, shortest_s: float | None, unknown: tuple[str, ...]) -> str:
    """An ETA in words."""
    if seconds is None or shortest_s is None:
        return "unknown, no such job has run here; exoflow plan measures this computer"
    words = f"{shortest_s:.0f} s with a core for each job, {seconds:.0f} s one after another"
    return f"{words}, and what {', '.join(unknown)} takes" if unknown else words


def why_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a file of results/")


def stage(options: argparse.Namespace) -> None:
    """Run the command of a DVC stage."""
    from exoflow.cli.tools import prune_phase
    from exoflow.ledgers.own_code import environment_of, is_installed_here
    from exoflow.ledgers.stage_guard import run_stage

    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise UserError(f"exoflow stage {options.phase}: no command behind --. See dvc.yaml.")
    if not is_installed_here("."):
        # A queued experiment of DVC works in a copy of the project: its code, not the installed.
        command = [sys.executable, "-m", "exoflow", "stage", options.phase, "--", *words]
        os.execve(sys.executable, command, environment_of("."))
    prune_phase(options.phase)
    run_stage(options.phase, words)


def stage_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phase", choices=tuple(PHASES), metavar="PHASE")
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what makes the results"
    )


def status(options: argparse.Namespace) -> None:
    """Write the page to watch a run with, and its summary."""
    from exoflow.stages import status as stage

    stage.run(options.json)


def status_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


LEDGER_COMMANDS = {
    "status": Command(
        "how far a run is; writes results/report/status.html again",
        "Say in short where every job stands, how long it takes yet and whether the last run was "
        "killed, and write the page to watch runs with. A run keeps that page fresh by itself.",
        status_options,
        status,
    ),
    "recover": Command(
        "after kill -9 or a power cut: remove stale locks",
        "Check that nobody works in this folder, then remove the locks of Snakemake, DVC and Git "
        "and half-written files. Results and checkpoints stay. Exit code 2 if somebody does.",
        recover_options,
        recover,
    ),
    "record": Command(
        "put results that are proven current into dvc.lock",
        "dvc commit for phases whose every output passes: Snakemake plans no update, a record "
        "exists, the file is the one it is about, and so for all it was made from. Others are "
        "listed with the reason; exit code 1 if there are any.",
        lambda parser: None,
        record,
    ),
    "audit": Command(
        "Snakemake's records, dvc.lock and the files against each other",
        "List every output as current, stale, unproven or orphaned. Exit code 1 if one of the "
        "ledgers claims what the files or the other ledger contradict.",
        audit_options,
        audit,
    ),
    "why": Command(
        "what made a result stale, the jobs and time to renew it",
        "Name what differs from the record of a result: settings with old and new value, edited "
        "files, changed inputs; the jobs that would run, and how long they took before.",
        why_options,
        why,
    ),
    "stage": Command(
        "what a stage of dvc.yaml runs",
        "Prune the results of deleted conditions, run the command behind --, and fail if a "
        "setting, code or data was edited meanwhile: DVC would record it for the old results.",
        stage_options,
        stage,
    ),
}
