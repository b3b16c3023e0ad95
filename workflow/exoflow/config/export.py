"""Bundles for a device: `export:` in params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config.setting import setting

TARGETS = ("host", "a53", "m7", "onnx")
WEIGHT_FORMATS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class SafetySettings:
    """Limits of the safety layer in front of the motors, written to the bundle's safety.yaml."""

    torque_limit_Nm: float | None = setting(
        None, doc="Clamp of each joint's torque, Nm; null: exo.torque_limit_Nm.", above=0
    )
    rate_limit_Nm_s: float | None = setting(
        None, doc="Largest change of torque, Nm/s; null: exo.slew_Nm_s.", above=0
    )
    power_limit_W: float = setting(
        100.0, doc="Largest mechanical power of one joint, W.", above=0, maximum=1000
    )
    velocity_limit_rad_s: float = setting(
        10.0, doc="Hip velocity above which there is no torque, rad/s.", above=0, maximum=30
    )
    soft_start_s: float = setting(
        3.0, doc="Time over which the torque fades in, s.", minimum=0, maximum=30
    )
    soft_stop_s: float = setting(
        0.5, doc="Time over which it fades out when walking is stopped, s.", minimum=0, maximum=10
    )
    stale_ms: float = setting(
        30.0, doc="Age of the last good sample from which the torque goes to zero, ms.", above=0
    )
    deadline_ms: float = setting(
        15.0, doc="Time after a command from which the next one counts as late, ms.", above=0
    )
    hold_ms: float = setting(
        30.0, doc="Time for which a late command is held before it goes to zero, ms.", above=0
    )
    frozen_ms: float = setting(
        500.0, doc="Time for which a sensor may give the same bits, ms.", above=0
    )
    recover_ms: float = setting(
        100.0, doc="Time of good samples before the torque fades in after a fault, ms.", minimum=10
    )
    estop_after_faults: int = setting(
        10, doc="Faults while walking that latch the emergency stop; 0: none does.", minimum=0
    )
    hip_range_rad: tuple[float, ...] = setting(
        (-1.2, 2.3), doc="Hip angles a sensor can give, lowest and highest, rad.", minimum=-4,
        maximum=4,
    )  # fmt: skip
    hip_jump_rad: float = setting(
        0.4, doc="Largest change of a hip angle from sample to sample, rad.", above=0
    )
    velocity_range_rad_s: float = setting(
        15.0, doc="Largest hip or thigh velocity a sensor can give, rad/s.", above=0
    )
    velocity_jump_rad_s: float = setting(
        4.0, doc="Largest change of such a velocity from sample to sample, rad/s.", above=0
    )


@dataclass(frozen=True)
class ExportSettings:
    """Which controllers become C code, and how closely it must agree."""

    policies: tuple[str, ...] = setting(
        (), doc="Controllers to export, each CONDITION/seedN or student."
    )
    tolerance_Nm: float = setting(
        1e-5, doc="Largest difference between C and the trained network, Nm.", above=0
    )
    weights: str = setting(
        "float32",
        doc="How the C stores the network's matrices: as trained, as 16-bit halves, or as 8-bit "
        "integers with a scale per row; the report says what the small ones cost in Nm.",
        choices=WEIGHT_FORMATS,
    )
    compiler: str = setting("cc", doc="C compiler of this computer that checks the bundle.")
    targets: tuple[str, ...] = setting(
        TARGETS,
        doc="Where the bundle is run to check it; one whose tools are missing is left out.",
        choices=TARGETS,
    )
    emulated_steps: int = setting(
        25,
        doc="Ticks of each golden walk that the emulated targets repeat; the host takes all.",
        minimum=1,
    )
    safety: SafetySettings = setting(SafetySettings, doc="Limits of the safety layer.")


def export_name(policy: str) -> str:
    """Name of the bundle of one entry of `export.policies`: level/seed1 -> level_seed1."""
    return policy.replace("/", "_")
