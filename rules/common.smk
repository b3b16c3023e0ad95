# Paths and expansion that the rules share. No settings and no science here.
import re
import shlex
import shutil


wildcard_constraints:
    condition="|".join(re.escape(name) for name in PARAMS.conditions),
    seed=r"\d+",


if shutil.which("exoflow") is None:
    # snakemake was called by its path, without activating its environment.
    shell.prefix(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; ")


if Path(workflow.basedir).resolve() not in checkpoints.PACKAGE.parents:
    sys.exit(
        failed(
            f"exoflow is installed from {checkpoints.PACKAGE}, not from this folder. "
            "Activate the environment of this folder (. .venv/bin/activate).",
            2,
        )
    )


def data_files(phase):
    """Files of data/ that a phase reads by itself."""
    files = []
    for folder in PHASES[phase].data:
        if folder == "reflexes":  # only the table in use: the others change nothing
            files.append(f"data/reflexes/{PARAMS.reflex.reflexes}.csv")
            if PARAMS.wearer.enabled and PARAMS.wearer.feels and phase != "reflex":
                files.append(f"data/reflexes/added/{PARAMS.wearer.feels}.csv")
        else:
            files += sorted(str(file) for file in Path("data", folder).glob("*.csv"))
    return files


def settings_of(phase):
    """For `params:`: the settings of the job at hand as JSON. Only a change in it reruns the job."""

    def settings(wildcards):
        condition = getattr(wildcards, "condition", None)
        seed = getattr(wildcards, "seed", None)
        return settings_json(PARAMS, phase, condition, None if seed is None else int(seed))

    return settings


def sources_of(phase):
    """For `params:`: hashes of the code and data of a job, as they are when it is planned.

    Snakemake does not see imports, and it takes the checksum of an input when the job
    has ended: what is edited meanwhile would pass for what made the output.
    """

    def sources(wildcards):
        if phase == "trial":
            folder = f"data/trials/{wildcards.study}"
            return sources_text(phase, [f"{folder}/study.yaml", *study_files(wildcards.study)])
        return sources_text(phase, data_files(phase))

    return sources


def start_values(wildcards):
    """What a gait search starts from: another gait, a table, or nothing (cold)."""
    condition = PARAMS.conditions[wildcards.condition]
    if condition.start_from is not None:
        return layout.gait_file(condition.start_from)
    return [] if condition.warm_start == COLD_START else condition.warm_start


def worn_gait_of(wildcards):
    """The walker whom controllers are for: used to the exo, or as he was found."""
    return layout.worn_gait_file(PARAMS, wildcards.condition)


def policies_of(wildcards):
    """The policies of all seeds of a condition, and the teacher of all conditions."""
    return layout.controllers_of(PARAMS, wildcards.condition)


def study_files(study):
    """The files of a study beside its study.yaml; notes are no data."""
    folder = Path("data/trials", study)
    return sorted(
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".md" and file.name != "study.yaml"
    )


def beside(files, suffix):
    """The files of another suffix that lie beside some results."""
    return [file[: file.rindex(".")] + suffix for file in files]
