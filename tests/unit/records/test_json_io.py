"""JSON results: sorted, finite, readable back."""

import json
from pathlib import Path

import numpy as np
import pytest

from exoflow.errors import CheckpointError, ExoflowError
from exoflow.records.json_io import read_json, write_json


def test_numpy_values_paths_and_tuples_are_written_as_plain_json(tmp_path):
    content = {"b": np.float64(0.5), "a": (np.arange(2), np.bool_(True)), "p": Path("x/y")}
    path = write_json(tmp_path / "r.json", content)
    assert json.loads(path.read_text()) == {"a": [[0, 1], True], "b": 0.5, "p": "x/y"}
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    assert path.read_text().endswith("}\n")


def test_floats_come_back_exactly(tmp_path):
    values = [0.1, 1 / 3, 1e-300, np.nextafter(1.0, 2.0)]
    assert read_json(write_json(tmp_path / "r.json", values)) == values


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float64("nan")])
def test_a_number_that_is_not_finite_is_named_and_nothing_is_written(tmp_path, bad):
    with pytest.raises(ExoflowError, match=r"gait\.hip_deg\[1\] = (nan|inf) is not a finite"):
        write_json(tmp_path / "r.json", {"gait": {"hip_deg": [1.0, bad]}})
    assert list(tmp_path.iterdir()) == []


def test_an_array_with_a_nan_is_named(tmp_path):
    with pytest.raises(ExoflowError, match=r"cycle\[2\] = nan"):
        write_json(tmp_path / "r.json", {"cycle": np.array([0, 1, np.nan])})


def test_missing_and_truncated_files_are_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"r\.json: no such file\."):
        read_json(tmp_path / "r.json")
    (tmp_path / "r.json").write_text('{"a": [1,\n2')
    with pytest.raises(CheckpointError, match=r"damaged or truncated JSON \(line 2\)"):
        read_json(tmp_path / "r.json")
