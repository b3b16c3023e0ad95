"""Units as carts spell them, and what they mean here."""

from __future__ import annotations

import re
import unicodedata

# Thermochemical calorie, as the equations of trial/energy.py use it.
JOULE_PER_KCAL = 4184.0

FLOW_mL_min = {
    "ml/min": 1.0,
    "mlmin-1": 1.0,
    "l/min": 1000.0,
    "lmin-1": 1000.0,
    "ml/s": 60.0,
    "mls-1": 60.0,
    "ml/sec": 60.0,
    "l/s": 60_000.0,
    "ls-1": 60_000.0,
    "l/sec": 60_000.0,
}
FLOW_PER_MASS_mL_min_kg = {
    "ml/min/kg": 1.0,
    "ml/kg/min": 1.0,
    "ml/kg/m": 1.0,
    "ml/kgmin": 1.0,
    "ml/minkg": 1.0,
    "mlkg-1min-1": 1.0,
    "mlmin-1kg-1": 1.0,
    "l/min/kg": 1000.0,
    "l/kg/min": 1000.0,
}
POWER_W = {
    "w": 1.0,
    "watt": 1.0,
    "watts": 1.0,
    "kcal/min": JOULE_PER_KCAL / 60,
    "kcal/h": JOULE_PER_KCAL / 3600,
    "kcal/hr": JOULE_PER_KCAL / 3600,
    "kcal/d": JOULE_PER_KCAL / 86_400,
    "kcal/day": JOULE_PER_KCAL / 86_400,
    "kcal/tag": JOULE_PER_KCAL / 86_400,
    "kcal/dag": JOULE_PER_KCAL / 86_400,
    "kcal/døgn": JOULE_PER_KCAL / 86_400,
    "kj/min": 1000 / 60,
    "kj/h": 1000 / 3600,
    "kj/d": 1000 / 86_400,
    "kj/day": 1000 / 86_400,
}
RATE_per_min = dict.fromkeys(
    "1/min /min min-1 bpm b/min beats/min beat/min spm s/min slag/min schläge/min".split(), 1.0
)
RATIO = dict.fromkeys(("", "-", "--", "---", "n/a", "1"), 1.0)
MASS_kg = dict.fromkeys(("kg", "kgs", "kilogram"), 1.0) | dict.fromkeys(
    ("lb", "lbs", "pound", "pounds"), 0.45359237
)
TIME_s = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "seconden"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuten", "minutter", "m"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
}
# A clock; True where its first number is hours even if only two numbers stand there.
CLOCK = {
    **dict.fromkeys(("hh:mm:ss", "h:mm:ss", "hh:mm:ss.z", "h:mm:ss.z", "h:min:s"), False),
    **dict.fromkeys(("mm:ss", "m:ss", "mm:ss.z", "min:s", "min:sec", "hh:mm:ss,z"), False),
    **dict.fromkeys(("hh:mm", "h:mm"), True),
}

# How messages spell the units that are known.
KNOWN = {
    "vo2": "mL/min, L/min, mL/s, L/s",
    "vco2": "mL/min, L/min, mL/s, L/s",
    "vo2_per_mass": "mL/min/kg",
    "rer": "none",
    "heart_rate": "1/min",
    "energy": "kcal/min, kcal/h, kcal/day, kJ/min, kJ/h, kJ/day, W",
    "time": "s, min, h, h:mm:ss, mm:ss",
}
FACTORS = {
    "vo2": FLOW_mL_min,
    "vco2": FLOW_mL_min,
    "vo2_per_mass": FLOW_PER_MASS_mL_min_kg,
    "rer": RATIO,
    "heart_rate": RATE_per_min,
    "energy": POWER_W,
}


def plain(unit: str) -> str:
    """One spelling per unit: lower case, no spaces, brackets, dots or raised digits."""
    text = unicodedata.normalize("NFKC", unit).replace("\u2212", "-").casefold()
    return re.sub(r"[\s()\[\]\u00b7\u22c5*×]", "", text)


def factor(quantity: str, unit: str) -> float | None:
    """What one of this unit is in the unit that the quantity is kept in, None if unknown.

    vo2 and vco2 are kept in mL/min, vo2_per_mass in mL/min/kg, energy in W, heart_rate in
    1/min.
    """
    return FACTORS[quantity].get(plain(unit))


def is_time(unit: str) -> bool:
    """Whether a unit belongs to a time."""
    return plain(unit) in TIME_s or plain(unit) in CLOCK


def is_known(unit: str) -> bool:
    """Whether any quantity has this unit."""
    return is_time(unit) or any(plain(unit) in table for table in FACTORS.values() if unit)
