"""The command `exoflow`: one subcommand for each phase and each tool."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from exoflow import __version__
from exoflow.cli.phases import PHASE_COMMANDS
from exoflow.cli.tools import TOOL_COMMANDS
from exoflow.config import PHASES
from exoflow.config.build import did_you_mean
from exoflow.errors import ExoflowError

COMMANDS = {**PHASE_COMMANDS, **TOOL_COMMANDS}

INTRODUCTION = """\
exoflow takes an exoskeleton controller from simulation to a device and back
through a human trial. `snakemake --cores all` runs all phases in order:

{phases}

A phase can also be run by hand, for example: exoflow reflex --condition level
Its settings then come from params.yaml in this folder.

tools:
{tools}

Help on one command: exoflow COMMAND --help"""


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"exoflow: error: {message}. See: {self.prog} --help\n")


def program() -> NoReturn:
    """Entry point of the command: run it, then leave without native exit handlers.

    Arrow's idle threads can abort a process that has finished its work (apache/arrow
    issue 34314): exit code 134 would make Snakemake throw away good results.
    """
    code = main()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 when it worked, 1 when the simulation or the disk failed, 2 when the
        user can mend it, 130 when the user stopped it. Other exceptions are
        bugs and keep their traceback.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        # The sums of a threaded BLAS depend on the number of cores, and so would the results.
        os.environ.setdefault(name, "1")
    if not arguments:
        arguments = ["--help"]
    word = arguments[0]
    if not word.startswith("-") and word not in COMMANDS:
        return failed(
            f"{word} is not a command.{did_you_mean(word, COMMANDS)} See: exoflow --help", 2
        )
    options = make_parser(word).parse_args(arguments)
    try:
        options.function(options)
        sys.stdout.flush()
    except ExoflowError as problem:
        return failed(" ".join(str(problem).split()), problem.exit_code)
    except KeyboardInterrupt:
        return stopped(options)
    except BrokenPipeError:
        # The reader, such as `head`, has what it wanted. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def make_parser(word: str) -> argparse.ArgumentParser:
    """The parser with the options of the command that is asked for."""
    parser = OneLineParser(
        prog="exoflow",
        description=introduction(),
        usage="exoflow COMMAND [OPTIONS]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="show this text")
    parser.add_argument("--version", action="version", version=f"exoflow {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", help=argparse.SUPPRESS)
    if word in COMMANDS:
        command = COMMANDS[word]
        options = commands.add_parser(word, prog=f"exoflow {word}", description=command.description)
        command.add_options(options)
        options.set_defaults(command=word, function=command.function)
    return parser


def introduction() -> str:
    """What the phases and tools are, in order."""
    phases = "\n".join(
        f"  {number}. {phase.name:<11}{phase.summary}"
        for number, phase in enumerate(PHASES.values(), start=1)
    )
    tools = "\n".join(f"  {name:<14}{tool.summary}" for name, tool in TOOL_COMMANDS.items())
    return INTRODUCTION.format(phases=phases, tools=tools)


def failed(message: str, exit_code: int) -> int:
    """One line on stderr."""
    print(f"exoflow: error: {message}", file=sys.stderr)
    return exit_code


def stopped(options: argparse.Namespace) -> int:
    """One line after Ctrl-C: what is kept and how to go on."""
    phase = PHASES.get(options.command)
    if phase is not None and phase.resumable:
        kept = (
            f"The last checkpoint is in .exoflow/checkpoints/{phase.name}; "
            "the same command goes on from there."
        )
    else:
        kept = "Nothing half-written is left; the same command starts again."
    print(f"\nexoflow: stopped. {kept}", file=sys.stderr)
    return 130
