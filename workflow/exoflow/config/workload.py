"""How much a parameter file asks to be computed, counted before anything runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from exoflow.config.conditions import COLD_START
from exoflow.config.params import Params
from exoflow.config.policy import PolicySettings

CONTROL_DT_S = 0.01
# Start-up of one job, s: imports, compiled code from the cache, a gait that is walked again.
JOB_START_S = 8.0
# Walks of a comparison beside the learned controllers: none, off, zero torque and DOFC.
FIXED_LAWS = 3
# Candidates that fall end early; about this share of a search's steps is walked.
WALKED_SHARE = 0.8
SEGMENT_TICKS = 200


@dataclass(frozen=True)
class Work:
    """What one job computes.

    Attributes
    ----------
    physics_steps : float
        Steps of single walkers.
    ticks : mapping
        Control ticks of training, by kind of controller.
    segments : float
        Stretches of walking that a student's gradient steps see.
    threads : int
        Cores one job uses.
    """

    physics_steps: float = 0.0
    ticks: Mapping[str, float] = field(default_factory=dict)
    segments: float = 0.0
    threads: int = 1


def jobs_of(params: Params) -> dict[str, list[Work]]:
    """The jobs of every phase, in the order of the pipeline."""
    conditions = params.conditions
    learned = params.policy
    return {
        "reflex": [_search(params, one.warm_start) for one in conditions.values()],
        "wearer": [_wearer(params) for _ in conditions] if params.wearer.enabled else [],
        "policy": [
            _training(learned, learned.kind, learned.steps, learned.evaluation_walkers)
            for one in conditions.values()
            for _ in one.seeds
        ],
        "teacher": [_teacher(params)] if params.teacher.enabled else [],
        "metabolics": [_comparison(params, len(one.seeds)) for one in conditions.values()],
        "student": [_student(params)] if params.student.enabled else [],
        "export": [Work() for _ in params.export.policies],
        "trial": [Work() for _ in params.trial.studies],
        "report": [Work()],
    }


def _search(params: Params, warm_start: str) -> Work:
    reflex = params.reflex
    payload = reflex.payload_pelvis_kg > 0 or reflex.payload_thigh_kg > 0
    walks = len(reflex.slopes_deg) + payload
    steps = WALKED_SHARE * reflex.evaluations * walks * reflex.duration_s / reflex.timestep_s
    if warm_start == COLD_START:
        stages = len(reflex.staged_speeds_m_s) + reflex.cold_restarts
        steps += 0.5 * stages * reflex.cold_evaluations * reflex.duration_s / 0.002
    return Work(steps, threads=reflex.threads)


def _wearer(params: Params) -> Work:
    reflex, searches = params.reflex, 1 + params.wearer.control
    steps = params.wearer.evaluations * len(reflex.slopes_deg) * reflex.duration_s
    return Work(WALKED_SHARE * searches * steps / reflex.timestep_s, threads=reflex.threads)


def _training(policy: PolicySettings, kind: str, ticks: int, evaluated: int) -> Work:
    evaluations = math.ceil(ticks / policy.evaluate_every) + 1
    seconds = evaluations * evaluated * policy.evaluation_s
    return Work(seconds / policy.timestep_s, {kind: float(ticks)}, threads=policy.threads)


def _teacher(params: Params) -> Work:
    walkers = len(params.conditions) * len(params.policy.slopes_deg)
    return _training(params.policy, params.teacher.kind, params.teacher.steps, walkers)


def _comparison(params: Params, n_policies: int) -> Work:
    metabolics = params.metabolics
    dofc = metabolics.dofc
    steps = sum(
        dofc.evaluations * len(dofc.slopes_deg) * dofc.duration_s / step
        for step in dofc.timesteps_s
    )
    slopes, noises = len(metabolics.slopes_deg), len(metabolics.noise_seeds)
    learned = n_policies + params.teacher.enabled + 1
    walks = slopes * (FIXED_LAWS + noises * learned)
    return Work(steps + walks * metabolics.duration_s / metabolics.timestep_s)


def _student(params: Params) -> Work:
    student = params.student
    stages = student.dagger_rounds + 1
    walks = len(params.conditions) * student.walkers
    steps = stages * walks * student.walk_s / student.timestep_s
    per_stage = walks * student.walk_s / CONTROL_DT_S / SEGMENT_TICKS
    # Walks are kept: a later stage learns from all recorded so far.
    segments = student.epochs * per_stage * stages * (stages + 1) / 2
    return Work(steps, segments=segments, threads=student.torch_threads)


@dataclass(frozen=True)
class Speeds:
    """What this computer does in a second.

    Attributes
    ----------
    physics_steps : float
        Steps of one walker, one thread.
    ticks : mapping
        Control ticks of training with `policy.threads` threads, by kind of controller.
    segments : float
        Stretches of walking in a student's gradient steps.
    """

    physics_steps: float
    ticks: Mapping[str, float]
    segments: float

    def seconds(self, work: Work) -> float:
        """Wall time of one job that has its cores for itself, s."""
        return (
            JOB_START_S
            + work.physics_steps / self.physics_steps / work.threads
            + sum(ticks / self.ticks[kind] for kind, ticks in work.ticks.items())
            + (work.segments / self.segments if work.segments else 0.0)
        )


@dataclass(frozen=True)
class PhasePlan:
    """Jobs of one phase and what they take."""

    jobs: int
    job_s: float
    core_hours: float
    wall_s: float


def plan(params: Params, speeds: Speeds, cores: int) -> dict[str, PhasePlan]:
    """Jobs, core-hours and wall time of every phase; a phase waits for the one before.

    Parameters
    ----------
    cores : int
        Given to Snakemake; jobs run side by side as far as their threads fit.
    """
    out = {}
    for phase, jobs in jobs_of(params).items():
        times = [speeds.seconds(work) for work in jobs]
        threads = [min(work.threads, cores) for work in jobs]
        side_by_side = max(1, cores // max(threads, default=1))
        busy = sum(seconds * n for seconds, n in zip(times, threads, strict=True))
        wall = max(sum(times) / side_by_side, max(times, default=0.0))
        out[phase] = PhasePlan(len(jobs), max(times, default=0.0), busy / 3600.0, wall)
    return out
