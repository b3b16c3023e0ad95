"""Trajectory files: parquet for tables, `.sto` for OpenSim and SCONE Studio."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from exoflow.errors import CheckpointError
from exoflow.records.files import replaced_file, write_text
from exoflow.records.rollout import Trajectory

_META = b"exoflow"
_END_OF_HEADER = "endheader"


def write_parquet(trajectory: Trajectory, path: Path) -> None:
    """Write a trajectory; body mass and slope go into the file's metadata."""
    table = pa.table({name: trajectory.values[:, k] for k, name in enumerate(trajectory.columns)})
    meta = {
        "step_s": trajectory.step_s,
        "body_mass_kg": trajectory.body_mass_kg,
        "slope_deg": trajectory.slope_deg,
        **trajectory.meta,
    }
    table = table.replace_schema_metadata({_META: json.dumps(meta, sort_keys=True).encode()})
    with replaced_file(path) as scratch:
        pq.write_table(table, scratch, compression="zstd")


def read_parquet(path: Path) -> Trajectory:
    """Read a trajectory written by `write_parquet`.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated or holds no trajectory.
    """
    try:
        table = pq.read_table(path, use_threads=False, pre_buffer=False)
        meta = json.loads(table.schema.metadata[_META])
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file.") from None
    except (pa.ArrowInvalid, KeyError, TypeError, OSError) as problem:
        raise CheckpointError(
            f"{path}: no readable trajectory ({type(problem).__name__}). "
            "Delete it and run snakemake again."
        ) from None
    values = np.column_stack([table[name].to_numpy() for name in table.column_names])
    step, mass, slope = meta.pop("step_s"), meta.pop("body_mass_kg"), meta.pop("slope_deg")
    return Trajectory(tuple(table.column_names), values, step, mass, slope, meta)


def write_sto(trajectory: Trajectory, path: Path) -> None:
    """Write an OpenSim storage file (SI units, radians), readable by OpenSim and SCONE Studio.

    The header is SCONE's own (name, version=1, nRows, nColumns, inDegrees, endheader), columns
    are separated by tabs and `time` is the first. Coordinates are named as in OpenSim's and
    SCONE's gait models (`pelvis_tx`, `hip_flexion_r`), their velocities end in `_u`, and muscles
    have `.activation`, `.fiber_length` and the like, so that both programs find the state. A
    slope is not in the file: both show the motion on level ground.
    """
    header = (
        f"{path.stem}\nversion=1\nnRows={len(trajectory.values)}\n"
        f"nColumns={len(trajectory.columns)}\ninDegrees=no\n{_END_OF_HEADER}\n"
    )
    frame = pd.DataFrame(trajectory.values, columns=list(trajectory.columns))
    # 12 digits tell positions apart to a picometre and stay readable; an empty cell would
    # shift the columns of readers that skip white space.
    table = frame.to_csv(
        sep="\t", index=False, float_format="%.12g", na_rep="nan", lineterminator="\n"
    )
    write_text(path, header + table)


def read_sto(path: Path) -> pd.DataFrame:
    """Read a storage file of OpenSim, SCONE or `write_sto`.

    Returns
    -------
    DataFrame
        Columns as in the file, `time` (s) first; angles in radians.

    Raises
    ------
    CheckpointError
        If the file is missing, truncated, in degrees or no storage file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file.") from None
    except UnicodeDecodeError:
        raise CheckpointError(f"{path}: is no text file.") from None
    marks = [line.strip() for line in lines]
    if _END_OF_HEADER not in marks:
        raise CheckpointError(f"{path}: is no storage file, the line {_END_OF_HEADER} is missing.")
    end = marks.index(_END_OF_HEADER)
    header = dict(line.split("=", 1) for line in marks[:end] if "=" in line)
    if header.get("inDegrees", "no") != "no":
        raise CheckpointError(f"{path}: is in degrees. Convert it to radians first.")
    names = lines[end + 1].split() if len(lines) > end + 1 else []
    if names[:1] != ["time"]:
        raise CheckpointError(f"{path}, line {end + 2}: the first column must be time.")
    rows = []
    for number, line in enumerate(lines[end + 2 :], start=end + 3):
        if not line.strip():
            continue
        try:
            row = [float(text) for text in line.split()]
        except ValueError as problem:
            raise CheckpointError(f"{path}, line {number}: {problem}.") from None
        if len(row) != len(names):
            raise CheckpointError(
                f"{path}, line {number}: has {len(row)} numbers for {len(names)} columns."
            )
        rows.append(row)
    for key, found in (("nRows", len(rows)), ("nColumns", len(names))):
        if key in header and header[key] != str(found):
            raise CheckpointError(
                f"{path}: the header says {key}={header[key]}, but there are {found}. "
                "The file is truncated or was edited."
            )
    return pd.DataFrame(np.array(rows).reshape(len(rows), len(names)), columns=names)
