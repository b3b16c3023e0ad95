"""How the C stores a network's matrices: singles, halves, or integers with a scale per row.

Biases and input scales are few and stay singles.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from exoflow.config.export import WEIGHT_FORMATS
from exoflow.control.policy_format import PolicyWeights
from exoflow.errors import UserError
from exoflow.export.golden import GoldenWalk

LARGEST_INT8 = 127
LARGEST_HALF = 65504.0


@dataclass(frozen=True, eq=False)
class StoredMatrix:
    """A matrix as it lies in the device's memory.

    Attributes
    ----------
    values : ndarray, shape of the matrix; float32, float16 or int8
    row_scale : ndarray, shape (n_rows,), float32, optional
        A weight is its value times the scale of its row (first axis); none: its value.
    """

    values: np.ndarray
    row_scale: np.ndarray | None = None

    def restored(self) -> np.ndarray:
        """The weights that the C computes with, exactly; float64, shape of the matrix."""
        weights = self.values.astype(np.float64)
        if self.row_scale is None:
            return weights
        rows = (-1, *[1] * (weights.ndim - 1))
        return weights * self.row_scale.astype(np.float64).reshape(rows)


def is_matrix(name: str) -> bool:
    """Whether an array of a weights file is a matrix, by its name there."""
    return not name.endswith("_b")


def store_matrix(matrix: np.ndarray, stored_as: str, where: str = "a matrix") -> StoredMatrix:
    """Round a matrix to one of `WEIGHT_FORMATS`, to the nearest value, ties to even.

    Parameters
    ----------
    matrix : ndarray, shape (n_rows, ...), float32
    stored_as : str
    where : str
        Names the matrix in messages.

    Raises
    ------
    UserError
        If a weight is too large for a half.
    """
    if stored_as == "float16":
        largest = float(np.abs(matrix).max())
        if largest > LARGEST_HALF:
            raise UserError(
                f"{where} has a weight of size {largest:g}, a half holds at most "
                f"{LARGEST_HALF:g}. Set export.weights to float32 or int8."
            )
        return StoredMatrix(matrix.astype(np.float16))
    if stored_as == "int8":
        rows = matrix.reshape(len(matrix), -1).astype(np.float64)
        scale = (np.abs(rows).max(axis=1) / LARGEST_INT8).astype(np.float32)
        # Some processors take what is below this for zero.
        scale[scale < np.finfo(np.float32).tiny] = 0.0
        divisor = np.where(scale > 0, scale, 1.0).astype(np.float64)[:, None]
        values = np.where(scale[:, None] > 0, np.rint(rows / divisor), 0.0)
        values = np.clip(values, -LARGEST_INT8, LARGEST_INT8).astype(np.int8)
        return StoredMatrix(values.reshape(matrix.shape), scale)
    if stored_as != "float32":
        raise ValueError(f"{stored_as!r} is none of {', '.join(WEIGHT_FORMATS)}")
    return StoredMatrix(matrix)


def constants(weights: PolicyWeights, stored_as: str) -> list[tuple[str, np.ndarray]]:
    """Name and values of every constant array, in the order of policy_weights.c."""
    found = [("input_scale", weights.input_scale)]
    for name, array in sorted(weights.arrays.items()):
        if is_matrix(name):
            stored = store_matrix(array, stored_as, f"array {name}")
            found.append((name, stored.values))
            if stored.row_scale is not None:
                found.append((f"{name}_scale", stored.row_scale))
        else:
            found.append((name, array))
    return found


def constant_bytes(weights: PolicyWeights, stored_as: str) -> int:
    """Bytes of all constant arrays."""
    return sum(array.nbytes for _, array in constants(weights, stored_as))


def as_stored(weights: PolicyWeights, stored_as: str) -> PolicyWeights:
    """The controller with the weights that the C computes with, in double precision."""
    arrays = {
        name: store_matrix(array, stored_as, f"array {name}").restored()
        if is_matrix(name)
        else array
        for name, array in weights.arrays.items()
    }
    return dataclasses.replace(weights, arrays=arrays)


def storage_error(
    trained: Mapping[str, GoldenWalk], stored: Mapping[str, GoldenWalk]
) -> dict[str, dict[str, Any]]:
    """What rounding the weights does to the commands.

    Parameters
    ----------
    trained, stored : mapping
        Golden walks by name with the same inputs, answered by the float32 network and by the
        network with the stored weights.

    Returns
    -------
    dict
        For each walk, and for all of them under "all": `n_steps`, `max_abs_error_Nm`,
        `rms_error_Nm` over ticks and legs.
    """
    errors = {
        name: stored[name].commands.astype(np.float64) - walk.commands.astype(np.float64)
        for name, walk in trained.items()
    }
    errors["all"] = np.concatenate(list(errors.values()))
    return {name: error_summary(error) for name, error in errors.items()}


def error_summary(error_Nm: np.ndarray) -> dict[str, Any]:
    """How far torques are off: `n_steps`, `max_abs_error_Nm`, `rms_error_Nm`.

    Parameters
    ----------
    error_Nm : ndarray, shape (n_steps, n_legs)
    """
    return {
        "n_steps": len(error_Nm),
        "max_abs_error_Nm": float(np.abs(error_Nm).max()),
        "rms_error_Nm": float(np.sqrt(np.mean(error_Nm**2))),
    }
