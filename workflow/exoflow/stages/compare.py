"""`exoflow compare`: experiments, revisions and the workspace against each other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exoflow.errors import UserError

if TYPE_CHECKING:
    from exoflow.figures.comparison_text import Compared
    from exoflow.ledgers.snapshots import Snapshot
    from exoflow.records.seeds import Key, Sample

# Scratch of exoflow: a file in results/ would change what DVC has recorded.
PAGES = Path(".exoflow/compare")


def run(names: Sequence[str], output: Path | None, everything: bool, as_json: bool) -> None:
    """Print what differs and write a page with the figures that do.

    Parameters
    ----------
    names : sequence of str
        Git revisions, names of DVC experiments, `workspace`.
    output : Path or None
        The page; None puts it into .exoflow/compare.
    everything : bool
        Also metrics and figures that do not differ.
    as_json : bool
        Print JSON instead of tables.

    Raises
    ------
    UserError
        If one of the names is nothing that was recorded, or the page would lie in results/.
    """
    from exoflow.figures.comparison_page import comparison_page
    from exoflow.figures.comparison_text import comparison_text
    from exoflow.figures.results import read_results
    from exoflow.ledgers.snapshots import link_results, read_snapshot
    from exoflow.records.files import write_text

    page = page_place(names, output)
    snapshots = [read_snapshot(Path(), name) for name in names]
    with ExitStack() as scratch:
        folders = {
            one.name: link_results(
                one, Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="exoflow-")))
            )
            for one in snapshots
        }
        compared = compare(snapshots, folders, everything)
        print(as_text(compared) if as_json else comparison_text(compared))
        results = {
            one.name: read_results(folders[one.name], report_settings(one)) for one in snapshots
        }
        write_text(page, comparison_page(compared, folders, results, everything))
    if not as_json:
        print(f"\nFigures: {page}")


def page_place(names: Sequence[str], output: Path | None) -> Path:
    """Where the page goes.

    Raises
    ------
    UserError
        If that is in results/.
    """
    if output is None:
        return PAGES / ("..".join(name.replace("/", "-") for name in names)[:80] + ".html")
    if output.resolve().is_relative_to(Path("results").resolve()):
        raise UserError(
            f"--output {output}: results/ is what DVC records, and a page there would change it. "
            f"Name another place, or leave it out: {PAGES}/."
        )
    return output


def compare(
    snapshots: Sequence[Snapshot], folders: Mapping[str, Path], everything: bool
) -> Compared:
    """What differs between snapshots whose results lie in folders."""
    from exoflow.figures.comparison_text import Compared
    from exoflow.ledgers.snapshots import differing_sources
    from exoflow.records.comparison import metric_rows, setting_rows

    return Compared(
        names=tuple(one.name for one in snapshots),
        about=tuple(about(one) for one in snapshots),
        settings=setting_rows([one.settings for one in snapshots]),
        code=differing_sources(Path(), snapshots),
        metrics=metric_rows([metrics_of(one, folders[one.name]) for one in snapshots], everything),
    )


def about(snapshot: Snapshot) -> str:
    """A sentence on a snapshot."""
    where = f"commit {snapshot.commit[:9]}" if snapshot.commit else "files as they are here"
    return "; ".join([where, *snapshot.notes])


def metrics_of(snapshot: Snapshot, results: Path) -> dict[Key, Sample]:
    """The metrics of a results folder, by the keys of results/report/metrics.json.

    They are taken from the results of the phases; from the file itself where its settings are
    of another version.
    """
    from exoflow.records.json_io import read_json
    from exoflow.records.seeds import samples
    from exoflow.records.summary import metrics

    if snapshot.params is not None:
        return samples(metrics(results, report_settings(snapshot)))
    written = results / "report/metrics.json"
    return samples(read_json(written)) if written.exists() else {}


def report_settings(snapshot: Snapshot) -> dict[str, Any]:
    """What should be in the results."""
    from exoflow.config import phase_settings

    return phase_settings(snapshot.params, "report") if snapshot.params is not None else {}


def as_text(compared: Compared) -> str:
    """The comparison as JSON; a value that an experiment lacks is left out of its row."""
    from exoflow.records.seeds import Sample

    def plain(value: Any) -> Any:
        if isinstance(value, Sample):
            return {"mean": value.mean, "sd": value.sd, "n": value.n, "values": value.values}
        return value

    from exoflow.records.comparison import ABSENT

    def rows(found: Any) -> dict[str, Any]:
        return {
            ".".join(row.key): {
                name: plain(value)
                for name, value in zip(compared.names, row.values, strict=True)
                if value is not ABSENT
            }
            for row in found
        }

    return json.dumps(
        {
            "experiments": dict(zip(compared.names, compared.about, strict=True)),
            "code": list(compared.code),
            "settings": rows(compared.settings),
            "metrics": rows(compared.metrics),
        },
        indent=1,
    )
