"""A comparison of experiments as one HTML page that needs no network."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from exoflow.figures.comparison_curves import learning_curves, strides
from exoflow.figures.comparison_text import (
    Compared,
    by_place,
    code_sentence,
    has_seeds,
    sample_cell,
    setting_cell,
    signed,
)
from exoflow.figures.report import TEMPLATES, page_environment
from exoflow.figures.results import Results
from exoflow.figures.svg import inline_svg
from exoflow.records.comparison import change
from exoflow.records.hashing import content_hash

PICTURES = (".svg", ".png")


@dataclass(frozen=True)
class Side:
    """A figure as one experiment has it; None where it has none."""

    name: str
    picture: Markup | None


@dataclass(frozen=True)
class Figure:
    """One figure of all experiments side by side."""

    title: str
    sides: tuple[Side, ...]


def comparison_page(
    compared: Compared,
    folders: Mapping[str, Path],
    results: Mapping[str, Results],
    everything: bool,
) -> str:
    """The page as one HTML text.

    Parameters
    ----------
    compared
        What differs.
    folders
        The results folder of each experiment, by its name.
    results
        The same, read.
    everything
        Whether figures that do not differ are shown too.

    Returns
    -------
    str
        HTML without any reference to another file or address.

    Raises
    ------
    CheckpointError
        If a picture cannot be read.
    """
    return (
        page_environment()
        .get_template("comparison.html.j2")
        .render(
            title=" and ".join(compared.names),
            # Ours, not data: written into the page as it is.
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            names=compared.names,
            experiments=list(zip(compared.names, compared.about, strict=True)),
            code=code_sentence(compared.code) if compared.code else "",
            settings=[
                (".".join(row.key), [setting_cell(value) for value in row.values])
                for row in compared.settings
            ],
            metrics=list(metric_tables(compared)),
            with_change=len(compared.names) == 2,
            seeds=has_seeds(compared.metrics),
            curves=list(curves(folders, results, everything)),
            figures=list(figures(folders, everything)),
            everything=everything,
        )
    )


def metric_tables(compared: Compared) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    """Place and rows of every table of metrics."""
    for place, rows in by_place(compared.metrics).items():
        cells = []
        for row in rows:
            texts = [sample_cell(value) for value in row.values]
            if len(compared.names) == 2:
                texts.append(signed(change(row)))
            cells.append((row.key[0], texts))
        yield place, cells


def curves(
    folders: Mapping[str, Path], results: Mapping[str, Results], everything: bool
) -> Iterator[tuple[str, Markup]]:
    """Title and picture of curves drawn over each other, where an experiment has others."""
    conditions = dict.fromkeys(name for one in results.values() for name in one.conditions)
    for condition in conditions:
        overlays = {
            "learning": (learning_curves, f"policy/{condition}/seed*.csv"),
            "mean stride": (strides, f"reflex/{condition}.json"),
        }
        for title, (draw, pattern) in overlays.items():
            if everything or differs(folders.values(), pattern):
                svg = draw(results, condition)
                if svg is not None:
                    label = f"{title} of {condition}"
                    yield (
                        f"{condition}: {title}",
                        Markup(inline_svg(svg, f"curve-{slug(label)}", label)),
                    )


def differs(folders: Iterable[Path], pattern: str) -> bool:
    """Whether the files that match a pattern say other things in one of the experiments."""
    said = [{file.name: content_hash(file) for file in folder.glob(pattern)} for folder in folders]
    return any(one != said[0] for one in said)


def figures(folders: Mapping[str, Path], everything: bool) -> Iterator[Figure]:
    """Figures that phases drew, where the hash of what they say differs."""
    for path in pictures(folders.values()):
        files = {name: folder / path for name, folder in folders.items()}
        hashes = {content_hash(file) if file.exists() else None for file in files.values()}
        if everything or len(hashes) > 1:
            yield Figure(
                path,
                tuple(
                    Side(name, drawn(file, f"side{number}-{slug(path)}", f"{path} of {name}"))
                    for number, (name, file) in enumerate(files.items())
                ),
            )


def pictures(folders: Iterable[Path]) -> list[str]:
    """Paths of figures below the results folders; a PNG only where there is no SVG of it."""
    found = {
        file.relative_to(folder).as_posix()
        for folder in folders
        for file in folder.rglob("*")
        if file.suffix in PICTURES
    }
    return sorted(
        path for path in found if path.endswith(".svg") or f"{path[:-4]}.svg" not in found
    )


def drawn(file: Path, prefix: str, label: str) -> Markup | None:
    """A figure as part of a page, None where there is no file."""
    if not file.exists():
        return None
    if file.suffix == ".svg":
        return Markup(inline_svg(file.read_text(encoding="utf-8"), prefix, label, file.name))
    image = base64.b64encode(file.read_bytes()).decode()
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(label, Markup(image))


def slug(text: str) -> str:
    """Letters, digits and dashes only."""
    return "".join(letter if letter.isalnum() else "-" for letter in text).lower()
