"""One controller on gaits of several speeds: does it follow the walker it was not trained on?"""

from collections.abc import Mapping

from exoflow.gait.comparison import Controller, Protocol, compare_controllers
from exoflow.simulation import ExoLaw, NoExo, Walker
from exoflow.units import km_per_hour


def walk_with_law(
    gait: Mapping, law: ExoLaw, model: Mapping, exo: Mapping, protocol: Protocol, timestep_s: float
) -> dict:
    """Walk one gait without exo and with a law.

    Parameters
    ----------
    gait : mapping
        Result of the reflex phase; its condition gives slope and impairment.
    law : Policy or another exo law
    model, exo : mapping
        As in `Walker.create`.
    protocol : Protocol
        Duration, slopes and noise.
    timestep_s : float

    Returns
    -------
    dict
        `condition`; without exo `speed_without_exo_m_s`; with the law `speed_m_s`,
        `speed_km_h`, `fell`, `fall_fraction`, `rms_torque_Nm`, `peak_torque_Nm` and the mean
        changes against no exo (`change_cot_pct`, ...). What a fall leaves unknown is None.
    """

    def make_walker(slope_change_deg: float, controller: Controller) -> Walker:
        return Walker.for_gait(
            gait,
            model,
            gait["settings"]["condition"],
            timestep_s,
            exo if controller.worn else None,
            slope_change_deg=slope_change_deg,
            with_uchida=False,
        )

    compared = compare_controllers(
        [Controller("none", NoExo(), worn=False), Controller("law", law)],
        make_walker,
        gait["parameters"],
        protocol,
    )
    found = compared["law"]
    speed = found.get("speed_m_s")
    kept = (
        "fell", "fall_time_s", "fall_fraction", "rms_torque_Nm", "peak_torque_Nm",
        "change_cot_pct", "change_net_cot_pct", "change_power_pct", "change_speed_pct",
        "speed_matched",
    )  # fmt: skip
    return {
        "condition": gait["condition"],
        "speed_without_exo_m_s": compared["none"].get("speed_m_s"),
        "speed_m_s": speed,
        "speed_km_h": None if speed is None else km_per_hour(speed),
        **{key: found.get(key) for key in kept},
    }
