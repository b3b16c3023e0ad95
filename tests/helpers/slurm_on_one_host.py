"""A SLURM of its own on this computer: controller, one node with one fake GPU, and munge.

All of its files lie in a temporary folder and its ports are free ones, so that it
disturbs no other SLURM. It needs Debian's packages slurm-wlm and munge.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
# Debian puts daemons where only the administrator's PATH looks.
DAEMON_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
START_LIMIT_S = 20.0
N_CPUS = 32
MEMORY_MB = 64000
# Tasks lose the variable by which `exoflow recover` knows the processes of a folder on
# its own machine: on a cluster, jobs run on other machines.
TASK_PROLOG = "#!/bin/sh\necho unset EXOFLOW_RUN_FOLDER\n"
# In a job, the executor plugin takes SLURM's variables from its programs, where the settings
# lie among them.
CLIENT = '#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program} "$@"\n'
# The executor plugin looks at jobs ever more seldom; here they take seconds.
SHORT_PAUSES = """\
import asyncio
sleep = asyncio.sleep
asyncio.sleep = lambda pause_s, *rest: sleep(min(pause_s, 0.5), *rest)
"""
SETTINGS = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/task_prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MinJobAge=3600
KillWait=2
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} CoresPerSocket={cpus} RealMemory={memory} Gres=gpu:1
PartitionName=main Nodes={host} Default=YES State=UP
PartitionName=gpu Nodes={host} State=UP
"""
# What each job asked for, in the order of submission.
JOB_LIST = (
    "squeue", "--states=all", "--sort=i", "--Format=JobID:6,State:11,Comment:34,"
    "MinMemory:11,NumCPUs:6,TimeLimit:12,tres-per-job:14,Partition:10",
)  # fmt: skip


class CannotStart(RuntimeError):
    """What keeps SLURM from starting here, in one line."""


def what_is_missing() -> str | None:
    """Which packages are not installed; None if all are."""
    absent = [program for program in DAEMONS + CLIENTS if where_is(program) is None]
    if absent:
        return f"no {', '.join(absent)} here: apt-get install slurm-wlm munge"
    return None


def where_is(program: str) -> str | None:
    """Path of a program, daemons included."""
    return shutil.which(program, path=f"{os.environ['PATH']}:{DAEMON_FOLDERS}")


@dataclass(frozen=True)
class Slurm:
    """A running SLURM."""

    folder: Path
    host: str

    @property
    def variables(self) -> dict[str, str]:
        """What a command needs in its environment to reach this SLURM."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    @property
    def bin(self) -> Path:
        """Folder that must come first on PATH, and be on PYTHONPATH."""
        return self.folder / "bin"

    def say(self, *command: str) -> str:
        """Output of one of SLURM's commands, which must end well."""
        environment = os.environ | self.variables
        return subprocess.check_output(command, text=True, env=environment, timeout=60)

    def job_list(self) -> str:
        """All jobs with what each asked for."""
        return self.say(*JOB_LIST)

    def jobs(self, state: str, comment: str = "") -> list[str]:
        """Numbers of jobs in a state, such as RUNNING, whose comment holds a text."""
        lines = self.say("squeue", "--noheader", f"--states={state}", "--format=%i %k").split("\n")
        return [line.split()[0] for line in lines if line and comment in line]

    def hold_jobs(self, hold: bool) -> None:
        """Let new jobs wait in the queue, or let them go."""
        state = "state=drain reason=test" if hold else "state=resume"
        self.say("scontrol", "update", f"nodename={self.host}", *state.split())


@contextmanager
def running_slurm() -> Iterator[Slurm]:
    """Start SLURM, and stop it with all its jobs at the end.

    Raises
    ------
    CannotStart
        If a daemon ends, or no node is ready in time.
    """
    # Names of sockets must be short; pytest's folders are deep.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    slurm = Slurm(folder, socket.gethostname().split(".")[0])
    daemons: dict[str, subprocess.Popen] = {}
    try:
        write_settings(slurm)
        daemons["munged"] = start(folder, "munged", *munge_options(folder))
        wait_until(lambda: (folder / "munge.sock").exists(), folder, daemons)
        daemons["slurmctld"] = start(folder, "slurmctld", "-D")
        daemons["slurmd"] = start(folder, "slurmd", "-D")
        wait_until(lambda: is_ready(slurm), folder, daemons)
        yield slurm
    finally:
        if "slurmd" in daemons:
            stop_jobs(slurm)
        for daemon in reversed(daemons.values()):
            daemon.terminate()
        for daemon in daemons.values():
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


def write_settings(slurm: Slurm) -> None:
    """Write what the daemons read."""
    folder = slurm.folder
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    values = {
        "host": slurm.host,
        "folder": folder,
        "user": Path(f"/proc/{os.getpid()}").owner(),
        "controller_port": free_port(),
        "node_port": free_port(),
        "cpus": N_CPUS,
        "memory": MEMORY_MB,
    }
    (folder / "slurm.conf").write_text(SETTINGS.format(**values))
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o400)
    (folder / "bin/sitecustomize.py").write_text(SHORT_PAUSES)
    scripts = {"task_prolog": TASK_PROLOG}
    for name in CLIENTS:
        scripts[f"bin/{name}"] = CLIENT.format(folder=folder, program=where_is(name))
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def munge_options(folder: Path) -> list[str]:
    """Options that keep munge's files in the folder."""
    files = {"socket": "sock", "key-file": "key", "pid-file": "pid", "seed-file": "seed"}
    return [
        "--foreground",
        "--force",
        f"--log-file={folder}/munged.log",
        *(f"--{option}={folder}/munge.{suffix}" for option, suffix in files.items()),
    ]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(folder: Path, program: str, *options: str) -> subprocess.Popen:
    """Start a daemon; what it says goes to a file named after it."""
    path = where_is(program)
    assert path is not None
    said = (folder / f"{program}.said").open("w")
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    return subprocess.Popen([path, *options], stdout=said, stderr=said, env=environment)


def wait_until(is_done, folder: Path, daemons: dict[str, subprocess.Popen]) -> None:
    """Wait for something that the daemons bring about."""
    deadline = time.monotonic() + START_LIMIT_S
    while not is_done():
        dead = [name for name, daemon in daemons.items() if daemon.poll() is not None]
        if dead or time.monotonic() > deadline:
            name = dead[0] if dead else list(daemons)[-1]
            lines = (folder / f"{name}.said").read_text().splitlines() or ["it said nothing"]
            raise CannotStart(f"{name}: {lines[-1]}")
        time.sleep(0.1)


def is_ready(slurm: Slurm) -> bool:
    """Whether the node takes jobs."""
    try:
        return "idle" in slurm.say("sinfo", "--noheader", "--format=%T")
    except subprocess.SubprocessError:
        return False


def stop_jobs(slurm: Slurm) -> None:
    """Cancel what is left and wait until it has ended."""
    try:
        left = slurm.say("squeue", "--noheader", "--format=%i").split()
        if left:
            slurm.say("scancel", *left)
        deadline = time.monotonic() + 20
        while slurm.say("squeue", "--noheader") and time.monotonic() < deadline:
            time.sleep(0.2)
    except subprocess.SubprocessError:
        return
