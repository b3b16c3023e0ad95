"""Every setting is documented, its default is allowed, and somebody reads it."""

import dataclasses
import re
from pathlib import Path

import pytest

from exoflow.config.build import build
from exoflow.config.conditions import Condition, Impairment
from exoflow.config.describe import described_settings
from exoflow.config.params import SECTIONS, to_plain

PACKAGE = Path(__file__).parents[3] / "workflow/exoflow"
ENTRIES = described_settings()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_setting_has_a_sentence(entry):
    assert entry.doc[0].isupper()
    assert entry.doc.endswith(".")
    assert entry.kind


@pytest.mark.parametrize("name", SECTIONS)
def test_every_default_is_in_its_own_range(name):
    defaults = SECTIONS[name]()
    assert build(SECTIONS[name], to_plain(defaults), name, "defaults") == defaults


def test_units_are_in_the_names_of_settings_that_have_one():
    units = {"degrees": "_deg", "Nm": "_Nm", "kg": "_kg", "m/s": "_m_s", "Hz": "_Hz"}
    for entry in ENTRIES:
        found = re.search(r", (degrees|Nm|kg|m/s|Hz)\.$", entry.doc)
        if found:
            assert units[found[1]] in entry.key, entry.key


def test_settings_are_frozen():
    for settings_type in (Condition, Impairment, *SECTIONS.values()):
        assert settings_type.__dataclass_params__.frozen


def test_all_sections_are_described():
    assert {entry.section for entry in ENTRIES} == {"conditions", *SECTIONS}
    named = {entry.key for entry in ENTRIES}
    assert "conditions.ID.impairment.excitation_ceiling" in named
    assert "reflex.objective.gait" in named
    assert len(named) == len(ENTRIES)


def test_files_named_as_remedies_exist():
    for settings_type in (Condition, Impairment, *SECTIONS.values()):
        for field in dataclasses.fields(settings_type):
            extend = field.metadata["setting"].extend
            assert extend is None or (PACKAGE / extend).is_file(), f"{field.name}: {extend}"
