"""The same content has the same hash, whatever the packing; other content has another."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest

from exoflow.errors import UserError
from exoflow.records.hashing import content_hash


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zip_of(members, year) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def npz_of(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_json_by_its_values(tmp_path):
    first = write(tmp_path / "a.json", '{"a": 1.50, "b": [1, 2]}')
    same = write(tmp_path / "b.json", '{\n "b": [1, 2],\n "a": 1.5}')
    other = write(tmp_path / "c.json", '{"a": 1.5, "b": [2, 1]}')
    assert content_hash(first) == content_hash(same) != content_hash(other)


def test_npz_by_its_arrays(tmp_path):
    values = np.arange(6.0).reshape(2, 3)
    first = write(tmp_path / "a.npz", npz_of(w=values, kind=np.array("mlp")))
    same = write(tmp_path / "b.npz", npz_of(kind=np.array("mlp"), w=np.asfortranarray(values)))
    shape = write(tmp_path / "c.npz", npz_of(w=values.reshape(3, 2), kind=np.array("mlp")))
    kind = write(tmp_path / "d.npz", npz_of(w=values.astype("f4"), kind=np.array("mlp")))
    name = write(tmp_path / "e.npz", npz_of(v=values, kind=np.array("mlp")))
    assert content_hash(first) == content_hash(same)
    assert len({content_hash(path) for path in (first, shape, kind, name)}) == 4


def test_parquet_by_its_columns(tmp_path):
    frame = pd.DataFrame({"time": [0.0, 0.1], "hip": [1.0, np.nan], "leg": ["r", "l"]})
    frame.to_parquet(tmp_path / "a.parquet", compression="snappy")
    frame[["leg", "hip", "time"]].to_parquet(tmp_path / "b.parquet", compression="gzip")
    frame.assign(hip=[1.0, 2.0]).to_parquet(tmp_path / "c.parquet")
    found = [content_hash(tmp_path / f"{name}.parquet") for name in "abc"]
    assert found[0] == found[1] != found[2]


def test_csv_by_its_cells(tmp_path):
    first = write(tmp_path / "a.csv", "step,cost\n1,2.50\n")
    same = write(tmp_path / "b.csv", '"step", cost\r\n1.0,2.5\r\n')
    other = write(tmp_path / "c.csv", "step,cost\n1,2.51\n")
    assert content_hash(first) == content_hash(same) != content_hash(other)


def test_zip_by_its_members_without_dates(tmp_path):
    members = [("b/policy.c", "int x;"), ("b/io.json", '{"a":1,"b":2}')]
    again = [("b/io.json", '{"b": 2, "a": 1}'), ("b/policy.c", "int x;")]
    first = write(tmp_path / "a.zip", zip_of(members, 2001))
    same = write(tmp_path / "b.zip", zip_of(again, 2020))
    other = write(tmp_path / "c.zip", zip_of([("b/policy.c", "int y;"), members[1]], 2001))
    assert content_hash(first) == content_hash(same) != content_hash(other)


def test_svg_without_its_date(tmp_path):
    first = write(tmp_path / "a.svg", "<svg><dc:date>2001</dc:date><path d='M 1'/></svg>")
    same = write(tmp_path / "b.svg", "<svg><dc:date>2020</dc:date><path d='M 1'/></svg>")
    other = write(tmp_path / "c.svg", "<svg><dc:date>2001</dc:date><path d='M 2'/></svg>")
    assert content_hash(first) == content_hash(same) != content_hash(other)


def test_folder_by_names_and_contents_without_run_records(tmp_path):
    write(tmp_path / "a/reflex/x.json", '{"a": 1}')
    write(tmp_path / "b/reflex/x.json", '{ "a":1 }')
    write(tmp_path / "b/runs/reflex/x.run.json", '{"wall_time_s": 3}')
    write(tmp_path / "b/logs/reflex/x.log", "12:00")
    write(tmp_path / "b/report/status.html", "written 12:00")
    write(tmp_path / "c/reflex/y.json", '{"a": 1}')
    found = [content_hash(tmp_path / name) for name in "abc"]
    assert found[0] == found[1] != found[2]


def test_neighbouring_parts_do_not_run_together(tmp_path):
    first = write(tmp_path / "a.zip", zip_of([("a", "bc")], 2001))
    other = write(tmp_path / "b.zip", zip_of([("ab", "c")], 2001))
    assert content_hash(first) != content_hash(other)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", "{"), ("a.npz", b"PK\x03\x04 cut"), ("a.zip", "no zip"), ("a.parquet", "PAR1")],
)
def test_damaged_files_are_named(tmp_path, name, content):
    with pytest.raises(UserError, match=rf"{name}: damaged, cannot be read as"):
        content_hash(write(tmp_path / name, content))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        content_hash(tmp_path / "a.json")
