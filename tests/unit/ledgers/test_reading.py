"""Reading what Snakemake and DVC write."""

import json
import os
import socket
import subprocess
import sys

import pytest
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree
from snakemake.persistence.file import FilePersistence

from exoflow.errors import UserError
from exoflow.ledgers import run_lock
from exoflow.ledgers.content import read_contents
from exoflow.ledgers.dvc_lock import listing_md5, read_dvc_lock
from exoflow.ledgers.snakemake_records import DamagedRecord, read_record, record_place
from exoflow.ledgers.sources import read_sources, sources_text
from exoflow.ledgers.stage_guard import differences


@pytest.mark.parametrize("output", ["results/reflex/level.json", f"results/{'long' * 60}/a.json"])
def test_records_lie_where_snakemake_puts_them(tmp_path, output):
    snakemake = FilePersistence(path=tmp_path / ".snakemake")
    theirs = snakemake._record_path(str(tmp_path / ".snakemake/metadata"), output)
    assert str(record_place(tmp_path, output)) == theirs


def test_a_record_gives_settings_sources_inputs_and_date(tmp_path):
    place = record_place(tmp_path, "results/reflex/level.json")
    place.parent.mkdir(parents=True)
    content = {
        "rule": "reflex",
        "params": [repr("control=0a data/models=1b"), repr('{"seed":1}')],
        "input": ["data/a.csv"],
        "input_checksums": {"data/a.csv": "sha256:ff"},
        "endtime": 12.5,
    }
    place.write_text(json.dumps(content))
    record = read_record(tmp_path, "results/reflex/level.json")
    assert record.settings == '{"seed":1}'
    assert read_sources(record.sources) == {"control": "0a", "data/models": "1b"}
    assert record.checksums == {"data/a.csv": "ff"}
    assert record.end_s == 12.5
    place.write_text("{")
    with pytest.raises(DamagedRecord):
        read_record(tmp_path, "results/reflex/level.json")
    assert read_record(tmp_path, "results/reflex/other.json") is None


def test_md5_of_a_folder_is_that_of_dvc(tmp_path):
    for name in ("b.json", "a/c.json"):
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(name)
    files = read_contents(tmp_path).files("folder")
    tree = Tree()
    for name, md5 in files.items():
        tree.add(tuple(name.split("/")), None, HashInfo("md5", md5))
    tree.digest()
    assert listing_md5(files) == tree.hash_info.value


def test_a_changed_file_has_another_md5_also_from_memory(tmp_path):
    file = tmp_path / "file.json"
    file.write_text("one")
    contents = read_contents(tmp_path)
    first = contents.md5("file.json")
    contents.remember()
    assert read_contents(tmp_path).md5("file.json") == first
    file.write_text("two")
    assert read_contents(tmp_path).md5("file.json") != first


@pytest.mark.parametrize(
    "text", ["stages: [", "<<<<<<< HEAD\nstages: {}\n", "stages: 5", "stages: {reflex: 5}"]
)
def test_a_damaged_dvc_lock_is_refused_with_the_remedy(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(UserError, match="exoflow recover"):
        read_dvc_lock(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "writes", "plans"),
    [
        ([], True, True),
        (["--cores", "2", "all_trial"], True, True),
        (["-n"], False, True),
        (["-np"], False, True),
        (["--summary"], False, False),
        (["--unlock"], True, False),
        (["--report=r.html"], False, False),
    ],
)
def test_calls_of_snakemake_that_read_and_that_write_are_told_apart(arguments, writes, plans):
    assert run_lock.writes(arguments) is writes
    assert run_lock.plans(arguments) is plans


def test_the_lock_dies_with_its_holder(tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from exoflow.ledgers.run_lock import claim_run; "
            f"claim_run(['snakemake'], {str(tmp_path)!r}); print('held', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(UserError, match=f"process {holder.pid} "):
        run_lock.claim_run(["snakemake"], tmp_path)
    holder.kill()
    holder.communicate()
    run_lock.claim_run(["snakemake"], tmp_path)
    note = json.loads((tmp_path / run_lock.RUN_LOCK).read_text())
    assert (note["pid"], note["host"]) == (os.getpid(), socket.gethostname())
    run_lock.release(tmp_path)


def test_sources_of_a_phase_are_its_rooms_and_its_data():
    parts = read_sources(sources_text("export"))
    assert set(parts) == {"export", "stages/export.py"}
    assert all(len(found) == 12 for found in parts.values())


def test_differences_name_what_changed_came_and_went():
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}) == ["b", "c"]
    assert differences({"a": None}, {}) == ["a"]


def test_no_run_begins_while_a_dvc_writes_results(tmp_path):
    waiting = [sys.executable, "-c", "input()", "dvc", "repro"]
    writer = subprocess.Popen(waiting, stdin=subprocess.PIPE, text=True)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    noted = {"write": {"results/trial": {"pid": writer.pid, "cmd": "dvc repro"}}}
    (tmp_path / run_lock.RWLOCK).write_text(json.dumps(noted))
    try:
        with pytest.raises(UserError, match=rf"process {writer.pid} \(dvc repro\)"):
            run_lock.claim_run(["snakemake"], tmp_path)
    finally:
        writer.kill()
        writer.communicate()
    run_lock.claim_run(["snakemake"], tmp_path)
    run_lock.release(tmp_path)
