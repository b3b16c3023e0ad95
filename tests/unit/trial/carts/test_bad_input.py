"""Files that cannot be trusted: one line that says what, where and what to do."""

import io
import os
import random
import zipfile

import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart


def refusal(path) -> str:
    with pytest.raises(TrialDataError) as problem:
        read_cart(path)
    assert "\n" not in str(problem.value)
    return str(problem.value).replace(f"{path.parent}/", "")


def test_a_file_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "none.xlsx") == "none.xlsx: no such file."


def test_a_folder(tmp_path):
    (tmp_path / "raw").mkdir()
    assert refusal(tmp_path / "raw") == "raw: is a folder. Give one file of a cart."


def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == "pipe: is not an ordinary file. Give one file of a cart."


def test_a_file_without_permission(tmp_path, monkeypatch):
    """Root may read everything, so the operating system's refusal is played."""
    path = tmp_path / "a.csv"
    path.write_text("t,VO2")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert refusal(path) == "a.csv: no permission to read it. Change its rights."


@pytest.mark.parametrize("content", [b"", b" \r\n\r\n"])
def test_an_empty_file(carts, content):
    assert carts.refusal_of(content) == "export.dat: is empty. Export the test again."


def test_a_file_of_300_MB_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(300_000_000)
    assert refusal(path) == (
        "huge.csv: 300 MB; files of carts are read up to 50 MB. Export one test per file."
    )


def test_binary_junk(carts):
    junk = random.Random(1).randbytes(5000)
    assert carts.refusal_of(junk) == (
        "export.dat: is neither xlsx, XML nor text. Give the file as the cart exported it."
    )


def test_an_old_excel_file(carts):
    assert carts.refusal_of(b"\xd0\xcf\x11\xe0" + bytes(600)) == (
        "export.dat: is an old or an encrypted Excel file (.xls). Open it and save it as .xlsx "
        "without a password."
    )


def test_a_zip_bomb_posing_as_xlsx(carts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(210_000_000))
    assert len(stream.getvalue()) < 2_000_000
    assert carts.refusal_of(stream.getvalue()) == (
        "export.dat: unpacks to 210 MB in 1 parts; up to 200 MB and 2000 parts are read. It is no "
        "export of one test."
    )


def test_a_bomb_in_the_styles_of_a_workbook(carts):
    """Cells are read piece by piece, styles as a tree, which takes twenty times their bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/styles.xml", b"<a/>" * 3_000_000)
    assert carts.refusal_of(stream.getvalue()) == (
        "export.dat: a part beside the sheets unpacks to 12 MB; up to 10 MB are read. Open it and "
        "save it as .xlsx."
    )


def test_xml_of_millions_of_tags(carts, monkeypatch):
    monkeypatch.setattr("exoflow.trial.carts.spreadsheetml.MAX_TAGS", 100)
    assert carts.refusal(carts.make("cortex_xml")) == (
        "export.dat: more than 100 tags. A recording of a cart has fewer: export one test per file."
    )


def test_a_line_of_commas_only(carts):
    assert carts.refusal_of(b"t,VO2\n" + b"," * 200_000) == (
        "export.dat: row 2 has 200000 characters, more than 100000. Give the file as the cart "
        "exported it."
    )


def test_entities_that_explode(carts):
    """A billion laughs: three lines of XML that unfold to gigabytes."""
    bomb = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY c "&a;&a;&a;">]>
    <Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">&c;</Workbook>"""
    assert carts.refusal_of(bomb) == (
        "export.dat: is not whole XML (EntitiesForbidden). Export the test again."
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(carts.make("cosmed_legacy").content())) as whole:
        with zipfile.ZipFile(stream, "w") as archive:
            for part in whole.namelist():
                is_sheet = "worksheets/sheet" in part
                archive.writestr(part, bomb if is_sheet else whole.read(part))
    assert carts.refusal_of(stream.getvalue()) == (
        "export.dat: is not a whole xlsx workbook. Copy it again from the cart, or open it and "
        "save it as .xlsx (ValueError)."
    )


def test_xml_that_is_no_workbook(carts):
    assert carts.refusal_of(b"<html><body>VO2</body></html>") == (
        "export.dat: is XML but no SpreadsheetML workbook. Export it for Excel, as XML or xlsx."
    )


