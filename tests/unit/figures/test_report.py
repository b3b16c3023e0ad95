"""The report: complete, offline, honest about what is missing."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from exoflow.errors import CheckpointError
from exoflow.stages.report import run

SECTIONS = [
    "summary",
    "walking",
    "gait",
    "torque",
    "metabolics",
    "learning",
    "student",
    "export",
    "trial",
    "provenance",
]
# Attributes through which a page can load something.
LOADING = {"src", "href", "xlink:href", "data", "action", "poster", "srcset", "background"}


class Page(HTMLParser):
    """Ids, loading attributes, tags and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden += tag in ("script", "style")
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in LOADING and not (value or "").startswith(("#", "data:")):
                self.loaded.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def make_page(results: Path, settings: dict | None = None) -> tuple[str, Page]:
    """HTML of a report and what a reader finds in it."""
    output = run(results, results / "report" / "report.html", settings)
    html = output.read_text(encoding="utf-8")
    return html, Page(html)


@pytest.fixture(scope="module")
def whole(whole_results: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Page]:
    """The report of the whole results folder."""
    output = run(whole_results, tmp_path_factory.mktemp("report") / "report.html")
    html = output.read_text(encoding="utf-8")
    return html, Page(html)


def test_every_section_is_there(whole: tuple[str, Page]) -> None:
    _, page = whole
    assert [name for name in SECTIONS if name not in page.ids] == []


def test_page_loads_nothing(whole: tuple[str, Page]) -> None:
    html, page = whole
    assert page.loaded == []
    assert "link" not in page.tags and "iframe" not in page.tags and "img" not in page.tags
    assert re.findall(r"https?://", html) == []
    assert re.findall(r"@import|url\((?!#)", html) == []
    assert "default-src 'none'" in html


def test_every_picture_has_a_caption_and_ids_are_unique(whole: tuple[str, Page]) -> None:
    html, page = whole
    assert len(page.ids) == len(set(page.ids))
    # 3 conditions walk: stick figure, gait, torque, bars for each; the stick figure of the
    # fall; changes, learning, search, two of the student and the trial's.
    assert html.count("<svg") == 3 * 4 + 1 + 6
    assert page.tags.count("figure") == page.tags.count("figcaption")


def test_stick_figures_play_and_have_a_static_picture(whole: tuple[str, Page]) -> None:
    html, page = whole
    assert page.tags.count("canvas") == 4
    assert html.count('<script type="application/json">') == 4
    assert "<polyline" in html


def test_condition_without_gait_is_an_empty_place_with_its_reason(whole: tuple[str, Page]) -> None:
    html, page = whole
    assert "uphill does not walk: fell after 3.2 s in the best of 2500 evaluations" in page.text
    assert "No figure: no gait: fell after 3.2 s" in page.text
    assert "skipped: uphill has no gait" in page.text
    assert "Not a walk (no gait: fell after 3.2 s" in page.text
    assert 'class="empty span"' in html


def test_misses_are_called_misses(whole: tuple[str, Page]) -> None:
    # uphill has no gait, the slow policy saves nothing, and the student fails in two conditions.
    _, page = whole
    assert "4 requirements missed" in page.text
    assert "level_slow, policy (seed 1) shows no reduction of the cost of transport" in page.text
    assert "Student in weak_plantarflexors: the walker falls." in page.text


def test_low_correlation_is_a_miss_where_the_norm_holds(
    fake: SimpleNamespace, tmp_path: Path
) -> None:
    for condition in ("level", "weak_plantarflexors"):
        result = fake.reflex(condition)
        result["gait"]["ankle_r"] = 0.76
        fake.write(tmp_path / "reflex" / f"{condition}.json", result)
    _, page = make_page(tmp_path)
    assert "ankle 0.76; below the limit of ankle 0.80" in page.text
    assert "ankle 0.76 (the limits hold for a free level walk)" in page.text
    assert page.text.count("below the limit") == 1


def test_speed_off_target_is_a_miss(fake: SimpleNamespace, tmp_path: Path) -> None:
    result = fake.reflex("level")
    result["gait"]["speed_m_s"] = 1.2
    fake.write(tmp_path / "reflex" / "level.json", result)
    _, page = make_page(tmp_path)
    # 1.2 / 1.3 - 1 = -7.7 %
    assert (
        "walks 30 s without a fall at 1.20 m/s, −7.7 % from the 1.30 m/s asked for: "
        "more than 5 % off."
    ) in page.text


