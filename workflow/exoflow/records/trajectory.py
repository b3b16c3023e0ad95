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
    """Write an OpenSim storage file (SI units, radians), readable by OpenSim and SCONE Studio."""
    header = (
        f"{path.stem}\nversion=1\nnRows={len(trajectory.values)}\n"
        f"nColumns={len(trajectory.columns)}\ninDegrees=no\nendheader\n"
    )
    frame = pd.DataFrame(trajectory.values, columns=list(trajectory.columns))
    write_text(
        path, header + frame.to_csv(sep="\t", index=False, float_format="%.9g", lineterminator="\n")
    )
