"""A trial's description: who walked how, with what, and which test was declared.

The schema of study.yaml is this file, read top to bottom; data/trials/README.md
explains it to people who write one.
"""

from dataclasses import dataclass
from pathlib import Path

from exoflow.errors import TrialDataError
from exoflow.trial.reductions import REDUCTION_COLUMN, Reductions, read_reductions
from exoflow.trial.schema import Section, is_name, read_yaml

SEXES = ("female", "male", "other")
ORDERS = ("randomised", "counterbalanced", "fixed")
PLAIN_ACTIVITIES = ("stand", "free", "rest")
DECLARED = ("before_data", "after_publication")

# Faster than this nobody walks: it is km/h in a field of m/s.
WALKING_SPEED_RANGE_M_S = (0.1, 3.0)

# Keys of the JSON record that a controller of the same name would shadow.
RESERVED_CONTROLLERS = (*PLAIN_ACTIVITIES, "difference")


@dataclass(frozen=True)
class Source:
    """Where the numbers come from, and on what terms."""

    citation: str
    tables: str
    licence: str


@dataclass(frozen=True)
class Subject:
    """One participant, known by a number only."""

    id: str
    sex: str | None
    age_years: float | None
    body_mass_kg: float | None


@dataclass(frozen=True)
class Device:
    """The worn exoskeleton."""

    name: str
    mass_kg: float
    joints: str
    torque_capacity_Nm: float
    control_rate_Hz: float


@dataclass(frozen=True)
class Controller:
    """One assistance law under test; `peak_torque_Nm` is what the protocol set."""

    id: str
    label: str
    description: str
    peak_torque_Nm: float | None


@dataclass(frozen=True)
class Bout:
    """One entry of the protocol: stand, free (walking without exo), rest or a controller id."""

    activity: str
    duration_min: float


@dataclass(frozen=True)
class Protocol:
    """What every subject did, in order; controllers may swap places if randomised."""

    speed_m_s: float
    controller_order: str
    bouts: tuple[Bout, ...]


@dataclass(frozen=True)
class Measurement:
    """How the metabolic rate was measured and what was subtracted."""

    cart: str
    energy_equation: str
    net_rate: str


@dataclass(frozen=True)
class PrimaryTest:
    """The one test named beforehand; all others are secondary."""

    controller: str
    against: str
    measure: str
    test: str
    declared: str


@dataclass(frozen=True)
class Study:
    """A trial: description, declared tests and per-subject reductions.

    Attributes
    ----------
    id : str
        The name of the folder that holds study.yaml.
    difference : tuple of two str, or None
        Controllers (a, b) compared pairwise as a - b.
    reductions_file : Path
        The csv `reductions` came from.
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
    reductions_file: Path


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
    measurement = _measurement(top.section("measurement"))
    analysis = top.section("analysis")
    primary = _primary(analysis.section("primary"), controller_ids)
    difference = analysis.pair_if_given("difference", controller_ids)
    analysis.finish()
    data = top.section("data")
    reductions_file = file.parent / data.text(
        "reductions", wanted="the name of a csv beside this file"
    )
    data.finish()
    top.finish()
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
        reductions=read_reductions(reductions_file, [s.id for s in subjects], controller_ids),
        reductions_file=reductions_file,
    )


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
            body_mass_kg=section.number_if_given("body_mass_kg", 10, 300),
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


def _measurement(section: Section) -> Measurement:
    measurement = Measurement(
        section.text("cart"), section.text("energy_equation"), section.text("net_rate")
    )
    section.finish()
    return measurement


def _primary(section: Section, controllers: list[str]) -> PrimaryTest:
    primary = PrimaryTest(
        controller=section.choice("controller", controllers),
        against=section.choice("against", ["free"]),
        measure=section.choice("measure", [REDUCTION_COLUMN]),
        test=section.choice("test", ["one_sample_t"]),
        declared=section.choice("declared", DECLARED),
    )
    section.finish()
    return primary
