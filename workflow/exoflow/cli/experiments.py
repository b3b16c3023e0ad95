"""Subcommands that compare and repeat runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from exoflow.cli.command import Command
from exoflow.errors import UserError

WORKSPACE = "workspace"


def compare(options: argparse.Namespace) -> None:
    """Say what differs between experiments."""
    names = options.experiments or ["HEAD"]
    if names != [WORKSPACE] and len(names) == 1:
        names = [*names, WORKSPACE]
    if len(set(names)) < len(names):
        raise UserError(f"exoflow compare {' '.join(names)}: an experiment is named twice.")

    from exoflow.stages import compare as stage

    stage.run(
        names,
        output=None if options.output is None else Path(options.output),
        everything=options.all,
        as_json=options.json,
    )


def compare_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXP",
        help="a Git revision, the name of a DVC experiment, or workspace; "
        "default: HEAD workspace; of one alone: that one and workspace",
    )
    parser.add_argument(
        "--all", action="store_true", help="also metrics, curves and figures that do not differ"
    )
    parser.add_argument(
        "--output",
        metavar="FILE.html",
        help="the page with the figures; default: .exoflow/compare/EXP..EXP.html",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


EXPERIMENT_COMMANDS = {
    "compare": Command(
        "settings, metrics and figures that differ between runs",
        "Compare Git revisions, DVC experiments and the workspace without checking anything out: "
        "settings and metrics that differ (seeds of a policy as one sample), and an HTML page "
        "that works offline with the curves and figures that differ.",
        compare_options,
        compare,
    ),
}
