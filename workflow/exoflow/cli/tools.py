"""Subcommands that are not phases."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from exoflow.cli.command import Command, existing_file
from exoflow.cli.experiments import EXPERIMENT_COMMANDS
from exoflow.cli.ledgers import LEDGER_COMMANDS
from exoflow.cli.params import PARAMS_COMMAND
from exoflow.config import PHASES, load_params, phase_settings, to_plain
from exoflow.config.build import did_you_mean
from exoflow.errors import UserError

EXO_WORDS = ("none", "off", "zero_torque", "dofc")
# Delayed output feedback with its numbers: dofc:GAIN_Nm,DELAY_s,TAU_s.
DOFC_PREFIX = "dofc:"


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


def robustness(options: argparse.Namespace) -> None:
    """Push a gait, start it badly, tilt its ground, change its mass."""
    gait = existing_file("--gait", options.gait, "Gaits: results/reflex/ID.json.")

    from exoflow.stages import robustness as stage

    stage.run(
        gait=gait,
        timesteps_ms=options.timesteps,
        n_pushes=options.pushes,
        n_starts=options.starts,
        duration_s=options.duration,
        seed=options.seed,
        threads=options.threads,
        as_json=options.json,
        output=optional_path(options.output),
    )


def speeds(options: argparse.Namespace) -> None:
    """Walk gaits of several speeds with one policy."""
    policy = existing_file("--policy", options.policy, "Policies: results/policy/ID/seedN.npz.")
    gaits = [
        existing_file("--gaits", gait, "Gaits: results/reflex/ID.json.") for gait in options.gaits
    ]
    params = load_params()

    from exoflow.stages import speeds as stage

    stage.run(
        policy=policy,
        gaits=gaits,
        settings={
            name: to_plain(getattr(params, name))
            for name in ("model", "exo", "policy", "metabolics")
        },
        output=optional_path(options.output),
    )


def randomized(options: argparse.Namespace) -> None:
    """Walk drawn walkers with the exo off and on."""
    gait = existing_file("--gait", options.gait, "Gaits: results/reflex/ID.json.")
    exos = options.exo or ["off", "zero_torque"]
    params = load_params()
    condition = options.condition or next(iter(params.conditions))
    settings = phase_settings(params, "policy", condition, 1)
    settings["metabolics"] = to_plain(params.metabolics)

    from exoflow.stages import randomized as stage

    stage.run(
        gait=gait,
        exos=exos,
        settings=settings,
        draws=options.draws,
        stretches=options.stretch,
        duration_s=options.duration,
        seed=options.seed,
        output=optional_path(options.output),
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
    if exo not in EXO_WORDS and not exo.startswith(DOFC_PREFIX) and not Path(exo).is_file():
        raise UserError(
            f"--exo {exo}: neither a weights file nor {', '.join(EXO_WORDS)}."
            f"{did_you_mean(exo, EXO_WORDS)}"
        )
    return gait, exo


def adapt(options: argparse.Namespace) -> None:
    """Search the reflexes of a gait again with an exo on."""
    gait, exo = gait_and_exo(options)

    from exoflow.stages import adapt as stage

    stage.run(
        gait=gait,
        exo=exo,
        evaluations=options.evaluations,
        seed=options.seed,
        output=Path(options.output),
        tune=options.tune,
        feels=None if options.feels == "nothing" else options.feels,
    )


def agreement(options: argparse.Namespace) -> None:
    """Compare a device's log with simulated walks."""
    log = existing_file("--log", options.log, "A csv with time_s and units in its names.")
    walks = [
        existing_file("--trajectory", walk, "Walks: results/metabolics/ID.parquet.")
        for walk in options.trajectory
    ]

    from exoflow.stages import agreement as stage

    stage.run(log=log, trajectories=walks, output=optional_path(options.output))


def model(options: argparse.Namespace) -> None:
    """Muscle paths of a model in given poses."""
    poses = existing_file("--poses", options.poses, "One row per pose, columns named as the DOFs.")

    from exoflow.stages import model_geometry as stage

    stage.run(model=options.model, poses=poses, output=Path(options.output))


def bench(options: argparse.Namespace) -> None:
    """Measure the speed of a part, or what controllers save."""
    if options.what in ("controllers", "ablations"):
        from exoflow.stages import bench_ablations, bench_controllers

        chosen = {name: getattr(options, name) for name in EXPERIMENT_OPTIONS}
        experiment = bench_controllers.Experiment(
            folder=Path(options.output or f"results/bench/{options.what}"),
            gait=existing_file("--gait", options.gait, "Gaits: results/reflex/ID.json."),
            **{name: value for name, value in chosen.items() if value is not None},
        )
        (bench_controllers if options.what == "controllers" else bench_ablations).run(experiment)
        return
    from exoflow.stages import bench as stage

    stage.run(what=options.what, as_json=options.json)


