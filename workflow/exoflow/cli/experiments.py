"""Subcommands that compare and repeat runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from exoflow.cli.command import Command
from exoflow.cli.phases import condition_option
from exoflow.errors import UserError

WORKSPACE = "workspace"
# Phases that have a job per condition.
CONDITION_PHASES = ("reflex", "wearer", "policy", "metabolics")


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


def replay(options: argparse.Namespace) -> None:
    """Run a condition again and compare."""
    from exoflow.stages import replay as stage

    stage.run(
        condition=options.condition,
        phases=options.phase or CONDITION_PHASES,
        experiment=options.experiment,
        cores=options.cores,
        as_json=options.json,
    )


def replay_options(parser: argparse.ArgumentParser) -> None:
    condition_option(parser)
    parser.add_argument(
        "--phase",
        nargs="+",
        choices=CONDITION_PHASES,
        metavar="PHASE",
        help=f"what to compare, of {', '.join(CONDITION_PHASES)}; default: all that are enabled",
    )
    parser.add_argument(
        "--experiment",
        default=WORKSPACE,
        metavar="EXP",
        help="a Git revision or DVC experiment to replay; default: workspace",
    )
    parser.add_argument(
        "--cores", default="all", metavar="N", help="as for snakemake; default: all"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


EXPERIMENT_COMMANDS = {
    "compare": Command(
        "settings, metrics and figures that differ between runs",
        "Compare Git revisions, DVC experiments and the workspace without checking anything out: "
        "settings and metrics that differ (seeds of a policy as one sample), and an HTML page "
        "that works offline with the curves and figures that differ.",
        compare_options,
        compare,
    ),
    "replay": Command(
        "run one condition again in a clean folder and compare",
        "Run a condition again from its code, data and settings in .exoflow/replay, and say how "
        "far every metric lies from the recorded one. Equal exoflow hash is asked for where "
        "processor and versions are the same, tolerances from the spread over seeds elsewhere; "
        "exit code 1 if it is another result.",
        replay_options,
        replay,
    ),
}