def test_trial_keeps_its_limits(whole: tuple[str, Page]) -> None:
    _, page = whole
    assert "LSTM-PPO: metabolic reduction 9.1 ± 3.9 %, 95 % interval 3.0 to 15.2 %" in page.text
    assert "with n = 4 no exact test can reach p < .05" in page.text
    assert "With n = 4 the smallest possible exact p is .125: < .05 is out of reach." in page.text
    assert "9.1 %" in page.text


def test_text_from_results_is_escaped(fake: SimpleNamespace, tmp_path: Path) -> None:
    attack = "<script>alert('x')</script>"
    name = "a<b>&c"
    fake.write(tmp_path / "reflex" / f"{name}.json", fake.reflex(name, "no_gait", attack))
    html, page = make_page(tmp_path, {"title": attack})
    assert attack not in html
    assert "alert" in page.text
    assert f"{name} does not walk: {attack}" in page.text
    assert "b" not in page.tags


def test_empty_folder_gives_a_report_of_absences(tmp_path: Path) -> None:
    _, page = make_page(tmp_path)
    assert [name for name in SECTIONS if name not in page.ids] == []
    assert "No condition has a result yet." in page.text
    assert "The trial phase has not run." in page.text
    assert "the export phase has not run" in page.text


def test_what_was_asked_for_and_has_not_run_is_shown(fake: SimpleNamespace, tmp_path: Path) -> None:
    settings = {
        "conditions": {"level": fake.conditions["level"]},
        "exported": ["level_seed1"],
        "studies": ["barati"],
        "student": False,
    }
    _, page = make_page(tmp_path, settings)
    assert "level: the reflex phase has not run." in page.text
    assert "target 1.30 m/s" in page.text
    assert "level_seed1: the export phase has not run" in page.text
    assert "barati: the trial phase has not run" in page.text
    assert "No student: switched off in params.yaml." in page.text


def test_conditions_stand_in_the_order_asked_for(fake: SimpleNamespace, tmp_path: Path) -> None:
    for name in ("level", "uphill", "downhill"):
        result = fake.reflex(name, "no_gait", "fell")
        fake.write(tmp_path / "reflex" / f"{name}.json", result)
    html, _ = make_page(tmp_path, {"conditions": ["uphill", "level"]})
    heads = re.findall(r'<th scope="row">([^<]*)</th>', html)[:3]
    assert heads == ["uphill", "level", "downhill"]


@pytest.mark.parametrize(
    "kept", ["reflex", "policy", "metabolics", "student", "export", "trial", "runs"]
)
def test_each_phase_can_stand_alone(results_folder: Path, kept: str) -> None:
    for folder in results_folder.iterdir():
        if folder.name != kept:
            shutil.rmtree(folder)
    _, page = make_page(results_folder)
    assert [name for name in SECTIONS if name not in page.ids] == []


def test_results_with_bare_keys_do_not_break_the_page(
    fake: SimpleNamespace, tmp_path: Path
) -> None:
    for phase in ("reflex", "metabolics"):
        bare = {"phase": phase, "status": "ok", "reason": None, "condition": "level"}
        fake.write(tmp_path / phase / "level.json", bare)
    for path in ("policy/level/seed1", "student/student", "export/x", "trial/y"):
        fake.write(tmp_path / f"{path}.json", {"status": "ok", "reason": None})
    _, page = make_page(tmp_path)
    assert "not recorded" in page.text
    assert "no gait cycle was recorded" in page.text


def test_same_results_give_the_same_bytes(
    fake: SimpleNamespace, results_folder: Path, whole: tuple[str, Page]
) -> None:
    first, _ = whole
    fake.write(
        results_folder / "runs" / "report" / "report.run.json",
        {"phase": "report", "name": "report", "commit": "f" * 40, "wall_time_s": 2.0},
    )
    second, _ = make_page(results_folder)
    assert first == second


