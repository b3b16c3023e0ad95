rule reflex:
    """Search the reflex gains of one walker until it walks like a human (CMA-ES)."""
    input:
        start=start_values,
        data=layout.data_files(PARAMS, "reflex"),
    output:
        gait="results/reflex/{condition}.json",
        motion="results/reflex/{condition}.parquet",
        figure="results/reflex/{condition}.svg",
    log:
        "results/logs/reflex/{condition}.log",
    threads: PARAMS.reflex.threads
    params:
        settings=settings_of("reflex"),
        sources=sources_of("reflex"),
    message:
        "reflex: gait of {wildcards.condition}"
    shell:
        "exoflow reflex --condition {wildcards.condition:q} --settings {params.settings:q}"
        " --threads {threads} --output {output.gait:q} > {log:q} 2>&1"
