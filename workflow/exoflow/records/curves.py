"""Mean curves over the gait cycle as one tidy parquet table."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from exoflow.records.files import replaced_file


def write_curves(cycles: Mapping[str, Mapping[str, list[float]]], path: Path) -> None:
    """Write one row per controller and per cent of the gait cycle.

    Parameters
    ----------
    cycles : mapping
        Controller -> curve name -> values; curves of one controller have one length.
    """
    names = sorted({name for cycle in cycles.values() for name in cycle})
    columns: dict[str, list] = {"controller": []} | {name: [] for name in names}
    for controller, cycle in cycles.items():
        for k in range(len(cycle.get("gait_pct", []))):
            columns["controller"].append(controller)
            for name in names:
                columns[name].append(cycle[name][k])
    schema = pa.schema([("controller", pa.string()), *((name, pa.float64()) for name in names)])
    with replaced_file(path) as scratch:
        pq.write_table(pa.table(columns, schema=schema), scratch, compression="zstd")
