import io
import re

from exoflow.records.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_log_file_gets_a_line_at_first_and_one_at_the_end():
    stream = io.StringIO()
    progress = Progress(100, "policy level/seed1", stream=stream)
    for done in range(0, 101, 10):
        progress.update(done, "cost -1.0 %")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "policy level/seed1: 0/100 (0 %), cost -1.0 %"
    assert lines[-1] == "policy level/seed1: 100/100 (100 %), cost -1.0 %"
    assert len(lines) == 2


def test_terminal_rewrites_one_line_and_tells_the_time_left():
    stream = Terminal()
    progress = Progress(10, "student", stream=stream)
    progress.update(5)
    progress.update(10)
    text = stream.getvalue()
    assert text.count("\n") == 1 and text.startswith("\rstudent: 5/10 (50 %)")
    assert re.search(r"\d+ min \d\d s left", text)


def test_time_left_counts_from_where_a_resumed_job_began():
    progress = Progress(100, "x", done=90, stream=io.StringIO())
    assert progress._time_left(90, progress._start_time + 5) is None
    # 5 of the last 10 took 60 s, so 5 more take 60 s.
    assert progress._time_left(95, progress._start_time + 60) == "1 min 00 s"
