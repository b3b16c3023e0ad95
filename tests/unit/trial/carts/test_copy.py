"""The de-identified copy: the same recording, and nobody's name."""

import dataclasses

import numpy as np
import pytest

from exoflow.errors import TrialDataError
from exoflow.trial.carts import read_cart
from exoflow.trial.carts.copy import SIGNATURE, write_copy

ARRAYS = ("rows", "time_s", "vo2_mL_min", "vco2_mL_min", "heart_rate_bpm", "energy_W")


def copied(recording, folder):
    path = folder / "copy.csv"
    path.write_text(write_copy(recording), encoding="utf-8")
    return path


def test_a_copy_reads_as_the_same_recording(carts, layout, tmp_path):
    original = carts.read(carts.make(layout))
    again = read_cart(copied(original, tmp_path))
    for name in ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(original, name), equal_nan=True), name
    others = [field.name for field in dataclasses.fields(original) if field.name not in ARRAYS]
    for name in set(others) - {"file", "sha256"}:
        assert getattr(again, name) == getattr(original, name), name


def test_a_copy_of_a_copy_is_the_same_but_for_the_hash_of_its_original(carts, tmp_path):
    first = copied(carts.read(carts.make("cosmed_legacy")), tmp_path)
    text, recording = first.read_text(), read_cart(first)
    differ = [
        (a, b)
        for a, b in zip(text.splitlines(), write_copy(recording).splitlines(), strict=True)
        if a != b
    ]
    assert [a.split(":")[0] for a, _ in differ] == ["# content_sha256", "# original_sha256"]


def test_a_copy_names_the_hash_of_its_original(carts, layout):
    recording = carts.read(carts.make(layout))
    assert f"# original_sha256: {recording.sha256}\n" in write_copy(recording)


def test_a_copy_tells_nothing_of_who_it_was(carts, layout):
    text = write_copy(carts.read(carts.make(layout)))
    assert not [secret for secret in carts.secrets if secret in text]


def test_pandas_reads_the_table_of_a_copy(carts, tmp_path):
    import pandas

    recording = carts.read(carts.make("cosmed_omnia_xlsx"))
    table = pandas.read_csv(copied(recording, tmp_path), comment="#")
    assert list(table) == ["row", *ARRAYS[1:], "phase"]
    assert table.vo2_mL_min.tolist() == recording.vo2_mL_min.tolist()


def test_line_ends_that_git_changes_do_not_matter(carts, tmp_path):
    path = copied(carts.read(carts.make("cosmed_legacy")), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_cart(path).rows) == 40


@pytest.mark.parametrize("harm", ["cut", "edited", "mass", "no hash"])
def test_an_edited_or_cut_copy_is_refused(carts, tmp_path, harm):
    path = copied(carts.read(carts.make("cosmed_legacy")), tmp_path)
    text = path.read_text()
    path.write_text(
        {
            "cut": text[: text.rindex("\n", 0, -1) + 1],
            "edited": text.replace("5,2.0", "5,2.5", 1) + "\n",
            "mass": text.replace("mass_kg: 75.0", "mass_kg: 57.0"),
            "no hash": f"{SIGNATURE}\n",
        }[harm]
    )
    with pytest.raises(TrialDataError) as problem:
        read_cart(path)
    assert str(problem.value) == (
        f"{path}: was cut or edited after it was written. Ingest the original again."
    )


def test_a_copy_of_another_version_is_refused(carts, tmp_path, monkeypatch):
    recording = carts.read(carts.make("cosmed_legacy"))
    monkeypatch.setattr("exoflow.trial.carts.copy.FORMAT", 2)
    path = copied(recording, tmp_path)
    monkeypatch.undo()
    with pytest.raises(TrialDataError) as problem:
        read_cart(path)
    assert str(problem.value) == (
        f"{path}: is not laid out like a copy by this version (ValueError). Ingest the original "
        "again."
    )
