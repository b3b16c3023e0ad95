rule wearer:
    """Let one walker get used to the exo; search as often without it, as the control."""
    input:
        gait="results/reflex/{condition}.json",
        data=layout.data_files(PARAMS, "wearer"),
    output:
        gait="results/wearer/{condition}.json",
    log:
        "results/logs/wearer/{condition}.log",
    threads: PARAMS.reflex.threads
    params:
        settings=settings_of("wearer"),
        sources=sources_of("wearer"),
    message:
        "wearer: {wildcards.condition} gets used to the exo"
    shell:
        "exoflow wearer --condition {wildcards.condition:q} --settings {params.settings:q}"
        " --gait {input.gait:q} --output {output.gait:q} > {log:q} 2>&1"
