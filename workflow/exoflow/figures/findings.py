"""What the results say in plain words; a miss is called a miss."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from exoflow.figures.gait import norm_band
from exoflow.figures.metabolics import (
    fall_words,
    group_size,
    group_words,
    walking_controllers,
    why_no_value,
)
from exoflow.figures.numbers import fixed, is_reduction, known, scientific, signed
from exoflow.figures.results import Results, condition_fields, why_missing
from exoflow.figures.style import controller_label

# What the project asks of its results.
SPEED_TOLERANCE_PCT = 5.0
REQUIRED_BAND = "Free"
LEAST_CORRELATION = {"hip": 0.95, "knee": 0.90, "ankle": 0.80}
EXPORT_TOLERANCE_NM = 1e-5
LEAST_GOLDEN_STEPS = 1000

# A controller that changes the speed more than this changes the cost by that alone.
SPEED_CHANGE_PCT = 2.0
# Peak torques further apart than this are not "the same peak torque".
TORQUE_TOLERANCE_PCT = 10.0

Kind = Literal["met", "miss", "note", "absent"]


@dataclass(frozen=True)
class Finding:
    """One sentence of the summary.

    `kind` says how to read it: a requirement met, a requirement missed, a remark,
    or a part of the pipeline without a result.
    """

    kind: Kind
    topic: str
    text: str


def summarize(results: Results) -> list[Finding]:
    """Findings over all phases, in the order of the report."""
    findings: list[Finding] = []
    for condition in results.conditions:
        findings += _walking(condition, results)
    for condition in results.conditions:
        findings += _assistance(condition, results)
    findings += _student(results)
    findings += _exports(results)
    for name, study in results.studies.items():
        findings += _trial(name, study.result if study else None)
    if not results.studies:
        findings.append(Finding("absent", "trial", "No human trial was analyzed."))
    return findings


def headline(results: Results, findings: list[Finding]) -> str:
    """The whole report in one or two sentences."""
    walking = [name for name, result in results.reflex.items() if result.get("status") == "ok"]
    lowered = [
        condition
        for condition in results.conditions
        if any(
            name.startswith("policy")
            and not values.get("fell")
            and is_reduction(known(values.get("change_cot_pct")) or 0.0)
            for name, values in walking_controllers(results.metabolics.get(condition)).items()
        )
    ]
    n_policies = sum(
        any(name.startswith("policy") and "skipped" not in values for name, values in row.items())
        for result in results.metabolics.values()
        for row in [result.get("controllers") or {}]
    )
    misses = sum(finding.kind == "miss" for finding in findings)
    absent = sum(finding.kind == "absent" for finding in findings)
    if not results.conditions:
        text = "No condition has a result yet. "
    else:
        text = f"{len(walking)} of {_count(len(results.conditions), 'condition')} "
        text += "walks; " if len(walking) == 1 else "walk; "
        text += (
            f"a learned policy lowers the cost of transport in {len(lowered)} of {n_policies} "
            "evaluated. "
            if n_policies
            else "no learned policy was evaluated. "
        )
    text += f"{_count(misses, 'requirement')} missed" if misses else "No requirement missed"
    if absent:
        text += f", {_count(absent, 'part')} without a result"
    return text + "."


def speed_miss_pct(result: Mapping[str, Any]) -> float | None:
    """Walked speed against the target, percent; None when either is not recorded."""
    speed = known((result.get("gait") or {}).get("speed_m_s"))
    target = known(condition_fields(result)["speed_m_s"])
    return None if speed is None or not target else 100.0 * (speed / target - 1.0)


def _walking(condition: str, results: Results) -> Iterator[Finding]:
    result = results.reflex.get(condition)
    if result is None:
        yield Finding("absent", "gait", f"{condition}: {results.why_no_gait(condition)}.")
        return
    gait = result.get("gait") or {}
    if result.get("status") != "ok":
        reason = result.get("reason") or "no reason recorded"
        yield Finding("miss", "gait", f"{condition} does not walk: {reason}")
        return
    if gait.get("fell"):
        yield Finding("miss", "gait", f"{condition}: the walker fell in the final check.")
    speed, target = known(gait.get("speed_m_s")), known(condition_fields(result)["speed_m_s"])
    miss = speed_miss_pct(result)
    if speed is not None and target is not None and miss is not None:
        off = abs(miss) > SPEED_TOLERANCE_PCT
        walked = _walked(gait)
        yield Finding(
            "miss" if off else "met",
            "gait",
            f"{condition} walks{walked} at {fixed(speed)} m/s, {signed(miss)} % from the "
            f"{fixed(target)} m/s asked for"
            + (f": more than {SPEED_TOLERANCE_PCT:.0f} % off." if off else "."),
        )
    yield from _norm_agreement(condition, result)


def _walked(gait: Mapping[str, Any]) -> str:
    duration = known(gait.get("duration_s"))
    return "" if duration is None or gait.get("fell") else f" {duration:.0f} s without a fall"


def _norm_agreement(condition: str, result: Mapping[str, Any]) -> Iterator[Finding]:
    gait = result.get("gait") or {}
    found = {
        joint: value
        for joint in LEAST_CORRELATION
        if (value := known(gait.get(f"{joint}_r"))) is not None
    }
    if not found:
        return
    low = [joint for joint, value in found.items() if value < LEAST_CORRELATION[joint]]
    listed = ", ".join(f"{joint} {fixed(value)}" for joint, value in found.items())
    band, fields = norm_band(result), condition_fields(result)
    text = f"{condition} against the {band} norm, Pearson r: {listed}"
    # The limits hold where the norm does: unimpaired, on the level, at a free speed.
    if band != REQUIRED_BAND or fields["slope_deg"] or fields["impairment"]:
        yield Finding("note", "gait", f"{text} (the limits hold for a free level walk).")
        return
    if low:
        limits = ", ".join(f"{joint} {LEAST_CORRELATION[joint]:.2f}" for joint in low)
        text += f"; below the limit of {limits}"
    yield Finding("miss" if low else "met", "gait", text + ".")


def _assistance(condition: str, results: Results) -> Iterator[Finding]:
    result = results.metabolics.get(condition)
    if result is None:
        # A condition without a gait was already said to have none.
        if not results.why_no_gait(condition):
            reason = results.why_no_metabolics(condition)
            yield Finding("absent", "assistance", f"{condition}: {reason}.")
        return
    if result.get("status") != "ok":
        reason = results.why_no_metabolics(condition)
        yield Finding("absent", "assistance", f"{condition}: assistance {reason}")
        return
    controllers = result.get("controllers") or {}
    policies = [name for name in controllers if name.startswith("policy")]
    if not policies:
        yield Finding("absent", "assistance", f"{condition}: no policy was evaluated.")
    for name in policies:
        yield _policy(condition, name, controllers)
    over_seeds = group_words(result, "change_cot_pct")
    if over_seeds:
        text = (
            f"{condition}, policies of {group_size(result)} seeds: cost of transport {over_seeds}"
        )
        text += " % (mean and 95 % bootstrap interval over seeds)"
        fallen = known(result["groups"]["policy"].get("n_fell"))
        if fallen:
            text += f"; {fallen:.0f} of them fall in some walk, and only what stands counts"
        yield Finding("note", "assistance", text + ".")
    yield from _dofc(condition, controllers)


def _policy(condition: str, name: str, controllers: Mapping[str, Mapping]) -> Finding:
    values = controllers[name]
    label = f"{condition}, {controller_label(name).lower()}"
    if values.get("fell"):
        return Finding("miss", "assistance", f"{label}: the walker falls{_falls(values)}.")
    change, power = known(values.get("change_cot_pct")), known(values.get("change_power_pct"))
    reason = why_no_value(values)
    if reason or change is None:
        return Finding("absent", "assistance", f"{label}: {reason or 'no change recorded'}.")
    verb = "lowers" if is_reduction(change) else "shows no reduction of"
    text = f"{label} {verb} the cost of transport: {signed(change)} %"
    if power is not None:
        text += f", metabolic power {signed(power)} %"
    text += _speeds(values, controllers.get("none"))
    return Finding("met" if is_reduction(change) else "miss", "assistance", text + ".")


def _falls(values: Mapping[str, Any]) -> str:
    """How often and when a walker fell, and what the other walks say."""
    time, words = known(values.get("fall_time_s")), fall_words(values)
    when = "" if time is None else f" after {fixed(time, 1)} s"
    if "/" not in words:
        return when
    falls, walks = words.removeprefix("fell ").split("/")
    text = f" in {falls} of {walks} walks" + (f", first{when}" if when else "")
    change = known(values.get("change_cot_pct"))
    return text if change is None else f"{text}; cost of transport in the others {signed(change)} %"


def _speeds(values: Mapping[str, Any], reference: Mapping[str, Any] | None) -> str:
    speed = known(values.get("speed_m_s"))
    before = known((reference or {}).get("speed_m_s"))
    if speed is None:
        return ""
    text = f", at {fixed(speed)} m/s"
    if before:
        text += f" (without exo {fixed(before)} m/s"
        change = known(values.get("change_speed_pct"))
        change = 100.0 * (speed / before - 1.0) if change is None else change
        matched = values.get("speed_matched")
        if not (abs(change) <= SPEED_CHANGE_PCT if matched is None else matched):
            text += f", {signed(change)} %: part of the change is the speed's"
        text += ")"
    return text


def _dofc(condition: str, controllers: Mapping[str, Mapping]) -> Iterator[Finding]:
    values = controllers.get("dofc")
    if values is None:
        return
    if values.get("fell"):
        text = f"{condition}, DOFC: the walker falls{_falls(values)}."
        yield Finding("note", "assistance", text)
        return
    change = known(values.get("change_cot_pct"))
    if change is None:
        return
    text = f"{condition}, DOFC for comparison: cost of transport {signed(change)} %"
    power = known(values.get("change_power_pct"))
    if power is not None:
        text += f", metabolic power {signed(power)} %"
    text += _speeds(values, controllers.get("none"))
    peak = known(values.get("peak_torque_Nm"))
    learned = [
        torque
        for name, policy in controllers.items()
        if name.startswith("policy") and (torque := known(policy.get("peak_torque_Nm")))
    ]
    if peak and learned:
        apart = 100.0 * max(abs(torque / peak - 1.0) for torque in learned)
        shown = " and ".join(fixed(torque, 1) for torque in learned)
        text += f"; peak torque {fixed(peak, 1)} Nm, policy {shown} Nm"
        if apart > TORQUE_TOLERANCE_PCT:
            text += ": not the same, so the two are not a fair pair"
    yield Finding("note", "assistance", text + ".")


def _student(results: Results) -> Iterator[Finding]:
    reason, student = results.why_no_student(), results.student
    if student is None or reason:
        yield Finding("absent", "student", f"No student: {reason}.".replace("..", "."))
        return
    open_loop = student.get("open_loop") or {}
    correlation, error = known(open_loop.get("r")), known(open_loop.get("rmse_Nm"))
    if correlation is not None:
        shown = f", RMSE {fixed(error)} Nm" if error is not None else ""
        yield Finding(
            "note", "student", f"Student, open loop: torque r = {fixed(correlation)}{shown}."
        )
    for condition, values in (student.get("per_condition") or {}).items():
        closed = values.get("closed_loop") or {}
        if closed.get("fell"):
            yield Finding("miss", "student", f"Student in {condition}: the walker falls.")
            continue
        change = known(closed.get("change_cot_pct"))
        if change is None:
            continue
        teacher = known(closed.get("teacher_change_cot_pct"))
        beside = f", its teacher {signed(teacher)} %" if teacher is not None else ""
        verb = "lowers" if is_reduction(change) else "shows no reduction of"
        yield Finding(
            "met" if is_reduction(change) else "miss",
            "student",
            f"Student in {condition} {verb} the cost of transport: {signed(change)} %{beside}.",
        )


def _exports(results: Results) -> Iterator[Finding]:
    if not results.exports:
        yield Finding("absent", "export", "No controller was exported.")
    for name, export in results.exports.items():
        reason = why_missing(export, "export")
        if export is None or reason:
            yield Finding("absent", "export", f"{name}: {reason}")
            continue
        worst = worst_error_Nm(export)
        steps = known(export.get("n_golden_steps"))
        if worst is None:
            yield Finding("absent", "export", f"{name}: the C was not checked.")
            continue
        good = worst <= EXPORT_TOLERANCE_NM and (steps or 0) >= LEAST_GOLDEN_STEPS
        text = f"{name}: exported C within {scientific(worst)} Nm of the trained network"
        text += f" over {steps:.0f} golden steps" if steps is not None else ""
        if worst > EXPORT_TOLERANCE_NM:
            text += f"; {scientific(EXPORT_TOLERANCE_NM)} Nm is allowed"
        if (steps or 0) < LEAST_GOLDEN_STEPS:
            text += f"; at least {LEAST_GOLDEN_STEPS} steps are asked for"
        yield Finding("met" if good else "miss", "export", text + ".")


def worst_error_Nm(export: Mapping[str, Any]) -> float | None:
    """Largest disagreement of the exported C over all compilers, Nm."""
    errors = export.get("max_abs_error_Nm")
    values = errors.values() if isinstance(errors, Mapping) else [errors]
    numbers = [number for value in values if (number := known(value)) is not None]
    return max(numbers, default=None)


def _trial(name: str, study: Mapping[str, Any] | None) -> Iterator[Finding]:
    reason = why_missing(study, "trial")
    if study is None or reason:
        yield Finding("absent", "trial", f"{name}: {reason}")
        return
    n = study.get("n_subjects")
    for values in (study.get("conditions") or {}).values():
        mean, sd = known(values.get("mean_pct")), known(values.get("sd_pct"))
        interval = values.get("ci95_pct") or []
        if mean is None:
            continue
        text = f"Trial {name} (n = {n}), {values.get('label', 'controller')}: "
        text += f"metabolic reduction {fixed(mean, 1)}"
        text += f" ± {fixed(sd, 1)} %" if sd is not None else " %"
        if len(interval) == 2:
            text += f", 95 % interval {fixed(interval[0], 1)} to {fixed(interval[1], 1)} %"
        yield Finding("note", "trial", text + ".")
    smallest = known(study.get("smallest_exact_p"))
    if smallest is not None and smallest >= 0.05:
        yield Finding(
            "note",
            "trial",
            f"Trial {name}: with n = {n} no exact test can reach p < .05 "
            f"(the smallest possible is {smallest:.3f}): the study is too small to carry a claim "
            "without assuming a normal distribution.",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