def test_a_sheet_with_a_cell_far_away(carts):
    """Row and column numbers cost nothing to write and everything to fill."""
    export = carts.make("cortex_xml")
    far = export.content().replace(b"<Row>", b'<Row ss:Index="900000">', 1)
    assert carts.refusal_of(far) == (
        "export.dat: more than 200000 rows or 20000000 cells. A recording of a cart has fewer: "
        "export one test per file."
    )
    wide = export.content().replace(b"<Cell>", b'<Cell ss:Index="900000">', 1)
    assert carts.refusal_of(wide) == (
        "export.dat: row 1 has more than 16384 cells. Export it again."
    )


def test_another_cart_is_refused_with_the_way_out(carts):
    content = b"time [s],VO2 [mL/min],VCO2 [mL/min]\n" + b"1,300,250\n2,310,260\n3,320,270\n"
    assert carts.refusal_of(content) == (
        "export.dat: row 1 names times and VO2, but no cart known here writes it like this: COSMED "
        "(OMNIA, K5, older), Cortex MetaSoft, Parvo TrueOne, Vyntus, VO2 Master, breath-by-breath "
        "text. Describe it with a column map (--columns, docs/carts.md)."
    )


def test_a_file_that_is_no_cart_at_all(carts):
    assert carts.refusal_of(b"name;age\nsomebody;33\n") == (
        "export.dat: no row names a time and a VO2 column. Known carts: COSMED (OMNIA, K5, older), "
        "Cortex MetaSoft, Parvo TrueOne, Vyntus, VO2 Master, breath-by-breath text. For another "
        "one, write a column map (--columns, docs/carts.md)."
    )


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["cosmed_legacy", "cortex_xml"])
def test_a_truncated_workbook(carts, name, share):
    content = carts.make(name).content()
    line = carts.refusal_of(content[: int(share * len(content))])
    assert line.startswith(
        "export.dat: is not a whole x" if name == "cosmed_legacy" else "export.dat:"
    )


def test_a_truncated_text_loses_its_cut_row_and_says_so(carts):
    export = carts.make("vyntus")
    content = export.content()
    cut = content[: content.rindex(b"\r\n", 0, -2) + 14]
    path = carts.folder / "cut.txt"
    path.write_bytes(cut)
    recording = read_cart(path)
    assert len(recording.rows) == 39
    assert recording.warnings == ("row 45, the last, may be cut: left out",)


def test_a_truncated_parvo_file_misses_its_summary(carts):
    export = carts.make("parvo_csv")
    del export.cells[export.first_row + 30 :]
    assert carts.read(export).warnings == (
        "the summary behind the samples is missing: the file may be cut",
    )


def test_a_file_cut_above_its_samples(carts):
    export = carts.make("cosmed_omnia_csv")
    del export.cells[export.first_row + 2 :]
    assert carts.refusal(export) == (
        "export.dat: row 1: 2 rows of samples below these names; at least 3 are needed. The file "
        "may be cut: export it again."
    )


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        (
            "L/min",
            "export.dat: sheet Sheet1, cell N1: the median of VO2 is 1.067e+06 mL/min if its unit "
            "is L/min. Expected 80..7000 mL/min: check the unit and the column.",
        ),
        (
            "gal/min",
            "export.dat: sheet Sheet1, cell N2: unit 'gal/min' of VO2 is not known. Expected "
            "mL/min, L/min, mL/s, L/s.",
        ),
        (
            None,
            "export.dat: sheet Sheet1, cell N2: VO2 has no unit. Expected mL/min, L/min, mL/s, "
            "L/s, below the name or in it.",
        ),
        (
            "mL/min/Kg",
            "export.dat: sheet Sheet1, cell N1: VO2 stands here per kg of body mass only. Export "
            "VO2 in mL/min or L/min.",
        ),
    ],
)
def test_a_wrong_unit(carts, unit, line):
    export = carts.make("cosmed_omnia_xlsx")
    export.cells[1][export.column("VO2")] = unit
    assert carts.refusal(export) == line


