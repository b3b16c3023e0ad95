rule policy:
    """Train one controller of the exo on the walker of one condition (PPO)."""
    input:
        gait=worn_gait_of,
        data=layout.data_files(PARAMS, "policy"),
    output:
        weights="results/policy/{condition}/seed{seed}.npz",
        summary="results/policy/{condition}/seed{seed}.json",
        curve="results/policy/{condition}/seed{seed}.csv",
    log:
        "results/logs/policy/{condition}/seed{seed}.log",
    threads: PARAMS.policy.threads
    params:
        settings=settings_of("policy"),
        sources=sources_of("policy"),
    message:
        "policy: controller for {wildcards.condition}, seed {wildcards.seed}"
    shell:
        "exoflow policy --condition {wildcards.condition:q} --seed {wildcards.seed}"
        " --settings {params.settings:q} --gait {input.gait:q}"
        " --output {output.weights:q} > {log:q} 2>&1"
