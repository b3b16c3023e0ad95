"""The driver of kill points draws the same for a seed, and goes on where it was killed."""

import json
from pathlib import Path

import kill_points
import pytest
import yaml

STARTS = tuple(kill_points.STARTS)
CONFIG = Path(__file__).parents[3] / "config"


def test_a_seed_draws_the_same_points_whatever_was_drawn_before():
    first = [kill_points.draw(1, point, 0, STARTS) for point in range(20)]
    assert kill_points.draw(1, 7, 0, STARTS) == first[7]
    assert kill_points.draw(2, 7, 0, STARTS) != first[7]
    assert kill_points.draw(1, 7, 1, STARTS) != first[7]


def test_fifty_points_kill_everything_there_is_to_kill():
    drawn = [kill_points.draw(1, point, 0, STARTS) for point in range(50)]
    for engine, targets in kill_points.TARGETS.items():
        assert {one.target for one in drawn if one.engine == engine} == set(targets)
    assert {one.start for one in drawn} == set(STARTS)
    assert all(0.0 <= one.fraction < 1.0 for one in drawn)


def test_a_killed_driver_goes_on_after_its_last_whole_line(tmp_path):
    points = tmp_path / "points.jsonl"
    assert kill_points.read_lines(points) == []
    kill_points.append_line(points, {"point": 0})
    points.write_text(points.read_text() + '{"point": 1, "sta')
    assert kill_points.read_lines(points) == [{"point": 0}]
    kill_points.append_line(points, {"point": 1})
    assert [json.loads(line)["point"] for line in points.read_text().splitlines()] == [0, 1]
    assert kill_points.missing_points(kill_points.read_lines(points), 4) == [2, 3]
    assert kill_points.missing_points([{"point": 0}, {"point": 2}], 4) == [1, 3]


@pytest.mark.parametrize("config", ["toy", "ci"])
@pytest.mark.parametrize("change", [change for change in kill_points.STARTS.values() if change])
def test_a_start_differs_by_one_setting(config, change):
    text = (CONFIG / f"{config}.yaml").read_text()
    section, key, value = change
    expected = yaml.safe_load(text)
    expected[section][key] = value
    assert yaml.safe_load(kill_points.with_setting(text, section, key, value)) == expected


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("python /venv/bin/exoflow policy --seed 1", "worker policy"),
        ("/bin/sh /folder/bin/exoflow reflex", "worker reflex"),
        ("python /venv/bin/exoflow stage reflex -- snakemake", "exoflow stage"),
        ("python /venv/bin/snakemake --cores 2", "snakemake"),
        ("python /venv/bin/dvc repro", "dvc"),
        ("/bin/bash -c exoflow policy", None),
        ("git status", None),
        ("sleep", None),
    ],
)
def test_processes_are_known_by_their_command(line, role):
    assert kill_points.role_of(line.split()) == role


def test_an_output_is_read_from_the_place_of_its_record():
    for output in ("results/reflex/level.json", f"results/{'long/' * 60}level.json"):
        place = kill_points.record_place(Path(), output, Path())
        assert kill_points.output_of_record(place) == output


def test_the_first_snakemake_and_the_last_job_are_killed():
    roles = [(1, "dvc"), (2, "snakemake"), (3, "snakemake"), (4, "worker reflex"), (5, "worker x")]
    assert kill_points.chosen(roles, "snakemake") == (2, "snakemake")
    assert kill_points.chosen(roles, "worker") == (5, "worker x")
    assert kill_points.chosen(roles, "group") == (None, "group")
    assert kill_points.chosen(roles[:3], "worker") == (None, "")
