rule trial:
    """Analyze the metabolic data of one human trial."""
    input:
        study="data/trials/{study}/study.yaml",
        data=lambda wildcards: layout.study_files(wildcards.study),
    output:
        statistics="results/trial/{study}.json",
        table="results/trial/{study}.csv",
        bouts="results/trial/{study}.bouts.csv",
        sensitivity="results/trial/{study}.sensitivity.csv",
        methods="results/trial/{study}.methods.md",
        figures=[
            f"results/trial/{{study}}{name}.{kind}"
            for name in ("", ".bars", ".rates", ".baselines", ".timeline")
            for kind in ("svg", "png")
        ],
    log:
        "results/logs/trial/{study}.log",
    wildcard_constraints:
        study="|".join(re.escape(study) for study in PARAMS.trial.studies) or "nothing",
    threads: 1
    params:
        settings=settings_of("trial"),
        sources=sources_of("trial"),
    message:
        "trial: rates and statistics of {wildcards.study}"
    shell:
        "exoflow trial --study {input.study:q} --settings {params.settings:q}"
        " --output results/trial > {log:q} 2>&1"
