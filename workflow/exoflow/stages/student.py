"""`student`: the policies or the teacher -> one controller fed by thigh gyroscopes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCORE_SEED = 10_000
# The walk that scores student and teacher; finer than the recorded walks.
SCORE_S = 20.0
SCORE_STRIDES = 10
SCORE_TIMESTEP_S = 0.001
SCORE_STORED_STEP_S = 0.01
FIDELITY_S = 20.0


def run(
    settings: Mapping[str, Any], gaits: Sequence[Path], policies: Sequence[Path], output: Path
) -> None:
    """Distil the teacher or all policies into one student.

    A condition with several policies is taught by the one with the lowest cost of
    transport: two teachers that answer differently to the same gait teach nothing.

    Parameters
    ----------
    settings : mapping
        `conditions`, `model`, `exo` and `student`, as `config.phase_settings` makes them.
    gaits : sequence of Path
        Results of the reflex phase.
    policies : sequence of Path
        Weights files of the policy phase, or that of the teacher.
    output : Path
        student.npz; student.json and student.onnx are written beside it.

    Raises
    ------
    CheckpointError, PolicyFormatError
        If a gait or a policy cannot be read.
    SimulationError
        If a walker leaves the finite numbers.
    """
    from exoflow.control.policy_format import PolicyWeights, save_policy
    from exoflow.records.files import write_bytes
    from exoflow.records.json_io import write_json
    from exoflow.records.provenance import write_run_record

    started = time.monotonic()
    output = Path(output)
    files = {suffix: output.with_suffix(suffix) for suffix in (".npz", ".json", ".onnx")}
    lessons = _lessons(settings, gaits, policies)
    if lessons:
        weights, graph, result = _teach(settings, lessons)
        save_policy(files[".npz"], weights)
        write_bytes(files[".onnx"], graph)
        write_json(files[".json"], result)
    else:
        reason = "no condition has both a gait and a policy"
        save_policy(files[".npz"], PolicyWeights(status="skipped", reason=reason))
        files[".onnx"].unlink(missing_ok=True)
        write_json(files[".json"], {"phase": "student", "status": "skipped", "reason": reason})
    write_run_record(
        "student",
        output.stem,
        settings=settings,
        inputs=[*gaits, *policies],
        outputs=[file for file in files.values() if file.exists()],
        seed=settings["student"]["seed"],
        wall_time_s=time.monotonic() - started,
    )


def _lessons(
    settings: Mapping[str, Any], gaits: Sequence[Path], policies: Sequence[Path]
) -> dict[str, tuple[dict, Any]]:
    """Gait and best policy of every condition that has both, by condition id.

    A teacher of all conditions is told each one's speed and slope.
    """
    from exoflow.control.policy_format import load_policy
    from exoflow.gait.tasks.observation import told_values
    from exoflow.records.json_io import read_json

    walks = {walk["condition"]: walk for walk in map(read_json, gaits) if walk["status"] == "ok"}
    best: dict[str, Any] = {}
    for path in policies:
        policy = load_policy(path)
        if policy.status != "ok":
            continue
        if policy.n_told:
            best = {
                name: policy.told_as(told_values(one))
                for name, one in settings["conditions"].items()
            }
            break
        condition = policy.io["source"]["condition"]
        if condition not in best or _cost(policy) < _cost(best[condition]):
            best[condition] = policy
    return {
        name: (walks[name], best[name])
        for name in settings["conditions"]
        if name in walks and name in best
    }


def _cost(policy: Any) -> float:
    change = policy.io["source"].get("change_cot_pct")
    return float("inf") if change is None else change


def _teach(
    settings: Mapping[str, Any], lessons: Mapping[str, tuple[dict, Any]]
) -> tuple[Any, bytes, dict[str, Any]]:
    """Train and score a student: its weights, its ONNX graph, the result."""
    import numpy as np

    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.config.student import StudentSettings
    from exoflow.gait.environment import DEFAULT_TASK, AssistedGait, EnvironmentSettings
    from exoflow.gait.tasks.registry import task as find_task
    from exoflow.learning.distillation import Lesson, distil, fidelity, open_loop_fidelity
    from exoflow.learning.onnx_export import onnx_bytes
    from exoflow.learning.policy_weights import load_actor
    from exoflow.learning.student_weights import example_walk, student_weights
    from exoflow.learning.training import prepare_torch
    from exoflow.learning.walks import GyroNoise, record_walks

    student_settings = build(StudentSettings, settings["student"], "student", "settings")
    prepare_torch(student_settings.torch_threads)
    limit, slew = settings["exo"]["torque_limit_Nm"], settings["exo"]["slew_Nm_s"]
    environment = EnvironmentSettings(torque_limit_Nm=limit, privileged=False)

    def lesson(name: str, walk: Mapping, policy: Any) -> Lesson:
        walker = _walker(settings, name, walk, settings["exo"], student_settings.timestep_s)
        batch = walker.batch(walk["parameters"], student_settings.walkers)
        # Perfect sensors, read at the moments that the teacher was trained with.
        seen = PolicySettings(
            angle_noise_rad=0.0,
            velocity_noise_rad_s=0.0,
            history_spacing_ticks=policy.history_spacing_ticks,
        )
        task = find_task(DEFAULT_TASK, seen)
        gait = AssistedGait(batch, environment, task, student_settings.seed)
        return Lesson(gait, load_actor(policy))

    classes = {name: lesson(name, *pair) for name, pair in lessons.items()}
    trained = distil(classes, student_settings)
    student = trained.student
    noise = GyroNoise(student_settings.gyro_noise_rad_s, student_settings.gyro_bias_rad_s)
    first = next(iter(classes.values()))
    source = {"conditions": list(lessons), "seed": student_settings.seed}
    weights = student_weights(
        student, first.gait, first.teacher, noise, slew, source, SCORE_SEED + student_settings.seed
    )
    per_condition = {}
    for name, (walk, policy) in lessons.items():
        rng = np.random.default_rng(SCORE_SEED + student_settings.seed)
        one = classes[name]
        driven = record_walks(one.gait, one.teacher, FIDELITY_S, noise, rng, student)
        closed = fidelity(driven.driver, driven, limit)
        per_condition[name] = {
            "open_loop": open_loop_fidelity(student, trained.validation[name], limit),
            "closed_loop": closed | _score(settings, name, walk, weights, policy),
        }
    mass = _body_mass(settings, *next(iter((name, walk) for name, (walk, _) in lessons.items())))
    overall = {
        key: float(np.mean([values["open_loop"][key] for values in per_condition.values()]))
        for key in ("r", "rmse_Nm")
    }
    result = {
        "phase": "student",
        "status": "ok",
        "reason": None,
        "teachers": {name: policy.io["source"] for name, (_, policy) in lessons.items()},
        "open_loop": overall | {"rmse_Nm_kg": overall["rmse_Nm"] / mass},
        "per_condition": per_condition,
        "history": trained.history,
    }
    graph = onnx_bytes(student, example_walk(student), "thigh_gyro", limit)
    return weights, graph, result


def _walker(
    settings: Mapping[str, Any], name: str, walk: Mapping, exo: Mapping | None, timestep_s: float
):
    from exoflow.simulation import Walker

    return Walker.for_gait(walk, settings["model"], settings["conditions"][name], timestep_s, exo)


def _body_mass(settings: Mapping[str, Any], name: str, walk: Mapping) -> float:
    return _walker(settings, name, walk, None, SCORE_TIMESTEP_S).model.body_mass


def _score(
    settings: Mapping[str, Any], name: str, walk: Mapping, student: Any, teacher: Any
) -> dict[str, Any]:
    """Cost with student and with teacher against walking without anything worn."""
    from exoflow.gait.comparison import add_changes, evaluate_controller
    from exoflow.gait.training_walkers import unadapted
    from exoflow.simulation import NoExo, Policy, SensorNoise

    noise = SensorNoise(gyro_rad_s=settings["student"]["gyro_noise_rad_s"])
    before = unadapted(walk)
    bare = _walker(settings, name, before, None, SCORE_TIMESTEP_S)
    worn = _walker(settings, name, walk, settings["exo"], SCORE_TIMESTEP_S)
    controllers = {
        label: evaluate_controller(
            walker.rollout(
                human["parameters"],
                SCORE_S,
                law,
                noise=noise,
                noise_seed=settings["student"]["seed"],
                store_every_s=SCORE_STORED_STEP_S,
            ),
            SCORE_STRIDES,
        )
        for label, walker, human, law in (
            ("none", bare, before, NoExo()),
            ("student", worn, walk, Policy(student)),
            ("teacher", worn, walk, Policy(teacher)),
        )
    }
    add_changes(controllers, "none")
    student_walk = controllers["student"]
    return {
        "fell": student_walk["fell"],
        "change_cot_pct": student_walk.get("change_cot_pct"),
        "teacher_fell": controllers["teacher"]["fell"],
        "teacher_change_cot_pct": controllers["teacher"].get("change_cot_pct"),
        "speed_m_s": student_walk.get("speed_m_s"),
    }
