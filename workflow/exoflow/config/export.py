"""Bundles for a device: `export:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting


@dataclass(frozen=True)
class ExportSettings:
    """Which controllers become C code, and how closely it must agree."""

    policies: tuple[str, ...] = setting(
        (), doc="Controllers to export, each CONDITION/seedN or student."
    )
    tolerance_Nm: float = setting(
        1e-5, doc="Largest difference between C and the trained network, Nm.", above=0
    )
    compiler: str = setting("cc", doc="C compiler of this computer that checks the bundle.")


def export_name(policy: str) -> str:
    """Name of the bundle of one entry of `export.policies`: level/seed1 -> level_seed1."""
    return policy.replace("/", "_")
