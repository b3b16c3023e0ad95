"""`exoflow verify`: a bundle -> whether it is whole, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exoflow.records.bundle_manifest import Bundle


def run(bundles: list[Path], log: Path | None = None) -> None:
    """Check bundles and print what stands behind them.

    Parameters
    ----------
    bundles : list of Path
        Zips or unpacked folders.
    log : Path, optional
        Device log: also print which of the bundles made it.

    Raises
    ------
    UserError
        On the first difference, named; or if none of the bundles made the log.
    """
    from exoflow.records.bundle_manifest import bundle_of_log, verify_bundle

    for path in bundles:
        print(in_words(verify_bundle(path)))
    if log is not None:
        made_by = bundle_of_log(log, bundles)
        print(f"{log}: made by {made_by.path}")


def in_words(bundle: Bundle) -> str:
    """A verified bundle and its chain, a line each."""
    chain = bundle.chain
    policy, trained = chain["policy"], chain["training"]
    source = ", ".join(f"{key} {value}" for key, value in policy["source"].items())
    dirty = [part for part, changed in (chain["dirty"] or {}).items() if changed]
    lines = [
        f"{bundle.path}: bundle {bundle.name} {bundle.id[:16]} is whole ({bundle.n_files} files)",
        f"  policy    {policy['file']}, weights {policy['weights_sha256'][:16]} ({source})",
        f"  training  {_training(trained)}",
        f"  settings  {chain['settings_sha256'][:16]}",
        f"  data      {', '.join(f'{k} {v[:16]}' for k, v in chain['data'].items()) or 'unknown'}",
        f"  commit    {chain['commit'] or 'not under Git'}"
        + (f", changed since: {', '.join(dirty)}" if dirty else ""),
    ]
    return "\n".join(lines)


def _training(trained: dict | None) -> str:
    if trained is None:
        return "no run record was beside the weights"
    inputs = ", ".join(f"{name} {str(found)[:16]}" for name, found in trained["inputs"].items())
    return (
        f"seed {trained['seed']}, settings {trained['settings_sha256'][:16]}, commit "
        f"{str(trained['commit'])[:12]}, from {inputs}"
    )