def plan(options: argparse.Namespace) -> None:
    """Say what a parameter file takes."""
    from exoflow.stages import plan as stage

    stage.run(Path(options.params), options.cores, options.json)


def hash_(options: argparse.Namespace) -> None:
    """Print the content hash of files and folders."""
    from exoflow.records.hashing import content_hash

    for path in options.paths:
        print(f"{content_hash(path)}  {path}")


def verify(options: argparse.Namespace) -> None:
    """Check bundles offline."""
    from exoflow.stages import verify as stage

    stage.run([Path(path) for path in options.bundles], optional_path(options.log))


def closed_loop(options: argparse.Namespace) -> None:
    """Walk with a bundle's compiled controller in place of the network."""
    bundle = Path(options.bundle)
    policy = existing_file("--policy", options.policy, "Policies: results/policy/ID/seedN.npz.")
    gait = existing_file("--gait", options.gait, "Gaits: results/reflex/ID.json.")

    from exoflow.stages import closed_loop as stage

    stage.run(
        bundle=bundle,
        policy=policy,
        gait=gait,
        duration_s=options.duration,
        extra_delay_ms=options.delay_ms,
        seed=options.seed,
        output=optional_path(options.output),
    )


def prune(options: argparse.Namespace) -> None:
    """Move stale results away."""
    if options.unproven:
        prune_unproven()
    elif options.phase is None:
        raise UserError(f"exoflow prune: name a phase ({', '.join(PHASES)}), or --unproven.")
    else:
        prune_phase(options.phase)


def prune_phase(phase: str) -> None:
    """Move results of deleted conditions away."""
    from exoflow.records.prune import prune_results

    moved = prune_results(load_params(), phase)
    for path in moved:
        print(
            f"exoflow: {path} is of no condition in params.yaml: moved to .exoflow/pruned/{phase}",
            file=sys.stderr,
        )


def prune_unproven() -> None:
    """Move results away that cannot be trusted, so that Snakemake makes them again."""
    from exoflow.ledgers.proof import read_ledgers, unproven_results
    from exoflow.ledgers.run_lock import claim_run
    from exoflow.records.prune import move_away

    claim_run(["exoflow", "prune", "--unproven"])
    for path, doubt in unproven_results(read_ledgers()).items():
        target = move_away(Path(path), Path())
        print(f"exoflow: {path} {doubt}: moved to {target}", file=sys.stderr)


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


