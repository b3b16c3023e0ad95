"""One line of progress with the time that is left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

# On a terminal one line is rewritten; in a log file a new line is written this rarely.
TERMINAL_INTERVAL_S = 0.5
LOG_INTERVAL_S = 60.0


class Progress:
    """Progress of a long job on stderr. It never changes what the job computes.

    Parameters
    ----------
    total : float
        What `done` will be at the end: evaluations, steps, epochs.
    label : str
        What is running, such as "policy level/seed1".
    done : float
        Where the job starts, above 0 when it goes on from a checkpoint.
    stream : file, optional
        Where to write; stderr by default.
    """

    def __init__(self, total: float, label: str, done: float = 0, stream: TextIO | None = None):
        self.total, self.label = total, label
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._start_done, self._start_time = done, time.monotonic()
        self._written: float | None = None

    def update(self, done: float, text: str = "") -> None:
        """Report that `done` of `total` is done; `text` is the newest result."""
        now = time.monotonic()
        interval = TERMINAL_INTERVAL_S if self._is_terminal else LOG_INTERVAL_S
        finished = done >= self.total
        if self._written is not None and now - self._written < interval and not finished:
            return
        self._written = now
        line = f"{self.label}: {done:g}/{self.total:g} ({100 * done / self.total:.0f} %)"
        if text:
            line += f", {text}"
        left = self._time_left(done, now)
        if left is not None and not finished:
            line += f", {left} left"
        if self._is_terminal:
            # Clear to the end of the line, where a longer text may have stood.
            self._stream.write(f"\r{line}\x1b[K" + ("\n" if finished else ""))
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def _time_left(self, done: float, now: float) -> str | None:
        progress = done - self._start_done
        if progress <= 0:
            return None
        seconds = round((now - self._start_time) * (self.total - done) / progress)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds % 60:02d} s"