def test_litres_called_millilitres(carts):
    export = carts.make("cosmed_omnia_xlsx")
    export.scale("VO2", 0.001)
    export.scale("VCO2", 0.001)
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell N1: the median of VO2 is 1.067 mL/min if its unit is "
        "mL/min. Expected 80..7000 mL/min: check the unit and the column."
    )


def test_oxygen_at_body_temperature(carts):
    export = carts.make("cosmed_omnia_xlsx")
    export.cells[0][export.column("VO2")] = "VO2 (BTPS)"
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell N1: VO2 (BTPS) is at BTPS. Export it at STPD, which energy "
        "equations need."
    )


@pytest.mark.parametrize(
    "name",
    ["cosmed_omnia_xlsx", "cosmed_legacy", "cortex_xlsx", "parvo_csv", "vyntus", "custom"],
)
def test_swapped_names_of_oxygen_and_carbon_dioxide(carts, name):
    export = carts.make(name)
    names = [name for name in export.names if name.startswith(("V'O2", "VO2", "oxygen"))]
    vo2 = next(name for name in names if "/" not in name)
    vco2 = next(n for n in export.names if "CO2" in n or "dioxide" in n)
    row = export.cells[export.names_row]
    i, j = export.column(vo2), export.column(vco2)
    row[i], row[j] = row[j], row[i]
    line = carts.refusal(export)
    assert " is not " in line
    assert line.endswith("A column or a unit is wrong: export the test again.")


def test_swapped_columns_are_caught_by_the_carts_own_energy_too(carts):
    """At RER 0.85 the swapped energy is (3.9 * 0.85 + 1.1) / (3.9 + 1.1 * 0.85) = 0.91 of it."""
    export = carts.make("cosmed_omnia_xlsx")
    row = export.cells[0]
    i, j = export.column("VO2"), export.column("VCO2")
    row[i], row[j] = row[j], row[i]
    row[export.column("R")] = "other"
    row[export.column("VO2/Kg")] = "another"
    line = carts.refusal(export)
    assert line.startswith(
        "export.dat: sheet Sheet1, cell V1: EEm in kcal/min does not follow from VO2 and VCO2: the "
        "nearest equation, "
    )
    assert line.endswith(" % away. A column or a unit is wrong: export the test again.")


def test_swapped_columns_at_rest_without_any_cross_check(carts, gas_columns):
    """RER 1/0.7 = 1.43 is nobody's at rest."""
    lines = "".join(f"{10 * i};{250 + i};{round((250 + i) * 0.7)}\n" for i in range(1, 20))
    column_map = gas_columns("CO2", "O2")
    assert carts.refusal_of(f"t;O2;CO2\n{lines}".encode(), column_map) == (
        "export.dat: row 1, column 2: the median of O2 / CO2 is 1.429. Expected 0.6..1.4: the "
        "columns may be swapped, or a unit may be wrong."
    )


def test_possible_but_unusual_ratios_without_any_cross_check_are_a_warning(tmp_path, gas_columns):
    """VO2 250 and VCO2 200 mL/min, written under each other's name: 1.25 may be hard exercise."""
    lines = "".join(f"{10 * i};{200 + i};{250 + i}\n" for i in range(1, 20))
    path = tmp_path / "export.csv"
    path.write_text(f"t;O2;CO2\n{lines}")
    column_map = gas_columns("O2", "CO2")
    assert read_cart(path, column_map).warnings == (
        "the median of CO2 / O2 is 1.24, as in hard exercise or in swapped columns; nothing else "
        "in the file tells which",
    )


def test_a_column_that_never_changes(carts, gas_columns):
    lines = "".join(f"{10 * i};900;{750 + i}\n" for i in range(1, 20))
    column_map = gas_columns("O2", "CO2")
    assert carts.refusal_of(f"t;O2;CO2\n{lines}".encode(), column_map) == (
        "export.dat: row 1, column 2: O2 is 900 mL/min in all 19 rows. Expected values that "
        "change from row to row: export the test again."
    )


def test_an_energy_column_in_another_unit(carts):
    export = carts.make("cosmed_legacy")
    export.cells[1][export.column("EEm")] = "Kcal/h"
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell T1: EEm in Kcal/h does not follow from VO2 and VCO2: the "
        "nearest equation, cosmed_legacy, is 98.3 % away. A column or a unit is wrong: export the "
        "test again."
    )


