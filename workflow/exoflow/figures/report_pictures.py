"""Pictures of the report, each with its caption or the reason why it is missing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from exoflow.errors import CheckpointError
from exoflow.figures.gait import gait_figure, norm_band
from exoflow.figures.learning import learning_figure, search_figure
from exoflow.figures.matrix import is_matrix, matrix_figure, places
from exoflow.figures.metabolics import changes_figure, metabolics_figure
from exoflow.figures.results import Results, Study
from exoflow.figures.stick_figure import animation_data, stick_frames, stride_strip
from exoflow.figures.student import student_fidelity_figure, student_history_figure
from exoflow.figures.svg import inline_svg
from exoflow.figures.torque import torque_figure


@dataclass(frozen=True)
class Picture:
    """A figure with its caption, or an empty place with the reason."""

    caption: str = ""
    svg: Markup | None = None
    reason: str = ""
    title: str = ""
    player: Mapping[str, Any] | None = None
    """Numbers of the animated stick figure, when the picture has one."""


def walk_picture(results: Results, condition: str) -> Picture:
    """The stick figure of a condition: its player and, for print, a strip of poses."""
    path = results.trajectories.get(condition)
    if path is None:
        reason = results.why_no_gait(condition) or "no trajectory was stored"
        return Picture(title=condition, reason=reason)
    columns = _read_trajectory(path)
    slope = float(results.fields(condition)["slope_deg"] or 0.0)
    reason = results.why_no_gait(condition)
    frames = stick_frames(columns, loop=not reason)
    shown = "last seconds" if reason else "one stride"
    label = f"Stick figure of {condition}, {shown}"
    strip = stride_strip(columns, slope, label=label, loop=not reason)
    if frames is None or strip is None:
        return Picture(title=condition, reason="the trajectory holds no movement")
    not_a_walk = f" Not a walk ({reason})." if reason else ""
    return Picture(
        title=condition,
        caption=f"{condition} ({results.words(condition)}): {shown} in eight poses, drawn apart "
        "from each other. Blue: right leg; orange: left leg; green: ground reaction, drawn from "
        f"the heel, the toe or the middle of the flat foot.{not_a_walk}",
        svg=Markup(strip),
        player=animation_data(frames, slope),
    )


def _read_trajectory(path: Path) -> dict[str, np.ndarray]:
    import pandas as pd

    try:
        table = pd.read_parquet(path, use_threads=False, pre_buffer=False)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: not a readable trajectory ({error}). Delete it and run reflex again."
        ) from error
    return {str(name): column.to_numpy(dtype=float) for name, column in table.items()}


def gait_picture(results: Results, condition: str) -> Picture:
    """Angles, moments, powers and ground reaction of a condition against the norms."""
    reason = results.why_no_gait(condition)
    result = results.reflex.get(condition) or {}
    if not reason and not (result.get("cycle") or {}).get("gait_pct"):
        reason = "no gait cycle was recorded"
    if reason:
        return Picture(title=condition, reason=reason)
    caption = (
        f"{condition} ({results.words(condition)}): right leg, mean ± 1 SD over strides, and "
        f"left leg, against the {norm_band(result)} speed band of typically developing children "
        "(grey, ± 1 SD). Moments are net and internal (muscles and joint stops, without the exo's "
        "torque), extension and plantarflexion positive; power is generated where positive. "
        "Strips: distance of the right leg from the norm's mean in SD, red where it leaves the "
        "band. r: Pearson correlation of the right leg with the norm's mean. The norm holds no "
        "ground reaction. Table: strides and cost measured on people near this speed and grade; "
        "sources differ, and whether a cost is gross is partly unknown (data/norms/README.md)."
    )
    return _picture(
        lambda: gait_figure(result, heading=False), f"gait-{condition}", caption, "", condition
    )


def torque_picture(results: Results, condition: str) -> Picture:
    """Torque, the muscles' moment, power and hip angle of a condition, per controller."""
    reason = results.why_no_metabolics(condition)
    if reason:
        return Picture(title=condition, reason=reason)
    return _picture(
        lambda: torque_figure(results.metabolics[condition]),
        f"torque-{condition}",
        f"{condition} ({results.words(condition)}): exo torque and the muscles' own hip moment "
        "(flexion positive), mechanical power given to the right leg, and hip angle with and "
        "without the exo; mean over the last strides of the level walk from right heel strike. "
        "Dots: peaks of the exo; rings: the muscles' nearest peak of the same sign with the exo "
        "on; number: lag of the exo, positive when it is late.",
        "no controller walked to the end",
        condition,
    )


