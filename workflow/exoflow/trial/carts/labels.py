"""What the columns of carts are called, in every language met so far."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# English, German, Dutch, Danish, some French. Spelled as `plain` leaves them: lower case, no
# spaces, dots or apostrophes, so V'O2, V\u0307O2 and VO\u2082 are all vo2.
SYNONYMS = {
    "time": "t time tid tijd zeit elapsedtime testtime verstrichenezeit temps",
    "vo2": "vo2 vo2stpd vo2abs oxygenuptake oxygenconsumption o2uptake sauerstoffaufnahme "
    "zuurstofopname iltoptagelse",
    "vco2": "vco2 vco2stpd co2output carbondioxideoutput carbondioxideproduction "
    "kohlendioxidabgabe kooldioxideproductie co2productie co2udskillelse kuldioxidudskillelse",
    "vo2_per_mass": "vo2/kg vo2kg vo2/kgstpd vo2/mass vo2rel relvo2",
    "rer": "rer r rq respiratoryexchangeratio respiratoryquotient respiratorischerquotient",
    "heart_rate": "hr hf heartrate herzfrequenz hartfrequentie hartslag hjertefrekvens puls pulse "
    "pols fc",
    "phase": "phase fase",
    "marker": "marker markør markering markierung mark event ereignis",
    "breath_number": "breath# breathnumber breathno breath",
    "energy": "eem eeh eekc eu ee energyexpenditure energieumsatz energieverbruik energiforbrug "
    "energiomsætning",
}
QUANTITY = {name: quantity for quantity, names in SYNONYMS.items() for name in names.split()}

MASS_LABELS = frozenset(
    "weight mass bodymass bodyweight gewicht körpergewicht korpergewicht lichaamsgewicht vægt "
    "kropsvægt poids".split()
)
# Fields of the subject block whose content says who it was.
IDENTITY_LABELS = frozenset(
    "name lastname firstname middlename surname familyname givenname patient patientname "
    "subjectname nachname vorname zweitervorname familienname achternaam voornaam naam navn "
    "efternavn fornavn nom prénom prenom id idcode idnumber idnummer idnr patientid patientennr "
    "patientnummer subjectid code filenumber dateofbirth birthdate dob birthday geburtsdatum "
    "geboortedatum fødselsdato fødselsdag cprnummer cpr doctor physician tech technician arzt "
    "untersucher email phone address title titel".split()
)

BRACKETS = re.compile(r"(.*?)[\[(]([^\])]*)[\])](.*)")
# What a volume was converted to. VO2 counts at standard conditions only.
GAS_CONDITIONS = ("stpd", "btps", "atps", "atpd", "ntpd")


@dataclass(frozen=True)
class Label:
    """A column's name taken apart: `V'O2 (STPD)` is vo2 at stpd, `VO2[mL/min]` vo2 in mL/min."""

    quantity: str | None
    unit: str
    gas_condition: str


def plain(label: str) -> str:
    """Lower case, without spaces, accents, dots, colons, apostrophes and lowered digits."""
    text = unicodedata.normalize("NFKD", label).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[\s.:;,_'`\u2019\u2018\u00b4\u02d9\u2032-]", "", text)


def parse_label(text: str) -> Label:
    """Take a column's name apart: quantity (None if unknown), unit and gas condition."""
    unit = gas_condition = ""
    match = BRACKETS.fullmatch(text.strip())
    name = text
    while match:
        before, inside, behind = match.groups()
        if plain(inside) in GAS_CONDITIONS:
            gas_condition = plain(inside)
        else:
            unit = inside.strip()
        name = before + behind
        match = BRACKETS.fullmatch(name.strip())
    word = plain(name)
    for condition in GAS_CONDITIONS:
        if word.endswith(condition) and word != condition:
            word, gas_condition = word.removesuffix(condition), condition
    return Label(QUANTITY.get(word), unit, gas_condition)
