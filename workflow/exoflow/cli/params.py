"""`exoflow params`: take a ready-made parameter file, explain the keys, show what a job gets."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import textwrap
from pathlib import Path

from exoflow.cli.command import Command
from exoflow.config import PHASES, load_params, phase_settings, to_plain
from exoflow.config.build import did_you_mean
from exoflow.config.describe import Described, described_settings
from exoflow.errors import ParamsError

PARAMS = Path("params.yaml")
READY_MADE = Path("config")
BACKUP = Path(".exoflow/params.previous.yaml")


def use(options: argparse.Namespace) -> None:
    """Copy a ready-made file over params.yaml, keeping the old one."""
    source = READY_MADE / f"{options.name}.yaml"
    names = sorted(path.stem for path in READY_MADE.glob("*.yaml"))
    if options.name not in names:
        raise ParamsError(
            f"{source}: no such file.{did_you_mean(options.name, names)} "
            f"There are: {', '.join(names) or 'none; run this in the folder of the project'}."
        )
    params = load_params(source)
    if PARAMS.exists() and PARAMS.read_bytes() != source.read_bytes():
        BACKUP.parent.mkdir(exist_ok=True)
        shutil.copyfile(PARAMS, BACKUP)
        print(f"The old params.yaml is kept as {BACKUP}.")
    unfinished = PARAMS.with_suffix(".yaml.part")
    shutil.copyfile(source, unfinished)
    os.replace(unfinished, PARAMS)
    policies = sum(len(condition.seeds) for condition in params.conditions.values())
    print(f"params.yaml is now {source}: {len(params.conditions)} conditions, {policies} policies.")
    print("See what would run: snakemake -n. Run it: snakemake --cores all")


def describe(options: argparse.Namespace) -> None:
    """Print what every key means."""
    for entry in described_settings():
        if options.section is None or entry.section == options.section:
            print("\n".join(lines_of(entry)))


def lines_of(entry: Described) -> list[str]:
    """One key for an 80 column terminal: name, default, range; then its sentence."""
    facts = f"default {entry.default}" if entry.default is not None else "must be given"
    if entry.allowed:
        facts += f"; {entry.allowed}"
    head = f"{entry.key}  ({entry.kind}; {facts})"
    wrap = textwrap.TextWrapper(79, initial_indent="", subsequent_indent="    ")
    body = textwrap.TextWrapper(79, initial_indent="    ", subsequent_indent="    ")
    return [*wrap.wrap(head), *body.wrap(entry.doc)]


def show(options: argparse.Namespace) -> None:
    """Print the checked settings, all of them or those of one job."""
    params = load_params()
    if options.phase is None:
        values = to_plain(params)
    else:
        needs_condition = options.phase in ("reflex", "policy", "metabolics")
        condition = options.condition
        if needs_condition and condition is None:
            condition = next(iter(params.conditions))
        values = phase_settings(params, options.phase, condition, options.seed)
    print(json.dumps(values, indent=2))


def add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="use|describe|show")
    action = actions.add_parser("use", help="copy config/NAME.yaml over params.yaml")
    action.add_argument(
        "name", metavar="NAME", help="default, ci, toy, gaits, full or barati_as_printed"
    )
    action.set_defaults(params_function=use)
    action = actions.add_parser("describe", help="what each key means, its default and range")
    sections = sorted({entry.section for entry in described_settings()})
    action.add_argument("section", nargs="?", choices=sections, help="only this section")
    action.set_defaults(params_function=describe)
    action = actions.add_parser("show", help="the checked settings, with grids expanded")
    action.add_argument("phase", nargs="?", choices=tuple(PHASES), help="only what its jobs get")
    action.add_argument("--condition", metavar="ID", help="default: the first")
    action.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    action.set_defaults(params_function=show)


def params(options: argparse.Namespace) -> None:
    """Run the chosen action."""
    options.params_function(options)


PARAMS_COMMAND = Command(
    "use a ready-made params.yaml, describe its keys, show a job's",
    "Look at params.yaml or replace it.",
    add_options,
    params,
)
