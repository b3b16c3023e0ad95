# The pipeline: params.yaml in, results/ out. One rule per phase, in rules/.
#
#   snakemake --cores all            everything that is missing or out of date
#   snakemake -n                     what would run, and why
#   snakemake --cores all all_trial  one phase and what it needs
import sys
from pathlib import Path

try:
    from exoflow.cli import failed
    from exoflow.config import COLD_START, PHASES, check_files, export_name
    from exoflow.config import load_params, settings_json
    from exoflow.errors import UserError
    from exoflow.ledgers import run_lock, slurm_jobs
    from exoflow.ledgers.planned_params import params_of_job, params_of_run
    from exoflow.ledgers.proof import refuse_unproven
    from exoflow.ledgers.sources import job_sources, remember_sources, sources_of_jobs
    from exoflow.records import checkpoints, layout
except ImportError as problem:
    sys.exit(
        f"exoflow: error: {problem}. Activate the environment of this folder "
        "(. .venv/bin/activate), or make it with: make .venv"
    )


if config:
    # DVC records params.yaml, so nothing else may decide what runs.
    sys.exit(
        failed(
            f"--config and --configfile are not used here (got {', '.join(config)}). "
            "Settings come from params.yaml only: edit it, or use dvc exp run -S KEY=VALUE.",
            2,
        )
    )
try:
    if not workflow.is_main_process:
        PARAMS = params_of_job()
    elif run_lock.writes(sys.argv[1:]):
        run_lock.claim_run(sys.argv)
        PARAMS = params_of_run()
    else:
        PARAMS = load_params("params.yaml")
    check_files(PARAMS)
    if workflow.is_main_process and run_lock.plans(sys.argv[1:]):
        refuse_unproven(PARAMS)
    if workflow.is_main_process and run_lock.writes(sys.argv[1:]):
        remember_sources(PARAMS)
except UserError as problem:
    sys.exit(failed(str(problem), problem.exit_code))


include: "rules/common.smk"
include: "rules/reflex.smk"
include: "rules/wearer.smk"
include: "rules/policy.smk"
include: "rules/teacher.smk"
include: "rules/metabolics.smk"
include: "rules/student.smk"
include: "rules/export.smk"
include: "rules/trial.smk"
include: "rules/report.smk"


onstart:
    announce_plan()
    if workflow.executor_plugin.name == slurm_jobs.EXECUTOR:
        slurm_jobs.mark_run(sources_of_jobs(PARAMS))
    else:
        slurm_jobs.unmark_run()
    print("exoflow: progress of a job: tail -f results/logs/PHASE/NAME.log", file=sys.stderr)


# Targets stay in this file: Snakemake takes the first rule of an included file
# for "everything" and then silently does nothing.
localrules:
    all,
    all_reflex,
    all_wearer,
    all_policy,
    all_teacher,
    all_metabolics,
    all_student,
    all_export,
    all_trial,
    all_report,


rule all:
    """Everything, up to the report."""
    default_target: True
    input:
        [layout.results_of(PARAMS, phase) for phase in PHASES],
    message:
        "all: everything, up to results/report/report.html"


rule all_reflex:
    """The gaits of all conditions."""
    input:
        layout.results_of(PARAMS, "reflex"),
    message:
        "all_reflex: every gait"


rule all_wearer:
    """The walkers of all conditions used to the exo, if wearer.enabled is true."""
    input:
        layout.results_of(PARAMS, "wearer"),
    message:
        "all_wearer: every walker used to the exo"


rule all_policy:
    """The policies of all conditions and seeds."""
    input:
        layout.results_of(PARAMS, "policy"),
    message:
        "all_policy: every policy"


rule all_teacher:
    """The teacher, if teacher.enabled is true."""
    input:
        layout.results_of(PARAMS, "teacher"),
    message:
        "all_teacher: the teacher"


rule all_metabolics:
    """The comparisons of controllers of all conditions."""
    input:
        layout.results_of(PARAMS, "metabolics"),
    message:
        "all_metabolics: every comparison"


rule all_student:
    """The student, unless student.enabled is false."""
    input:
        layout.results_of(PARAMS, "student"),
    message:
        "all_student: the student"


rule all_export:
    """The bundles of all controllers that `export.policies` lists."""
    input:
        layout.results_of(PARAMS, "export"),
    message:
        "all_export: every bundle"


rule all_trial:
    """The analyses of all studies."""
    input:
        layout.results_of(PARAMS, "trial"),
    message:
        "all_trial: every study"


rule all_report:
    """The report."""
    input:
        layout.results_of(PARAMS, "report"),
    message:
        "all_report: results/report/report.html"
