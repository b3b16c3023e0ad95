"""Runs a bundle's own tests on emulated processors and its ONNX graph, where the tools are."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exoflow.export.printed import Printed, read_printed

MAKE_TARGETS = {"a53": "a53-qemu", "m7": "m7-qemu"}
# What `exoflow export` waits for at most; a target that takes longer counts as not run.
LONGEST_S = 600.0


@dataclass(frozen=True)
class TargetRun:
    """A target's run of the golden vectors: `printed`, or the reason why there is none."""

    name: str
    printed: Printed | None = None
    not_run: str | None = None

    def same_bits(self, other: Printed) -> bool | None:
        """Whether every command and torque has the bits of another run; None if not run."""
        return None if self.printed is None else self.printed.crc32 == other.crc32


def run_targets(root: Path, names: Iterable[str], steps: int) -> list[TargetRun]:
    """Run an unpacked bundle on the named targets.

    Parameters
    ----------
    root : Path
    names : iterable of str
        Of `config.export.TARGETS`; "host" is passed over.
    steps : int
        Ticks of each golden file that emulated targets repeat.
    """
    runs = []
    for name in names:
        if name in MAKE_TARGETS:
            runs.append(_emulated(root, name, steps))
        elif name == "onnx":
            runs.append(_onnx(root))
    return runs


def _emulated(root: Path, name: str, steps: int) -> TargetRun:
    """`make -C test TARGET`, exactly as a user runs it."""
    if shutil.which("make") is None:
        return TargetRun(name, not_run="tool make missing")
    command = ["make", "-s", "-C", "test", MAKE_TARGETS[name], f"STEPS={steps}"]
    text, problem = _output(command, root)
    shutil.rmtree(root / "test" / "build", ignore_errors=True)
    for line in text.splitlines():
        if line.startswith("skipped "):
            # skipped m7-qemu: arm-none-eabi-gcc is not installed
            tool = line.split(": ", 1)[1].split()[0]
            return TargetRun(name, not_run=f"tool {tool} missing")
    if problem:
        return TargetRun(name, not_run=problem)
    return TargetRun(name, read_printed(text))


def _onnx(root: Path) -> TargetRun:
    """The Linux runner on the recorded walk, as fast as it goes."""
    if not (root / "policy.onnx").is_file():
        return TargetRun("onnx", not_run="no policy.onnx beside the weights")
    if importlib.util.find_spec("onnxruntime") is None:
        return TargetRun("onnx", not_run="tool onnxruntime missing")
    command = [sys.executable, "linux/run_policy.py", "--replay", "golden/walk.csv", "--fast"]
    text, problem = _output(command, root)
    return TargetRun("onnx", not_run=problem) if problem else TargetRun("onnx", read_printed(text))


def _output(command: list[str], folder: Path) -> tuple[str, str | None]:
    """What a command printed, and what went wrong in one line (None: nothing)."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return "", f"took longer than {LONGEST_S:g} s"
    # A failed comparison comes with a report, which is for the caller to judge.
    if done.returncode and "golden_result FAILED" not in done.stdout:
        lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        return done.stdout, f"failed: {lines[-1].strip()}"
    return done.stdout, None
