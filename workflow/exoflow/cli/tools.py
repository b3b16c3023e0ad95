"""Subcommands that are not phases."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from exoflow.cli.command import Command, existing_file
from exoflow.cli.params import PARAMS_COMMAND
from exoflow.config import PHASES, load_params
from exoflow.config.build import did_you_mean
from exoflow.errors import UserError

EXO_WORDS = ("none", "off", "dofc")


def simulate(options: argparse.Namespace) -> None:
    """Walk a gait and store the motion."""
    gait, exo = gait_and_exo(options)

    from exoflow.stages import simulate as stage

    stage.run(
        gait=gait,
        duration_s=options.duration,
        exo=exo,
        output=Path(options.output),
        sto=optional_path(options.sto),
        video=optional_path(options.video),
    )


def view(options: argparse.Namespace) -> None:
    """Walk a gait and show it in MuJoCo's viewer."""
    gait, exo = gait_and_exo(options)

    from exoflow.stages import view as stage

    stage.run(gait=gait, duration_s=options.duration, exo=exo, output=optional_path(options.output))


def gait_and_exo(options: argparse.Namespace) -> tuple[Path, str]:
    """The gait's file and the exo, if both are there."""
    gait = existing_file("--gait", options.gait, "Gaits: results/reflex/ID.json.")
    exo = options.exo
    if exo not in EXO_WORDS and not Path(exo).is_file():
        raise UserError(
            f"--exo {exo}: neither a weights file nor {', '.join(EXO_WORDS)}."
            f"{did_you_mean(exo, EXO_WORDS)}"
        )
    return gait, exo


def model(options: argparse.Namespace) -> None:
    """Muscle paths of a model in given poses."""
    poses = existing_file("--poses", options.poses, "One row per pose, columns named as the DOFs.")

    from exoflow.stages import model_geometry as stage

    stage.run(model=options.model, poses=poses, output=Path(options.output))


def bench(options: argparse.Namespace) -> None:
    """Measure the speed of a part."""
    from exoflow.stages import bench as stage

    stage.run(what=options.what, as_json=options.json)


def hash_(options: argparse.Namespace) -> None:
    """Print the content hash of files and folders."""
    from exoflow.records.hashing import content_hash

    for path in options.paths:
        print(f"{content_hash(path)}  {path}")


def prune(options: argparse.Namespace) -> None:
    """Move stale results away."""
    from exoflow.records.prune import prune_results

    moved = prune_results(load_params(), options.phase)
    for path in moved:
        print(
            f"exoflow: {path} is of no condition in params.yaml: "
            f"moved to .exoflow/pruned/{options.phase}",
            file=sys.stderr,
        )


def optional_path(text: str | None) -> Path | None:
    """A path where one is given."""
    return None if text is None else Path(text)


def positive(text: str) -> float:
    """A number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def walk_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    parser.add_argument(
        "--duration", type=positive, default=10.0, metavar="S", help="walking time, s; default: 10"
    )
    parser.add_argument(
        "--exo",
        default="none",
        metavar="none|off|dofc|FILE.npz",
        help="exo that is worn: none, off (mass only), dofc, or weights of a policy; default: none",
    )


def simulate_options(parser: argparse.ArgumentParser) -> None:
    walk_options(parser)
    parser.add_argument("--output", required=True, metavar="FILE.parquet", help="the motion")
    parser.add_argument("--sto", metavar="FILE.sto", help="the same for OpenSim and SCONE")
    parser.add_argument("--video", metavar="FILE.gif", help="animated: muscles, forces, torque")


def view_options(parser: argparse.ArgumentParser) -> None:
    walk_options(parser)
    parser.add_argument(
        "--output",
        metavar="FILE.png",
        help="write a picture of the last pose instead of opening a window",
    )


def model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("geometry",), help="what to compute")
    parser.add_argument("--model", default="h0918v3", metavar="ID", help="default: h0918v3")
    parser.add_argument(
        "--poses", required=True, metavar="FILE.csv", help="one row per pose, rad and m"
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="FILE.csv",
        help="the same rows with muscle lengths and moment arms, m",
    )


def bench_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("engine",), help="what to measure")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def hash_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file or folder")


def prune_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("phase", choices=tuple(PHASES), help="whose results to look through")


TOOL_COMMANDS = {
    "simulate": Command(
        "walk a gait and write its motion (parquet, .sto, GIF)",
        "Simulate a gait with or without an exo and write the motion.",
        simulate_options,
        simulate,
    ),
    "view": Command(
        "walk a gait and show it in MuJoCo's viewer",
        "Walk a gait and play it over and over in MuJoCo's viewer, until the window is closed: "
        "bodies, contact spheres, ground, muscles coloured by activation. Needs a display.",
        view_options,
        view,
    ),
    "model": Command(
        "muscle lengths and moment arms of a model in given poses",
        "model geometry: muscle-tendon lengths, moment arms and centre of mass.",
        model_options,
        model,
    ),
    "bench": Command(
        "measure the speed of the engine on this computer",
        "Measure how many seconds of walking are simulated in one second.",
        bench_options,
        bench,
    ),
    "params": PARAMS_COMMAND,
    "hash": Command(
        "hash of what a result says, whatever its dates and packing",
        "Two results are the same when their hashes are. In a folder, runs/ and logs/ are left "
        "out: they hold wall times.",
        hash_options,
        hash_,
    ),
    "prune": Command(
        "move results of deleted conditions out of results/",
        "Move files of results/PHASE that no condition of params.yaml makes to .exoflow/pruned.",
        prune_options,
        prune,
    ),
}
