rule student:
    """Distil the teacher, or all policies, into one controller fed by thigh gyroscopes."""
    input:
        gaits=layout.worn_gaits(PARAMS),
        policies=layout.taught_by(PARAMS),
        data=layout.data_files(PARAMS, "student"),
    output:
        weights="results/student/student.npz",
        summary="results/student/student.json",
    log:
        "results/logs/student/student.log",
    threads: PARAMS.student.torch_threads
    params:
        settings=settings_of("student"),
        sources=sources_of("student"),
    message:
        "student: one controller from the teacher or from all policies"
    shell:
        "exoflow student --settings {params.settings:q} --gaits {input.gaits:q}"
        " --policies {input.policies:q} --output {output.weights:q} > {log:q} 2>&1"
