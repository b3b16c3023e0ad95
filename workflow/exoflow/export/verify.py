"""Compiles an exported controller on this computer and compares it with torch."""

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights
from exoflow.errors import ExoflowError, UserError
from exoflow.export.c_code import STRICT_FLAGS

GATE_NM = 1e-5  # largest allowed |C - torch| of a torque command, Nm
MIN_GOLDEN_STEPS = 1000  # 10 s at 100 Hz
WRONG_GOLDEN_NM = 1e-3  # rounding of single precision stays below, a wrong weight does not

_COMPILERS = ("cc", "gcc", "clang")
_OPTIMIZATION = "-O2"
# A newer compiler with newer warnings must not stop an export; tests keep -Werror.
_FLAGS = tuple(flag for flag in STRICT_FLAGS if flag != "-Werror")


class ParityError(ExoflowError):
    """The exported code does not compute what the trained network computes."""


@dataclass(frozen=True)
class HostVerification:
    """Result of replaying the golden walk through the compiled code."""

    n_golden_steps: int
    max_abs_error_Nm: float
    max_error_step: int
    max_error_leg: str
    gate_Nm: float
    reset_reproduces: bool
    sizes_bytes: dict[str, int]
    compiler: str
    flags: str

    @property
    def passed(self) -> bool:
        """True if error and reset are both as they must be; NaN never passes."""
        return self.max_abs_error_Nm <= self.gate_Nm and self.reset_reproduces


def find_compiler(chosen: str = "cc") -> list[str]:
    """The host C compiler as a command: $CC, else the chosen one.

    "cc", the default, stands for any of cc, gcc and clang.
    """
    chosen = os.environ.get("CC", "").strip() or chosen
    if chosen != "cc":
        command = shlex.split(chosen)
        if shutil.which(command[0]) is None:
            raise UserError(
                f"export: the C compiler {chosen!r} (from CC or export.compiler) is not on the "
                "PATH. Install it, or set CC to an installed C compiler such as gcc."
            )
        return command
    for name in _COMPILERS:
        if shutil.which(name):
            return [name]
    raise UserError(
        f"export: no C compiler found (looked for {', '.join(_COMPILERS)}). "
        "Install gcc (Debian, Ubuntu: apt install gcc) or set CC to a C compiler."
    )


def verify_on_host(
    files: dict[str, str],
    weights: PolicyWeights,
    gate_Nm: float = GATE_NM,
    compiler: str = "cc",
) -> HostVerification:
    """Compile the bundle's sources, replay its golden walk, measure the error.

    Parameters
    ----------
    files : dict
        Text by path inside the bundle; needs the sources, golden/ and test/.
    weights : PolicyWeights
        Where the sources came from, for the sizes.
    gate_Nm : float
        Largest allowed error.
    compiler : str
        See `find_compiler`.

    Raises
    ------
    UserError
        No compiler, or one that cannot build or run the code here.
    """
    command = find_compiler(compiler)
    with tempfile.TemporaryDirectory(prefix="exoflow-export-") as folder:
        root = Path(folder)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        compile_command = [*command, *_FLAGS, _OPTIMIZATION, "-I."]
        for source in ("policy", "policy_weights"):
            _compile([*compile_command, "-c", f"{source}.c", "-o", f"{source}.o"], root)
        program = root / "test" / "test_golden"
        objects = ["policy.o", "policy_weights.o"]
        _compile([*compile_command, "test/test_golden.c", *objects, "-o", str(program)], root)
        printed = _replay(program, root / "golden" / "walk.csv", gate_Nm, command)
        sections = _section_sizes([root / name for name in objects])
    sizes = {f"host_{name}": size for name, size in sections.items()}
    sizes["state"] = int(printed["state_bytes"])
    sizes["weights"] = 4 * (
        len(weights.input_scale) + sum(array.size for array in weights.arrays.values())
    )
    return HostVerification(
        n_golden_steps=int(printed["n_steps"]),
        max_abs_error_Nm=float(printed["max_abs_error_Nm"]),
        max_error_step=int(printed["max_error_step"]),
        max_error_leg=printed["max_error_leg"],
        gate_Nm=gate_Nm,
        reset_reproduces=printed["reset_reproduces"] == "yes",
        sizes_bytes=sizes,
        compiler=_version(command),
        flags=" ".join([*_FLAGS, _OPTIMIZATION]),
    )


def require_parity(host: HostVerification, weights: PolicyWeights, source: Path) -> None:
    """Raise ParityError unless the gate passed; says which side is to blame.

    The numpy definition of the format is the referee: if it disagrees with the
    golden vectors as well, these do not belong to the weights.
    """
    if host.passed:
        return
    if not host.reset_reproduces:
        raise ParityError(
            f"{source}: the exported C gives other torques after policy_reset than after "
            "policy_init. This is a fault of export/templates; please report it."
        )
    referee = NumpyPolicy(weights).run(weights.golden_inputs)
    referee_error = float(np.abs(referee - weights.golden_outputs).max())
    if referee_error > WRONG_GOLDEN_NM:
        blame = (
            f"The numpy definition is {referee_error:.3g} Nm off too, so the golden vectors do "
            "not belong to these weights: make the file again with `exoflow policy`."
        )
    elif referee_error > host.gate_Nm:
        blame = (
            f"torch itself is {referee_error:.3g} Nm from double precision: this network "
            "magnifies rounding. Retrain it with smaller weights, or raise export.tolerance_Nm."
        )
    else:
        blame = (
            f"The numpy definition is only {referee_error:.3g} Nm off, so the C code or its "
            "compiler is at fault: try another CC, then report it."
        )
    raise ParityError(
        f"{source}: exported C differs from torch by {host.max_abs_error_Nm:.3g} Nm at golden "
        f"step {host.max_error_step} ({host.max_error_leg}), gate {host.gate_Nm:g} Nm. {blame}"
    )


def _compile(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        first = (lines or done.stderr.splitlines() or ["no message"])[0].strip()
        raise UserError(
            f"export: {command[0]} cannot compile the controller ({first}). "
            "Set CC to a C99 compiler for this computer, for example gcc."
        )


def _replay(program: Path, golden: Path, gate_Nm: float, compiler: list[str]) -> dict[str, str]:
    """What the golden test printed, value by name."""
    command = [str(program), str(golden), repr(float(gate_Nm))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UserError(
            f"export: what {compiler[0]} builds does not run here ({error.strerror}). "
            "Set CC to a compiler for this computer, not a cross compiler."
        ) from error
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    if "result" not in printed:
        raise ParityError(
            f"export: the golden test ended with status {done.returncode} and no result "
            f"({done.stderr.strip() or 'no message'}). A fault of exoflow: please report it."
        )
    return printed


def _section_sizes(objects: list[Path]) -> dict[str, int]:
    """Bytes of text (with constants), data and bss; empty without the `size` tool."""
    tool = shutil.which("size")
    if tool is None:
        return {}
    done = subprocess.run([tool, *map(str, objects)], capture_output=True, text=True, check=False)
    try:
        rows = [[int(cell) for cell in line.split()[:3]] for line in done.stdout.splitlines()[1:]]
        text, data, bss = (sum(column) for column in zip(*rows, strict=True))
    except ValueError:
        # Another system's `size` with another table: no number rather than a wrong one.
        return {}
    return {"text": text, "data": data, "bss": bss}


def _version(compiler: list[str]) -> str:
    done = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [compiler[0]])[0].strip()