def counted(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 on")
    return int(text)


def counted_from_one(text: str) -> int:
    """A whole number from 1 on."""
    if counted(text) == 0:
        raise argparse.ArgumentTypeError("0 is not a whole number from 1 on")
    return int(text)


def timesteps(text: str) -> tuple[float, ...]:
    """Time steps in ms, separated by commas."""
    steps = tuple(positive(part) for part in text.split(","))
    for step in steps:
        if not 0.1 <= step <= 2.0:
            raise argparse.ArgumentTypeError(f"{step:g} ms is outside 0.1..2 ms")
    if len(set(steps)) < len(steps):
        raise argparse.ArgumentTypeError(f"{text} names a time step twice")
    return steps


def walk_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    parser.add_argument(
        "--duration", type=positive, default=10.0, metavar="S", help="walking time, s; default: 10"
    )
    exo_option(parser, default="none")


def exo_option(parser: argparse.ArgumentParser, **settings: Any) -> None:
    ending = f"; default: {settings['default']}" if "default" in settings else ""
    parser.add_argument(
        "--exo",
        metavar="EXO",
        help="what is worn: none, off (mass only), zero_torque (friction and rotor too), dofc "
        f"(as tuned by metabolics), dofc:GAIN_Nm,DELAY_s,TAU_s, or weights FILE.npz{ending}",
        **settings,
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


def robustness_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    parser.add_argument(
        "--pushes", type=counted, default=100, metavar="N", help="random pushes; default: 100"
    )
    parser.add_argument(
        "--starts", type=counted, default=100, metavar="N", help="random starts; default: 100"
    )
    parser.add_argument(
        "--duration",
        type=positive,
        default=10.0,
        metavar="S",
        help="time without a fall after the push or the start, s; default: 10",
    )
    parser.add_argument(
        "--timesteps",
        type=timesteps,
        default=(0.5, 1.0, 2.0),
        metavar="MS,MS",
        help="time steps of the simulation, ms; default: 0.5,1,2",
    )
    parser.add_argument("--seed", type=counted, default=1, metavar="N", help="default: 1")
    parser.add_argument(
        "--threads",
        type=counted_from_one,
        default=2,
        metavar="N",
        help="walks side by side; the result does not depend on it; default: 2",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--output", metavar="FILE.json", help="write the JSON, every trial in it")


def adapt_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    exo_option(parser, required=True)
    parser.add_argument(
        "--evaluations",
        type=counted_from_one,
        required=True,
        metavar="N",
        help="candidates of the search; give the control without an exo as many",
    )
    parser.add_argument("--seed", type=counted, default=1, metavar="S", help="default: 1")
    parser.add_argument(
        "--tune", action="store_true", help="search gain, delay and filter of DOFC as well"
    )
    parser.add_argument(
        "--feels",
        default="exo_hip",
        metavar="TABLE",
        help="reflexes of data/reflexes/added/ that answer the exo's torque and are searched too; "
        "default: exo_hip; nothing: none",
    )
    parser.add_argument(
        "--output", required=True, metavar="FILE.json", help="a gait like that of reflex"
    )


def speeds_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy", required=True, metavar="FILE.npz", help="results/policy/ID/seedN.npz"
    )
    parser.add_argument(
        "--gaits",
        required=True,
        nargs="+",
        metavar="GAIT.json",
        help="results/reflex/ID.json of several conditions, each with its own speed",
    )
    parser.add_argument("--output", metavar="FILE.json", help="write the same as JSON")


def randomized_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    parser.add_argument(
        "--exo",
        nargs="+",
        metavar="LAW",
        help="off, zero_torque, dofc:GAIN_Nm,DELAY_s,TAU_s or weights; default: off zero_torque",
    )
    parser.add_argument("--condition", metavar="ID", help="of params.yaml; default: the first one")
    parser.add_argument("--draws", type=counted_from_one, default=100, metavar="N")
    parser.add_argument(
        "--stretch",
        type=float,
        nargs="+",
        default=[1.0, 1.5],
        metavar="X",
        help="width of the ranges of policy.randomization; default: 1 1.5",
    )
    parser.add_argument("--duration", type=float, default=20.0, metavar="S", help="default: 20 s")
    parser.add_argument("--seed", type=counted, default=1, metavar="N")
    parser.add_argument("--output", metavar="FILE.json", help="write the same as JSON")


def agreement_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--log",
        required=True,
        metavar="FILE.csv",
        help="time_s, hip_angle_r_rad (or _deg), hip_velocity_r_rad_s, hip_torque_r_Nm, _l_ alike",
    )
    parser.add_argument(
        "--trajectory",
        required=True,
        nargs="+",
        metavar="FILE.parquet",
        help="simulated walks; each is compared with the log's stretch of the nearest speed",
    )
    parser.add_argument("--output", metavar="FILE.json", help="write the same as JSON")


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


EXPERIMENT_COUNTS = (
    "rounds", "evaluations", "steps", "pupil_steps", "copy_steps", "printed_steps",
)  # fmt: skip
EXPERIMENT_OPTIONS = (
    "limits_Nm", "seeds", "chains", "printed_seeds", "frozen", "phantom", *EXPERIMENT_COUNTS,
)  # fmt: skip


def bench_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("engine", "search", "train", "controllers", "ablations"),
        help="what to measure",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    group = parser.add_argument_group(
        "controllers, ablations",
        "an experiment of hours; a stopped one goes on with the job it was at",
    )
    group.add_argument("--gait", default="data/reference/level.json", metavar="FILE")
    group.add_argument(
        "--output", metavar="FOLDER", help="default: results/bench/controllers or ablations"
    )
    group.add_argument("--limits-Nm", type=float, nargs="+", metavar="NM", dest="limits_Nm")
    group.add_argument("--seeds", type=counted, nargs="+", metavar="S")
    group.add_argument("--chains", type=counted, nargs="*", metavar="S")
    group.add_argument("--printed-seeds", type=counted, nargs="*", metavar="S")
    group.add_argument(
        "--no-frozen",
        action="store_const",
        const=False,
        dest="frozen",
        help="leave out the networks on a human who has not adapted",
    )
    group.add_argument(
        "--no-phantom",
        action="store_const",
        const=False,
        dest="phantom",
        help="leave out the control whose torque is felt but does not act",
    )
    for name in EXPERIMENT_COUNTS:
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, type=counted_from_one, metavar="N")


