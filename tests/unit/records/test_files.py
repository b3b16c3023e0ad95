"""Files are written whole or not at all."""

import errno
import stat

import pytest

from exoflow.errors import ExoflowError
from exoflow.records.files import (
    current_umask,
    replaced_file,
    write_bytes,
    write_text,
    write_together,
)


def test_folders_are_made_and_the_content_is_there(tmp_path):
    path = write_text(tmp_path / "a/b/c.txt", "Grüße\n")
    assert path.read_bytes() == "Grüße\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~current_umask()


def test_a_failure_in_the_middle_leaves_the_old_file_and_no_scratch(tmp_path):
    path = write_bytes(tmp_path / "a.npz", b"old")
    with pytest.raises(ZeroDivisionError), replaced_file(path) as scratch:
        scratch.write_bytes(b"half")
        1 / 0  # noqa: B018
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_scratch_lies_beside_and_keeps_the_suffix(tmp_path):
    with replaced_file(tmp_path / "a.npz") as scratch:
        assert scratch.parent == tmp_path
        assert scratch.suffix == ".npz"


def test_a_full_disk_is_one_clear_line(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("exoflow.records.files.os.fsync", full)
    with pytest.raises(ExoflowError) as caught:
        write_text(tmp_path / "a.json", "{}")
    assert str(caught.value) == (
        f"{tmp_path}/a.json could not be written: the disk is full. "
        "Free some space and run the same command again."
    )
    assert list(tmp_path.iterdir()) == []


def test_other_problems_of_the_disk_stay_as_they_are(tmp_path):
    (tmp_path / "a").write_text("a file, no folder")
    with pytest.raises(FileExistsError):
        write_text(tmp_path / "a" / "b.json", "{}")


def test_files_written_together_are_all_there(tmp_path):
    first, second = tmp_path / "a.txt", tmp_path / "b/c.txt"
    assert write_together({first: b"1", second: b"2"}) == [first, second]
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


def test_files_written_together_are_none_where_one_fails(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"before")
    with pytest.raises(TypeError):
        write_together({tmp_path / "a.txt": b"1", tmp_path / "b.txt": "no bytes"})
    assert (tmp_path / "a.txt").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
