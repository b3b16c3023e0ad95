"""An edited muscle constant reaches the compiled result without clearing any cache."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "exoflow"
SCRIPT = (
    "from exoflow.physiology.muscle import choose_curves, fiber_step\n"
    "curves = choose_curves('m2012fast')\n"
    "print(repr(fiber_step(curves, 0.9, 0.9, 0.001, 0.5, 0.30, 0.05, 0.25, 0.1)))\n"
)

pytestmark = pytest.mark.slow


def compiled_result(folder):
    # Numba stores code per file of the callee; the edit below is in another file.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(folder / "workflow")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_edited_constant_changes_the_compiled_result(tmp_path):
    package = tmp_path / "workflow" / "exoflow"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    first = compiled_result(tmp_path)
    assert compiled_result(tmp_path) == first
    curves = package / "physiology" / "curves.py"
    edited = curves.read_text().replace("_SHORTENING = 0.227\n", "_SHORTENING = 0.327\n")
    assert edited != curves.read_text()
    curves.write_text(edited)
    assert compiled_result(tmp_path) != first
