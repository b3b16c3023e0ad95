"""Experiments of DVC, comparing them, and repeating a condition."""

import json

import pytest

pytestmark = pytest.mark.slow


def one_line(done, text):
    """The command ended with one line of ours that holds a text."""
    assert done.returncode == 2, done.stdout
    ours = [line for line in done.stdout.splitlines() if line.startswith("exoflow: error:")]
    assert len(ours) == 1, done.stdout
    assert text in ours[0]
    assert "Traceback" not in done.stdout


def told(done):
    """The JSON that a command printed, Snakemake's lines before it left out."""
    return json.loads(done.stdout[done.stdout.index("\n{\n") if done.stdout[0] != "{" else 0 :])


@pytest.mark.long
def test_a_queued_experiment_with_a_new_seed_runs_its_own_code_and_is_proven_once_applied(
    recorded_copy,
):
    queue = ("dvc", "exp", "run", "-q", "--queue", "-n", "seeded")
    done = recorded_copy.run(*queue, "-S", "conditions.fast.seeds=[1,2,3]")
    assert done.returncode == 0, done.stdout
    # The copy has the code of the commit, whatever is edited here before the queue starts.
    edited = recorded_copy.folder / "workflow/exoflow/ledgers/stage_guard.py"
    edited.write_text("raise SystemExit('the code of another folder ran')\n")
    done = recorded_copy.run("dvc", "exp", "run", "--run-all")
    shown = recorded_copy.run("dvc", "exp", "show", "--csv").stdout
    assert "seeded" in shown
    assert "Failed" not in shown, recorded_copy.run("dvc", "queue", "logs", "seeded").stdout
    recorded_copy.git("checkout", "--", "workflow")
    assert recorded_copy.states() == {"current"}, "the workspace is as it was"

    done = recorded_copy.run("exoflow", "compare", "HEAD", "seeded", "--json")
    found = told(done)
    assert found["settings"] == {
        "conditions.fast.seeds": {"HEAD": [1, 2], "seeded": [1, 2, 3]},
    }
    policy = found["metrics"]["fast.policy.change_cot_pct"]
    assert (policy["HEAD"]["n"], policy["seeded"]["n"]) == (2, 3)
    assert not [key for key in found["metrics"] if key.startswith("slow")], "no difference there"
    page = (recorded_copy.folder / ".exoflow/compare/HEAD..seeded.html").read_text()
    assert "metabolics/fast.svg" in page
    assert "metabolics/slow.svg" not in page

    done = recorded_copy.run("dvc", "exp", "apply", "seeded")
    assert done.returncode == 0, done.stdout
    changed = recorded_copy.run("dvc", "metrics", "diff").stdout
    assert "fast.policy_seed3.change_cot_pct" in changed
    assert (recorded_copy.folder / "results/policy/fast/seed3.npz").exists()
    assert recorded_copy.states() == {"current"}
    assert "Nothing to be done" in recorded_copy.snakemake("-n")


def test_compare_reads_revisions_in_place_and_says_what_the_workspace_is_worth(
    recorded_copy, tmp_path
):
    (recorded_copy.folder / "cache").mkdir(exist_ok=True)
    (recorded_copy.folder / "cache/.gitignore").write_text("*")  # of drawing programs
    done = recorded_copy.run("exoflow", "compare")
    assert done.returncode == 0, done.stdout
    assert "settings: no difference" in done.stdout
    assert "metrics: no difference" in done.stdout
    assert recorded_copy.git("status", "--porcelain") == "", "nothing was checked out"
    recorded_copy.change_speed()
    done = recorded_copy.run("exoflow", "compare", "HEAD")
    assert "conditions.fast.speed_m_s" in done.stdout
    note = "not of these settings and code: results/reflex/fast.json and"
    assert note in " ".join(done.stdout.split())
    one_line(recorded_copy.run("exoflow", "compare", "worcspace"), "Did you mean workspace?")
    done = recorded_copy.run("exoflow", "compare", "--output", "results/report/a.html")
    one_line(done, "results/ is what DVC records")
    clone = type(recorded_copy)(tmp_path / "clone")
    recorded_copy.git("clone", "-q", ".", str(clone.folder))
    one_line(clone.run("exoflow", "compare"), "dvc fetch")


def test_a_replay_of_a_condition_is_equal_or_says_how_far_off(recorded_copy):
    replay = ("exoflow", "replay", "--cores", "2", "--condition")
    done = recorded_copy.run(*replay, "slow", "--json")
    assert done.returncode == 0, done.stdout
    found = told(done)
    assert "results/policy/slow/seed1.npz" in found["files"]
    assert "results/policy/fast/seed1.npz" not in found["files"]
    assert all(one["recorded"] == one["replayed"] for one in found["files"].values())
    assert not found["same_kind_of_computer"], "the stand-in writes no run records"
    # Steep starts from slow, which a clean folder does not have: both are made again.
    recorded_copy.jobs(*replay, "steep", "--phase", "reflex", "--experiment", "HEAD")
    (ran,) = (recorded_copy.folder / ".exoflow/replay").glob("steep-*/jobs.txt")
    assert ran.read_text().split("\n")[-3:-1] == ["reflex slow", "reflex steep"]
    assert recorded_copy.states() == {"current"}, "the workspace is as it was"

    recorded_copy.edit("bin/exoflow", "[:6], 16) / 1e6", "[:6], 16) / 1e5")
    done = recorded_copy.run(*replay, "slow", "--phase", "reflex")
    assert done.returncode == 1, done.stdout
    assert "! gait speed_m_s" in done.stdout
    recorded_copy.edit("bin/exoflow", "[:6], 16) / 1e5", "[:6], 16) / 1e6")
    one_line(recorded_copy.run(*replay, "slwo"), "Did you mean slow?")
    recorded_copy.change_speed()
    one_line(recorded_copy.run(*replay, "fast"), "exoflow why results/reflex/fast.json")
    (recorded_copy.folder / "results/reflex/slow.json").unlink()
    one_line(recorded_copy.run(*replay, "slow"), "has not been recorded")


@pytest.mark.parametrize("command", ["push", "pull"])
def test_a_wrong_remote_is_named_in_one_line(recorded, command):
    done = recorded.run("dvc", command, "-r", "nosuch")
    assert done.returncode == 1
    errors = [line for line in done.stdout.splitlines() if line.startswith("ERROR")]
    assert len(errors) == 1
    assert "remote 'nosuch' doesn't exist" in errors[0]
