"""The commented study.yaml that a lab starts from."""

from pathlib import Path

TEMPLATE = Path(__file__).parent / "templates" / "study.yaml"


def study_template() -> str:
    """Text of a study.yaml that is valid once its recordings exist."""
    return TEMPLATE.read_text(encoding="utf-8")
