rule teacher:
    """Train one controller for all conditions that is told speed and slope (PPO)."""
    input:
        gaits=layout.worn_gaits(PARAMS),
        data=layout.data_files(PARAMS, "teacher"),
    output:
        weights="results/teacher/teacher.npz",
        summary="results/teacher/teacher.json",
        curve="results/teacher/teacher.csv",
    log:
        "results/logs/teacher/teacher.log",
    threads: PARAMS.policy.threads
    params:
        settings=settings_of("teacher"),
        sources=sources_of("teacher"),
    message:
        "teacher: one controller for all conditions"
    shell:
        "exoflow teacher --settings {params.settings:q} --gaits {input.gaits:q}"
        " --output {output.weights:q} > {log:q} 2>&1"
