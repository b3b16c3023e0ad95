"""SIGKILL at random moments of real runs: does the documented recovery end where a whole run ends?

    python tests/helpers/kill_points.py FOLDER --config toy --points 50 --seed 1

For each point a project in a known state is started through one of the engines, one of its
processes (or all) is killed, and what docs/workflow.md says is typed. FOLDER/points.jsonl gets
one line a point. The command may be killed itself: typed again, it goes on with the next point.
"""

import argparse
import base64
import dataclasses
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
from no_op_times import stand_in_project

from exoflow.config import PHASES
from exoflow.ledgers.snakemake_records import INCOMPLETE, METADATA, record_place

ROOT = Path(__file__).parents[2]
ENGINES = {"snakemake": ("snakemake", "--cores", "2"), "dvc": ("dvc", "repro")}
# A single process, or the process group of the command that was typed.
WORKER, GROUP = "worker", "group"
TARGETS = {
    "snakemake": (WORKER, "snakemake", GROUP),
    "dvc": (WORKER, "snakemake", "dvc", GROUP),
}
# What has been done when a run starts: everything but what one setting changes, or nothing.
NOTHING = "nothing"
STARTS = {
    "report": ("report", "title", "another title"),
    "export": ("export", "emulated_steps", 24),
    "student": ("student", "learning_rate", 0.002),
    "policy": ("policy", "gamma", 0.99),
    NOTHING: None,
}
# The less there is to do, the more points a computer has time for.
WEIGHTS = {"report": 5, "export": 13, "student": 4, "policy": 2, NOTHING: 1}
COMMAND_LIMIT_S = 1800
# A run on a computer with less to do than when it was measured may end before its moment.
DRAWS_PER_POINT = 8
POLL_S = 0.05
# Standard output of a job is its log, which names it whatever the order of its options.
SHIM = """\
#!/bin/sh
log=$(readlink /proc/$$/fd/1)
case "$log" in *results/logs/*) echo "$(date +%s.%N) ${{log#*results/logs/}}" >> {jobs};; esac
exec {exoflow} "$@"
"""


@dataclasses.dataclass(frozen=True)
class Draw:
    """One point: what is run and when what is killed."""

    start: str
    engine: str
    target: str
    fraction: float
    """The moment, as a share of the duration of the whole run."""


def draw(seed: int, point: int, attempt: int, starts: tuple[str, ...]) -> Draw:
    """The draw of a point; it depends on nothing that happened before."""
    dice = random.Random(f"{seed}/{point}/{attempt}")
    start = dice.choices(starts, [WEIGHTS[name] for name in starts])[0]
    engine = dice.choice(sorted(ENGINES))
    return Draw(start, engine, dice.choice(TARGETS[engine]), dice.random())


def read_lines(path: Path) -> list[dict]:
    """The points that are done; a line that was cut short is none."""
    if not path.exists():
        return []
    whole = path.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def append_line(path: Path, content: dict) -> None:
    """Add a point; a rest that a killed driver left is cut off first."""
    done = read_lines(path)
    lines = [json.dumps(one) for one in (*done, content)]
    write_whole(path, "\n".join(lines) + "\n")


def missing_points(done: list[dict], n_points: int) -> list[int]:
    """Points that have no line yet; the line of a point may be taken out to do it again."""
    return sorted(set(range(n_points)) - {one["point"] for one in done})


