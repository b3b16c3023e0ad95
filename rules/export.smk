WEIGHTS_OF_EXPORT = {
    export_name(policy): layout.exported_weights(policy) for policy in PARAMS.export.policies
}


rule export:
    """Turn one controller into C99 code and check it against the trained network."""
    input:
        weights=lambda wildcards: WEIGHTS_OF_EXPORT[wildcards.name],
    output:
        bundle="results/export/{name}.zip",
        check="results/export/{name}.json",
    log:
        "results/logs/export/{name}.log",
    wildcard_constraints:
        name="|".join(re.escape(name) for name in WEIGHTS_OF_EXPORT) or "nothing",
    threads: 1
    params:
        settings=settings_of("export"),
        sources=sources_of("export"),
    message:
        "export: C code of {wildcards.name}"
    shell:
        "exoflow export --name {wildcards.name:q} --settings {params.settings:q}"
        " --policy {input.weights:q} --output {output.bundle:q} > {log:q} 2>&1"
