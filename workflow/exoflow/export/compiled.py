"""The exported C behind Python calls: the controller of a bundle, compiled for this computer."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from exoflow.errors import UserError
from exoflow.export.c_code import STRICT_FLAGS, read_template

DEVICE_SOURCES = (
    "policy.c", "policy_weights.c", "exo_safety.c", "exo_safety_limits.c", "exo_controller.c",
)  # fmt: skip
COUNTS = (
    "not_finite", "range", "jump", "frozen", "stale", "torque", "rate", "soft", "power",
    "velocity", "deadline", "estop", "weights",
)  # fmt: skip
OPTIMIZATION = "-O2"
# A newer compiler with newer warnings must not stop an export; tests keep -Werror.
FLAGS = tuple(flag for flag in STRICT_FLAGS if flag != "-Werror")


def write_sources(files: Mapping[str, str], folder: Path) -> None:
    """Write the files of a bundle below a folder."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def compile_command(compiler: list[str]) -> list[str]:
    """Compiler and flags for the sources of a bundle."""
    return [*compiler, *FLAGS, OPTIMIZATION, "-I."]


def run_compiler(command: list[str], folder: Path) -> None:
    """Compile.

    Raises
    ------
    UserError
        With the first line that says error.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        first = (lines or done.stderr.splitlines() or ["no message"])[0].strip()
        raise UserError(
            f"export: {command[0]} cannot compile the controller ({first}). "
            "Set CC to a C99 compiler for this computer, for example gcc."
        )


class CompiledController:
    """Policy and safety layer of one wearer, from the sources of a bundle.

    Parameters
    ----------
    folder : Path
        Holds the C sources; the library is written beside them.
    compiler : list of str
        Command of the compiler.

    Raises
    ------
    UserError
        If they cannot be compiled or loaded.
    """

    def __init__(self, folder: Path, compiler: list[str]):
        bridge = folder / "python_bridge.c"
        bridge.write_text(read_template("device/python_bridge.c").substitute(), encoding="utf-8")
        library = folder / "controller.so"
        run_compiler(
            [*compile_command(compiler), "-shared", "-fPIC", "-o", str(library.resolve()),
             *DEVICE_SOURCES, bridge.name],
            folder,
        )  # fmt: skip
        try:
            self._library = ctypes.CDLL(str(library.resolve()))
        except OSError as problem:
            raise UserError(
                f"export: what {compiler[0]} builds does not run here ({problem}). "
                "Set CC to a compiler for this computer, not a cross compiler."
            ) from None
        self._library.bridge_bytes.restype = ctypes.c_size_t
        for name in ("bridge_counts", "exo_controller_tick", "policy_step"):
            getattr(self._library, name).restype = None
        self.n_features = int(self._library.bridge_n_features())
        self._memory = (ctypes.c_uint64 * (self._library.bridge_bytes() // 8 + 1))()
        self._in = (ctypes.c_float * self.n_features)()
        self._out = (ctypes.c_float * 2)()
        self.boot()

    def boot(self) -> None:
        """As after power-on: nothing remembered, nothing counted, not started."""
        self._library.exo_controller_init(self._memory)

    def start(self) -> None:
        """The wearer wants to walk."""
        self._library.exo_controller_start(self._memory)

    def slice(self, n_ticks: int) -> None:
        """Spread every policy step over some ticks."""
        self._library.exo_controller_slice(self._memory, n_ticks)

    def tick(self, inputs: np.ndarray, taken_us: int, now_us: int) -> np.ndarray:
        """Torques (right, left) in Nm of one tick of the motor loop.

        Parameters
        ----------
        inputs : ndarray, shape (n_features,)
            Newest sample, raw SI.
        taken_us, now_us : int
            When it was taken, and now.
        """
        self._in[:] = [float(value) for value in inputs]
        self._library.exo_controller_tick(
            self._memory, self._in, ctypes.c_uint32(taken_us & 0xFFFFFFFF),
            ctypes.c_uint32(now_us & 0xFFFFFFFF), self._out,
        )  # fmt: skip
        return np.array(self._out, np.float32)

    def command(self, inputs: np.ndarray) -> np.ndarray:
        """Commands (right, left) in Nm of one policy step, without the safety layer."""
        self._in[:] = [float(value) for value in inputs]
        # The policy's state is the first member of the controller.
        self._library.policy_step(self._memory, self._in, self._out)
        return np.array(self._out, np.float32)

    def counts(self) -> dict[str, int]:
        """What the guards have done so far."""
        values = (ctypes.c_uint32 * len(COUNTS))()
        self._library.bridge_counts(self._memory, values)
        return dict(zip(COUNTS, map(int, values), strict=True))
