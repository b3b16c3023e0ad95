"""The file that runs add to."""

from exoflow.records import run_events
from exoflow.records.run_events import EVENTS, add_event, read_events, set_old_events_aside


def test_events_come_back_in_their_order(tmp_path):
    first = {"kind": "began", "run": "a", "time_s": 1.0, "command": "snakemake"}
    second = {"kind": "ended", "run": "a", "time_s": 2.0}
    add_event(first, tmp_path)
    add_event(second, tmp_path)
    assert read_events(tmp_path) == [first, second]


def test_without_a_run_there_are_none(tmp_path):
    assert read_events(tmp_path) == []


def test_lines_that_are_cut_short_or_foreign_are_passed_over(tmp_path):
    kept = {"kind": "ended", "run": "a", "time_s": 2.0}
    add_event(kept, tmp_path)
    with (tmp_path / EVENTS).open("a") as file:
        file.write('[1]\n{"kind": "began"}\n{"kind": "planned", "run": "b", "ti')
    assert read_events(tmp_path) == [kept]


def test_a_long_file_is_set_aside_and_a_short_one_is_not(tmp_path, monkeypatch):
    add_event({"kind": "ended", "run": "a", "time_s": 2.0}, tmp_path)
    set_old_events_aside(tmp_path)
    assert len(read_events(tmp_path)) == 1
    monkeypatch.setattr(run_events, "LONGEST_BYTES", 10)
    set_old_events_aside(tmp_path)
    assert read_events(tmp_path) == []
    assert (tmp_path / EVENTS).with_suffix(".old.jsonl").exists()
