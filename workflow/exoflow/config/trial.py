"""Analysis of human trials: `trial:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class TrialSettings:
    """Which studies in data/trials/ are analyzed; each study.yaml holds its own choices."""

    studies: tuple[str, ...] = setting(
        ("barati",), doc="Folders in data/trials/, each with a study.yaml."
    )
