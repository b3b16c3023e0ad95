"""The command line: help, one-line errors, exit codes, and what reaches the stages."""

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from exoflow import cli
from exoflow.cli import phases as phase_commands
from exoflow.config import PHASES, load_params, phase_settings, settings_json
from exoflow.config.params import SECTIONS
from exoflow.errors import SimulationError, UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with params.yaml, config/ and a finished gait and policy."""
    (tmp_path / "config").mkdir()
    for name in ("params.yaml", "config/default.yaml", "config/toy.yaml", "config/ci.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    for name in ("reflex/level.json", "policy/level/seed1.npz"):
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """Stages that only note what they are called with; a stage may be given an error to raise."""
    noted = types.SimpleNamespace(arguments=None, error=None)

    def run(**arguments):
        noted.arguments = arguments
        if noted.error is not None:
            raise noted.error

    tools = ("simulate", "adapt", "view", "robustness", "speeds", "model_geometry", "bench")
    for name in (*PHASES, *tools):
        stage = types.ModuleType(f"exoflow.stages.{name}")
        stage.run = run
        monkeypatch.setitem(sys.modules, stage.__name__, stage)
        monkeypatch.setattr(f"exoflow.stages.{name}", stage, raising=False)
    return noted


def run(capsys, *arguments) -> tuple[int, str, str]:
    try:
        code = cli.main(list(arguments))
    except SystemExit as ended:
        code = ended.code
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_help_explains_the_phases_in_order_on_80_columns(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    places = [out.index(f"{number}. {name} ") for number, name in enumerate(PHASES, start=1)]
    assert places == sorted(places)
    assert all(len(line) <= 80 for line in out.splitlines())
    assert all(name in out for name in cli.COMMANDS)
    assert run(capsys)[1] == out, "no command shows the same"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_on_80_columns(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert out.startswith(f"usage: exoflow {command}")
    assert all(len(line) <= 80 for line in out.splitlines())


def test_help_loads_none_of_the_big_packages():
    code = (
        "import sys; from exoflow.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'torch', 'numba', 'mujoco', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["reflx"], "reflx is not a command. Did you mean reflex? See: exoflow --help"),
        (
            ["reflex"],
            "the following arguments are required: --condition. See: exoflow reflex --help",
        ),
        (["reflex", "--condition", "../x"], "argument --condition: '../x' is not an id"),
        (
            ["reflex", "--condition", "levl"],
            "params.yaml: levl is not a condition. Known: level_slow, level, uphill,",
        ),
        (["policy", "--condition", "uphill"], "--gait results/reflex/uphill.json: no such file."),
        (
            ["reflex", "--condition", "level", "--settings", "{a"],
            "--settings: not valid JSON: Expecting property name enclosed in double quotes at "
            "character 2.",
        ),
        (
            ["reflex", "--condition", "level", "--settings", '{"reflex": {}}'],
            "--settings: condition, model missing. Needed: condition, model, reflex.",
        ),
        (["trial", "--study", "none.yaml"], "--study none.yaml: no such file."),
        (["hash", "none.json"], "none.json: no such file or folder."),
        (
            ["simulate", "--gait", "results/reflex/level.json", "--exo", "of", "--output", "x"],
            "--exo of: neither a weights file nor none, off, zero_torque, dofc. Did you mean off?",
        ),
        (["view", "--gait", "none.json"], "--gait none.json: no such file."),
        (
            ["simulate", "--gait", "x", "--output", "x", "--duration", "-1"],
            "argument --duration: -1 is not a number above 0.",
        ),
        (
            ["robustness", "--gait", "results/reflex/levl.json"],
            "--gait results/reflex/levl.json: no such file. Gaits: results/reflex/ID.json.",
        ),
        (
            ["robustness", "--gait", "x", "--timesteps", "1,5"],
            "argument --timesteps: 5 ms is outside 0.1..2 ms.",
        ),
        (
            ["robustness", "--gait", "x", "--timesteps", "1,1"],
            "argument --timesteps: 1,1 names a time step twice.",
        ),
        (
            ["robustness", "--gait", "x", "--pushes", "-3"],
            "argument --pushes: -3 is not a whole number from 0 on.",
        ),
        (
            ["robustness", "--gait", "x", "--threads", "0"],
            "argument --threads: 0 is not a whole number from 1 on.",
        ),
        (
            ["speeds", "--policy", "none.npz", "--gaits", "results/reflex/level.json"],
            "--policy none.npz: no such file. Policies: results/policy/ID/seedN.npz.",
        ),
        (
            ["speeds", "--policy", "results/policy/level/seed1.npz", "--gaits", "x.json"],
            "--gaits x.json: no such file. Gaits: results/reflex/ID.json.",
        ),
        (["params", "use", "tiny"], "config/tiny.yaml: no such file."),
        (["prune", "walk"], "argument PHASE: invalid choice: 'walk'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(folder, calls, capsys, arguments, expected):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith(f"exoflow: error: {expected}")
    assert len(err.splitlines()) == 1
    assert calls.arguments is None


def test_reflex_gets_the_settings_of_params_yaml(folder, calls, capsys):
    assert run(capsys, "reflex", "--condition", "level")[0] == 0
    assert calls.arguments == {
        "settings": phase_settings(load_params(), "reflex", "level"),
        "condition": "level",
        "output": Path("results/reflex/level.json"),
    }


def test_settings_written_by_the_rule_give_the_same_job(folder, calls, capsys):
    for phase in ("reflex", "policy", "metabolics"):
        text = settings_json(load_params(), phase, "level", 1)
        run(capsys, phase, "--condition", "level", "--settings", text)
        assert calls.arguments["settings"] == phase_settings(load_params(), phase, "level", 1)


def test_threads_of_the_command_line_win(folder, calls, capsys):
    run(capsys, "reflex", "--condition", "level", "--threads", "5")
    assert calls.arguments["settings"]["reflex"]["threads"] == 5


def test_a_misspelt_key_in_settings_is_refused(folder, calls, capsys):
    settings = json.loads(settings_json(load_params(), "reflex", "level"))
    settings["reflex"]["evaluation"] = 5
    code, _, err = run(capsys, "reflex", "--condition", "level", "--settings", json.dumps(settings))
    assert code == 2
    assert "--settings: reflex.evaluation is not a setting. Did you mean evaluations?" in err


def test_a_gait_that_starts_from_another_gets_its_file(folder, calls, capsys):
    sections = "".join(f"{name}: {{}}\n" for name in SECTIONS)
    (folder / "params.yaml").write_text(
        "conditions:\n  level: {speed_m_s: 1.3}\n  steep: {speed_m_s: 1, start_from: level}\n"
        + sections
    )
    assert run(capsys, "reflex", "--condition", "steep")[0] == 0
    assert calls.arguments["start_from"] == Path("results/reflex/level.json")


def test_metabolics_takes_the_policies_of_all_seeds(folder, calls, capsys):
    run(capsys, "metabolics", "--condition", "level")
    assert calls.arguments["policies"] == [Path("results/policy/level/seed1.npz")]
    assert calls.arguments["gait"] == Path("results/reflex/level.json")


def test_simulate_hands_over_its_options(folder, calls, capsys):
    gait = "results/reflex/level.json"
    run(capsys, "simulate", "--gait", gait, "--duration", "5", "--output", "x.parquet")
    assert calls.arguments == {
        "gait": Path(gait),
        "duration_s": 5.0,
        "exo": "none",
        "output": Path("x.parquet"),
        "sto": None,
        "video": None,
    }


def test_adapt_hands_over_its_options(folder, calls, capsys):
    gait = "results/reflex/level.json"
    words = ("--exo", "dofc:8,0.15,0.03", "--evaluations", "7", "--seed", "3", "--output", "x.json")
    run(capsys, "adapt", "--gait", gait, "--tune", *words)
    assert calls.arguments == {
        "gait": Path(gait),
        "exo": "dofc:8,0.15,0.03",
        "evaluations": 7,
        "seed": 3,
        "output": Path("x.json"),
        "tune": True,
        "feels": "exo_hip",
    }


def test_robustness_hands_over_its_options(folder, calls, capsys):
    gait = "results/reflex/level.json"
    run(capsys, "robustness", "--gait", gait, "--timesteps", "0.5,2", "--pushes", "7", "--json")
    assert calls.arguments == {
        "gait": Path(gait),
        "timesteps_ms": (0.5, 2.0),
        "n_pushes": 7,
        "n_starts": 100,
        "duration_s": 10.0,
        "seed": 1,
        "threads": 2,
        "as_json": True,
        "output": None,
    }


def test_speeds_hands_over_files_and_the_settings_of_params_yaml(folder, calls, capsys):
    policy, gait = "results/policy/level/seed1.npz", "results/reflex/level.json"
    run(capsys, "speeds", "--policy", policy, "--gaits", gait, gait, "--output", "x.json")
    settings = calls.arguments.pop("settings")
    assert calls.arguments == {
        "policy": Path(policy),
        "gaits": [Path(gait), Path(gait)],
        "output": Path("x.json"),
    }
    assert set(settings) == {"model", "exo", "policy", "metabolics"}
    assert settings["metabolics"]["noise_seeds"] == [1, 2]


def test_view_opens_a_window_unless_a_picture_is_asked_for(folder, calls, capsys):
    gait = "results/reflex/level.json"
    run(capsys, "view", "--gait", gait)
    expected = {"gait": Path(gait), "duration_s": 10.0, "exo": "none", "output": None}
    assert calls.arguments == expected
    run(capsys, "view", "--gait", gait, "--exo", "off", "--output", "x.png")
    assert calls.arguments == expected | {"exo": "off", "output": Path("x.png")}


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (UserError("bad\ninput."), 2, "exoflow: error: bad input.\n"),
        (
            SimulationError("qpos[3] is nan at 1.2 s."),
            1,
            "exoflow: error: qpos[3] is nan at 1.2 s.\n",
        ),
    ],
)
def test_expected_errors_of_a_stage_are_one_line(folder, calls, capsys, error, code, expected):
    calls.error = error
    assert run(capsys, "reflex", "--condition", "level") == (code, "", expected)


def test_bugs_keep_their_traceback(folder, calls):
    calls.error = ZeroDivisionError("bug")
    with pytest.raises(ZeroDivisionError):
        cli.main(["reflex", "--condition", "level"])


def test_ctrl_c_says_how_to_go_on(folder, calls, capsys):
    calls.error = KeyboardInterrupt()
    code, _, err = run(capsys, "reflex", "--condition", "level")
    assert code == 130
    assert err == (
        "\nexoflow: stopped. The last checkpoint is in .exoflow/checkpoints/reflex; "
        "the same command goes on from there.\n"
    )
    (folder / "study.yaml").touch()
    code, _, err = run(capsys, "trial", "--study", "study.yaml")
    assert code == 130
    assert "the same command starts again" in err


def test_hash_prints_one_line_per_path(folder, capsys):
    code, out, _ = run(capsys, "hash", "params.yaml", "config/default.yaml")
    assert code == 0
    lines = [line.split("  ") for line in out.splitlines()]
    assert [path for _, path in lines] == ["params.yaml", "config/default.yaml"]
    assert lines[0][0] == lines[1][0]


def test_params_use_keeps_the_old_file(folder, capsys):
    (folder / "params.yaml").write_text("mine\n")
    code, out, _ = run(capsys, "params", "use", "toy")
    assert code == 0
    assert (folder / "params.yaml").read_text() == (folder / "config/toy.yaml").read_text()
    assert (folder / ".exoflow/params.previous.yaml").read_text() == "mine\n"
    assert "params.yaml is now config/toy.yaml: 1 conditions, 1 policies." in out


def test_params_use_refuses_a_bad_file_and_keeps_params_yaml(folder, capsys):
    (folder / "config/mine.yaml").write_text("reflx: {}\n")
    before = (folder / "params.yaml").read_text()
    code, _, err = run(capsys, "params", "use", "mine")
    assert code == 2
    assert "config/mine.yaml: reflx is not a setting." in err
    assert (folder / "params.yaml").read_text() == before


def test_params_describe_is_a_table_for_80_columns(capsys):
    code, out, _ = run(capsys, "params", "describe")
    assert code == 0
    assert "conditions.ID.speed_m_s  (number; must be given; 0.5..2)" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "policy.steps" not in run(capsys, "params", "describe", "reflex")[1]


def test_params_show_prints_what_a_job_gets(folder, capsys):
    out = run(capsys, "params", "show", "policy", "--condition", "uphill")[1]
    assert json.loads(out) == phase_settings(load_params(), "policy", "uphill", 1)
    assert set(json.loads(run(capsys, "params", "show")[1])["conditions"]) == set(
        load_params().conditions
    )


def test_every_phase_has_a_command():
    assert list(phase_commands.PHASE_COMMANDS) == list(PHASES)


def test_command_ends_with_its_exit_code_and_all_its_output(tmp_path):
    for arguments, code in (
        (["hash", "missing.json"], 2),
        (["--version"], 0),
        (["params", "use", "nothing"], 2),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "exoflow", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code
        assert len((done.stdout + done.stderr).splitlines()) == 1
