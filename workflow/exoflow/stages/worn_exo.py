"""What `--exo` of a tool names: nothing, an exo without a command, DOFC or a weights file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exoflow.simulation import Dofc, ExoLaw

DOFC_PREFIX = "dofc:"


def exo_law(exo: str, gait: Path) -> ExoLaw:
    """The law that `--exo` names.

    Parameters
    ----------
    exo : str
        none; off (worn, mass alone); zero_torque (worn and powered, commanded to zero); dofc
        (the tuned law of the metabolics result beside the gait); dofc:GAIN_Nm,DELAY_s,TAU_s; or
        a weights file.
    gait : Path
        Result of the reflex phase.

    Raises
    ------
    UserError
        If the three numbers of DOFC are none, or the file holds no controller.
    CheckpointError, PolicyFormatError
        If what `exo` names cannot be read, or observes what the simulation does not sense.
    """
    from exoflow.errors import CheckpointError, UserError
    from exoflow.records.json_io import read_json
    from exoflow.simulation import Dofc, NoExo, Policy, ZeroTorque

    if exo in ("none", "off"):
        return NoExo()
    if exo == "zero_torque":
        return ZeroTorque()
    if exo.startswith(DOFC_PREFIX):
        return parse_dofc(exo)
    if exo == "dofc":
        metabolics = gait.parents[1] / "metabolics" / gait.name
        tuned = read_json(metabolics)["controllers"].get("dofc")
        if tuned is None:
            raise CheckpointError(
                f"{metabolics}: holds no tuned DOFC. Run `exoflow metabolics` first."
            )
        return Dofc(tuned["gain_Nm"], tuned["delay_s"], tuned["filter_tau_s"])
    policy = Policy.load(Path(exo))
    if policy.weights.status != "ok":
        raise UserError(f"{exo}: holds no controller ({policy.weights.reason}).")
    return policy


def parse_dofc(exo: str) -> Dofc:
    """`dofc:GAIN_Nm,DELAY_s,TAU_s` as a law.

    Raises
    ------
    UserError
        If there are not three numbers in their ranges.
    """
    from exoflow.errors import UserError
    from exoflow.simulation import Dofc
    from exoflow.simulation.walker import LONGEST_DOFC_TICKS

    # At the rate of the controller, 100 Hz.
    longest_s = LONGEST_DOFC_TICKS / 100.0
    try:
        gain, delay, tau = (float(part) for part in exo.removeprefix(DOFC_PREFIX).split(","))
    except ValueError:
        gain = delay = tau = math.nan
    if not (math.isfinite(gain) and 0.0 <= delay <= longest_s and 0.0 <= tau < math.inf):
        raise UserError(
            f"--exo {exo}: expected dofc:GAIN_Nm,DELAY_s,TAU_s, such as dofc:8,0.15,0.03; the "
            f"delay is 0..{longest_s:g} s, the filter's time constant 0 s or more."
        )
    return Dofc(gain, delay, tau)
