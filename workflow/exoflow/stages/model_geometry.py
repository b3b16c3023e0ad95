"""`exoflow model geometry`: muscle-tendon lengths and moment arms for given poses."""

from pathlib import Path


def run(model: str, poses: Path, output: Path) -> None:
    """Compute the geometry of a model at the poses of a CSV file.

    Parameters
    ----------
    model : str
        h0918v1, h0918v2 or h0918v3.
    poses : Path
        One row per pose, columns named as the DOFs (rad, m); missing ones are 0.
    output : Path
        The same rows with `<muscle>.mtu_length`, `<muscle>.moment_arm_hip|knee|ankle`,
        `com_x`, `com_y` (m).

    Raises
    ------
    ModelError
        If the model or a column is unknown, or a cell is not a number.
    """
    import pandas as pd

    from exoflow.errors import ModelError
    from exoflow.records.files import write_text
    from exoflow.simulation.geometry import DOF_NAMES, model_geometry

    try:
        table = pd.read_csv(poses)
    except FileNotFoundError:
        raise ModelError(f"{poses}: no such file.") from None
    except (ValueError, UnicodeDecodeError) as problem:
        raise ModelError(f"{poses}: not a table of comma-separated numbers ({problem}).") from None
    unknown = [name for name in table.columns if name not in DOF_NAMES]
    if unknown:
        raise ModelError(
            f"{poses}: column {unknown[0]!r} is unknown. Columns: {', '.join(DOF_NAMES)}."
        )
    numbers = table.apply(pd.to_numeric, errors="coerce")
    if numbers.isna().any(axis=None):
        bad = numbers.isna().stack()
        row, column = bad[bad].index[0]
        raise ModelError(f"{poses}, line {row + 2}: {column} is not a number.")
    columns = model_geometry(model, {name: numbers[name].to_numpy(float) for name in numbers})
    result = pd.concat([numbers, pd.DataFrame(columns)], axis=1)
    write_text(Path(output), result.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
