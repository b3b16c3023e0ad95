"""The report: `report:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class ReportSettings:
    """One offline HTML file made from every result."""

    title: str = setting("exoflow report", doc="Title at the top of the report.")
