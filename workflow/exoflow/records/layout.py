"""Where results lie. One place, for the command line, the rules and the clean-up."""

from __future__ import annotations

from pathlib import Path

from exoflow.config import PHASES, Params, export_name

RESULTS = Path("results")


def gait_file(condition: str) -> str:
    """The gait of a condition."""
    return f"results/reflex/{condition}.json"


def wearer_file(condition: str) -> str:
    """The human of a condition who is used to the exo."""
    return f"results/wearer/{condition}.json"


def worn_gait_file(params: Params, condition: str) -> str:
    """The human of a condition whom controllers are trained and compared on."""
    return wearer_file(condition) if params.wearer.enabled else gait_file(condition)


def worn_gaits(params: Params) -> list[str]:
    """`worn_gait_file` of all conditions."""
    return [worn_gait_file(params, name) for name in params.conditions]


def policy_file(condition: str, seed: int) -> str:
    """The weights of one trained policy."""
    return f"results/policy/{condition}/seed{seed}.npz"


def metabolics_file(condition: str) -> str:
    """The comparison of controllers of a condition."""
    return f"results/metabolics/{condition}.json"


def teacher_file() -> str:
    """The weights of the teacher."""
    return "results/teacher/teacher.npz"


def controllers_of(params: Params, condition: str) -> list[str]:
    """The learned controllers that are compared for a condition."""
    seeds = params.conditions[condition].seeds
    policies = [policy_file(condition, seed) for seed in seeds]
    return policies + results_of(params, "teacher")


def taught_by(params: Params) -> list[str]:
    """The weights that the student learns from."""
    return [teacher_file()] if params.teacher.enabled else results_of(params, "policy")


def student_file() -> str:
    """The weights of the student."""
    return "results/student/student.npz"


def export_file(name: str) -> str:
    """The bundle of one exported controller."""
    return f"results/export/{name}.zip"


def trial_file(study: str) -> str:
    """The statistics of one study."""
    return f"results/trial/{study}.json"


def report_file() -> str:
    """The report."""
    return "results/report/report.html"


def exported_weights(policy: str) -> str:
    """The weights behind one entry of `export.policies`: level/seed1 or student."""
    return student_file() if policy == "student" else f"results/policy/{policy}.npz"


def results_of(params: Params, phase: str) -> list[str]:
    """The main file of every job of a phase, in the order of the conditions."""
    conditions = params.conditions
    files = {
        "reflex": [gait_file(name) for name in conditions],
        "wearer": [wearer_file(name) for name in conditions] if params.wearer.enabled else [],
        "policy": [
            policy_file(name, seed) for name, one in conditions.items() for seed in one.seeds
        ],
        "metabolics": [metabolics_file(name) for name in conditions],
        "teacher": [teacher_file()] if params.teacher.enabled else [],
        "student": [student_file()] if params.student.enabled else [],
        "export": [export_file(export_name(policy)) for policy in params.export.policies],
        "trial": [trial_file(study) for study in params.trial.studies],
        "report": [report_file()],
    }
    return files[phase]


def job_of(params: Params, path: str) -> tuple[str, str | None, int | None] | None:
    """Phase, condition and seed of the job that makes a file of results/; None for other files."""
    phase = phase_of(path) if path.startswith("results/") else ""
    if phase == "policy":
        for name, condition in params.conditions.items():
            for seed in condition.seeds:
                if is_beside(path, policy_file(name, seed)):
                    return phase, name, seed
        return None
    per_condition = {"reflex": gait_file, "wearer": wearer_file, "metabolics": metabolics_file}
    if phase in per_condition:
        file_of = per_condition[phase]
        found = [name for name in params.conditions if is_beside(path, file_of(name))]
        return (phase, found[0], None) if found else None
    if phase == "report":
        return phase, None, None
    if phase in PHASES and any(is_beside(path, main) for main in results_of(params, phase)):
        return phase, None, None
    return None


def main_name(path: str) -> str:
    """What the files of a job of a phase without conditions share: a study, a bundle."""
    return Path(path).name.split(".")[0] if phase_of(path) in ("trial", "export") else ""


def phase_of(path: str) -> str:
    """The phase in whose folder a file of results/ lies."""
    return Path(path).parts[1]


def study_of(path: str) -> str | None:
    """The study whose job makes a file of results/; None for files of other phases."""
    return main_name(path) if phase_of(path) == "trial" else None


def is_beside(path: str, main: str) -> bool:
    """Whether a file is named as a job's main file, up to its suffix; ids hold dots."""
    return path.startswith(main[: main.rindex(".") + 1])


def data_files(params: Params, phase: str) -> list[str]:
    """Files of data/ that a phase reads by itself; those of trial are its studies'."""
    files = []
    for folder in PHASES[phase].data:
        if folder == "reflexes":  # only the table in use: the others change nothing
            files.append(f"data/reflexes/{params.reflex.reflexes}.csv")
            if params.wearer.enabled and params.wearer.feels and phase != "reflex":
                files.append(f"data/reflexes/added/{params.wearer.feels}.csv")
        else:
            files += sorted(str(file) for file in Path("data", folder).glob("*.csv"))
    return files


def study_files(study: str) -> list[str]:
    """The files of a study beside its study.yaml; notes are no data."""
    folder = Path("data/trials", study)
    return sorted(
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".md" and file.name != "study.yaml"
    )
