"""A DVC stage records only what its settings, code and data made."""

import pytest

from exoflow.config import read_yaml

pytestmark = pytest.mark.slow


def repro_while(project, edit):
    """Edit something while the first job of `dvc repro reflex` is at work."""
    running = project.start_and_hold("dvc", "repro", "reflex")
    try:
        edit()
    finally:
        project.let_go()
        output, _ = running.communicate(timeout=120)
    return running.returncode, output


def test_params_edited_while_a_stage_runs_are_not_recorded_for_its_results(versioned):
    def edit():
        versioned.edit("params.yaml", "speed_m_s: 1.3", "speed_m_s: 1.35")

    code, output = repro_while(versioned, edit)
    assert code != 0
    lines = [line for line in output.splitlines() if line.startswith("exoflow: error:")]
    assert len(lines) == 1
    assert "params.yaml: conditions.fast.speed_m_s was edited while reflex ran" in lines[0]
    assert not (versioned.folder / "dvc.lock").exists()
    assert (versioned.folder / "results/reflex/fast.json").exists(), "nothing finished is lost"
    assert versioned.jobs("dvc", "repro", "reflex") == ["reflex fast"]
    recorded = read_yaml(versioned.folder / "dvc.lock")["stages"]["reflex"]["params"]
    assert recorded["params.yaml"]["conditions"]["fast"]["speed_m_s"] == 1.35


def test_code_edited_while_a_stage_runs_is_not_recorded_for_its_results(versioned):
    source = versioned.folder / "workflow/exoflow/gait/__init__.py"
    code, output = repro_while(versioned, lambda: source.write_text('"""Edited."""\n'))
    assert code != 0
    assert "workflow/exoflow/gait/__init__.py was edited while reflex ran" in output
    assert not (versioned.folder / "dvc.lock").exists()


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "reflink,hardlink,copy"])
def test_links_into_the_cache_are_refused_with_the_setting_and_the_remedy(versioned, kind):
    assert versioned.run("dvc", "config", "--local", "cache.type", kind).returncode == 0
    done = versioned.run("dvc", "repro", "trial")
    assert done.returncode != 0
    assert f"exoflow: error: DVC's cache.type is {kind}" in done.stdout
    assert "dvc config --unset cache.type" in done.stdout
    assert not (versioned.folder / "jobs.txt").exists()
