"""DVC beside Snakemake: what it declares, compares and tries out."""

from pathlib import Path

import pytest

from exoflow.config import PHASES, read_yaml

ROOT = Path(__file__).parents[2]
DVC = read_yaml(ROOT / "dvc.yaml")


def test_there_is_one_stage_per_phase():
    assert list(DVC["stages"]) == list(PHASES)


@pytest.mark.parametrize("phase", PHASES.values(), ids=lambda phase: phase.name)
def test_stage_depends_on_what_the_rule_depends_on(phase):
    stage = DVC["stages"][phase.name]
    code = {f"workflow/exoflow/{room}" for room in phase.rooms}
    data = {f"data/{folder}" for folder in phase.data}
    named = {dep for dep in stage["deps"] if dep.count("/") == 2 and dep.startswith("workflow")}
    assert {dep for dep in named if not dep.endswith(".py")} == code
    assert {dep for dep in stage["deps"] if dep.startswith("data/")} == data
    assert f"workflow/exoflow/stages/{phase.name}.py" in stage["deps"]
    assert stage["params"] == list(phase.sections)
    assert stage["outs"] == [{f"results/{phase.name}": {"persist": True}}]


def test_no_remote_and_no_analytics():
    config = (ROOT / ".dvc/config").read_text()
    assert "analytics = false" in config
    assert "remote" not in config


@pytest.mark.slow
@pytest.mark.long
def test_no_results_of_a_deleted_condition_are_recorded(recorded_copy):
    params = (recorded_copy.folder / "params.yaml").read_text().splitlines(keepends=True)
    kept = [line for line in params if not line.startswith("  steep")]
    (recorded_copy.folder / "params.yaml").write_text("".join(kept))
    assert recorded_copy.jobs("dvc", "repro") == ["export", "report", "student"]
    results = recorded_copy.folder / "results"
    left = [str(file.relative_to(results)) for file in results.rglob("*steep*")]
    assert [name for name in left if not name.startswith("logs")] == []
    pruned = recorded_copy.folder / ".exoflow/pruned"
    assert (pruned / "reflex/steep.json").is_file()
    assert (pruned / "policy/steep/seed1.npz").is_file()


@pytest.mark.slow
def test_metrics_and_plots_are_found(recorded):
    shown = recorded.run("dvc", "metrics", "show")
    assert shown.returncode == 0
    assert "fast.policy_seed2.change_cot_pct" in shown.stdout
    plot = recorded.run("dvc", "plots", "show", "--show-vega", "learning")
    assert plot.returncode == 0, plot.stdout
    assert "fast/seed1" in plot.stdout
