"""The page to watch a run with."""

import os
import re
import shutil
import socket
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hand_made_runs import (
    FAST,
    FAST_POLICY,
    NOW_S,
    SLOW,
    SLOW_POLICY,
    event,
    job,
    params,
    status_of,
    write_result,
)

from exoflow.config import to_plain
from exoflow.figures.status import clock, headline, render_status
from exoflow.figures.status_conditions import (
    condition_statuses,
    is_grid,
    map_svg,
    read_outcome,
)
from exoflow.figures.status_curves import read_curves, read_table, thinned
from exoflow.figures.status_graph import graph_svg
from exoflow.records.file_memory import FileMemory
from exoflow.stages.status import summary

HOSTILE = '<script>alert("1")</script> & pelvis_ty = nan'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GRID = {
    f"v{speed}_s{slope}": {"speed_m_s": speed, "slope_deg": slope, "impairment": None}
    for speed in (1.0, 1.2, 1.4)
    for slope in (-2.0, 0.0, 2.0)
}


def fields_of(asked):
    return {
        name: {
            "speed_m_s": one.speed_m_s,
            "slope_deg": one.slope_deg,
            "impairment": to_plain(one.impairment) if one.impairment else None,
        }
        for name, one in asked.conditions.items()
    }


@pytest.fixture
def at_work(tmp_path):
    """A run with a job of every kind: done, at work with a curve so far, failed, waiting."""
    write_result(tmp_path, SLOW)
    log = tmp_path / "results/logs/reflex/fast.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"{HOSTILE}\n")
    learning = tmp_path / "results/logs/policy/slow/seed1.log"
    learning.parent.mkdir(parents=True)
    learning.write_text("policy slow/seed1: 256/512 (50 %), <b>cost</b> +2.7 %\n")
    live = tmp_path / ".exoflow/training/slow/seed1/dvclive/plots/metrics/evaluation"
    live.mkdir(parents=True)
    (live / "change_cot_pct.tsv").write_text("step\tchange_cot_pct\n0\t2.5\n256\t-1.25\n5")
    events = [
        event("began", NOW_S - 100, command=f"snakemake {HOSTILE}"),
        event("resources", NOW_S - 100, cores=2),
        event("planned", NOW_S - 100, outputs=[SLOW, FAST, SLOW_POLICY, FAST_POLICY]),
        *job(1, SLOW, NOW_S - 90, NOW_S - 50),
        *job(2, FAST, NOW_S - 90, None),
        event("failed", NOW_S - 60, job=2, output=FAST),
        *job(3, SLOW_POLICY, NOW_S - 40, None),
    ]
    return tmp_path, events


def page_of(root, events, living="a"):
    return render_status(status_of(root, events, living), fields_of(params()), root)


