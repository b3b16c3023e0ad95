"""Snakemake's logger plugin `exoflow`: notes what a run says, for the page to watch it with.

Snakemake imports this package with every call, so nothing is imported here that it has
not imported itself. What is at work in a run stands in `watch`.
"""

from __future__ import annotations

import sys
from logging import LogRecord
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from snakemake_logger_plugin_exoflow.watch import Watch


class LogHandler(LogHandlerBase):
    """Takes every event of a run that really runs; prints nothing."""

    def __post_init__(self) -> None:
        self._watch: Watch | None = None
        self._is_off = bool(self.common_settings.dryrun)
        self._has_warned = False

    def emit(self, record: LogRecord) -> None:
        """Take up one event; whatever goes wrong here is none of the run's business."""
        if self._is_off:
            return
        try:
            if self._watch is None:
                if getattr(record, "event", None) != LogEvent.WORKFLOW_STARTED:
                    return
                from snakemake_logger_plugin_exoflow.watch import Watch

                self._watch = Watch(self._warn)
            self._watch.take(record)
        except Exception as problem:
            self._give_up(problem)

    def close(self) -> None:
        """Note that the run has ended, and write the page a last time.

        Snakemake calls this when it stops its loggers, and Python once more when it exits.
        """
        if self._watch is not None and not self._is_off:
            self._is_off = True
            try:
                self._watch.end()
            except Exception as problem:
                self._give_up(problem)
        super().close()

    def _give_up(self, problem: Exception) -> None:
        self._is_off = True
        self._warn(problem)

    def _warn(self, problem: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            words = " ".join(str(problem).split()) or type(problem).__name__
            print(
                "exoflow: warning: the status page is no longer written: "
                f"{words} (the run goes on)",
                file=sys.stderr,
            )

    @property
    def writes_to_stream(self) -> bool:
        """No: Snakemake keeps its own output."""
        return False

    @property
    def writes_to_file(self) -> bool:
        """Not a log that Snakemake should name."""
        return False

    @property
    def has_filter(self) -> bool:
        """Yes, none: what `quiet` hides from the terminal is to be heard here."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Yes: events are taken as they are."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """No: params.yaml says which jobs there are."""
        return False
