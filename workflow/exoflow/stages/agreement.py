"""`exoflow agreement`: a device's log against simulated walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def run(log: Path, trajectories: Sequence[Path], output: Path | None = None) -> None:
    """Compare, print a table, and write the numbers if asked for.

    Parameters
    ----------
    log : Path
        csv with units in its names, see `exoflow.trial.device_log`.
    trajectories : sequence of Path
        Parquet files of simulated walks.
    output : Path, optional
        JSON file.

    Raises
    ------
    TrialDataError
        If the log cannot be trusted or holds no whole gait cycles.
    """
    from exoflow.records.json_io import write_json
    from exoflow.records.trajectory import read_parquet
    from exoflow.trial.agreement import compare_with_simulation
    from exoflow.trial.device_log import read_device_log

    walks = [(file.name, read_parquet(file)) for file in trajectories]
    result = compare_with_simulation(read_device_log(log), walks)
    if output is not None:
        write_json(output, result)
    print("\n".join(lines_of(result)))


def lines_of(result: Mapping[str, Any]) -> list[str]:
    """The numbers for a terminal."""
    lines = []
    for found in result["comparisons"]:
        lines.append(
            f"{result['log']} against {found['trajectory']}, side {found['side']}: "
            f"{found['device_cycles']} cycles of {found['device_cycle_s']:.2f} s, "
            f"{found['simulated_cycles']} of {found['simulated_cycle_s']:.2f} s, "
            f"cut at {found['cycle_event'].replace('_', ' ')}"
        )
        for name, numbers in found["quantities"].items():
            r = numbers["pearson_r"]
            lines.append(
                f"  {name:<22} R {numbers['correlation_zero_lag']:6.3f} at zero lag, "
                f"{numbers['correlation_best_lag']:.3f} at {numbers['best_lag_ms']:+.0f} ms "
                f"({numbers['best_lag_pct']:+.1f} %); Pearson r "
                f"{'none' if r is None else format(r, '.3f')}; RMSE {numbers['rmse']:.3g}; "
                f"peak {numbers['peak_error']:+.3g}, "
                f"{numbers['peak_timing_error_ms']:+.0f} ms"
            )
    for row in result["rms_torque"]:
        speed = "" if row["speed_m_s"] is None else f" at {row['speed_m_s']:.2f} m/s"
        torques = ", ".join(
            f"{side} {row[key]:.2f} Nm"
            for side, key in (("right", "rms_torque_r_Nm"), ("left", "rms_torque_l_Nm"))
            if key in row
        )
        if torques:
            lines.append(f"RMS torque of {row['source']}{speed}: {torques}")
    return lines
