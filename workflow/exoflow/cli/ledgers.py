"""Subcommands about what Snakemake and DVC have written down."""

from __future__ import annotations

import argparse

from exoflow.cli.command import Command


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


LEDGER_COMMANDS = {
    "recover": Command(
        "after kill -9 or a power cut: remove stale locks",
        "Check that nobody works in this folder, then remove the locks of Snakemake, DVC and Git "
        "and half-written files. Results and checkpoints stay. Exit code 2 if somebody does.",
        recover_options,
        recover,
    ),
}
