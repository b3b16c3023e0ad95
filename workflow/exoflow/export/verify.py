"""Compiles an exported controller on this computer and compares it with torch."""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exoflow.control.policy_format import NumpyPolicy, PolicyWeights
from exoflow.errors import ExoflowError, UserError
from exoflow.export.compiled import (
    DEVICE_SOURCES,
    FLAGS,
    OPTIMIZATION,
    compile_command,
    run_compiler,
)
from exoflow.export.printed import Printed, read_printed
from exoflow.export.weight_storage import constant_bytes

GATE_NM = 1e-5  # largest allowed |C - torch| of a torque command, Nm
MIN_GOLDEN_STEPS = 1000  # 10 s at 100 Hz
WRONG_GOLDEN_NM = 1e-3  # rounding of single precision stays below, a wrong weight does not

_COMPILERS = ("cc", "gcc", "clang")


class ParityError(ExoflowError):
    """The exported code does not compute what the trained network computes."""


@dataclass(frozen=True)
class HostVerification:
    """Result of replaying the golden vectors through the compiled code.

    `printed` is of whole walks, `short` of as many ticks as the emulated targets repeat.
    """

    printed: Printed
    short: Printed
    gate_Nm: float
    sizes_bytes: dict[str, int]
    compiler: str
    flags: str

    @property
    def max_abs_error_Nm(self) -> float:
        """Largest error over all golden vectors, Nm."""
        return self.printed.max_abs_error_Nm

    @property
    def passed(self) -> bool:
        """True if error and reset are both as they must be; NaN never passes."""
        return (
            self.max_abs_error_Nm <= self.gate_Nm
            and self.printed.reset_reproduces
            and self.printed.faults_passed
            and self.printed.values.get("safety_failures") == "0"
        )


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
    root: Path,
    weights: PolicyWeights,
    gate_Nm: float,
    compiler: list[str],
    short_steps: int | None = None,
    stored_as: str = "float32",
) -> HostVerification:
    """Compile the bundle's sources, replay its golden vectors, measure the error.

    Parameters
    ----------
    root : Path
        An unpacked bundle: sources, golden/ and test/.
    weights : PolicyWeights
        Where the sources came from, for the sizes.
    gate_Nm : float
        Largest allowed error.
    compiler : list of str
        Command of `find_compiler`.
    short_steps : int, optional
        Ticks of each golden file that emulated targets repeat; none: there are no such targets.
    stored_as : str
        How the sources store the weights, for the sizes.

    Raises
    ------
    UserError
        If the compiler cannot build or run the code here.
    """
    command = compile_command(compiler)
    objects = [source.replace(".c", ".o") for source in DEVICE_SOURCES]
    for source in DEVICE_SOURCES:
        run_compiler([*command, "-c", source, "-o", source.replace(".c", ".o")], root)
    programs: dict[str, tuple[str, list[str], list[str]]] = {
        "golden": ("test_golden.c", objects, []),
        "faults": ("test_faults.c", objects, []),
        "safety": ("test_safety.c", ["exo_safety.o"], []),
    }
    if short_steps is not None:
        cut = [f"-DMAX_STEPS={short_steps}"]
        programs["golden_short"] = ("test_golden.c", objects, cut)
        programs["faults_short"] = ("test_faults.c", objects, cut)
    text = {}
    for name, (source, linked, define) in programs.items():
        program = root / "test" / name
        # The path, not the name alone: a relative one would be looked for in PATH.
        run_compiler(
            [*command, *define, "-Itest", f"test/{source}", *linked, "-o", str(program.resolve())],
            root,
        )
        text[name] = _run(program.resolve(), root / "test", compiler)
        program.unlink()
    sections = _section_sizes([root / name for name in objects])
    for name in objects:
        (root / name).unlink()
    printed = read_printed(text["golden"] + text["faults"] + text["safety"])
    sizes = {f"host_{name}": size for name, size in sections.items()}
    sizes["state"] = int(printed.values["state_bytes"])
    sizes["controller_state"] = int(printed.values["controller_bytes"])
    sizes["weights"] = constant_bytes(weights, stored_as)
    return HostVerification(
        printed=printed,
        short=read_printed(text.get("golden_short", "") + text.get("faults_short", "")),
        gate_Nm=gate_Nm,
        sizes_bytes=sizes,
        compiler=_version(compiler),
        flags=" ".join([*FLAGS, OPTIMIZATION]),
    )