def plan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--params", default="params.yaml", metavar="FILE", help="default: params.yaml"
    )
    parser.add_argument(
        "--cores",
        type=counted_from_one,
        default=os.cpu_count() or 1,
        metavar="N",
        help="cores Snakemake is given; default: all of this computer",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def hash_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file or folder")


def verify_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE", help="zip or unpacked folder")
    parser.add_argument(
        "--log", metavar="FILE", help="device log: also say which of the bundles made it"
    )


def closed_loop_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", required=True, metavar="BUNDLE", help="zip or folder")
    parser.add_argument("--policy", required=True, metavar="FILE.npz", help="what it came from")
    parser.add_argument("--gait", required=True, metavar="FILE", help="results/reflex/ID.json")
    parser.add_argument(
        "--duration", type=positive, default=30.0, metavar="S", help="walking time, s; default: 30"
    )
    parser.add_argument(
        "--delay-ms",
        type=counted,
        default=10,
        metavar="MS",
        dest="delay_ms",
        help="delay added to exo.delay_s in the last walk, ms; default: 10",
    )
    parser.add_argument("--seed", type=counted, default=1, metavar="N", help="sensor noise")
    parser.add_argument("--output", metavar="FILE.json", help="write the same as JSON")


def prune_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "phase",
        nargs="?",
        choices=tuple(PHASES),
        metavar="PHASE",
        help="whose results to look through",
    )
    parser.add_argument(
        "--unproven",
        action="store_true",
        help="results of current conditions that no record vouches for, see exoflow audit",
    )


TOOL_COMMANDS = {
    "simulate": Command(
        "walk a gait and write its motion (parquet, .sto, GIF)",
        "Simulate a gait with or without an exo and write the motion.",
        simulate_options,
        simulate,
    ),
    "robustness": Command(
        "what a gait withstands: pushes, bad starts, slopes, masses",
        "Push a gait at the pelvis (10..60 N for 0.2 s), start it from noisy poses, tilt its "
        "ground by up to 2 degrees and change its body mass by up to 10 %%, at several time steps.",
        robustness_options,
        robustness,
    ),
    "adapt": Command(
        "search the reflexes of a gait again with an exo on",
        "A human who adapts: the reflexes of a gait are searched again while the exo is worn and "
        "its law is on, by the objective, the exo and the gait's condition in params.yaml. The "
        "same search with --exo none is the control.",
        adapt_options,
        adapt,
    ),
    "speeds": Command(
        "one policy on gaits of several speeds",
        "Walk every gait without exo and with the same policy: speed, torque, change of cost. "
        "Model, exo, sensor noise and walking time are those of params.yaml.",
        speeds_options,
        speeds,
    ),
    "randomized": Command(
        "how many drawn walkers keep walking, exo off and on",
        "Draw walkers from the ranges of policy.randomization (body, ground, device) and half as "
        "wide again, let each walk under every law with sensor noise, and count who stands.",
        randomized_options,
        randomized,
    ),
    "agreement": Command(
        "a device's log against a simulated walk",
        "Sim to real: mean gait cycles of a device's log and of simulated walks, compared by "
        "cross-correlation at zero and best lag, Pearson r, RMSE and peaks; RMS torque by speed.",
        agreement_options,
        agreement,
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
        "measure the speed of the parts on this computer",
        "engine: simulated seconds per second and where they go. search: wall time of the gait "
        "searches of params.yaml (minutes). train: steps per second of learning. controllers: "
        "cost of walking with DOFC, MLP, LSTM and Barati's setting, on a frozen and on an adapted "
        "human (hours). ablations: what the LSTM, drawn walkers and adaptation are worth.",
        bench_options,
        bench,
    ),
    "params": PARAMS_COMMAND,
    "plan": Command(
        "jobs, core-hours and time that params.yaml takes here",
        "Count the jobs of a parameter file, measure this computer for some seconds and say how "
        "many core-hours and how long the whole takes, before anything runs.",
        plan_options,
        plan,
    ),
    "hash": Command(
        "hash of what a result says, whatever its dates and packing",
        "Two results are the same when their hashes are. In a folder, runs/ and logs/ are left "
        "out: they hold wall times.",
        hash_options,
        hash_,
    ),
    "verify": Command(
        "check offline that a bundle is whole and where it comes from",
        "Check every file of a bundle against its manifest, and the chain from policy to settings, "
        "data and commit behind it; with --log, find the bundle that made a device log.",
        verify_options,
        verify,
    ),
    "closed-loop": Command(
        "walk with a bundle's compiled C in place of the network",
        "Compile the controller of a bundle and let the simulation walk with it, safety layer "
        "included: against the network, with sensor noise, and with a longer delay.",
        closed_loop_options,
        closed_loop,
    ),
    "prune": Command(
        "move results of deleted conditions out of results/",
        "Move files of results/PHASE that no condition of params.yaml makes to .exoflow/pruned; "
        "with --unproven, results that cannot be trusted, so that they are made again.",
        prune_options,
        prune,
    ),
    **EXPERIMENT_COMMANDS,
    **LEDGER_COMMANDS,
}