def test_provenance_names_commit_and_versions(whole: tuple[str, Page]) -> None:
    _, page = whole
    assert "0123456789ab + uncommitted params" in page.text
    assert "mujoco 4.0.0" in page.text
    assert "CC BY-SA 4.0" in page.text


def test_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such results folder"):
        run(tmp_path / "nowhere", tmp_path / "report.html")


@pytest.mark.parametrize("path", ["reflex/level.json", "student/student.json"])
def test_truncated_result_is_named(results_folder: Path, path: str) -> None:
    (results_folder / path).write_text('{"status": "o', encoding="utf-8")
    with pytest.raises(CheckpointError, match=path):
        run(results_folder, results_folder / "report.html")


def test_damaged_trajectory_is_named(results_folder: Path) -> None:
    (results_folder / "reflex" / "level.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(CheckpointError, match=r"level\.parquet"):
        run(results_folder, results_folder / "report.html")


def test_fallen_controller_has_no_bar_and_no_change(fake: SimpleNamespace, tmp_path: Path) -> None:
    fake.write(tmp_path / "reflex" / "level.json", fake.reflex("level"))
    result = fake.metabolics("level")
    result["controllers"]["policy_seed1"] = {"fell": True, "fall_time_s": 4.25}
    fake.write(tmp_path / "metabolics" / "level.json", result)
    _, page = make_page(tmp_path)
    assert "level, policy (seed 1): the walker falls after 4.2 s." in page.text
    assert "lowers the cost of transport in 0 of 1 evaluated" in page.text


def test_fall_on_a_slope_is_a_miss_and_the_interval_over_seeds_is_shown(
    fake: SimpleNamespace, tmp_path: Path
) -> None:
    fake.write(tmp_path / "reflex" / "level.json", fake.reflex("level"))
    result = fake.metabolics("level")
    policy = result["controllers"]["policy_seed1"]
    policy["walks"][2] = {"fell": True, "fall_time_s": 4.25, "slope_change_deg": 1.0}
    policy |= {"fell": True, "fall_time_s": 4.25, "fall_fraction": 1 / 3}
    interval = {"mean": -6.0, "ci95": [-8.0, -4.0]}
    result["groups"] = {
        "policy": {"n": 2, "n_fell": 1, "change_cot_pct": interval, "change_power_pct": interval}
    }
    fake.write(tmp_path / "metabolics" / "level.json", result)
    _, page = make_page(tmp_path)
    assert (
        "level, policy (seed 1): the walker falls in 1 of 3 walks, first after 4.2 s; "
        "cost of transport in the others −6.4 %."
    ) in page.text
    assert "lowers the cost of transport in 0 of 1 evaluated" in page.text
    assert "policies of 2 seeds: cost of transport −6.0 [−8.0, −4.0] %" in page.text
    assert "1 of them fall in some walk, and only what stands counts." in page.text
    assert "Walks that stand" in page.text and "2/3" in page.text
    assert "Lag, flexion (ms)" in page.text and "124" in page.text


def test_curve_without_evaluations_still_draws(fake: SimpleNamespace, tmp_path: Path) -> None:
    summary = {"status": "ok", "reason": None, "kind": "mlp", "steps": 100_000}
    fake.write(tmp_path / "policy" / "level" / "seed1.json", summary)
    curve = fake.curve().drop(columns=["change_cot_pct", "fall_fraction"])
    curve.to_csv(tmp_path / "policy" / "level" / "seed1.csv", index=False)
    html, page = make_page(tmp_path)
    assert "never evaluated" in page.text
    assert html.count("<svg") == 1


def test_controllers_without_costs_say_why(fake: SimpleNamespace, tmp_path: Path) -> None:
    fake.write(tmp_path / "reflex" / "level.json", fake.reflex("level"))
    result = fake.metabolics("level")
    result["controllers"]["policy_seed1"] = {"skipped": "no policy for level"}
    result["controllers"]["dofc"] = {"fell": False, "fall_time_s": None, "n_strides": 1}
    fake.write(tmp_path / "metabolics" / "level.json", result)
    _, page = make_page(tmp_path)
    assert "level, policy (seed 1): skipped: no policy for level." in page.text
    assert "only 1 whole strides" in page.text
    assert "no learned policy was evaluated" in page.text
