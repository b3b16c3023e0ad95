"""Subcommands about what Snakemake and DVC have written down."""

from __future__ import annotations

import argparse

from exoflow.cli.command import Command
from exoflow.config import PHASES
from exoflow.errors import UserError


def recover(options: argparse.Namespace) -> None:
    """Remove what a killed run left."""
    from exoflow.ledgers.recovery import recover as recover_folder

    done = recover_folder(stop_workers=options.stop)
    for line in done or ["nothing was left behind"]:
        print(f"exoflow: {line}")
    print(
        "exoflow: next, the command that was killed: snakemake --cores all, or dvc repro. "
        "What is done stays done; a search or training goes on from its checkpoint."
    )


def recover_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stop",
        action="store_true",
        help="first end what is still at work here, such as jobs whose Snakemake was killed",
    )


def stage(options: argparse.Namespace) -> None:
    """Run the command of a DVC stage."""
    from exoflow.cli.tools import prune
    from exoflow.ledgers.stage_guard import run_stage

    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise UserError(f"exoflow stage {options.phase}: no command behind --. See dvc.yaml.")
    prune(options)
    run_stage(options.phase, words)


def stage_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phase", choices=tuple(PHASES), metavar="PHASE")
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what makes the results"
    )


LEDGER_COMMANDS = {
    "recover": Command(
        "after kill -9 or a power cut: remove stale locks",
        "Check that nobody works in this folder, then remove the locks of Snakemake, DVC and Git "
        "and half-written files. Results and checkpoints stay. Exit code 2 if somebody does.",
        recover_options,
        recover,
    ),
    "stage": Command(
        "what a stage of dvc.yaml runs",
        "Prune the results of deleted conditions, run the command behind --, and fail if a "
        "setting, code or data was edited meanwhile: DVC would record it for the old results.",
        stage_options,
        stage,
    ),
}
