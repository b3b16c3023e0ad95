"""`exoflow trial init`: a folder with a commented study.yaml to fill in."""

from __future__ import annotations

from pathlib import Path

from exoflow.errors import TrialDataError


def run(folder: Path) -> None:
    """Write study.yaml into a new study's folder.

    Parameters
    ----------
    folder : Path
        data/trials/<study>; its name becomes the study's id. Made if absent.

    Raises
    ------
    TrialDataError
        If the folder's name is no id, or a study.yaml is there already.
    """
    from exoflow.records.files import write_text
    from exoflow.trial.schema import is_name
    from exoflow.trial.template import study_template

    study_id = folder.resolve().name
    if not is_name(study_id):
        raise TrialDataError(
            f"{folder}: the folder name {study_id!r} becomes the study's id. "
            "Use letters, digits, '_' or '-'."
        )
    file = folder / "study.yaml"
    if file.exists():
        raise TrialDataError(f"{file}: is there already. Edit it, or choose another folder.")
    write_text(file, study_template())
    print(f"{file} is written. Fill it in; data/trials/README.md explains every key.")
    print(
        f"Copies of recordings without names: exoflow trial ingest ... --output {folder}/recordings"
    )
    print(f"Then: exoflow trial --study {file} --output results/trial")
