"""A trial read from its folder: what study.yaml declares, and the numbers it names.

The schema of study.yaml is this file and `session_schema.py`, read top to bottom;
data/trials/README.md explains it to people who write one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.description import (
    BASELINES,
    DECLARED,
    ORDERS,
    PLAIN_ACTIVITIES,
    RESERVED_CONTROLLERS,
    SEXES,
    WALKING_ESTIMATES,
    WALKING_SPEED_RANGE_M_S,
    Bout,
    Controller,
    Device,
    Measurement,
    PrimaryTest,
    Protocol,
    RateChoices,
    Source,
    Subject,
)
from exoflow.trial.energy import ASSUMED_RER_RANGE, EQUATIONS
from exoflow.trial.net_rates import NET_RATE_COLUMN, Rates, measure_rates
from exoflow.trial.reductions import REDUCTION_COLUMN, Reductions, read_reductions
from exoflow.trial.schema import Section, is_name, read_yaml
from exoflow.trial.session_schema import read_recording_plan

DEFAULT_WINDOW_MIN = 3.0
WINDOW_RANGE_MIN = (0.5, 10.0)
# What a primary test may be about, and how each is tested.
PRIMARY_TESTS = {REDUCTION_COLUMN: "one_sample_t", NET_RATE_COLUMN: "paired_t"}


@dataclass(frozen=True)
class Study:
    """A trial: description, declared tests and per-subject reductions.

    Attributes
    ----------
    id : str
        The name of the folder that holds study.yaml.
    difference : tuple of two str, or None
        Controllers (a, b) compared pairwise as a - b.
    files : tuple of Path
        Every file the numbers came from, study.yaml first.
    input_sha256 : dict of str to str
        Hash of the bytes of each, by its path in the study's folder.
    rates : Rates or None
        Net rates from recordings, None for a study of published reductions.
    """

    id: str
    title: str
    source: Source
    subjects: tuple[Subject, ...]
    device: Device
    controllers: tuple[Controller, ...]
    protocol: Protocol
    measurement: Measurement
    primary: PrimaryTest
    difference: tuple[str, str] | None
    reductions: Reductions
    files: tuple[Path, ...] = ()
    input_sha256: dict[str, str] = field(default_factory=dict)
    rates: Rates | None = None

    @property
    def controller_ids(self) -> tuple[str, ...]:
        """In the order of study.yaml."""
        return tuple(c.id for c in self.controllers)


def load_study(file: Path) -> Study:
    """Read study.yaml and the data file it names.

    Parameters
    ----------
    file : Path
        data/trials/<study>/study.yaml. The folder's name is the study's id.

    Raises
    ------
    TrialDataError
        One line: file, key or row, the value, what is allowed.
    """
    file = Path(file)
    study_id = file.resolve().parent.name
    if not is_name(study_id):
        raise TrialDataError(
            f"{file}: the folder name {study_id!r} is the study's id. "
            "Use letters, digits, '_' or '-'."
        )
    top = read_yaml(file)
    title = top.text("title")
    source = _source(top.section("source"))
    subjects = _subjects(top)
    device = _device(top.section("device"))
    controllers = _controllers(top)
    controller_ids = [c.id for c in controllers]
    protocol = _protocol(top.section("protocol"), controller_ids)
    data = top.section("data")
    recorded = data.has("phases") or data.has("sessions")
    measurement = _measurement(top.section("measurement"), recorded)
    analysis = top.section("analysis")
    primary = _primary(analysis.section("primary"), controller_ids, recorded)
    difference = analysis.pair_if_given("difference", controller_ids)
    analysis.finish()
    plan = (
        read_recording_plan(data, subjects, controller_ids, protocol)
        if measurement.choices
        else None
    )
    data_files = plan.files if plan else (_reductions_file(data),)
    data.finish()
    top.finish()
    rates = None
    if plan and measurement.choices:
        rates = measure_rates(plan, subjects, controller_ids, measurement.choices)
        reductions = rates.as_reductions()
    else:
        reductions = read_reductions(data_files[0], [s.id for s in subjects], controller_ids)
    return Study(
        id=study_id,
        title=title,
        source=source,
        subjects=subjects,
        device=device,
        controllers=controllers,
        protocol=protocol,
        measurement=measurement,
        primary=primary,
        difference=difference,
        reductions=reductions,
        files=(file, *data_files),
        input_sha256={
            found.relative_to(file.parent).as_posix(): sha256(found)
            for found in (file, *data_files)
        },
        rates=rates,
    )


def _reductions_file(data: Section) -> Path:
    return data.file.parent / data.text("reductions", wanted="the name of a csv beside this file")


def sha256(file: Path) -> str:
    """Hash of a file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _source(section: Section) -> Source:
    source = Source(section.text("citation"), section.text("tables"), section.text("licence"))
    section.finish()
    return source


