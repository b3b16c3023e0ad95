"""ledgers room: Snakemake's records, dvc.lock and the files, held to one truth."""
