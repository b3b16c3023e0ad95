"""Names and units of columns, as the world spells them."""

import pytest

from exoflow.trial.carts import units
from exoflow.trial.carts.labels import SYNONYMS, Label, parse_label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("VO2", Label("vo2", "", "")),
        ("V'O2 (STPD)", Label("vo2", "", "stpd")),
        ("V\u2019O\u2082", Label("vo2", "", "")),
        ("V\u0307O2 [mL/min]", Label("vo2", "mL/min", "")),
        ("VO2 (BTPS) [L/min]", Label("vo2", "L/min", "btps")),
        ("VO2[mL/kg/min]", Label("vo2", "mL/kg/min", "")),
        ("V'O2/kg", Label("vo2_per_mass", "", "")),
        ("V'CO2", Label("vco2", "", "")),
        ("R", Label("rer", "", "")),
        ("Herzfrequenz", Label("heart_rate", "", "")),
        ("Tijd", Label("time", "", "")),
        ("Breath# ", Label("breath_number", "", "")),
        ("VO2/HR", Label(None, "", "")),
        ("t Rel", Label(None, "", "")),
        ("V'O2/kg_Lean", Label(None, "", "")),
    ],
)
def test_a_name_is_taken_apart(text, label):
    assert parse_label(text) == label


def test_no_name_stands_for_two_quantities():
    names = [name for text in SYNONYMS.values() for name in text.split()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("quantity", "unit", "factor"),
    [
        ("vo2", "mL/min", 1),
        ("vo2", "ml·min\u207b\u00b9", 1),
        ("vo2", "L/min", 1000),
        ("vo2", "mL/s", 60),
        ("vo2", "gal/min", None),
        ("vo2", "mL/min/kg", None),
        ("vo2_per_mass", "(mL/min)/kg", 1),
        ("vo2_per_mass", "ml/min/Kg", 1),
        ("energy", "Kcal/min", 4184 / 60),
        ("energy", "kcal/d", 4184 / 86_400),
        ("energy", "Kcal/m^2/day", None),
        ("heart_rate", "slag/min", 1),
    ],
)
def test_a_unit_is_known_or_none(quantity, unit, factor):
    assert units.factor(quantity, unit) == factor
