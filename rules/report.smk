rule report:
    """Gather every result in one offline HTML file."""
    input:
        gaits=layout.results_of(PARAMS, "reflex"),
        motions=beside(layout.results_of(PARAMS, "reflex"), ".parquet"),
        policies=beside(layout.results_of(PARAMS, "policy"), ".json"),
        curves=beside(layout.results_of(PARAMS, "policy"), ".csv"),
        comparisons=layout.results_of(PARAMS, "metabolics"),
        student=beside(layout.results_of(PARAMS, "student"), ".json"),
        exports=beside(layout.results_of(PARAMS, "export"), ".json"),
        trials=layout.results_of(PARAMS, "trial"),
        data=layout.data_files(PARAMS, "report"),
    output:
        page="results/report/report.html",
        metrics="results/report/metrics.json",
        learning="results/report/learning_curves.csv",
        cycles="results/report/gait_cycles.csv",
    log:
        "results/logs/report/report.log",
    threads: 1
    params:
        settings=settings_of("report"),
        sources=sources_of("report"),
    message:
        "report: results/report/report.html"
    shell:
        "exoflow report --settings {params.settings:q} --results results"
        " --output {output.page:q} > {log:q} 2>&1"
