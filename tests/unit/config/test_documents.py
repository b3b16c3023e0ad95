"""Settings that a page of docs/ names exist, so that a page cannot outlive them."""

import re
from pathlib import Path

import pytest

from exoflow.config import load_params, to_plain

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("page", ["barati.md"])
def test_every_setting_that_a_page_names_exists(page):
    settings = to_plain(load_params(DOCS.parent / "params.yaml"))
    named = set(re.findall(r"`((?:policy|exo)\.[\w.]+)", (DOCS / page).read_text()))
    assert len(named) > 15
    for one in sorted(named):
        at = settings
        for key in one.split("."):
            assert key in at, f"{page} names {one}"
            at = at[key]


def test_defaults_in_the_table_of_open_choices_are_those_of_the_settings():
    settings = to_plain(load_params(DOCS.parent / "params.yaml"))
    rows = re.findall(r"\| `(\w+)\.(\w+)` \| (-?[\d.]+)", (DOCS / "barati.md").read_text())
    assert len(rows) > 8
    for section, key, default in rows:
        assert float(default) == float(settings[section][key]), f"{section}.{key}"
