"""What the rules and dvc.yaml must look like for the two engines to agree."""

import re
from pathlib import Path

import pytest

from exoflow.config import PHASES, read_yaml

ROOT = Path(__file__).parents[2]
SNAKEFILE = (ROOT / "Snakefile").read_text()
RULES = {file.stem: file.read_text() for file in sorted((ROOT / "rules").glob("*.smk"))}
# `rule NAME:` at the start of a line, and the hooks that run when a workflow ends.
RULE = re.compile(r"^rule (\w+):", re.MULTILINE)
HOOK = re.compile(r"^(onsuccess|onerror):", re.MULTILINE)


def test_target_rules_stand_in_the_snakefile_and_no_other_rule_does():
    assert set(RULE.findall(SNAKEFILE)) == {"all", *(f"all_{phase}" for phase in PHASES)}
    in_files = {name for text in RULES.values() for name in RULE.findall(text)}
    assert in_files == set(PHASES)


@pytest.mark.parametrize("text", [SNAKEFILE, *RULES.values()], ids=["Snakefile", *RULES])
def test_no_hook_calls_dvc_which_a_stage_would_call_within_itself(text):
    assert not HOOK.search(text)
    assert "dvc commit" not in text


@pytest.mark.parametrize("phase", PHASES)
def test_outputs_are_files_and_checkpoints_are_none_of_them(phase):
    text = RULES[phase]
    assert "directory(" not in text
    output = text[text.index("    output:") : text.index("    log:")]
    assert ".exoflow" not in output


@pytest.mark.parametrize("phase", PHASES)
def test_records_hold_settings_and_sources_of_the_job(phase):
    assert f'settings=settings_of("{phase}")' in RULES[phase]
    assert f'sources=sources_of("{phase}")' in RULES[phase]


def test_every_stage_runs_its_phase_behind_the_guard():
    for phase, stage in read_yaml(ROOT / "dvc.yaml")["stages"].items():
        assert stage["cmd"].split()[:4] == ["exoflow", "stage", phase, "--"]
        assert stage["cmd"].split()[-2:] == ["--", f"all_{phase}"]


def test_records_of_snakemake_are_tracked_and_the_rest_of_its_folder_is_not():
    lines = (ROOT / ".gitignore").read_text().splitlines()
    assert lines.index("/.snakemake/*") < lines.index("!/.snakemake/metadata/")


def test_checksums_are_in_force_in_every_profile():
    for profile in (ROOT / "profiles").glob("*/config.yaml"):
        settings = read_yaml(profile)
        assert settings["max-checksum-file-size"] == "10GB", profile
        assert settings["rerun-incomplete"] is True, profile


def test_cache_type_of_dvc_is_its_default():
    assert "type" not in (ROOT / ".dvc/config").read_text()