def test_missing_carbon_dioxide(carts):
    export = carts.make("cosmed_omnia_xlsx")
    export.cells[0][export.column("VCO2")] = "gone"
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, row 1: no column VCO2 beside VO2. Add it to the export; energy "
        "needs both."
    )
    export = carts.make("cosmed_omnia_xlsx")
    for i in range(export.n):
        export.set(i, "VCO2", None)
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell O1: VCO2 has no value in any of 40 rows. Export the test "
        "again with this column."
    )


def test_two_columns_of_the_same_name(carts):
    export = carts.make("cosmed_omnia_xlsx")
    export.cells[0][export.column("VE")] = "VO2"
    assert carts.refusal(export).endswith(
        "cell N1: a second column VO2 in mL/min. Delete one, or name the right one in a column map."
    )


def test_many_times_out_of_order(carts):
    export = carts.make("cosmed_omnia_xlsx")
    for i in range(10, 18):
        export.set(i, "t", export.sample(9, "t"))
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell J14: times do not increase in 8 rows (14, 15, 16, 17, 18, "
        "...) of 40. Sort the rows by time, or export the test again."
    )


def test_text_in_a_number_cell_is_located_and_not_repeated(carts):
    export = carts.make("cosmed_legacy")
    export.set(5, "VO2", "Vandermolen")
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell M9: VO2 is a text of 11 characters: not a number. Expected "
        "a number in ml/min or '-'. Correct the cell or export the test again."
    )


def test_a_number_with_a_typing_error_is_shown(carts):
    export = carts.make("vyntus")
    export.set(5, "V'CO2", "9.5.1")
    assert carts.refusal(export) == (
        "export.dat: row 11, column 6: V'CO2 is '9.5.1': not a number. Expected a number in mL/min "
        "or '-'. Correct the cell or export the test again."
    )


def test_a_value_nobody_breathes(carts):
    export = carts.make("cosmed_legacy")
    export.set(5, "VO2", -5.0)
    assert carts.refusal(export) == (
        "export.dat: sheet Sheet1, cell M9: VO2 is -5 mL/min. Expected 0..12000: correct the cell, "
        "or empty it."
    )


def test_a_time_that_is_none(carts):
    export = carts.make("vyntus")
    export.set(5, "Tid", "later")
    assert carts.refusal(export) == (
        "export.dat: row 11, column 1: Tid is a text of 5 characters: not a number. Expected min. "
        "Correct the cell or export the test again."
    )


def test_decimal_commas_that_split_the_columns(carts):
    export = carts.make("parvo_csv")
    for row in export.cells[export.first_row :]:
        row[:] = [str(c).replace(".", ",") if isinstance(c, float) else c for c in row]
    export.quoted = False
    export.separator = ","
    assert carts.refusal(export) == (
        "export.dat: row 12 has 16 cells, the names in row 8 are 8. Export decimal points, or "
        "columns separated by semicolons or tabs."
    )


def test_mixed_decimals(carts):
    export = carts.make("vyntus")
    export.set(5, "V'O2/kg", "14,7")
    assert carts.refusal(export) == (
        "export.dat: row 6 and below: numbers have decimal points here and decimal commas there. "
        "Export the test again in one language."
    )


def test_an_empty_row_within_parvos_samples(carts):
    export = carts.make("parvo_csv")
    export.cells.insert(export.first_row + 10, [])
    assert carts.refusal(export) == (
        "export.dat: row 22 is empty within the samples, which go on in row 23. Delete the empty "
        "row, or export the test again."
    )


def test_oxygen_in_litres_exchanged_with_the_ratio(carts):
    """VCO2 / VO2 is RER and VCO2 / RER is VO2: only that breaths differ more in VO2 tells them."""
    export = carts.make("custom")
    row = export.cells[export.names_row]
    i, j = export.column("oxygen"), export.column("ratio")
    row[i], row[j] = row[j], row[i]
    assert carts.refusal(export) == (
        "export.dat: row 2, column 2: ratio varies by 15 %, more than oxygen. Expected the "
        "reverse: the columns may be swapped."
    )
