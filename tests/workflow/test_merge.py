"""The recipe of docs/workflow.md for two branches that changed one condition each."""

import pytest

pytestmark = pytest.mark.slow


def run_and_commit(project, branch, old, new):
    project.git("checkout", "-q", "-b", branch, "start")
    assert project.run("dvc", "checkout").returncode == 0
    project.edit("params.yaml", old, new)
    project.snakemake("--cores", "2")
    assert project.run("exoflow", "record").returncode == 0
    project.commit(branch)


@pytest.mark.long
def test_the_recipe_ends_with_both_engines_at_rest_and_a_clean_audit(recorded_copy):
    project = recorded_copy
    project.git("branch", "start")
    run_and_commit(project, "theirs", "speed_m_s: 1.3", "speed_m_s: 1.35")
    run_and_commit(project, "ours", "speed_m_s: 1.0, seeds", "speed_m_s: 0.95, seeds")
    conflicts = project.git("merge", "theirs", code=1)
    assert "dvc.lock" in conflicts
    assert ".snakemake/metadata" in conflicts
    damaged = project.run("exoflow", "audit")
    assert damaged.returncode == 2
    assert len([line for line in damaged.stdout.splitlines() if "error" in line]) == 1

    project.git("checkout", "--ours", "--", "dvc.lock", ".snakemake")
    params = (project.folder / "params.yaml").read_text()
    if "<<<<<<<" in params:
        lines = params.splitlines(keepends=True)
        start, end = lines.index("<<<<<<< HEAD\n"), lines.index(">>>>>>> theirs\n")
        lines[start : end + 1] = [
            "  slow: {speed_m_s: 0.95, seeds: [1], warm_start: data/reflexes/start.csv}\n",
            "  fast: {speed_m_s: 1.35, seeds: [1, 2], warm_start: cold}\n",
        ]
        (project.folder / "params.yaml").write_text("".join(lines))
    assert project.run("dvc", "checkout", "--force").returncode == 0
    pruned = project.run("exoflow", "prune", "--unproven")
    assert pruned.returncode == 0, pruned.stdout
    jobs = project.jobs("snakemake", "--cores", "2")
    assert "reflex fast" in jobs
    assert "reflex slow" not in jobs
    recorded = project.run("exoflow", "record")
    assert recorded.returncode == 0, recorded.stdout
    project.commit("merged")
    audit = project.run("exoflow", "audit")
    assert audit.returncode == 0, audit.stdout
    assert "55 current, 0 stale, 0 unproven, 0 orphaned" in audit.stdout
    assert project.jobs("snakemake", "--cores", "2") == []
    assert "up to date" in project.run("dvc", "status").stdout
