"""Typed, frozen, checked parameters: what params.yaml may say and what each phase gets of it."""

from exoflow.config.conditions import COLD_START, MUSCLES, Condition, Impairment
from exoflow.config.export import export_name
from exoflow.config.params import (
    Params,
    build_params,
    check_files,
    load_params,
    study_file,
    to_plain,
)
from exoflow.config.phases import (
    PHASES,
    Phase,
    phase_settings,
    scientific,
    settings_json,
    with_execution,
)
from exoflow.config.yaml_file import parse_yaml, read_yaml

__all__ = [
    "COLD_START",
    "MUSCLES",
    "PHASES",
    "Condition",
    "Impairment",
    "Params",
    "Phase",
    "build_params",
    "check_files",
    "export_name",
    "load_params",
    "parse_yaml",
    "phase_settings",
    "read_yaml",
    "scientific",
    "settings_json",
    "study_file",
    "to_plain",
    "with_execution",
]
