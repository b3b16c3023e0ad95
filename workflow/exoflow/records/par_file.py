"""SCONE's parameter files (`.par`): what an optimization leaves behind."""

import math
from pathlib import Path

from exoflow.errors import ModelError

# Name, best value, mean and standard deviation of the population.
N_FIELDS = 4


def read_par(path: Path) -> dict[str, float]:
    """Best value of every parameter in a `.par` file.

    Parameters
    ----------
    path : Path
        One parameter per line: name, best value, population mean, population standard
        deviation, separated by white space. Blank lines, and lines beginning with `#` or
        `*`, are passed over.

    Returns
    -------
    dict
        In the order of the file. The states that OpenSim 4 names by their path,
        `/jointset/hip_r/hip_flexion_r/value.offset`, come as SCONE's Hyfydy models name
        them: `hip_flexion_r.offset`.

    Raises
    ------
    ModelError
        Naming file and line.

    References
    ----------
    The four fields and their order are those of SCONE's optimizer (tgeijten/spot,
    search_point.cpp and objective_info.cpp) and of the files shipped with SCONE. A standard
    deviation of 0 marks a parameter that SCONE holds fixed; here it is a value like the
    others. Comments are no part of SCONE's format; files edited by hand have them.
    """
    values: dict[str, float] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ModelError(f"{path}: is no text file.") from None
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields or fields[0][0] in "#*":
            continue
        where = f"{path}, line {number}"
        if len(fields) != N_FIELDS:
            raise ModelError(
                f"{where}: has {len(fields)} fields, expected {N_FIELDS}: "
                "name, best, mean, standard deviation."
            )
        name = _without_path(fields[0])
        if name in values:
            raise ModelError(f"{where}: {name} stands in the file twice.")
        for text in fields[1:]:
            if not _is_number(text):
                raise ModelError(f"{where}: {text!r} of {name} is not a number.")
        values[name] = float(fields[1])
    if not values:
        raise ModelError(f"{path}: holds no parameter.")
    return values


def _without_path(name: str) -> str:
    """`/jointset/hip_r/hip_flexion_r/value.offset` as `hip_flexion_r.offset`."""
    state, dot, what = name.rpartition(".")
    if not (state.startswith("/") and state.endswith("/value")):
        return name
    return state.split("/")[-2] + dot + what


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
