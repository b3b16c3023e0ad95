"""A copy of the project whose phases are played by a stand-in that only writes small files.

What is tested here is the wiring: which jobs Snakemake and DVC plan, run and record.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = (
    "Snakefile",
    "rules",
    "profiles",
    "config",
    "data",
    "dvc.yaml",
    ".dvcignore",
    ".gitignore",
    "workflow",
)
PARAMS = """\
conditions:
  slow: {speed_m_s: 1.0, seeds: [1], warm_start: data/reflexes/start.csv}
  fast: {speed_m_s: 1.3, seeds: [1, 2], warm_start: cold}
  steep: {speed_m_s: 1.0, slope_deg: 3.0, start_from: slow}
model: {}
exo: {}
reflex: {}
policy: {}
metabolics: {}
wearer: {}
teacher: {}
student: {}
export: {policies: [fast/seed1, student], targets: [host]}
trial: {studies: [barati]}
report: {}
"""
# Writes what the real command would write; the content depends on settings and inputs.
STAND_IN = """\
#!{python}
import hashlib, json, sys, time
from pathlib import Path
phase, words = sys.argv[1], sys.argv[2:]
if phase not in {suffixes}:
    sys.path.insert(0, "workflow")
    from exoflow.cli import program
    program()
if Path("hold").exists():  # a job that takes until a test lets go
    Path("held").touch()
    while Path("hold").exists():
        time.sleep(0.02)
options, name = {{}}, None
for word in words:
    if word.startswith("--"):
        name = word
        options[name] = []
    else:
        options[name].append(word)
said = hashlib.sha256(options["--settings"][0].encode())
for name in ("--gait", "--gaits", "--policy", "--policies", "--study"):
    for file in options.get(name, []):
        said.update(Path(file).read_bytes())
output = Path(options["--output"][0])
if phase == "trial":
    output = output / (Path(options["--study"][0]).parent.name + ".json")
output.parent.mkdir(parents=True, exist_ok=True)
number = int(said.hexdigest()[:6], 16) / 1e6
names = [f"policy_{{Path(file).stem}}" for file in options.get("--policies", [])]
compared = {{name: {{"change_cot_pct": number + at}} for at, name in enumerate(["dofc", *names])}}
content = json.dumps(
    {{
        "phase": phase, "said": said.hexdigest(), "status": "ok", "cost": 4.5,
        "gait": {{"speed_m_s": number}}, "controllers": compared,
    }}
)
drawn = f'<svg xmlns="http://www.w3.org/2000/svg"><text>{{number}}</text></svg>'
curve = f"step,change_cot_pct\\n1,{{number}}\\n"
written = {{".svg": drawn, ".csv": curve}}
for suffix in {suffixes}[phase]:
    file = output.with_name(output.name[: output.name.rindex(".")] + suffix)
    file.write_text(written.get(file.suffix, content))
if phase == "report":
    sys.path.insert(0, "workflow")
    from exoflow.records.summary import write_summary
    write_summary("results", json.loads(options["--settings"][0]), output.parent)
with open("jobs.txt", "a") as jobs:
    jobs.write(phase + " " + " ".join(options.get("--condition", []) + options.get("--seed", [])))
    jobs.write("\\n")