def _subjects(top: Section) -> tuple[Subject, ...]:
    subjects: list[Subject] = []
    for section in top.sections("subjects"):
        subject = Subject(
            id=section.identifier("id"),
            sex=section.choice_if_given("sex", SEXES),
            age_years=section.number_if_given("age_years", 1, 120),
            body_mass_kg=section.number_if_given(
                "body_mass_kg", 10, 300, remedy="Give kg, without the device."
            ),
        )
        section.finish()
        if subject.id in [s.id for s in subjects]:
            raise TrialDataError(
                f"{section.where('id')} = {subject.id} is given twice. Give every subject its own."
            )
        subjects.append(subject)
    if len(subjects) < 2:
        raise TrialDataError(
            f"{top.where('subjects')}: 1 subject; a spread needs at least 2. "
            "Add subjects, or report the single value as a case."
        )
    return tuple(subjects)


def _device(section: Section) -> Device:
    device = Device(
        name=section.text("name"),
        mass_kg=section.number("mass_kg", 0, 100),
        joints=section.text("joints"),
        torque_capacity_Nm=section.number("torque_capacity_Nm", 0, 300),
        control_rate_Hz=section.number("control_rate_Hz", 1, 100_000),
    )
    section.finish()
    return device


def _controllers(top: Section) -> tuple[Controller, ...]:
    controllers: list[Controller] = []
    for section in top.sections("controllers"):
        controller = Controller(
            id=section.identifier("id"),
            label=section.text("label"),
            description=section.text("description"),
            peak_torque_Nm=section.number_if_given("peak_torque_Nm", 0, 300),
        )
        section.finish()
        if controller.id in RESERVED_CONTROLLERS:
            raise TrialDataError(
                f"{section.where('id')} = {controller.id!r} has a meaning of its own. Rename it."
            )
        if controller.id in [c.id for c in controllers]:
            raise TrialDataError(
                f"{section.where('id')} = {controller.id!r} is given twice. Rename one."
            )
        controllers.append(controller)
    return tuple(controllers)


def _protocol(section: Section, controllers: list[str]) -> Protocol:
    bouts = []
    for bout in section.sections("bouts"):
        activity = bout.choice("activity", [*PLAIN_ACTIVITIES, *controllers])
        bouts.append(Bout(activity, bout.number("duration_min", 0.1, 600)))
        bout.finish()
    protocol = Protocol(
        speed_m_s=section.number(
            "speed_m_s", *WALKING_SPEED_RANGE_M_S, remedy="Give m/s (5 km/h = 1.389 m/s)."
        ),
        controller_order=section.choice("controller_order", ORDERS),
        bouts=tuple(bouts),
    )
    section.finish()
    done = {bout.activity for bout in bouts}
    for activity in ("stand", "free", *controllers):
        if activity not in done:
            raise TrialDataError(
                f"{section.where('bouts')}: no bout of {activity}. A reduction of the net rate "
                "needs standing, free walking and every controller."
            )
    return protocol


def _measurement(section: Section, recorded: bool) -> Measurement:
    cart = section.text("cart")
    net_rate = section.text("net_rate")
    if not recorded:
        measurement = Measurement(cart, section.text("energy_equation"), net_rate)
    else:
        choices = RateChoices(
            equation=section.choice("energy_equation", EQUATIONS),
            window_min=section.number_if_given("window_min", *WINDOW_RANGE_MIN)
            or DEFAULT_WINDOW_MIN,
            stand_baseline=section.choice_if_given("stand_baseline", BASELINES) or "mean",
            free_baseline=section.choice_if_given("free_baseline", BASELINES) or "mean",
            walking_estimate=section.choice_if_given("walking_estimate", WALKING_ESTIMATES)
            or "window_mean",
            assumed_rer=section.number_if_given("assumed_rer", *ASSUMED_RER_RANGE),
        )
        measurement = Measurement(cart, choices.equation, net_rate, choices)
    section.finish()
    return measurement


def _primary(section: Section, controllers: list[str], recorded: bool) -> PrimaryTest:
    # Published reductions hold no rates, so a test of rates needs recordings.
    measures = list(PRIMARY_TESTS) if recorded else [REDUCTION_COLUMN]
    measure = section.choice("measure", measures)
    primary = PrimaryTest(
        controller=section.choice("controller", controllers),
        against=section.choice("against", ["free"]),
        measure=measure,
        test=section.choice("test", [PRIMARY_TESTS[measure]]),
        declared=section.choice("declared", DECLARED),
    )
    section.finish()
    return primary
