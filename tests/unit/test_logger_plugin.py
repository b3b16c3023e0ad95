"""The logger plugin: what it takes from Snakemake, and that it is never in the way."""

import logging
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from exoflow.errors import ParamsError
from exoflow.records.run_events import read_events
from exoflow.stages import status as stage
from snakemake_logger_plugin_exoflow import LogHandler
from snakemake_logger_plugin_exoflow.watch import PageKeeper, facts_of

GAIT = "results/reflex/level.json"


def record(event=None, level=logging.INFO, message="", **said):
    """A record as Snakemake makes it."""
    made = logging.LogRecord("snakemake", level, "file", 1, message, (), None)
    if event is not None:
        said["event"] = event
    for name, value in said.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def pages(monkeypatch):
    """Pages that were written: the run that asked, or None after its end."""
    written = []
    monkeypatch.setattr(stage.StatusPage, "__init__", lambda self, root: None)
    monkeypatch.setattr(stage.StatusPage, "write", lambda self, living=None: written.append(living))
    return written


def handler(dryrun=False):
    return LogHandler(common_settings=SimpleNamespace(dryrun=dryrun), settings=None)


def test_snakemake_finds_the_plugin():
    assert LoggerPluginRegistry().is_installed("exoflow")


def test_it_leaves_terminal_and_log_file_to_snakemake_and_hears_what_quiet_hides():
    plugin = handler()
    assert not plugin.writes_to_stream
    assert not plugin.writes_to_file
    assert plugin.has_filter
    assert plugin.has_formatter
    assert not plugin.needs_rulegraph


def test_a_run_is_written_down(tmp_path, monkeypatch, pages):
    monkeypatch.chdir(tmp_path)
    plugin = handler()
    plugin.emit(record(message="Building DAG of jobs..."))
    assert read_events() == []  # such as --summary: nothing has started
    plugin.emit(record(LogEvent.WORKFLOW_STARTED))
    plugin.emit(record(LogEvent.RESOURCES_INFO, cores=2))
    plugin.emit(record(LogEvent.RESOURCES_INFO))
    plugin.emit(record(planned_outputs=[GAIT]))
    plugin.emit(record(LogEvent.JOB_INFO, jobid=3, output=[GAIT, "results/reflex/level.svg"]))
    plugin.emit(record(LogEvent.JOB_FINISHED, job_id=3))
    plugin.emit(record(LogEvent.JOB_ERROR, logging.ERROR, "Error in rule", jobid=4, output=[]))
    plugin.close()
    plugin.close()  # Python calls it again when it exits
    events = read_events()
    assert [one["kind"] for one in events] == [
        "began", "resources", "planned", "started", "finished", "failed", "ended",
    ]  # fmt: skip
    assert events[3]["output"] == GAIT
    assert events[-1]["error"] == "Error in rule"
    assert len({one["run"] for one in events}) == 1
    assert pages[-1] is None


def test_a_dry_run_leaves_nothing(tmp_path, monkeypatch, pages):
    monkeypatch.chdir(tmp_path)
    plugin = handler(dryrun=True)
    plugin.emit(record(LogEvent.WORKFLOW_STARTED))
    plugin.close()
    assert list(tmp_path.iterdir()) == []
    assert pages == []


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path, monkeypatch, capsys, pages):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".exoflow").write_text("a file where a folder should be")
    plugin = handler()
    for _ in range(3):
        plugin.emit(record(LogEvent.WORKFLOW_STARTED))
    plugin.close()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("exoflow: warning: the status page is no longer written:")
    assert lines[0].endswith("(the run goes on)")


def test_a_page_that_cannot_be_drawn_is_one_warning_and_events_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def fail(self, living=None):
        raise ParamsError("params.yaml: no\nsuch file")

    monkeypatch.setattr(stage.StatusPage, "write", fail)
    plugin = handler()
    plugin.emit(record(LogEvent.WORKFLOW_STARTED))
    plugin.emit(record(LogEvent.RESOURCES_INFO, cores=2))
    deadline = time.monotonic() + 20
    while "warning" not in (said := capsys.readouterr().err) and time.monotonic() < deadline:
        time.sleep(0.01)
    plugin.emit(record(LogEvent.RESOURCES_INFO, cores=3))
    plugin.close()
    said += capsys.readouterr().err
    assert said.count("exoflow: warning:") == 1
    assert [one["kind"] for one in read_events()] == ["began", "resources", "resources", "ended"]


def test_pages_are_written_with_pauses(monkeypatch):
    written = []
    keeper = PageKeeper(lambda: written.append(time.monotonic()), lambda problem: None)
    monkeypatch.setattr("snakemake_logger_plugin_exoflow.watch.NEWS_S", 0.2)
    keeper.start()
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        keeper.tell()
        time.sleep(0.005)
    keeper.stop()
    assert 1 <= len(written) <= 4  # at 0, 0.2 and 0.4 s


def test_other_events_are_not_kept():
    for event in (LogEvent.SHELLCMD, LogEvent.PROGRESS, LogEvent.RUN_INFO, None):
        assert facts_of(record(event)) == ("", {})


def test_snakemake_loads_nothing_more_for_it():
    code = (
        "import __future__, logging, sys, snakemake_interface_logger_plugins.base\n"
        "import snakemake_interface_logger_plugins.common\n"
        "before = set(sys.modules)\n"
        "import snakemake_logger_plugin_exoflow\n"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['snakemake_logger_plugin_exoflow']"