"""
TRIAL_FIGURES = ("", ".bars", ".rates", ".baselines", ".timeline")
SUFFIXES = {
    "reflex": (".json", ".parquet", ".svg"),
    "wearer": (".json",),
    "policy": (".npz", ".json", ".csv"),
    "metabolics": (".json", ".parquet", ".svg"),
    "teacher": (".npz", ".json", ".csv"),
    "student": (".npz", ".json"),
    "export": (".zip", ".json"),
    "trial": (
        ".json",
        ".csv",
        ".bouts.csv",
        ".sensitivity.csv",
        ".methods.md",
        *(f"{name}.{kind}" for name in TRIAL_FIGURES for kind in ("svg", "png")),
    ),
    "report": (".html",),
}


@dataclass
class Project:
    """A copy of the project with the stand-in for `exoflow` first on PATH."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    """More variables of its commands; a PATH in it comes first, a PYTHONPATH last."""

    def environment(self) -> dict[str, str]:
        """Variables of commands in the folder: the stand-in first on PATH, nothing of the user."""
        more = dict(self.variables)
        python = str(Path(sys.executable).parent)
        programs = [str(self.folder / "bin"), python, *split(more.pop("PATH", ""))]
        modules = [str(self.folder / "workflow"), *split(more.pop("PYTHONPATH", ""))]
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(modules),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@localhost",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@localhost",
        }
        for name in ("SNAKEMAKE_PROFILE", "EXOFLOW_RUN_FOLDER"):
            environment.pop(name, None)
        return environment | more

    def how_to_run(self) -> dict:
        """Options of a process in the folder."""
        return {
            "cwd": self.folder,
            "env": self.environment(),
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """Run a command in the folder; stdout and stderr come together."""
        return subprocess.run(command, **self.how_to_run(), timeout=300)

    def start(self, *command: str) -> subprocess.Popen:
        """Start a command in a session of its own."""
        return subprocess.Popen(command, **self.how_to_run(), start_new_session=True)

    def start_and_hold(self, *command: str) -> subprocess.Popen:
        """Start a command in a session of its own; return when its first job is at work."""
        (self.folder / "hold").touch()
        (self.folder / "held").unlink(missing_ok=True)
        running = self.start(*command)
        deadline = time.monotonic() + 120
        while not (self.folder / "held").exists():
            assert running.poll() is None, running.stdout.read()
            assert time.monotonic() < deadline, "no job began"
            time.sleep(0.02)
        return running

    def let_go(self) -> None:
        """Let held jobs end."""
        (self.folder / "hold").unlink(missing_ok=True)

    def start_repository(self) -> None:
        """Put the folder under Git."""
        self.git("init", "-q")
        self.commit("start")

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "--all")
        self.git("commit", "-q", "-m", message)

    def git(self, *arguments: str, code: int = 0) -> str:
        """Output of a git call that must end with this exit code."""
        done = self.run("git", *arguments)
        assert done.returncode == code, done.stdout
        return done.stdout

    def audit(self, clean: bool = True) -> dict:
        """What `exoflow audit` found; its exit code must fit."""
        done = self.run("exoflow", "audit", "--json")
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stdout
        found = json.loads(lines[-1])
        assert done.returncode == bool(found["lies"]), done.stdout
        if clean:
            assert found["lies"] == []
        else:
            assert found["lies"]
        return found

    def states(self, found: dict | None = None) -> set[str]:
        """The states of outputs in an audit, by default in one that must be clean."""
        return {one["state"] for one in (found or self.audit())["outputs"].values()}

    def change_speed(self) -> None:
        """Let one condition walk faster."""
        self.edit("params.yaml", "speed_m_s: 1.3", "speed_m_s: 1.35")

    def refuses_to_plan(self, text: str) -> None:
        """`snakemake -n` ends with one line of ours that holds a text."""
        done = self.run("snakemake", "-n")
        ours = [line for line in done.stdout.splitlines() if line.startswith("exoflow: error:")]
        assert done.returncode == 2
        assert len(ours) == 1
        assert text in ours[0]

    def snakemake(self, *arguments: str) -> str:
        """Output of a snakemake call that must end well."""
        done = self.run("snakemake", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def jobs(self, *command: str) -> list[str]:
        """The jobs a command ran, such as "policy fast 1", sorted."""
        ran = self.folder / "jobs.txt"
        ran.unlink(missing_ok=True)
        done = self.run(*command)
        assert done.returncode == 0, done.stdout
        return sorted(line.strip() for line in ran.read_text().splitlines()) if ran.exists() else []

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file of the project."""
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def split(paths: str) -> list[str]:
    """The paths of a variable such as PATH."""
    return [path for path in paths.split(os.pathsep) if path]


def copy_project(folder: Path) -> Project:
    """A fresh copy in `folder`, with small params and without results."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.pyc")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, folder / ".dvc" / name)
    shutil.copytree(ROOT / ".dvc/plots", folder / ".dvc/plots")
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "data/reflexes/start.csv").write_text("parameter,value\n")
    # DVC wants every dependency to be there, also a stage that is still to be written.
    for phase in SUFFIXES:
        (folder / f"workflow/exoflow/stages/{phase}.py").touch()
    stand_in = folder / "bin" / "exoflow"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN.format(python=sys.executable, suffixes=SUFFIXES))
    stand_in.chmod(0o755)
    return Project(folder)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy without results."""
    return copy_project(tmp_path / "project")


@pytest.fixture
def versioned(project: Project) -> Project:
    """A fresh copy under Git, as DVC wants it."""
    project.start_repository()
    return project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy under Git in which the whole pipeline has run once. Tests must not change it."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    project.start_repository()
    project.snakemake("--cores", "2")
    return project


@pytest.fixture
def finished_copy(finished: Project, tmp_path: Path) -> Project:
    """A finished project that a test may change."""
    shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def recorded(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished project, recorded and committed. Tests must not change it."""
    folder = tmp_path_factory.mktemp("recorded") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    project = Project(folder)
    assert project.run("exoflow", "record").returncode == 0
    project.commit("recorded")
    return project


@pytest.fixture
def recorded_copy(recorded: Project, tmp_path: Path) -> Project:
    """A recorded project that a test may change."""
    shutil.copytree(recorded.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
