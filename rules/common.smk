# Paths and expansion that the rules share. No settings and no science here.
import re
import shlex
import shutil

from snakemake.logging import logger


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
        return job_sources(PARAMS, phase, getattr(wildcards, "study", None))

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


def announce_plan():
    """Tell the logger plugin the first output of every job that is going to run; print nothing.

    A page to watch a run with is no reason to stop one.
    """
    try:
        planned = [str(job.output[0]) for job in workflow.dag.needrun_jobs() if job.output]
        logger.info(None, extra={"planned_outputs": planned})
    except Exception as problem:
        print(f"exoflow: warning: the status page lacks the plan: {problem}", file=sys.stderr)


def beside(files, suffix):
    """The files of another suffix that lie beside some results."""
    return [file[: file.rindex(".")] + suffix for file in files]
