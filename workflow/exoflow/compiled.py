"""The one decorator for compiled functions, with a cache that cannot go stale.

Numba caches machine code per file and does not notice that a function called
from another file was edited: a changed muscle constant would silently run old
code. The cache folder is therefore named after the hash of every kernel source,
so that any edit in the compiled rooms starts from an empty cache.
"""

import hashlib
import os
import tempfile
import warnings
from pathlib import Path

import numba
from numba.core.errors import NumbaIRAssumptionWarning

COMPILED_ROOMS = ("physiology", "control", "simulation")
_PACKAGE = Path(__file__).resolve().parent


def kernel_source_hash() -> str:
    """Hash of the sources of all compiled rooms, 16 hex digits."""
    digest = hashlib.sha256()
    for room in COMPILED_ROOMS:
        for source in sorted((_PACKAGE / room).glob("*.py")):
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """`.exoflow/compiled/<hash>` of the repository, or of a temporary folder."""
    for base in (_PACKAGE.parents[1] / ".exoflow", Path(tempfile.gettempdir()) / "exoflow"):
        folder = base / "compiled" / kernel_source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise OSError("no writable folder for compiled code; free some space or set TMPDIR")


# Numba reads it when a function is decorated, so it must be set before the first one.
setattr(numba.config, "CACHE_DIR", str(_cache_folder()))  # noqa: B010

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")

# Numba's own check of its intermediate code trips over conditional expressions in functions
# that were inlined twice over; it says itself that it is pedantic, and nothing can be done here.
warnings.filterwarnings("ignore", category=NumbaIRAssumptionWarning)

# For small functions that a loop over muscles calls: only inlined does the loop become vector code.
inlined = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
