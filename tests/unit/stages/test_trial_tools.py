"""`exoflow trial read` and `ingest`, from the command line to the files."""

import json
import subprocess
from pathlib import Path

import pytest

from exoflow import cli
from exoflow.trial.carts import read_cart

ROOT = Path(__file__).parents[3]
EXPORTS = ROOT / "tests/unit/trial/carts/exports"
LEGACY = EXPORTS / "cosmed_legacy.xlsx"
NAMED = """ID-nummer:\tQX4471
Naam:\tVandermolen

Tijd\tHF\tV'O2/kg\tV'O2\tV'CO2\tRER
min\t1/min\t(mL/min)/kg\tmL/min\tmL/min\t
00:10\t78\t10.0\t700\t560\t0.80
00:20\t79\t11.0\t770\t616\t0.80
00:30\t80\t12.0\t840\t672\t0.80
"""


def run(capsys, *arguments):
    try:
        code = cli.main(["trial", *map(str, arguments)])
    except SystemExit as ended:
        code = ended.code
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture
def named(tmp_path):
    path = tmp_path / "raw" / "s1_free.txt"
    path.parent.mkdir()
    path.write_text(NAMED)
    return path


def test_read_prints_json(capsys, named):
    code, out, err = run(capsys, "read", named, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "cart": "vyntus",
        "rows": 3,
        "first_s": 10.0,
        "last_s": 30.0,
        "mean_vo2_mL_min": 770.0,  # (700 + 770 + 840) / 3
        "mean_vco2_mL_min": 616.0,
        "warnings": [],
    }


def test_read_prints_a_table_for_people_on_80_columns(capsys):
    for file in EXPORTS.iterdir():
        if file.suffix != ".md":
            code, out, _ = run(capsys, "read", file)
            assert code == 0
            assert all(len(line) <= 80 for line in out.splitlines())
    _, out, _ = run(capsys, "read", EXPORTS / "cortex_metasoft.xlsx")
    assert "mean VO2       " in out
    assert "cart's energy  lusk, the largest difference 0.1" in out
    assert "warnings       2\n  V'O2 (STPD) is 0 in row 96: no value\n" in out


def test_a_file_that_cannot_be_trusted_is_one_line_and_exit_code_2(capsys, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"")
    assert run(capsys, "read", path) == (
        2,
        "",
        f"exoflow: error: {path}: is empty. Export the test again.\n",
    )


def test_read_takes_a_column_map(capsys, tmp_path):
    data, columns = tmp_path / "own.csv", tmp_path / "own.yaml"
    data.write_text("s;o;c\n" + "".join(f"{5 * i};{300 + i};{240 + i}\n" for i in range(1, 9)))
    columns.write_text(
        "header_row: 1\n"
        "columns:\n"
        "  time: {name: s, unit: s}\n"
        "  vo2: {name: o, unit: mL/min}\n"
        "  vco2: {name: c, unit: mL/min}\n"
    )
    code, out, _ = run(capsys, "read", data, "--columns", columns, "--json")
    assert code == 0
    assert json.loads(out)["mean_vo2_mL_min"] == 304.5
    columns.write_text("header_row: [")
    code, _, err = run(capsys, "read", data, "--columns", columns)
    assert code == 2
    assert err.startswith(f"exoflow: error: {columns}: not valid YAML: ")


def test_ingest_writes_copies_that_read_alike_and_name_nobody(capsys, named, tmp_path):
    output = tmp_path / "carts"
    code, out, err = run(capsys, "ingest", named, LEGACY, "--output", output)
    assert (code, err) == (0, "")
    assert out == (f"{named} -> {output}/s1_free.csv\n{LEGACY} -> {output}/cosmed_legacy.csv\n")
    text = (output / "s1_free.csv").read_text()
    assert "Vandermolen" not in text and "QX4471" not in text
    for file in (named, LEGACY):
        copy = output / f"{file.stem}.csv"
        assert read_cart(copy).vo2_mL_min.tolist() == read_cart(file).vo2_mL_min.tolist()


def test_a_copy_does_not_keep_a_name_that_its_file_had(capsys, named, tmp_path):
    told = named.rename(named.with_name("Vandermolen_free.txt"))
    _, out, _ = run(capsys, "ingest", told, "--output", tmp_path / "carts")
    (copy,) = (tmp_path / "carts").iterdir()
    assert copy.name == f"recording_{read_cart(told).sha256[:12]}.csv"
    assert out == f"{told} -> {copy}\n"


def test_exports_that_differ_in_their_ending_stay_apart(capsys, tmp_path):
    files = [EXPORTS / "cortex_metasoft.xlsx", EXPORTS / "cortex_metasoft.xml"]
    assert run(capsys, "ingest", *files, "--output", tmp_path)[0] == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["cortex_metasoft_xlsx.csv", "cortex_metasoft_xml.csv"]


def test_nothing_is_written_if_one_file_cannot_be_trusted(capsys, named, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\x00\x01")
    output = tmp_path / "carts"
    code, out, err = run(capsys, "ingest", named, bad, "--output", output)
    assert (code, out) == (2, "")
    assert err.startswith(f"exoflow: error: {bad}: is neither xlsx, XML nor text.")
    assert not output.exists()


def test_ingest_never_writes_over_what_it_should_not(capsys, named, tmp_path):
    code, _, err = run(capsys, "ingest", named, "--output", named.parent)
    assert code == 2
    assert err == (
        f"exoflow: error: --output {named.parent}: folders named raw hold originals and are not "
        "versioned. Choose another one.\n"
    )
    other = tmp_path / "carts" / "s1_free.csv"
    other.parent.mkdir()
    other.write_text("mine")
    code, _, err = run(capsys, "ingest", named, "--output", other.parent)
    assert err == (
        f"exoflow: error: {other}: exists and is no copy of a recording. Move it away.\n"
    )
    assert other.read_text() == "mine"
    original = tmp_path / "s1_free.csv"
    original.write_text(NAMED)
    code, _, err = run(capsys, "ingest", original, "--output", tmp_path)
    assert err == (
        f"exoflow: error: {original}: the copy would overwrite the original. Change --output.\n"
    )
    second = tmp_path / "other" / named.name
    second.parent.mkdir()
    second.write_text(NAMED)
    code, _, err = run(capsys, "ingest", named, second, "--output", tmp_path / "new")
    assert err == (
        f"exoflow: error: {second} and {named} would both become {tmp_path}/new/s1_free.csv. "
        "Rename one of them.\n"
    )


def test_originals_are_guarded_from_git_and_dvc():
    asked = ["data/trials/pilot/raw/s1.xlsx", "data/trials/pilot/carts/s1.csv"]
    done = subprocess.run(["git", "check-ignore", *asked], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == asked[:1]
    assert "raw" in (ROOT / ".dvcignore").read_text().split()


def test_a_study_is_still_asked_for_without_a_tool(capsys):
    assert run(capsys) == (
        2,
        "",
        "exoflow: error: the following arguments are required: --study. See: exoflow trial "
        "--help\n",
    )
    code, _, err = run(capsys, "raed", "x")
    assert code == 2
    assert err.startswith("exoflow: error: argument TOOL: invalid choice: 'raed'")


@pytest.mark.parametrize("tool", ["read", "ingest"])
def test_every_tool_has_help_on_80_columns(capsys, monkeypatch, tool):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, tool, "--help")
    assert code == 0
    assert out.startswith(f"usage: exoflow trial {tool}")
    assert all(len(line) <= 80 for line in out.splitlines())
