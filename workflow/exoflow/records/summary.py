"""The few numbers of a run that DVC compares between runs, from the result files.

`dvc metrics show` and `dvc plots` need files that stay where they are whatever
the conditions are called, so these tables stand beside the report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exoflow.records.files import write_text
from exoflow.records.json_io import read_json, write_json

GAIT_KEYS = (
    "speed_m_s",
    "cot_wang2012_J_kg_m",
    "cot_uchida2016_s060_J_kg_m",
    "hip_r",
    "knee_r",
    "ankle_r",
)
CONTROLLER_KEYS = (
    "change_cot_pct",
    "change_net_cot_pct",
    "change_power_pct",
    "change_speed_pct",
    "fall_fraction",
    "speed_m_s",
    "peak_torque_Nm",
)
CURVE_KEYS = ("step", "reward_mean", "change_cot_pct", "speed_m_s")
CYCLE_KEYS = ("gait_pct", "hip_deg", "knee_deg", "ankle_deg", "grf_y_BW")


def write_summary(
    results: str | Path, settings: Mapping[str, Any], folder: str | Path
) -> list[Path]:
    """Write metrics.json, learning_curves.csv and gait_cycles.csv into `folder`.

    Parameters
    ----------
    results
        Folder of all results. A result that is not there, or that was skipped,
        is left out.
    settings
        Settings of the report: `conditions` by id with their seeds, `exported`,
        `studies`, `student`.
    """
    results, folder = Path(results), Path(folder)
    return [
        write_json(folder / "metrics.json", metrics(results, settings)),
        write_table(folder / "learning_curves.csv", CURVE_KEYS, learning_curves(results, settings)),
        write_table(folder / "gait_cycles.csv", CYCLE_KEYS, gait_cycles(results, settings)),
    ]


def metrics(results: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """One number per question: gait and controllers by condition, student, export, trial."""
    found: dict[str, Any] = {}
    for name in settings.get("conditions", {}):
        gait = result(results / "reflex" / f"{name}.json")
        compared = result(results / "metabolics" / f"{name}.json")
        found[name] = {
            "gait": picked(gait.get("gait", {}), GAIT_KEYS),
            **{
                controller: picked(values, CONTROLLER_KEYS)
                for controller, values in compared.get("controllers", {}).items()
                if controller != "none"
            },
        }
    student = result(results / "student" / "student.json")
    if student:
        found["student"] = picked(student.get("open_loop", {}), ("r", "rmse_Nm"))
    for name in settings.get("exported", []):
        checked = result(results / "export" / f"{name}.json").get("max_abs_error_Nm", {})
        found.setdefault("export", {})[name] = {"max_abs_error_Nm": checked.get("host")}
    for study in settings.get("studies", []):
        compared = result(results / "trial" / f"{study}.json").get("conditions", {})
        found.setdefault("trial", {})[study] = {
            name: picked(values, ("mean_pct", "sd_pct", "p")) for name, values in compared.items()
        }
    return without_empty(found)


def learning_curves(results: Path, settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of all learning curves, named policy = condition/seed."""
    for name, condition in settings.get("conditions", {}).items():
        for seed in condition["seeds"]:
            file = results / "policy" / name / f"seed{seed}.csv"
            if file.is_file():
                with file.open(newline="", encoding="utf-8") as stream:
                    for row in csv.DictReader(stream):
                        yield {"name": f"{name}/seed{seed}", **row}


def gait_cycles(results: Path, settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of all mean strides, named by their condition."""
    for name in settings.get("conditions", {}):
        cycle = result(results / "reflex" / f"{name}.json").get("cycle") or {}
        columns = {key: cycle[key] for key in CYCLE_KEYS if cycle.get(key)}
        for values in zip(*columns.values(), strict=True):
            yield {"name": name, **dict(zip(columns, values, strict=True))}


def write_table(path: Path, keys: tuple[str, ...], rows: Iterator[dict[str, Any]]) -> Path:
    """Rows as csv with the columns `name` and `keys`; other columns are left out."""
    text = io.StringIO()
    table = csv.DictWriter(text, ("name", *keys), extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return write_text(path, text.getvalue())


def result(path: Path) -> dict[str, Any]:
    """A result with status ok, else nothing."""
    content = read_json(path) if path.is_file() else {}
    return content if content.get("status") == "ok" else {}


def picked(values: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The numbers among some keys."""
    return {key: values[key] for key in keys if isinstance(values.get(key), (int, float))}


def without_empty(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree without empty branches and missing numbers."""
    kept = {
        key: without_empty(value) if isinstance(value, Mapping) else value
        for key, value in tree.items()
    }
    return {key: value for key, value in kept.items() if value is not None and value != {}}