def require_golden(weights: PolicyWeights, gate_Nm: float, source: Path) -> None:
    """Raise ParityError unless weights and golden vectors belong together, by numpy alone."""
    error_Nm = _referee_error(weights)
    if not error_Nm <= gate_Nm:
        raise ParityError(
            f"{source}: torch and the numpy definition differ by {error_Nm:.3g} Nm, gate "
            f"{gate_Nm:g} Nm. {_blame(error_Nm, gate_Nm)}"
        )


def require_parity(
    host: HostVerification, weights: PolicyWeights, source: Path, stored_as: str = "float32"
) -> None:
    """Raise ParityError unless the gate passed; says which side is to blame.

    `weights` are those that the C computes with; their golden outputs are torch's, or if they
    are stored in fewer bits than they were trained in, those of the numpy definition.

    The numpy definition of the format is the referee: if it disagrees with the
    golden vectors as well, these do not belong to the weights.
    """
    if host.passed:
        return
    printed = host.printed
    if not (printed.reset_reproduces and printed.faults_passed):
        raise ParityError(
            f"{source}: the exported C gives other torques when it is run again. This is a fault "
            "of export/templates; please report it."
        )
    if printed.values.get("safety_failures") != "0":
        raise ParityError(
            f"{source}: a test of the safety layer fails with this compiler "
            f"({host.compiler}). Try another CC, then report it."
        )
    if stored_as == "float32":
        blame = _blame(_referee_error(weights), host.gate_Nm)
    else:
        blame = (
            "Single precision may not be enough for this network: try export.weights float32, or "
            "raise export.tolerance_Nm."
        )
    oracle = "torch" if stored_as == "float32" else f"the numpy definition with {stored_as} weights"
    worst = printed.worst
    raise ParityError(
        f"{source}: exported C differs from {oracle} by {worst.max_abs_error_Nm:.3g} Nm at golden "
        f"step {worst.max_error_step} ({worst.max_error_leg}) of {worst.name}, gate "
        f"{host.gate_Nm:g} Nm. {blame}"
    )


def _referee_error(weights: PolicyWeights) -> float:
    """Largest difference of the numpy definition from the golden outputs, Nm."""
    referee = NumpyPolicy(weights).run(weights.golden_inputs)
    return float(np.abs(referee - weights.golden_outputs).max())


def _blame(referee_error: float, gate_Nm: float) -> str:
    if referee_error > WRONG_GOLDEN_NM:
        return (
            f"The numpy definition is {referee_error:.3g} Nm off too, so the golden vectors do "
            "not belong to these weights: make the file again with `exoflow policy`."
        )
    if referee_error > gate_Nm:
        return (
            f"torch itself is {referee_error:.3g} Nm from double precision: this network "
            "magnifies rounding. Retrain it with smaller weights, or raise export.tolerance_Nm."
        )
    return (
        f"The numpy definition is only {referee_error:.3g} Nm off, so the C code or its "
        "compiler is at fault: try another CC, then report it."
    )


def _run(program: Path, folder: Path, compiler: list[str]) -> str:
    """What a test program printed."""
    try:
        done = subprocess.run(
            [str(program)], cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise UserError(
            f"export: what {compiler[0]} builds does not run here ({error.strerror}). "
            "Set CC to a compiler for this computer, not a cross compiler."
        ) from error
    if done.returncode not in (0, 1):
        raise ParityError(
            f"export: {program.name} ended with status {done.returncode} "
            f"({done.stderr.strip() or 'no message'}). A fault of exoflow: please report it."
        )
    return done.stdout


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
