"""The report: every result on one page that needs no network.

`render_report` turns `Results` into HTML. Pictures are inline SVG, the stick
figures play from numbers inside the page, and the page forbids itself to load
anything (Content-Security-Policy). What is missing shows as an empty place with
its reason.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from exoflow.figures import report_pictures as pictures
from exoflow.figures import report_tables as tables
from exoflow.figures import report_trial as recorded
from exoflow.figures.findings import headline, summarize
from exoflow.figures.results import Results, Study, why_missing

TEMPLATES = Path(__file__).parent / "templates"


def render_report(results: Results, title: str = "exoflow report") -> str:
    """The report as one HTML text.

    Parameters
    ----------
    results : Results
        What `exoflow.figures.results.read_results` found.
    title : str
        Heading of the page.

    Returns
    -------
    str
        HTML without any reference to another file or address.

    Raises
    ------
    CheckpointError
        If a picture or trajectory among the results cannot be read.
    """
    findings = summarize(results)
    conditions = results.conditions
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            # Both files are ours, not data: written into the page as they are.
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            script=Markup((TEMPLATES / "stick_figure.js").read_text(encoding="utf-8")),
            headline=headline(results, findings),
            findings=findings,
            overview=tables.overview_table(results),
            walks=[pictures.walk_picture(results, condition) for condition in conditions],
            gaits=[pictures.gait_picture(results, condition) for condition in conditions],
            gait_table=tables.gait_table(results),
            torques=[pictures.torque_picture(results, condition) for condition in conditions],
            torque_table=tables.torque_table(results),
            legs_table=tables.legs_table(results),
            changes=pictures.changes_picture(results),
            matrix=pictures.matrix_picture(results),
            matrix_gaps=tables.matrix_gaps(results),
            costs=[pictures.cost_picture(results, condition) for condition in conditions],
            cost_table=tables.cost_table(results),
            learning=pictures.learning_picture(results),
            policy_table=tables.policy_table(results),
            search=pictures.search_picture(results),
            student_pictures=pictures.student_pictures(results),
            student_table=tables.student_table(results),
            export_table=tables.export_table(results),
            studies=[_study(name, study) for name, study in results.studies.items()],
            provenance=_provenance(results),
            run_table=tables.run_table(results),
        )
    )


def page_environment() -> Environment:
    """Templates of pages; names are escaped, and a value that is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _breakable(text: str) -> Markup:
    """A name that may be broken after its underscores, and nowhere else."""
    return Markup("_<wbr>").join(text.split("_"))


def _study(name: str, study: Study | None) -> dict[str, Any]:
    if study is None:
        return {"title": name, "reason": why_missing(None, "trial")}
    result = study.result
    source = result.get("source")
    citation = source.get("citation") if isinstance(source, Mapping) else source
    return {
        "title": str(result.get("title") or result.get("study") or name),
        "reason": why_missing(result, "trial"),
        "n_subjects": result.get("n_subjects"),
        "small": bool(result.get("small_sample")),
        "picture": pictures.trial_picture(study),
        "pictures": recorded.recorded_pictures(study),
        "table": tables.trial_table(study),
        "sensitivity": recorded.sensitivity_summary(study),
        "failed": recorded.failed_checks(study),
        "methods": str(result.get("methods") or ""),
        "statements": [str(statement) for statement in result.get("statements") or []],
        "citation": str(citation or ""),
    }


def _provenance(results: Results) -> dict[str, Any]:
    versions: dict[str, set[str]] = {}
    for run in results.runs:
        for name, version in (run.get("versions") or {}).items():
            if version is not None:
                versions.setdefault(str(name), set()).add(str(version))
    found = results.reflex.values()
    return {
        "n_runs": len(results.runs),
        "commits": tables.distinct(tables.commit_words(run) for run in results.runs),
        "versions": ", ".join(
            f"{name} {' and '.join(sorted(numbers))}" for name, numbers in sorted(versions.items())
        ),
        "models": tables.distinct(
            f"{result['model']} with reflexes {result.get('reflexes', 'not recorded')}"
            for result in found
            if result.get("model")
        ),
        "starts": tables.distinct(str(result.get("start_values") or "") for result in found),
    }
