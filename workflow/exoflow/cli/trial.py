"""Tools under `exoflow trial`, beside the analysis of a study."""

from __future__ import annotations

import argparse
from pathlib import Path

from exoflow.cli.command import Command


def read(options: argparse.Namespace) -> None:
    """Print what one file of a cart holds."""
    from exoflow.stages import trial_read as stage

    stage.run(Path(options.file), columns=_optional_path(options.columns), as_json=options.json)


def ingest(options: argparse.Namespace) -> None:
    """Write copies of cart files that do not say who breathed."""
    from exoflow.stages import trial_ingest as stage

    stage.run(
        [Path(file) for file in options.files],
        output=Path(options.output),
        columns=_optional_path(options.columns),
    )


def init(options: argparse.Namespace) -> None:
    """Start a study's folder."""
    from exoflow.stages import trial_init as stage

    stage.run(Path(options.folder))


def read_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what the cart exported")
    columns_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def ingest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="what the cart exported")
    columns_option(parser)
    parser.add_argument("--output", required=True, metavar="FOLDER", help="where the copies go")


def init_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="data/trials/NAME; NAME is the study's id")


def columns_option(parser: argparse.ArgumentParser) -> None:
    """--columns."""
    parser.add_argument(
        "--columns",
        metavar="FILE.yaml",
        help="column map of a cart that exoflow does not know; see docs/carts.md",
    )


TRIAL_TOOLS = {
    "read": Command(
        "what one file of a metabolic cart holds",
        "Read one export of a metabolic cart and print its cart, rows, times, mean gas exchange "
        "and what was noticed. The name of the subject is not read.",
        read_options,
        read,
    ),
    "ingest": Command(
        "copies of cart files without names, for versioning",
        "Write a csv of each file with units in its names and no name, date of birth or id in it. "
        "Keep the originals in a folder raw/, which Git and DVC ignore here.",
        ingest_options,
        ingest,
    ),
    "init": Command(
        "a new study's folder with a commented study.yaml",
        "Write a study.yaml to fill in: subjects, conditions, sessions, energy equation, window, "
        "baselines and the primary test declared in advance.",
        init_options,
        init,
    ),
}


def add_trial_tools(parser: argparse.ArgumentParser) -> None:
    """The tools as optional words after `exoflow trial`; without one a study is analyzed."""
    tools = parser.add_subparsers(title="tools", metavar="TOOL")
    for name, tool in TRIAL_TOOLS.items():
        options = tools.add_parser(name, help=tool.summary, description=tool.description)
        tool.add_options(options)
        options.set_defaults(function=tool.function)


def _optional_path(path: str | None) -> Path | None:
    return None if path is None else Path(path)