class Elements(HTMLParser):
    """Names of all elements, with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_page_tells_every_state(at_work):
    page = page_of(*at_work)
    assert "Running: 1 of 9 jobs done, 1 failed" in page
    for words in ("1 running", "1 failed", "1 waiting", "1 done in this run"):
        assert words in page


def test_text_of_logs_and_commands_is_no_html(at_work):
    page = page_of(*at_work)
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(" in page
    assert "&lt;b&gt;cost&lt;/b&gt;" in page
    scripts = [attributes for tag, attributes in Elements(page).found if tag == "script"]
    assert len(scripts) == 1  # ours


def test_page_refers_to_nothing_outside_itself(at_work):
    page = page_of(*at_work)
    assert not re.search(r"https?://|//[a-z]", page.split("</script>")[0].split("<script>")[0])
    for tag, attributes in Elements(page).found:
        assert tag not in ("link", "img", "iframe", "object"), tag
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")


def test_failed_jobs_link_to_the_end_of_their_log(at_work):
    page = page_of(*at_work)
    assert '<a href="#log-1">reflex fast</a>' in page
    assert 'id="log-1"' in page
    assert "pelvis_ty = nan" in page


def test_page_of_a_killed_run_says_so_and_what_to_type(at_work):
    root, events = at_work
    began = event("began", NOW_S - 100, pid=1, born_s=1.0, host=socket.gethostname())
    page = page_of(root, [began, *events[1:]], None)
    assert "Ended without saying so" in page
    assert "exoflow recover" in page
    assert clock(NOW_S - 40) in page
    assert clock(NOW_S) in page  # when it was written


def test_page_of_a_run_at_work_is_read_again_soon_and_others_seldom(at_work):
    root, events = at_work
    assert '<meta http-equiv="refresh" content="5">' in page_of(root, events)
    ended = page_of(root, [*events, event("ended", NOW_S - 1)], None)
    assert '<meta http-equiv="refresh" content="60">' in ended
    assert 'id="silent"' not in ended


def test_curves_so_far_come_from_scratch_while_a_training_is_at_work(at_work):
    root, events = at_work
    curves = read_curves(status_of(root, events, "a"), root, FileMemory())
    assert [one.name for one in curves] == ["slow/seed1"]
    assert curves[0].is_learning
    # The last line is still being written.
    assert curves[0].points["change_cot_pct"] == [(0.0, 2.5), (256.0, -1.25)]


def test_curves_of_finished_trainings_come_from_their_results(tmp_path):
    write_result(tmp_path, SLOW_POLICY)
    csv = SLOW_POLICY.replace(".npz", ".csv")
    write_result(tmp_path, csv, "step,reward_mean,change_cot_pct\n0,,2\n256,-0.5,nan\n")
    curves = read_curves(status_of(tmp_path, []), tmp_path, FileMemory())
    assert not curves[0].is_learning
    assert curves[0].points == {"change_cot_pct": [(0.0, 2.0)], "reward_mean": [(256.0, -0.5)]}


def test_a_table_that_cannot_be_read_has_no_rows(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"step,reward_mean\n\xff\xfe,1\n")
    assert read_table(tmp_path / "a.csv") == []


def test_thinned_curves_keep_their_ends():
    points = [(float(k), float(k)) for k in range(1000)]
    kept = thinned(points, 24)
    assert (len(kept), kept[0], kept[-1]) == (24, points[0], points[-1])
    assert thinned(points[:24], 24) == points[:24]


def conditions_of(root, fields):
    return condition_statuses(status_of(root, []), fields, root, FileMemory())


def test_several_speeds_and_slopes_are_a_map_and_others_a_table(tmp_path):
    grid = conditions_of(tmp_path, GRID)
    assert is_grid(grid)
    assert map_svg(grid).count('class="cell') == 9
    assert not is_grid(conditions_of(tmp_path, fields_of(params())))  # one slope
    twice = {**GRID, "again": GRID["v1.0_s0.0"]}
    assert not is_grid(conditions_of(tmp_path, twice))  # two at one place
    diagonal = {name: GRID[name] for name in ("v1.0_s-2.0", "v1.2_s0.0", "v1.4_s2.0")}
    assert not is_grid(conditions_of(tmp_path, diagonal))  # a third of the places


def test_a_map_shows_what_was_saved_and_why_there_is_nothing(tmp_path):
    write_result(
        tmp_path, "results/metabolics/v1.0_s0.0.json",
        '{"status": "ok", "groups": {"policy": {"change_cot_pct": {"iqm": -3.14}}}}',
    )  # fmt: skip
    write_result(
        tmp_path, "results/reflex/v1.2_s0.0.json", '{"status": "no_gait", "reason": "falls <2 s"}'
    )
    drawn = map_svg(conditions_of(tmp_path, GRID))
    assert "−3.1" in drawn
    assert "no_gait: falls &lt;2 s" in drawn


@pytest.mark.parametrize("text", ["{", "[]", '{"groups": {"policy": null}}', '{"groups": 3}'])
def test_results_that_say_nothing_are_passed_over(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert not read_outcome(tmp_path / "a.json").get("change_pct")


def test_many_jobs_are_squares_and_few_have_their_names(tmp_path):
    few = graph_svg(status_of(tmp_path, []))
    assert ">slow/seed1</text>" in few
    conditions = {
        f"c{k}": {"speed_m_s": 1.0, "seeds": [1], "warm_start": "cold"} for k in range(120)
    }
    export = {"policies": [], "targets": ["host"]}
    many = status_of(tmp_path, [], asked=params(conditions=conditions, export=export))
    drawn = graph_svg(many)
    assert ">c7/seed1</text>" not in drawn
    assert drawn.count('class="node') == 3 * 120 + 2
    page = render_status(many, fields_of(params(conditions=conditions, export=export)), tmp_path)
    assert len(page) < 200_000


def test_headline_of_a_folder_without_a_run(tmp_path):
    assert headline(status_of(tmp_path, [])) == "Nothing runs: 0 of 9 jobs done"


def test_summary_fits_a_terminal_and_names_what_runs_and_what_failed(at_work):
    root, events = at_work
    lines = summary(status_of(root, events, "a")).splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == "Running: 1 of 9 jobs done, 1 failed"
    assert any(line.startswith("running: policy slow/seed1, for 40 s") for line in lines)
    assert "failed: reflex fast, results/logs/reflex/fast.log" in lines


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the page is not drawn")
def test_a_browser_without_network_draws_the_page_and_warns_of_silence(at_work, tmp_path):
    file = tmp_path / "status.html"

    def drawn(written_s):
        status = status_of(*at_work, "a", now_s=written_s)
        file.write_text(render_status(status, fields_of(params()), at_work[0]))
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=1000", "--dump-dom", file.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    fresh, old = drawn(time.time()), drawn(time.time() - 300)
    assert ">slow/seed1</text>" in fresh
    assert re.search(r'id="silent" hidden', fresh)
    assert not re.search(r'id="silent" hidden', old)


def test_memory_reads_a_file_again_only_when_it_has_changed(tmp_path):
    file, reads = tmp_path / "a", []

    def read(path: Path) -> str:
        reads.append(path)
        return path.read_text()

    memory = FileMemory()
    assert memory.get(file, read) is None
    file.write_text("one")
    assert (memory.get(file, read), memory.get(file, read), len(reads)) == ("one", "one", 1)
    file.write_text("other")
    os.utime(file, ns=(1, 1))
    assert memory.get(file, read) == "other"