def cost_picture(results: Results, condition: str) -> Picture:
    """Cost of transport and power of a condition, per controller."""
    reason = results.why_no_metabolics(condition)
    if reason:
        return Picture(title=condition, reason=reason)
    return _picture(
        lambda: metabolics_figure(results.metabolics[condition], heading=False, timing=False),
        f"cost-{condition}",
        f"{condition} ({results.words(condition)}): cost of the level walk, mean change against "
        "no exo over slopes and sensor noise, and walks that fell; under each name the speed "
        "walked. Exo off: its mass alone; zero torque: friction and rotor too.",
        "",
        condition,
    )


def student_pictures(results: Results) -> list[Picture]:
    """Distillation history and closed-loop fidelity."""
    student, reason = results.student, results.why_no_student()
    if student is None or reason:
        return [Picture(reason=reason)]
    return [
        _picture(
            lambda: student_history_figure(student),
            "student-history",
            "Loss of the student on training and on held-out data.",
            "no training history was recorded",
        ),
        _picture(
            lambda: student_fidelity_figure(student),
            "student-fidelity",
            "Change of cost of transport with the student in the loop, beside its teacher's.",
            "the student was not run in the loop",
        ),
    ]


def changes_picture(results: Results) -> Picture:
    """Change of cost against no exo, all conditions."""
    return _picture(
        lambda: changes_figure(_in_order(results, results.metabolics)),
        "changes",
        "Change of cost of transport and of metabolic power against the same gait without "
        "an exo on the same slope, mean over slopes and sensor noise, per condition; below zero "
        "is a saving. Black: mean over policies (seeds) with its 95 % bootstrap interval. "
        "The human's reflexes do not adapt.",
        "no condition was evaluated with an exo",
    )


def matrix_picture(results: Results) -> Picture | None:
    """What the policies save over speed and slope; None where the conditions are no matrix."""
    cells = places(results)
    if not is_matrix(cells):
        return None
    return _picture(
        lambda: matrix_figure(cells),
        "matrix",
        "Change of cost of transport with the policies over speed and slope: interquartile mean "
        "over seeds and, small, its 95 % bootstrap interval. Hatched: no value, see below why.",
        "no policy was evaluated",
    )


def search_picture(results: Results) -> Picture:
    """The search for the gaits."""
    return _picture(
        lambda: search_figure(_in_order(results, results.reflex)),
        "search",
        "Search for the gait (CMA-ES): best objective so far against evaluations; lower is "
        "better. A step up marks a new stage with another objective.",
        "no gait search has run",
    )


def learning_picture(results: Results) -> Picture:
    """The learning of the policies."""
    return _picture(
        lambda: learning_figure(results.policies),
        "learning",
        "Learning of the policies (PPO): change of cost of transport in the deterministic "
        "evaluation, mean reward, episode length and share of episodes that end in a fall. "
        "The checkpoint kept is the best evaluation, not the last.",
        "no policy has been trained",
    )


def trial_picture(study: Study) -> Picture:
    """The picture the trial phase drew."""
    if not study.svg:
        return Picture(reason="the trial phase wrote no picture")
    caption = (
        f"{study.name}: every subject with every controller, the mean and its 95 % confidence "
        "interval."
    )
    return Picture(caption, _inline(study.svg, f"trial-{study.name}", caption, f"{study.name}.svg"))


def inline_picture(svg: str, key: str, caption: str) -> Picture:
    """A picture that a phase drew, made part of the page."""
    return Picture(caption, _inline(svg, key, caption, f"{key}.svg"))


def _in_order(results: Results, of_phase: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [of_phase[name] for name in results.conditions if name in of_phase]


def _picture(
    draw: Callable[[], str | None],
    key: str,
    caption: str,
    reason: str,
    title: str = "",
) -> Picture:
    svg = draw()
    if svg is None:
        return Picture(caption=caption, reason=reason, title=title)
    return Picture(caption, _inline(svg, key, caption), title=title)


def _inline(svg: str, key: str, label: str, source: str = "figure") -> Markup:
    # inline_svg drops scripts, handlers and outside references.
    return Markup(inline_svg(svg, f"fig-{_slug(key)}", label, source))


def _slug(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-").lower()
