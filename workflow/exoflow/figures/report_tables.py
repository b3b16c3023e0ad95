"""What stands in each table of the report."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from exoflow.figures.findings import (
    EXPORT_TOLERANCE_NM,
    LEAST_CORRELATION,
    LEAST_GOLDEN_STEPS,
    SPEED_TOLERANCE_PCT,
    speed_miss_pct,
    worst_error_Nm,
)
from exoflow.figures.matrix import places
from exoflow.figures.metabolics import (
    fall_words,
    group_size,
    group_words,
    in_order,
    why_no_value,
)
from exoflow.figures.numbers import fixed, is_reduction, known, probability, scientific, signed
from exoflow.figures.results import (
    Results,
    Study,
    condition_fields,
    condition_words,
    why_missing,
)
from exoflow.figures.style import controller_label
from exoflow.figures.tables import (
    NOT_RECORDED,
    Cell,
    Row,
    Table,
    change_cell,
    count_cell,
    number_cell,
    text_cell,
    yes_no_cell,
)

# A wider table would not be read; the csv of the trial phase holds every subject.
MOST_SUBJECT_COLUMNS = 16
_NOT_TAUGHT = "not among the student's conditions"


def overview_table(results: Results) -> Table:
    """All conditions at a glance."""
    return Table(
        (
            "Condition",
            "Asked for",
            "Walks",
            "Speed (m/s)",
            "Off target (%)",
            "DOFC: CoT (%)",
            "Policy: CoT (%)",
            "Policy: power (%)",
            "Student: CoT (%)",
        ),
        tuple(_overview_row(results, condition) for condition in results.conditions),
        "All conditions at a glance. Percentages: change against the same gait without an exo, "
        "mean over slopes and sensor noise; below, mean and 95 % bootstrap interval over "
        "policies.",
    )


def _overview_row(results: Results, condition: str) -> Row:
    reason = results.why_no_gait(condition)
    result = results.reflex.get(condition) or {}
    controllers = (results.metabolics.get(condition) or {}).get("controllers") or {}
    no_metabolics = results.why_no_metabolics(condition)
    policies = {name: values for name, values in controllers.items() if name.startswith("policy")}
    student = ((results.student or {}).get("per_condition") or {}).get(condition) or {}
    closed = student.get("closed_loop") or {}
    asked = text_cell(results.words(condition))
    if reason:
        nothing = Cell(reason=reason, miss=bool(result))
        return Row(condition, (asked, *[nothing] * 7))
    return Row(
        condition,
        (
            asked,
            Cell("yes"),
            number_cell((result.get("gait") or {}).get("speed_m_s")),
            _off_target_cell(result),
            _changes_cell(
                {"dofc": controllers["dofc"]} if "dofc" in controllers else {},
                "change_cot_pct",
                no_metabolics or "not run",
            ),
            *(
                replace(
                    _changes_cell(policies, change, no_metabolics or "no policy", judged),
                    sub=group_words(results.metabolics.get(condition), change),
                )
                for change, judged in (("change_cot_pct", True), ("change_power_pct", False))
            ),
            _changes_cell(
                {"student": closed} if closed else {},
                "change_cot_pct",
                results.why_no_student() or _NOT_TAUGHT,
                judged=True,
            ),
        ),
    )


def _changes_cell(
    controllers: Mapping[str, Mapping], key: str, reason: str, judged: bool = False
) -> Cell:
    if not controllers:
        return Cell(reason=reason)
    texts, miss = [], False
    for values in controllers.values():
        change, fell = known(values.get(key)), bool(values.get("fell"))
        if not fell and change is None:
            reason = str(values.get("skipped") or NOT_RECORDED)
            continue
        if change is None:
            texts.append("fell")
        else:
            texts.append(f"{signed(change)} ({fall_words(values)})" if fell else signed(change))
        miss |= judged and (fell or change is None or not is_reduction(change))
    return Cell("; ".join(texts), reason, miss)


def gait_table(results: Results) -> Table:
    """Speed, cost and likeness to the norms of every gait."""
    rows = []
    for condition in results.conditions:
        reason = results.why_no_gait(condition)
        if reason:
            rows.append(Row(condition, span_reason=reason))
            continue
        result = results.reflex[condition]
        gait = result.get("gait") or {}
        rows.append(
            Row(
                condition,
                (
                    number_cell(gait.get("speed_m_s")),
                    number_cell(condition_fields(result)["speed_m_s"]),
                    _off_target_cell(result),
                    number_cell(gait.get("stride_frequency_Hz")),
                    number_cell(gait.get("stride_length_m")),
                    number_cell(gait.get("cot_wang2012_J_kg_m")),
                    number_cell(gait.get("cot_uchida2016_s060_J_kg_m")),
                    number_cell(gait.get("metabolic_power_W_kg")),
                    *(_correlation_cell(gait, joint) for joint in LEAST_CORRELATION),
                    *(number_cell(gait.get(f"{joint}_rmse_deg"), 1) for joint in LEAST_CORRELATION),
                    number_cell(gait.get("z")),
                    _peaks_cell(gait.get("grf_peak_BW")),
                ),
                sub=", ".join(condition_words(condition_fields(result))[1:]),
            )
        )
    return Table(
        (
            "Condition",
            "Speed (m/s)",
            "Target (m/s)",
            "Off (%)",
            "Stride frequency (Hz)",
            "Stride length (m)",
            "CoT Wang 2012 (J/kg/m)",
            "CoT Uchida 2016, 0.60 MPa (J/kg/m)",
            "Power (W/kg)",
            "r hip",
            "r knee",
            "r ankle",
            "RMSE hip (°)",
            "RMSE knee (°)",
            "RMSE ankle (°)",
            "z",
            "GRF peak/valley/peak (BW)",
        ),
        tuple(rows),
        "Gait without exo. CoT: cost of transport per body mass, basal rate included. r and RMSE: "
        "right leg against the norm's mean, offset included. z: mean over the three angles of RMSE "
        "over the half width of the norm band. Marked: speed more than "
        f"{SPEED_TOLERANCE_PCT:.0f} % off target, r below "
        + ", ".join(f"{limit:.2f} ({joint})" for joint, limit in LEAST_CORRELATION.items())
        + ".",
    )


def _off_target_cell(result: Mapping[str, Any]) -> Cell:
    miss = speed_miss_pct(result)
    if miss is None:
        return number_cell(None)
    return Cell(signed(miss), miss=abs(miss) > SPEED_TOLERANCE_PCT)


def _correlation_cell(gait: Mapping[str, Any], joint: str) -> Cell:
    value, left = known(gait.get(f"{joint}_r")), known(gait.get(f"{joint}_l_r"))
    if value is None:
        return number_cell(None)
    beside = f"left {fixed(left)}" if left is not None else ""
    return Cell(fixed(value), miss=value < LEAST_CORRELATION[joint], sub=beside)


def _peaks_cell(peaks: Any) -> Cell:
    numbers = [known(peak) for peak in peaks] if isinstance(peaks, list) else []
    shown = [fixed(number) for number in numbers if number is not None]
    return Cell("/".join(shown), NOT_RECORDED)


def matrix_gaps(results: Results) -> list[tuple[str, str]]:
    """Cells of the matrix without a value, and why."""
    return [(one.condition, one.reason) for one in places(results) if one.change_pct is None]


def cost_table(results: Results) -> Table:
    """What every controller costs in every condition."""
    rows = []
    for condition in results.conditions:
        reason = results.why_no_metabolics(condition)
        if reason:
            rows.append(Row(condition, span_reason=reason))
            continue
        result = results.metabolics[condition]
        controllers = result.get("controllers") or {}
        rows += [
            _cost_row(condition if index == 0 else "", name, values)
            for index, (name, values) in enumerate(in_order(controllers).items())
        ]
        if group_words(result, "change_cot_pct"):
            rows.append(_group_row(result))
    return Table(
        (
            "Condition",
            "Controller",
            "Walks that stand",
            "Speed (m/s)",
            "Speed change (%)",
            "CoT Wang 2012 (J/kg/m)",
            "CoT change (%)",
            "Net CoT change (%)",
            "Power (W/kg)",
            "Power change (%)",
            "CoT Uchida 2016, 0.60 MPa (J/kg/m)",
            "r hip",
            "r knee",
            "r ankle",
        ),
        tuple(rows),
        "Every controller over the same number of last strides, policies run from the exported "
        "weights. Speed, cost, power and r are those of the level walk; changes are against no "
        "exo on the same slope, mean over slopes and sensor noise of the walks that stand. Costs "
        "are per body mass without the exo, basal rate included but in the net change. A cost of "
        "transport may fall because the walker speeds up: read change and speed together. "
        "Policy, seeds: mean and 95 % bootstrap interval over policies. Marked: a policy without "
        "a reduction, a fall in any walk, a speed that was not kept.",
    )


def _controller_cell(name: str, sub: str = "") -> Cell:
    label = controller_label(name).replace(" 1", "\N{NO-BREAK SPACE}1")
    return Cell(label, words=True, sub=sub)


def _stood_cell(values: Mapping[str, Any]) -> Cell:
    walks = values.get("walks") or []
    stood = sum(not walk.get("fell") for walk in walks)
    text = f"{stood}/{len(walks)}" if walks else ""
    return Cell(text, NOT_RECORDED, miss=bool(values.get("fell")))


def _cost_row(head: str, name: str, values: Mapping[str, Any]) -> Row:
    label = _controller_cell(name, _dofc_words(values) if name == "dofc" else "")
    reason = why_no_value(values)
    if reason:
        nothing = Cell(reason=reason, miss=bool(values.get("fell")))
        return Row(head, (label, *[nothing] * 12))
    alone = name == "none"
    against = "reference" if alone else NOT_RECORDED
    judged = name.startswith("policy")

    def change(key: str, judged: bool = False) -> Cell:
        return change_cell(None if alone else values.get(key), against, judged)

    return Row(
        head,
        (
            label,
            _stood_cell(values),
            number_cell(values.get("speed_m_s")),
            replace(
                change("change_speed_pct"),
                miss=judged and values.get("speed_matched") is False,
            ),
            number_cell(values.get("cot_wang2012_J_kg_m")),
            change("change_cot_pct", judged),
            change("change_net_cot_pct"),
            number_cell(values.get("metabolic_power_W_kg")),
            change("change_power_pct"),
            number_cell(values.get("cot_uchida2016_s060_J_kg_m")),
            *(number_cell(values.get(f"{joint}_r")) for joint in LEAST_CORRELATION),
        ),
    )


def _group_row(result: Mapping[str, Any]) -> Row:
    single = Cell(reason="per seed")
    return Row(
        "",
        (
            Cell(f"Policy, {group_size(result)} seeds", words=True),
            *[single] * 4,
            Cell(group_words(result, "change_cot_pct"), NOT_RECORDED),
            *[single] * 2,
            Cell(group_words(result, "change_power_pct"), NOT_RECORDED),
            *[single] * 4,
        ),
    )


def torque_table(results: Results) -> Table:
    """Torque, its quality and where the power goes, of every controller with an exo."""
    rows = []
    for condition in results.conditions:
        reason = results.why_no_metabolics(condition)
        if reason:
            rows.append(Row(condition, span_reason=reason))
            continue
        controllers = in_order(results.metabolics[condition].get("controllers") or {})
        rows += [
            _torque_row(condition if index == 0 else "", name, values)
            for index, (name, values) in enumerate(controllers.items())
        ]
    return Table(
        (
            "Condition",
            "Controller",
            "Peak torque (Nm)",
            "RMS torque (Nm)",
            "Step in 10 ms (Nm)",
            "Above 10 Hz (%)",
            "r left-right",
            "Peak SD (Nm)",
            "Lag, flexion (ms)",
            "Lag, extension (ms)",
            "Exo power, net (W)",
            "Exo power, positive (W)",
            "Performance index",
            "Muscles on joints (W)",
            "Fibres, positive (W)",
        ),
        tuple(rows),
        "Level walk, last strides. Step: largest change of torque within 10 ms. Above 10 Hz: share "
        "of the torque's variance. r: mean stride of the right against that of the left side. "
        "Peak SD: over strides, flexion or extension peak, the larger. Lag: peak of the exo "
        "minus the nearest peak of the muscles' own hip moment, exo on, right leg; positive: "
        "late. Performance index: metabolic power saved against the exo off, per metabolic "
        "power that muscles of 25 % efficiency would pay for the exo's positive work. Muscles on "
        "joints: mean mechanical power; fibres: active fibres while they shorten.",
    )


def _torque_row(head: str, name: str, values: Mapping[str, Any]) -> Row:
    label = _controller_cell(name)
    reason = why_no_value(values)
    if reason:
        nothing = Cell(reason=reason, miss=bool(values.get("fell")))
        return Row(head, (label, *[nothing] * 13))
    quality, energy = values.get("torque_quality") or {}, values.get("energy") or {}
    # Nothing is worn or switched on: a zero here would look like a measurement.
    why = {"none": "nothing worn", "off": "off"}.get(name, "")

    def of_torque(source: Mapping[str, Any], key: str, digits: int) -> Cell:
        return number_cell(None if why else source.get(key), digits, why or NOT_RECORDED)

    return Row(
        head,
        (
            label,
            of_torque(values, "peak_torque_Nm", 1),
            of_torque(values, "rms_torque_Nm", 1),
            of_torque(quality, "largest_step_per_10ms_Nm", 2),
            of_torque(quality, "power_above_10Hz_pct", 2),
            of_torque(quality, "left_right_r", 2),
            of_torque(quality, "peak_sd_Nm", 2),
            of_torque(quality, "flexion_peak_lag_ms", 0),
            of_torque(quality, "extension_peak_lag_ms", 0),
            of_torque(values, "exo_power_W", 1),
            of_torque(values, "exo_positive_power_W", 1),
            of_torque(energy, "exo_performance_index", 2),
            number_cell(energy.get("muscle_joint_power_W"), 1),
            number_cell(energy.get("muscle_positive_fiber_power_W"), 0),
        ),
    )


def legs_table(results: Results) -> Table | None:
    """Right leg against left of the impaired walkers; None where nobody is impaired."""
    rows = []
    for condition in results.conditions:
        if not results.fields(condition)["impairment"]:
            continue
        reason = results.why_no_metabolics(condition)
        if reason:
            rows.append(Row(condition, span_reason=reason))
            continue
        controllers = in_order(results.metabolics[condition].get("controllers") or {})
        rows += [
            _legs_row(condition if index == 0 else "", name, values)
            for index, (name, values) in enumerate(controllers.items())
        ]
    if not rows:
        return None
    return Table(
        (
            "Condition",
            "Controller",
            "RMS torque, right (Nm)",
            "RMS torque, left (Nm)",
            "Power, right (W)",
            "Power, left (W)",
            "RMSE hip (°)",
            "RMSE knee (°)",
            "RMSE ankle (°)",
            "RMSE mean (°)",
            "CoT change (%)",
        ),
        tuple(rows),
        "Impaired walkers: what the exo gives to either leg, and the root mean square difference "
        "of the right and the left mean angle over the cycle, each from its own heel strike. "
        "Level walk, last strides; the change of cost is the mean over slopes and sensor noise.",
    )


def _legs_row(head: str, name: str, values: Mapping[str, Any]) -> Row:
    label = _controller_cell(name)
    reason = why_no_value(values)
    if reason:
        return Row(head, (label, *[Cell(reason=reason, miss=bool(values.get("fell")))] * 9))
    legs = values.get("legs") or {}
    why = {"none": "nothing worn", "off": "off"}.get(name, "")
    given = ("rms_torque_r_Nm", "rms_torque_l_Nm", "exo_power_r_W", "exo_power_l_W")
    differ = ("rmse_hip_deg", "rmse_knee_deg", "rmse_ankle_deg", "rmse_deg")
    change = None if name == "none" else values.get("change_cot_pct")
    return Row(
        head,
        (
            label,
            *(number_cell(None if why else legs.get(k), 1, why or NOT_RECORDED) for k in given),
            *(number_cell(legs.get(key), 1) for key in differ),
            change_cell(change, "reference" if name == "none" else NOT_RECORDED),
        ),
    )


def _dofc_words(values: Mapping[str, Any]) -> str:
    parts = [
        (known(values.get("gain_Nm")), "gain", "Nm", 1),
        (known(values.get("delay_s")), "delay", "s", 2),
        (known(values.get("filter_tau_s")), "filter", "s", 2),
    ]
    return ", ".join(
        f"{word} {fixed(value, digits)}\N{NO-BREAK SPACE}{unit}"
        for value, word, unit, digits in parts
        if value
    )


def policy_table(results: Results) -> Table:
    """Every policy trained."""
    rows = []
    for condition in results.conditions:
        policies = results.policies_of(condition)
        if not policies:
            reason = results.why_no_gait(condition) or why_missing(None, "policy")
            rows.append(Row(condition, span_reason=reason))
        for policy in policies:
            summary = policy.summary
            reason = why_missing(summary, "policy")
            if reason:
                rows.append(Row(condition, span_reason=reason))
                continue
            best = summary.get("best_change_cot_pct")
            rows.append(
                Row(
                    condition,
                    (
                        Cell(str(policy.seed)),
                        text_cell(summary.get("kind")),
                        yes_no_cell(summary.get("mirrored")),
                        count_cell(summary.get("steps")),
                        count_cell(summary.get("best_step")),
                        change_cell(best, "never evaluated", judged=True),
                        number_cell(summary.get("best_speed_m_s")),
                        _validity_cell(summary.get("best_is_valid")),
                    ),
                )
            )
    return Table(
        (
            "Condition",
            "Seed",
            "Kind",
            "Mirrored",
            "Steps",
            "Best step",
            "Best change of CoT (%)",
            "Best speed (m/s)",
            "Best is valid",
        ),
        tuple(rows),
        "Policies and the checkpoint kept: the lowest cost, with a penalty on a changed speed. The "
        "change here is the training's own evaluation against walking without an exo; the "
        "metabolics section is the measurement that counts. Valid: nobody fell and the speed "
        "stayed within 2 %.",
    )


def _validity_cell(valid: Any) -> Cell:
    return Cell(yes_no_cell(valid).text, NOT_RECORDED, miss=valid is False)


def student_table(results: Results) -> Table:
    """Fidelity of the student, open and closed loop."""
    student, reason = results.student or {}, results.why_no_student()
    rows = []
    if not reason:
        open_loop = student.get("open_loop") or {}
        rows.append(
            Row(
                "all conditions",
                (
                    number_cell(open_loop.get("r")),
                    number_cell(open_loop.get("rmse_Nm")),
                    number_cell(open_loop.get("rmse_Nm_kg"), 3),
                    *[Cell(reason="per condition")] * 5,
                ),
            )
        )
    per_condition = student.get("per_condition") or {}
    for condition in dict.fromkeys([*results.conditions, *per_condition]):
        values = per_condition.get(condition)
        if not values:
            why = reason or results.why_no_gait(condition) or _NOT_TAUGHT
            rows.append(Row(condition, span_reason=why))
            continue
        rows.append(_student_row(condition, values))
    return Table(
        (
            "Condition",
            "r, open loop",
            "RMSE, open loop (Nm)",
            "RMSE, open loop (Nm/kg)",
            "r, closed loop",
            "RMSE, closed loop (Nm)",
            "Change of CoT (%)",
            "Speed (m/s)",
            "Teacher's change (%)",
        ),
        tuple(rows),
        "Fidelity of the student. Open loop: its torque on recorded walks of its teachers. Closed "
        "loop: it drives the walker itself.",
    )


def _student_row(condition: str, values: Mapping[str, Any]) -> Row:
    open_loop, closed = values.get("open_loop") or {}, values.get("closed_loop") or {}
    opened = (
        number_cell(open_loop.get("r")),
        number_cell(open_loop.get("rmse_Nm")),
        number_cell(open_loop.get("rmse_Nm_kg"), 3),
    )
    teacher = change_cell(closed.get("teacher_change_cot_pct"))
    if closed.get("fell"):
        return Row(condition, (*opened, *[Cell(reason="fell", miss=True)] * 4, teacher))
    return Row(
        condition,
        (
            *opened,
            number_cell(closed.get("r")),
            number_cell(closed.get("rmse_Nm")),
            change_cell(closed.get("change_cot_pct"), judged=True),
            number_cell(closed.get("speed_m_s")),
            teacher,
        ),
    )


def export_table(results: Results) -> Table:
    """Verification of every exported bundle."""
    rows = []
    for name, export in results.exports.items():
        reason = why_missing(export, "export")
        if export is None or reason:
            rows.append(Row(name, span_reason=reason))
            continue
        errors = export.get("max_abs_error_Nm")
        errors = errors if isinstance(errors, Mapping) else {"host": errors}
        worst = worst_error_Nm(export)
        shown = "; ".join(
            f"{target} {scientific(number)}"
            for target, value in errors.items()
            if (number := known(value)) is not None
        )
        rows.append(
            Row(
                name,
                (
                    text_cell(export.get("kind")),
                    Cell(shown, "not checked", (worst or 0.0) > EXPORT_TOLERANCE_NM),
                    count_cell(export.get("n_golden_steps")),
                    Cell(_identical(export.get("bit_identical")), "not compared"),
                    text_cell(_sizes(export.get("sizes_bytes"))),
                    text_cell(export.get("compiler")),
                ),
            )
        )
    if not rows:
        rows.append(Row("export", span_reason=why_missing(None, "export")))
    return Table(
        (
            "Bundle",
            "Kind",
            "Largest error (Nm)",
            "Golden steps",
            "Bit-identical",
            "Sizes",
            "Compiler",
        ),
        tuple(rows),
        "Exported C against the trained network, fed the same recorded walk from reset. Allowed: "
        f"{scientific(EXPORT_TOLERANCE_NM)} Nm over {LEAST_GOLDEN_STEPS} steps.",
    )


def _identical(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {'yes' if same else 'no'}" for name, same in value.items())
    return "" if value is None else ("yes" if value else "no")


def _sizes(sizes: Any) -> str:
    if isinstance(sizes, Mapping):
        return "; ".join(
            f"{name} {number / 1024:.0f} KiB" if number >= 10240 else f"{name} {number:.0f} B"
            for name, size in sizes.items()
            if (number := known(size)) is not None
        )
    number = known(sizes)
    return "" if number is None else f"{number:.0f} B"


def trial_table(study: Study) -> Table:
    """Tests of one human trial, and what every subject did."""
    result = study.result
    corrected = result.get("holm_sidak") or {}
    tests = dict(result.get("conditions") or {})
    if result.get("difference"):
        tests["difference"] = result["difference"]
    subjects = list(
        dict.fromkeys(
            subject for values in tests.values() for subject in values.get("per_subject_pct") or {}
        )
    )
    if len(subjects) > MOST_SUBJECT_COLUMNS:
        subjects = []
    return Table(
        (
            "Reduction against free walking",
            "Mean ± SD (%)",
            "95 % interval (%)",
            "t (df)",
            "p",
            "p, Holm-Sidak",
            "p, Wilcoxon",
            "p, sign flip",
            "d_z",
            "Hedges g",
            *(f"Subject {subject} (%)" for subject in subjects),
        ),
        tuple(
            _test_row(key, values, corrected.get(key), subjects) for key, values in tests.items()
        ),
        "One-sample t test of every controller's reductions, and of their difference "
        "(percentage points), two-sided; exact Wilcoxon and sign-flip tests beside it.",
    )


def _test_row(key: str, values: Mapping[str, Any], corrected: Any, subjects: Iterable[str]) -> Row:
    mean, sd = known(values.get("mean_pct")), known(values.get("sd_pct"))
    interval = [fixed(limit, 1) for limit in values.get("ci95_pct") or []]
    t, df = known(values.get("t")), known(values.get("df"))
    per_subject = values.get("per_subject_pct") or {}
    label = str(values.get("label") or key.replace("_", " "))
    spread = f" ± {fixed(sd, 1)}" if sd is not None else ""
    return Row(
        label,
        (
            Cell(f"{fixed(mean, 1)}{spread}" if mean is not None else "", NOT_RECORDED),
            Cell(" to ".join(interval), "not computed"),
            Cell(
                f"{fixed(t)} ({df:.0f})" if t is not None and df is not None else "",
                "not computed",
            ),
            *(
                Cell(probability(p) if (p := known(value)) is not None else "", "not computed")
                for value in (
                    values.get("p"),
                    corrected,
                    values.get("wilcoxon_p"),
                    values.get("sign_flip_p"),
                )
            ),
            number_cell(values.get("d_z"), 2, "not computed"),
            number_cell(values.get("hedges_g"), 2, "not computed"),
            *(number_cell(per_subject.get(subject), 1, "no value") for subject in subjects),
        ),
    )


def run_table(results: Results) -> Table:
    """Runs by phase."""
    by_phase: dict[str, list[Mapping[str, Any]]] = {}
    for run in results.runs:
        by_phase.setdefault(str(run.get("phase")), []).append(run)
    return Table(
        ("Phase", "Runs", "Commit", "Computed on"),
        tuple(
            Row(
                phase,
                (
                    Cell(str(len(runs))),
                    text_cell(distinct(commit_words(run) for run in runs)),
                    text_cell(distinct(_device(run.get("device")) for run in runs)),
                ),
            )
            for phase, runs in by_phase.items()
        ),
        "Recorded runs. Settings, seeds, input hashes and wall times stand in results/runs.",
    )


def commit_words(run: Mapping[str, Any]) -> str:
    """Short commit of a run and what differed from it; empty outside Git."""
    commit, dirty = run.get("commit"), run.get("dirty")
    if not commit:
        return ""
    if isinstance(dirty, Mapping):
        changed = ", ".join(part for part, differs in dirty.items() if differs)
    else:
        changed = "changes" if dirty else ""
    return f"{commit[:12]} + uncommitted {changed}" if changed else commit[:12]


def distinct(values: Iterable[str]) -> str:
    """Different texts, sorted, in one line."""
    return "; ".join(sorted({value for value in values if value}))


def _device(device: Any) -> str:
    if not isinstance(device, Mapping):
        return str(device or "")
    named = [device.get("computed_on"), device.get("cpu")]
    return ", ".join(dict.fromkeys(str(name) for name in named if name))
