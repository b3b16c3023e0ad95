rule trial:
    """Analyze the metabolic data of one human trial."""
    input:
        study="data/trials/{study}/study.yaml",
        data=lambda wildcards: study_files(wildcards.study),
        code=code_files("trial"),
    output:
        statistics="results/trial/{study}.json",
        table="results/trial/{study}.csv",
        figure="results/trial/{study}.svg",
    log:
        "results/logs/trial/{study}.log",
    wildcard_constraints:
        study="|".join(re.escape(study) for study in PARAMS.trial.studies) or "nothing",
    threads: 1
    params:
        settings=settings_of("trial"),
    message:
        "trial: statistics of {wildcards.study}"
    shell:
        "exoflow trial --study {input.study:q} --settings {params.settings:q}"
        " --output results/trial > {log:q} 2>&1"
