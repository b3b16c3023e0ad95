"""Subcommands of the phases: settings and files in, stage called, files out.

The stages are imported only when they run: torch and MuJoCo take seconds to load.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from exoflow.cli.command import Command, existing_file
from exoflow.cli.settings import job_settings
from exoflow.cli.trial import add_trial_tools
from exoflow.config import PHASES, load_params
from exoflow.errors import UserError
from exoflow.records import layout

WORN_GAIT = "default: results/reflex/ID.json, or wearer/ID.json if wearer.enabled"


def reflex(options: argparse.Namespace) -> None:
    """Search the gait of one condition."""
    settings = job_settings(options.settings, "reflex", options.condition)
    if options.threads is not None:
        settings["reflex"]["threads"] = options.threads
    arguments = {}
    other = settings["condition"].get("start_from")
    if other is not None:
        start = options.start_from or layout.gait_file(other)
        arguments["start_from"] = made_by("--start-from", start)

    from exoflow.stages import reflex as stage

    stage.run(
        settings=settings,
        condition=options.condition,
        output=Path(options.output or layout.gait_file(options.condition)),
        **arguments,
    )


def wearer(options: argparse.Namespace) -> None:
    """Let the walker of one condition get used to the exo."""
    settings = job_settings(options.settings, "wearer", options.condition)
    gait = made_by("--gait", options.gait or layout.gait_file(options.condition))

    from exoflow.stages import wearer as stage

    stage.run(
        settings=settings,
        condition=options.condition,
        gait=gait,
        output=Path(options.output or layout.wearer_file(options.condition)),
    )


def policy(options: argparse.Namespace) -> None:
    """Train one policy."""
    settings = job_settings(options.settings, "policy", options.condition, options.seed)
    gait = made_by("--gait", options.gait or _worn_gait(options))

    from exoflow.stages import policy as stage

    stage.run(
        settings=settings,
        condition=options.condition,
        seed=options.seed,
        gait=gait,
        output=Path(options.output or layout.policy_file(options.condition, options.seed)),
    )


def metabolics(options: argparse.Namespace) -> None:
    """Compare the controllers of one condition."""
    settings = job_settings(options.settings, "metabolics", options.condition)
    gait = made_by("--gait", options.gait or _worn_gait(options))
    policies = options.policies
    if policies is None:
        policies = layout.controllers_of(load_params(), options.condition)
    policies = [made_by("--policies", path) for path in policies]

    from exoflow.stages import metabolics as stage

    stage.run(
        settings=settings,
        condition=options.condition,
        gait=gait,
        policies=policies,
        output=Path(options.output or layout.metabolics_file(options.condition)),
    )


def teacher(options: argparse.Namespace) -> None:
    """Train the teacher."""
    settings = job_settings(options.settings, "teacher")
    paths = options.gaits or layout.worn_gaits(load_params())
    gaits = [made_by("--gaits", path) for path in paths]

    from exoflow.stages import teacher as stage

    stage.run(settings=settings, gaits=gaits, output=Path(options.output))


def student(options: argparse.Namespace) -> None:
    """Distil the student."""
    settings = job_settings(options.settings, "student")
    gaits, policies = options.gaits, options.policies
    if gaits is None or policies is None:
        params = load_params()
        gaits = gaits or layout.worn_gaits(params)
        policies = policies or layout.taught_by(params)
    gaits = [made_by("--gaits", path) for path in gaits]
    policies = [made_by("--policies", path) for path in policies]

    from exoflow.stages import student as stage

    stage.run(settings=settings, gaits=gaits, policies=policies, output=Path(options.output))


def export(options: argparse.Namespace) -> None:
    """Export one controller."""
    settings = job_settings(options.settings, "export")
    weights = made_by("--policy", options.policy)
    fed = options.layout
    if fed is not None:
        fed = existing_file("--layout", fed, "Take it from the bundle that was flashed before.")

    from exoflow.stages import export as stage

    stage.run(
        settings=settings,
        name=options.name,
        policy=weights,
        output=Path(options.output or layout.export_file(options.name)),
        layout=fed,
    )


def trial(options: argparse.Namespace) -> None:
    """Analyze one study."""
    if options.study is None:
        # argparse would ask `exoflow trial read` for a study too.
        raise UserError("the following arguments are required: --study. See: exoflow trial --help")
    study = existing_file("--study", options.study, "Studies: data/trials/NAME/study.yaml.")
    settings = {} if options.settings is None else job_settings(options.settings, "trial")

    from exoflow.stages import trial as stage

    stage.run(settings=settings, study=study, output=Path(options.output))


def report(options: argparse.Namespace) -> None:
    """Write the report, and beside it the tables that DVC compares."""
    settings = job_settings(options.settings, "report")
    results = Path(options.results)
    if not results.is_dir():
        raise UserError(f"--results {results}: no such folder. Run: snakemake --cores all")
    output = Path(options.output)

    from exoflow.records.provenance import write_run_record
    from exoflow.records.summary import write_summary
    from exoflow.stages import report as stage

    started = time.monotonic()
    stage.run(settings=settings, results=results, output=output)
    tables = write_summary(results, settings, output.parent)
    write_run_record(
        "report",
        "report",
        settings=settings,
        inputs=[results / phase for phase in PHASES if phase != "report"],
        outputs=[output, *tables],
        wall_time_s=time.monotonic() - started,
    )


def _worn_gait(options: argparse.Namespace) -> str:
    """The human whom the controllers of a condition are for.

    params.yaml says it; a job with settings of its own needs no params.yaml, and takes the gait
    as it was found.
    """
    if options.settings is not None:
        return layout.gait_file(options.condition)
    return layout.worn_gait_file(load_params(), options.condition)


def made_by(option: str, path: str | Path) -> Path:
    """An input that an earlier phase makes; the error says which."""
    return existing_file(option, path, "Make it first with snakemake, or see exoflow --help.")


def condition_option(parser: argparse.ArgumentParser) -> None:
    """--condition, and a clear error before anything is loaded."""
    parser.add_argument(
        "--condition", required=True, type=condition_id, metavar="ID", help="id of the condition"
    )


def condition_id(text: str) -> str:
    """An id, not a path: it becomes a file name."""
    if not text or "/" in text or text.startswith("."):
        raise argparse.ArgumentTypeError(f"{text!r} is not an id of a condition")
    return text


def settings_option(parser: argparse.ArgumentParser) -> None:
    """--settings."""
    parser.add_argument(
        "--settings",
        metavar="JSON",
        help="settings of this job as JSON; left out: params.yaml of this folder",
    )


def output_option(parser: argparse.ArgumentParser, default: str, made: str) -> None:
    """--output; a default with braces depends on the other options."""
    parser.add_argument(
        "--output",
        metavar="PATH",
        default=None if "{" in default else default,
        help=f"{made}; default: {default.replace('{', '').replace('}', '')}",
    )


def reflex_options(parser: argparse.ArgumentParser) -> None:
    condition_option(parser)
    settings_option(parser)
    parser.add_argument("--start-from", metavar="FILE", help="gait of the condition to start from")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="candidates side by side; no effect on the result"
    )
    output_option(
        parser,
        "results/reflex/{ID}.json",
        "the gait (ID.parquet, its motion, and ID.svg, its figure, are written beside it)",
    )


def wearer_options(parser: argparse.ArgumentParser) -> None:
    condition_option(parser)
    settings_option(parser)
    parser.add_argument("--gait", metavar="FILE", help="default: results/reflex/ID.json")
    output_option(parser, "results/wearer/{ID}.json", "the same human, used to the exo")


def policy_options(parser: argparse.ArgumentParser) -> None:
    condition_option(parser)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed; default: 1")
    settings_option(parser)
    parser.add_argument("--gait", metavar="FILE", help=WORN_GAIT)
    output_option(
        parser,
        "results/policy/{ID}/seed{N}.npz",
        "the weights (seedN.json, .csv and .onnx are written beside them)",
    )


def metabolics_options(parser: argparse.ArgumentParser) -> None:
    condition_option(parser)
    settings_option(parser)
    parser.add_argument("--gait", metavar="FILE", help=WORN_GAIT)
    parser.add_argument(
        "--policies",
        nargs="*",
        metavar="FILE",
        help="default: results/policy/ID/seed*.npz and, if enabled, the teacher",
    )
    output_option(
        parser,
        "results/metabolics/{ID}.json",
        "the comparison (ID.parquet, mean strides, and ID.svg are written beside it)",
    )


def teacher_options(parser: argparse.ArgumentParser) -> None:
    settings_option(parser)
    parser.add_argument("--gaits", nargs="+", metavar="FILE", help="default: all conditions")
    output_option(
        parser,
        "results/teacher/teacher.npz",
        "the weights (teacher.json, a summary, and .csv, the curve, are written beside them)",
    )


def student_options(parser: argparse.ArgumentParser) -> None:
    settings_option(parser)
    parser.add_argument("--gaits", nargs="+", metavar="FILE", help="default: all conditions")
    parser.add_argument(
        "--policies", nargs="+", metavar="FILE", help="default: the teacher, or all policies"
    )
    output_option(parser, "results/student/student.npz", "the weights")


def export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, type=condition_id, help="name of the bundle")
    settings_option(parser)
    parser.add_argument("--policy", required=True, metavar="FILE.npz", help="weights to export")
    parser.add_argument(
        "--layout",
        metavar="policy_io.yaml",
        help="inputs that existing firmware feeds; a controller with others is refused",
    )
    output_option(
        parser, "results/export/{NAME}.zip", "the bundle (NAME.json, its check, beside it)"
    )


def trial_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", metavar="FILE", help="data/trials/NAME/study.yaml")
    settings_option(parser)
    output_option(parser, "results/trial", "folder for NAME.json, NAME.csv and NAME.svg")
    add_trial_tools(parser)


def report_options(parser: argparse.ArgumentParser) -> None:
    settings_option(parser)
    parser.add_argument(
        "--results", default="results", metavar="FOLDER", help="what to report; default: results"
    )
    output_option(
        parser,
        "results/report/report.html",
        "the page (metrics.json and the tables of plots are written beside it)",
    )


def command_of(
    function: Callable[[argparse.Namespace], None],
    add_options: Callable[[argparse.ArgumentParser], None],
) -> Command:
    """The subcommand of the phase that the function is named after."""
    phase = PHASES[function.__name__]
    return Command(phase.summary, f"{phase.name}: {phase.summary}.", add_options, function)


PHASE_COMMANDS = {
    "reflex": command_of(reflex, reflex_options),
    "wearer": command_of(wearer, wearer_options),
    "policy": command_of(policy, policy_options),
    "teacher": command_of(teacher, teacher_options),
    "metabolics": command_of(metabolics, metabolics_options),
    "student": command_of(student, student_options),
    "export": command_of(export, export_options),
    "trial": command_of(trial, trial_options),
    "report": command_of(report, report_options),
}
