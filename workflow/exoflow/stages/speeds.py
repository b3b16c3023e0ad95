"""`exoflow speeds`: the same policy on gaits of several speeds, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

# One line of at most 80 columns per gait.
HEAD = (
    f"{'gait':<20}{'m/s':>6}{'km/h':>6}{'falls':>7}{'RMS Nm':>8}{'peak Nm':>9}"
    f"{'CoT %':>8}{'net %':>8}{'speed %':>8}"
)


def run(
    policy: Path,
    gaits: Sequence[Path],
    settings: Mapping[str, Any],
    output: Path | None = None,
) -> None:
    """Walk every gait with the policy and print a line for each.

    Parameters
    ----------
    policy : Path
        Weights file.
    gaits : sequence of Path
        Results of the reflex phase.
    settings : mapping
        `model`, `exo`, `policy` (sensor noise) and `metabolics` (walking time, noise seeds) of
        params.yaml. Each gait walks on its own slope only.
    output : Path, optional
        JSON to write.

    Raises
    ------
    CheckpointError
        If a file holds no gait.
    UserError
        If the weights file holds no controller.
    """
    from exoflow.control.policy_format import load_policy
    from exoflow.errors import UserError
    from exoflow.gait.speeds import walk_with_law
    from exoflow.records.gait_file import read_gait
    from exoflow.records.json_io import write_json
    from exoflow.simulation import Policy
    from exoflow.stages.metabolics import protocol

    weights = load_policy(policy)
    if weights.status != "ok":
        raise UserError(f"{policy}: holds no controller ({weights.reason}).")
    found = [read_gait(path) for path in gaits]
    level = replace(protocol(settings), slopes_deg=(0.0,))
    print(HEAD)
    rows = []
    for gait in found:
        rows.append(
            walk_with_law(
                gait,
                Policy(weights),
                settings["model"],
                settings["exo"],
                level,
                settings["metabolics"]["timestep_s"],
            )
        )
        print(line(rows[-1]), flush=True)
    if output is not None:
        write_json(output, {"policy": str(policy), "gaits": rows})


def line(row: Mapping[str, Any]) -> str:
    """One gait; a dash stands for what a fall leaves unknown."""

    def number(key: str, width: int, form: str) -> str:
        value = row[key]
        return f"{'-' if value is None else format(value, form):>{width}}"

    falls = f"{100.0 * row['fall_fraction']:.0f} %" if row["fell"] else "none"
    return (
        f"{row['condition']:<20.20}{number('speed_m_s', 6, '.2f')}{number('speed_km_h', 6, '.1f')}"
        f"{falls:>7}{number('rms_torque_Nm', 8, '.2f')}{number('peak_torque_Nm', 9, '.2f')}"
        f"{number('change_cot_pct', 8, '+.1f')}{number('change_net_cot_pct', 8, '+.1f')}"
        f"{number('change_speed_pct', 8, '+.1f')}"
    )