def write_whole(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    scratch = path.with_name(f".{path.name}")
    scratch.write_text(content)
    os.replace(scratch, path)


def role_of(words: list[str]) -> str | None:
    """What a process is by its command line: a phase's job, Snakemake, DVC, or None."""
    if len(words) < 2:
        return None
    program = Path(words[1]).name
    if program == "exoflow":
        phase = words[2] if len(words) > 2 else ""
        return f"{WORKER} {phase}" if phase in PHASES else f"exoflow {phase}"
    return program if program in ENGINES else None


class Bench:
    """The folder of the driver: one project at a time, its start states, what was measured."""

    def __init__(self, folder: Path, config: str, starts: tuple[str, ...]) -> None:
        self.folder = folder.resolve()
        self.config = config
        self.start_names = starts
        self.jobs = self.folder / "jobs.txt"
        self.measured = self.folder / "measured.json"
        self.points = self.folder / "points.jsonl"
        self.module = stand_in_project()
        # Numba's cache goes by the place of the source: all projects take this one in turn.
        self.project = self.module.Project(self.folder / "project")

    def environment(self) -> dict[str, str]:
        """Variables of every command: the shim, then the environment's own programs."""
        mine = self.project.environment()
        mine["PATH"] = os.pathsep.join(
            [str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        )
        mine["XDG_CACHE_HOME"] = str(self.folder / "cache")
        return mine

    def run(self, *command: str) -> subprocess.CompletedProcess:
        """Run a command in the project; stdout and stderr come together."""
        return subprocess.run(
            command,
            cwd=self.project.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )

    def must(self, *command: str) -> str:
        """Output of a command that must end well."""
        done = self.run(*command)
        if done.returncode:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def start(self, command: tuple[str, ...], log: Path) -> psutil.Popen:
        """Start a command in a process group of its own."""
        with log.open("w") as output:
            return psutil.Popen(
                command,
                cwd=self.project.folder,
                env=self.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def prepare(self) -> None:
        """Make the start states: nothing done, and everything done, recorded and committed."""
        if (self.folder / "starts/recorded").exists():
            return
        print("preparing: one whole run, recorded", flush=True)
        shutil.rmtree(self.folder / "starts", ignore_errors=True)
        self.clear()
        (self.folder / "bin").mkdir(parents=True, exist_ok=True)
        shim = self.folder / "bin/exoflow"
        exoflow = Path(sys.executable).parent / "exoflow"
        shim.write_text(SHIM.format(jobs=self.jobs, exoflow=exoflow))
        shim.chmod(0o755)
        copy_real_project(self.module, self.project.folder, self.config)
        self.must("git", "init", "-q")
        self.commit("start")
        shutil.copytree(self.project.folder, self.place(NOTHING), symlinks=True)
        self.must(*ENGINES["snakemake"])
        # What was compiled is a cache; without it the first job of each point would compile.
        shutil.copytree(
            self.project.folder / ".exoflow/compiled", self.place(NOTHING) / ".exoflow/compiled"
        )
        self.must("exoflow", "record")
        self.commit("recorded")
        self.keep(self.folder / "starts/recorded")

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.must("git", "add", "--all")
        self.must("git", "commit", "-q", "-m", message)

    def keep(self, place: Path) -> None:
        """Copy the project away, whole or not at all."""
        scratch = place.with_name(f".{place.name}")
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(self.project.folder, scratch, symlinks=True)
        scratch.rename(place)

    def place(self, start: str) -> Path:
        """Where a start state is kept."""
        return self.folder / "starts" / (NOTHING if start == NOTHING else "recorded")

    def clear(self) -> None:
        """Take the project of the last point away, and what may still work in it."""
        end_processes_in(self.project.folder)
        shutil.rmtree(self.project.folder, ignore_errors=True)

    def set_up(self, start: str) -> None:
        """Put the project into a start state."""
        self.clear()
        shutil.copytree(self.place(start), self.project.folder, symlinks=True)
        change = STARTS[start]
        if change:
            params = self.project.folder / "params.yaml"
            params.write_text(with_setting(params.read_text(), *change))
        self.jobs.unlink(missing_ok=True)

    def jobs_begun(self) -> list[tuple[float, str]]:
        """Jobs since the start of the point: when they began, and their names."""
        if not self.jobs.exists():
            return []
        lines = [line.split() for line in self.jobs.read_text().splitlines()]
        return [(float(when), name.removesuffix(".log")) for when, name in lines]

    def whole_run(self, start: str, engine: str) -> dict:
        """Duration, jobs and hash of a run that nobody kills; both engines come to one hash."""
        known = json.loads(self.measured.read_text()) if self.measured.exists() else {}
        name = f"{start}/{engine}"
        if name not in known:
            self.set_up(start)
            begin = time.monotonic()
            self.must(*ENGINES[engine])
            known[name] = {
                "seconds": round(time.monotonic() - begin, 2),
                "hash": self.hash_of_results(),
                "jobs": sorted(job for _, job in self.jobs_begun()),
            }
            write_whole(self.measured, json.dumps(known, indent=1))
            print(f"whole run: {name}: {known[name]}", flush=True)
        hashes = {one["hash"] for key, one in known.items() if key.split("/")[0] == start}
        if len(hashes) > 1:
            sys.exit(f"{start}: the engines come to different results: {hashes}")
        return known[name]

    def hash_of_results(self) -> str:
        """What `exoflow hash results` prints."""
        return self.must("exoflow", "hash", "results").split()[-2]

    def finished_jobs(self, begun: list[tuple[float, str]], whole: list[str]) -> set[str]:
        """Jobs whose end Snakemake has written down, in this run or before it.

        A job of this run has ended if its records are newer than its beginning and no mark
        of an incomplete output is left; one that the whole run does not need had ended before.
        """
        started = {name: when for when, name in begun}
        outputs: dict[str, list[Path]] = {}
        for record in (self.project.folder / METADATA).rglob("*"):
            if record.is_file() and not record.name.startswith("@"):
                name = job_of_record(record)
                if name:
                    outputs.setdefault(name, []).append(record)
        return {
            name
            for name, records in outputs.items()
            if (name in started or name not in whole)
            and all(self.has_ended(record, started.get(name, 0.0)) for record in records)
        }

    def has_ended(self, record: Path, begun_s: float) -> bool:
        """Whether the output of a record is there and whole, by a job that began at a time."""
        folder = self.project.folder
        output = output_of_record(record.relative_to(folder / METADATA))
        return (
            record.stat().st_mtime > begun_s
            and (folder / output).exists()
            and not record_place(folder, output, INCOMPLETE).exists()
        )

    def kill(self, drawn: Draw, at_s: float) -> tuple[float, list[str], str] | None:
        """Start the run and send SIGKILL; None if it ended before.

        Where the target is not there at its moment (no job may be at work between two
        stages), the next one to appear is taken.

        Returns
        -------
        tuple
            When, s since the start; what was running; what was killed.
        """
        begin = time.monotonic()
        running = self.start(ENGINES[drawn.engine], self.folder / "killed.log")
        time.sleep(at_s)
        while running.poll() is None:
            roles = roles_below(running)
            victim, killed = chosen(roles, drawn.target)
            if killed:
                when = time.monotonic() - begin
                try:
                    os.killpg(running.pid, signal.SIGKILL) if victim is None else victim.kill()
                except (psutil.Error, ProcessLookupError):
                    continue  # it ended meanwhile
                running.wait(timeout=COMMAND_LIMIT_S)
                return when, [role for _, role in roles], killed
            time.sleep(POLL_S)
        return None

    def recover(self) -> tuple[list[str], list[str]]:
        """Type what docs/workflow.md says; what it answered, and what was wrong with that."""
        said, wrong = [], []
        done = self.run("exoflow", "recover")
        said += [f"recover: {done.returncode}", *shown(done.stdout)]
        if done.returncode == 2 and len(done.stdout.splitlines()) == 1:
            done = self.run("exoflow", "recover", "--stop")
            said += [f"recover --stop: {done.returncode}", *shown(done.stdout)]
        if done.returncode:
            wrong.append(failure("recovery", done))
        return said, wrong

    def attempt(self, drawn: Draw, whole: dict) -> dict | None:
        """One point, or None if the run was over before its moment."""
        begin = time.monotonic()
        self.set_up(drawn.start)
        moment_s = drawn.fraction * whole["seconds"]
        killed = self.kill(drawn, moment_s)
        if killed is None:
            return None
        when_s, running, victim = killed
        said, wrong = self.recover()
        first = self.jobs_begun()
        finished = self.finished_jobs(first, whole["jobs"])
        again = self.run(*ENGINES[drawn.engine])
        (self.folder / "again.log").write_text(again.stdout)
        if again.returncode:
            wrong.append(failure("the same command", again))
        second = [name for _, name in self.jobs_begun()[len(first) :]]
        lost = sorted(finished & set(second))
        if lost:
            wrong.append(f"ran again although finished: {', '.join(lost)}")
        too_many = Counter(second) - Counter(whole["jobs"])
        if too_many:
            wrong.append(f"jobs too many: {', '.join(sorted(too_many))}")
        wrong += self.wrong_ledgers(drawn.engine)
        equal = self.same_results(whole["hash"])
        if not equal:
            wrong.append("another hash than the whole run")
        return {
            **dataclasses.asdict(drawn),
            "moment_s": round(moment_s, 2),
            "killed_s": round(when_s, 2),
            "killed": victim,
            "running": running,
            "said": said,
            "hash_equal": equal,
            "finished_before": sorted(finished & set(whole["jobs"])),
            "ran_before": [name for _, name in first],
            "ran_after": second,
            "finished_ran_again": lost,
            "wrong": wrong,
            "seconds": round(time.monotonic() - begin, 1),
        }

    def wrong_ledgers(self, engine: str) -> list[str]:
        """What record (DVC's runs need none) and audit complain about."""
        commands = [("exoflow", "audit")]
        if engine == "snakemake":
            commands.insert(0, ("exoflow", "record"))
        done = [(command, self.run(*command)) for command in commands]
        return [failure(" ".join(command), one) for command, one in done if one.returncode]

    def same_results(self, expected: str) -> bool:
        """Whether `exoflow hash results` prints what the whole run came to."""
        done = self.run("exoflow", "hash", "results")
        return done.returncode == 0 and done.stdout.split()[-2] == expected


def failure(what: str, done: subprocess.CompletedProcess) -> str:
    """A command that failed, with the end of what it said."""
    return f"{what} ended with {done.returncode}: {done.stdout[-800:]}"


def copy_real_project(module, folder: Path, config: str) -> None:
    """A fresh copy with the parameters of config/CONFIG.yaml; its jobs are the real ones."""
    module.copy_project(folder)
    shutil.rmtree(folder / "bin")
    (folder / "data/reflexes/start.csv").unlink()
    shutil.copy(ROOT / "config" / f"{config}.yaml", folder / "params.yaml")


def with_setting(text: str, section: str, key: str, value: object) -> str:
    """A parameter file in which one setting of a phase is another."""
    text = re.sub(rf"(?m)^(?P<phase>{section}:.*\n(?:[ #].*\n)*?)  {key}:.*\n", r"\g<phase>", text)
    changed, n = re.subn(rf"(?m)^{section}:\s*(\{{\}})?$", f"{section}:\n  {key}: {value}", text)
    assert n == 1, f"no section {section}"
    return changed


def output_of_record(place: Path) -> str:
    """The path of an output, from the place of its record."""
    name = "".join(part.removeprefix("@") for part in place.parts)
    return base64.urlsafe_b64decode(name).decode()


def job_of_record(record: Path) -> str | None:
    """The name of the job that a record is about, None if it cannot be read."""
    try:
        logs = json.loads(record.read_text())["log"]
    except (ValueError, KeyError, OSError):
        return None
    return logs[0].removeprefix("results/logs/").removesuffix(".log") if logs else None


def roles_below(running: psutil.Popen) -> list[tuple[psutil.Process, str]]:
    """The processes of a run that have a name here, oldest first."""
    found = []
    try:
        family = [running, *running.children(recursive=True)]
    except psutil.Error:
        return []
    for process in family:
        try:
            role = role_of(process.cmdline())
            if role and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process.create_time(), process, role))
        except psutil.Error:
            continue
    return [(process, role) for _, process, role in sorted(found, key=lambda one: one[0])]


def chosen(
    roles: list[tuple[psutil.Process, str]], target: str
) -> tuple[psutil.Process | None, str]:
    """The process to kill and its role; no role if it is not there.

    Of several Snakemakes the first, which started the others; of jobs the one that began last.
    """
    if target == GROUP:
        return None, GROUP
    fitting = [one for one in roles if one[1].split()[0] == target]
    return fitting[-1 if target == WORKER else 0] if fitting else (None, "")


def end_processes_in(folder: Path) -> None:
    """End what a killed point or a killed driver left at work in its own project."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(folder):
                process.kill()
                left.append(process)
        except psutil.Error:
            continue
    psutil.wait_procs(left, timeout=30)


def shown(output: str) -> list[str]:
    """What recovery said, without its advice on what to type next."""
    lines = [line.removeprefix("exoflow: ") for line in output.splitlines()]
    return [line for line in lines if not line.startswith("next, the command")]


def do_point(bench: Bench, seed: int, point: int) -> dict:
    """A point with as many draws as it takes for the run to be alive at its moment."""
    for attempt in range(DRAWS_PER_POINT):
        drawn = draw(seed, point, attempt, bench.start_names)
        done = bench.attempt(drawn, bench.whole_run(drawn.start, drawn.engine))
        if done is not None:
            return {"point": point, "draws": attempt + 1, **done}
    raise RuntimeError(f"point {point}: no run was alive at its moment in {DRAWS_PER_POINT} draws")


def keep_failed(bench: Bench, point: int) -> None:
    """Put the project of a point that failed, with its logs, where the next one leaves it."""
    place = bench.folder / "failed" / f"point{point}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    end_processes_in(bench.project.folder)
    bench.project.folder.rename(place / "project")
    for name in ("killed.log", "again.log", "jobs.txt"):
        if (bench.folder / name).exists():
            shutil.copy(bench.folder / name, place / name)


def line_of(done: dict) -> str:
    """One point in one line of a table."""
    verdict = "FAILED" if done["wrong"] else "equal"
    return (
        f"{done['point']:3}  {done['start']:10} {done['engine']:9} {done['killed']:17} "
        f"{done['killed_s']:6.1f} s {len(done['ran_after'])} jobs after, "
        f"{done['seconds']:4.0f} s  {verdict}"
    )


def table(points: list[dict]) -> str:
    """Points, equal results and finished jobs that ran again, by engine and target."""
    lines = [
        "| engine | killed | points | by start | hash equal | finished jobs run again | failed |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    groups = sorted({(one["engine"], one["target"]) for one in points})
    for engine, target in [*groups, ("all", "all")]:
        of = [
            one
            for one in points
            if engine in ("all", one["engine"]) and target in ("all", one["target"])
        ]
        starts = Counter(one["start"] for one in of)
        cells = (
            engine,
            target,
            len(of),
            ", ".join(f"{starts[name]} {name}" for name in STARTS if starts[name]),
            sum(one["hash_equal"] for one in of),
            sum(len(one["finished_ran_again"]) for one in of),
            sum(bool(one["wrong"]) for one in of),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Do the points that are left, then print the table; exit code 1 if one failed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--config", default="toy", help="config/NAME.yaml (default: toy)")
    options.add_argument("--points", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--starts", nargs="+", choices=tuple(STARTS), default=list(STARTS))
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    refuse_other_plan(asked)
    bench = Bench(asked.folder, asked.config, tuple(asked.starts))
    bench.prepare()
    for point in missing_points(read_lines(bench.points), asked.points):
        done = do_point(bench, asked.seed, point)
        if done["wrong"]:
            keep_failed(bench, point)
        append_line(bench.points, done)
        print(line_of(done), *done["wrong"], sep="\n     ", flush=True)
    points = read_lines(bench.points)
    print("", *map(line_of, points), "", table(points), sep="\n")
    sys.exit(any(one["wrong"] for one in points))


def refuse_other_plan(asked: argparse.Namespace) -> None:
    """A folder belongs to one configuration and seed; only the number of points may grow."""
    plan = {"config": asked.config, "seed": asked.seed, "starts": asked.starts}
    place = asked.folder / "plan.json"
    if not place.exists():
        write_whole(place, json.dumps(plan))
    elif json.loads(place.read_text()) != plan:
        sys.exit(f"{place} holds another plan: {place.read_text()}. Take a new folder.")


if __name__ == "__main__":
    main()
