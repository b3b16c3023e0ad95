rule metabolics:
    """Compare no exo, exo off, the DOFC baseline and the policies on one walker."""
    input:
        gait=worn_gait_of,
        policies=policies_of,
        data=layout.data_files(PARAMS, "metabolics"),
    output:
        comparison="results/metabolics/{condition}.json",
        strides="results/metabolics/{condition}.parquet",
        figure="results/metabolics/{condition}.svg",
    log:
        "results/logs/metabolics/{condition}.log",
    threads: 1
    params:
        settings=settings_of("metabolics"),
        sources=sources_of("metabolics"),
    message:
        "metabolics: cost of walking with each controller, {wildcards.condition}"
    shell:
        "exoflow metabolics --condition {wildcards.condition:q} --settings {params.settings:q}"
        " --gait {input.gait:q} --policies {input.policies:q}"
        " --output {output.comparison:q} > {log:q} 2>&1"
