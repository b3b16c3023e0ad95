"""Limits of the safety layer: safety.yaml of a bundle, and the C that holds the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exoflow.config import to_plain
from exoflow.config.build import build
from exoflow.config.exo import DEVICES, ExoSettings
from exoflow.config.export import SafetySettings
from exoflow.control.policy_format import PolicyWeights
from exoflow.errors import PolicyFormatError, UserError
from exoflow.export.c_code import decimal_float, read_template

# A measured torque may overshoot what was commanded.
TORQUE_RANGE_SHARE = 2.0
# A call of the motor loop that comes later than this many policy ticks counts as no later.
LONGEST_CALL_TICKS = 2
HEADER = """\
# Limits of the safety layer: exo_safety_limits.c holds the same numbers. To change one,
# change export.safety in params.yaml and export again.
# Flexion positive. Guards 1 and 10 (finite numbers, weights) have no limits.
"""


@dataclass(frozen=True)
class Quantity:
    """A kind of input: how its limits follow from the settings."""

    suffix: str
    unit: str
    moves: bool  # noise makes a working sensor change from sample to sample


QUANTITIES = {
    "hip": Quantity("rad", "rad", True),
    "hip_velocity": Quantity("rad_s", "rad/s", True),
    "thigh_gyro": Quantity("rad_s", "rad/s", True),
    # A motor at rest measures exactly zero, so it cannot tell that it is frozen.
    "torque": Quantity("Nm", "Nm", False),
}


def safety_limits(
    weights: PolicyWeights, settings: Mapping[str, Any], exo: Mapping[str, Any] | None, source: Path
) -> dict[str, Any]:
    """Content of safety.yaml.

    Parameters
    ----------
    weights : PolicyWeights
    settings : mapping
        `export.safety` of params.yaml; what is left out has its default.
    exo : mapping, optional
        The worn exo; `name`, `torque_limit_Nm`, `slew_Nm_s`, `control_rate_Hz` count. Without
        it, what the policy was trained with stands for the device.
    source : Path
        Of the weights, for messages.

    Raises
    ------
    UserError
        If the limits contradict the device, the policy or each other; names both numbers.
    """
    safety = build(SafetySettings, settings, "export.safety", "settings")
    exo = to_plain(build(ExoSettings, exo, "exo", "settings")) if exo else None
    torque_Nm = safety.torque_limit_Nm
    rate_Nm_s = safety.rate_limit_Nm_s
    device_Nm = exo["torque_limit_Nm"] if exo else weights.torque_limit_Nm
    device_Nm_s = exo["slew_Nm_s"] if exo else weights.io["slew_Nm_s"]
    torque_Nm = device_Nm if torque_Nm is None else torque_Nm
    rate_Nm_s = device_Nm_s if rate_Nm_s is None else rate_Nm_s
    period_ms = 1000.0 / weights.io["rate_Hz"]
    if exo:
        _check_device(weights, torque_Nm, rate_Nm_s, exo, source)
    _check_order(safety, period_ms)
    return {
        "rate_Hz": weights.io["rate_Hz"],
        "torque_limit_Nm": {"right": torque_Nm, "left": torque_Nm},
        "rate_limit_Nm_s": rate_Nm_s,
        "soft_start_s": safety.soft_start_s,
        "soft_stop_s": safety.soft_stop_s,
        "power_limit_W": safety.power_limit_W,
        "velocity_limit_rad_s": safety.velocity_limit_rad_s,
        "stale_ms": safety.stale_ms,
        "deadline_ms": safety.deadline_ms,
        "hold_ms": safety.hold_ms,
        "longest_call_ms": LONGEST_CALL_TICKS * period_ms,
        "frozen_ms": safety.frozen_ms,
        "recover_ms": safety.recover_ms,
        "estop_after_faults": safety.estop_after_faults,
        "inputs": [
            _input_limits(entry["name"], safety, torque_Nm, source)
            for entry in weights.io["inputs"]
        ],
    }


def safety_yaml(limits: Mapping[str, Any]) -> str:
    """safety.yaml as text."""
    return HEADER + yaml.safe_dump(dict(limits), sort_keys=False, width=88)


def safety_sources(text: str, common: Mapping[str, str]) -> dict[str, str]:
    """The C of the safety layer with the limits of a safety.yaml.

    Parameters
    ----------
    text : str
        Content of safety.yaml.
    common : mapping
        `title` and `version`, for the comments.
    """
    limits = yaml.safe_load(text)
    names = [entry["name"] for entry in limits["inputs"]]
    values = {
        "n_inputs": len(names),
        "names": ", ".join(names),
        "low": _row(entry["low"] for entry in limits["inputs"]),
        "high": _row(entry["high"] for entry in limits["inputs"]),
        "jump": _row(entry["jump_per_sample"] for entry in limits["inputs"]),
        "moves": ", ".join(str(int(entry["must_move"])) for entry in limits["inputs"]),
        "velocities": ", ".join(str(index) for index in _velocity_inputs(names)),
        "torque": _row(limits["torque_limit_Nm"][leg] for leg in ("right", "left")),
        "sample_us": f"{1e6 / limits['rate_Hz']:.0f}u",
        "frozen_samples": f"{_samples(limits, 'frozen_ms')}u",
        "recover_samples": f"{_samples(limits, 'recover_ms')}u",
        "estop_after_faults": f"{limits['estop_after_faults']}u",
    }
    values |= {name: f"{1000 * limits[name.replace('_us', '_ms')]:.0f}u" for name in TIMES_US}
    values |= {name: decimal_float(limits[key]) for name, key in FLOATS.items()}
    sources = {
        name: read_template(f"device/{name}").substitute(common, **values)
        for name in ("exo_safety_limits.h", "exo_safety_limits.c")
    }
    fixed = ("exo_safety.h", "exo_safety.c", "exo_controller.h", "exo_controller.c")
    return sources | {name: read_template(f"device/{name}").substitute() for name in fixed}


TIMES_US = ("stale_us", "deadline_us", "hold_us", "longest_call_us")
FLOATS = {
    "rate": "rate_limit_Nm_s",
    "soft_start": "soft_start_s",
    "soft_stop": "soft_stop_s",
    "power": "power_limit_W",
    "velocity": "velocity_limit_rad_s",
}


def _check_device(
    weights: PolicyWeights, torque_Nm: float, rate_Nm_s: float, exo: Mapping[str, Any], source: Path
) -> None:
    """Limits above what the device can do would never act, or act too late."""
    most_Nm = min(exo["torque_limit_Nm"], DEVICES[exo["name"]].torque_limit_Nm)
    pairs = (
        ("export.safety.torque_limit_Nm", torque_Nm, "exo.torque_limit_Nm", most_Nm, "Nm"),
        ("export.safety.rate_limit_Nm_s", rate_Nm_s, "exo.slew_Nm_s", exo["slew_Nm_s"], "Nm/s"),
    )
    for name, value, other, most, unit in pairs:
        if value > most * (1 + 1e-6):
            raise UserError(
                f"export: {name} = {value:g} {unit} contradicts the device, whose {other} is "
                f"{most:g} {unit}. Lower it."
            )
    if weights.torque_limit_Nm > most_Nm * (1 + 1e-6):
        raise UserError(
            f"{source}: commands up to {weights.torque_limit_Nm:g} Nm, which contradicts the "
            f"device, whose exo.torque_limit_Nm is {most_Nm:g} Nm. Train it for this device, or "
            "export it with the exo it was trained for."
        )
    if weights.io["rate_Hz"] != exo["control_rate_Hz"]:
        raise UserError(
            f"{source}: runs at {weights.io['rate_Hz']:g} Hz, which contradicts the device, whose "
            f"exo.control_rate_Hz is {exo['control_rate_Hz']:g} Hz. Train it at that rate."
        )


def _check_order(safety: SafetySettings, period_ms: float) -> None:
    """Times that only make sense one after the other."""
    pairs = (
        ("deadline_ms", safety.deadline_ms, "the tick of the policy", period_ms),
        ("stale_ms", safety.stale_ms, "the tick of the policy", period_ms),
        ("hold_ms", safety.hold_ms, "deadline_ms", safety.deadline_ms),
    )
    for name, value, other, least in pairs:
        if value < least:
            raise UserError(
                f"export: export.safety.{name} = {value:g} ms is shorter than {other}, "
                f"{least:g} ms. Raise it."
            )
    low, high = safety.hip_range_rad if len(safety.hip_range_rad) == 2 else (0.0, 0.0)
    if not low < high:
        raise UserError(
            f"export: export.safety.hip_range_rad = {list(safety.hip_range_rad)} must be two "
            "angles, the lower one first."
        )


def _input_limits(
    name: str, safety: SafetySettings, torque_Nm: float, source: Path
) -> dict[str, Any]:
    quantity = QUANTITIES.get(name[:-2]) if name.endswith(("_r", "_l")) else None
    if quantity is None:
        known = ", ".join(f"{stem}_r/_l" for stem in QUANTITIES)
        raise PolicyFormatError(
            f"{source}: the safety layer knows no limits for the input {name!r}; it knows "
            f"{known}. Extend export/safety.py."
        )
    speed, torque = safety.velocity_range_rad_s, TORQUE_RANGE_SHARE * torque_Nm
    low, high, jump = {
        "rad": (*safety.hip_range_rad, safety.hip_jump_rad),
        "rad_s": (-speed, speed, safety.velocity_jump_rad_s),
        "Nm": (-torque, torque, torque),
    }[quantity.suffix]
    return {
        "name": name,
        "unit": quantity.unit,
        "low": low,
        "high": high,
        "jump_per_sample": jump,
        "must_move": quantity.moves,
    }


def _velocity_inputs(names: list[str]) -> tuple[int, int]:
    """Which inputs stand for the hip velocities: a thigh gyroscope where there is none."""
    stem = "hip_velocity" if "hip_velocity_r" in names else "thigh_gyro"
    return names.index(f"{stem}_r"), names.index(f"{stem}_l")


def _samples(limits: Mapping[str, Any], key: str) -> int:
    return max(1, round(limits[key] * limits["rate_Hz"] / 1000.0))


def _row(values: Any) -> str:
    return ", ".join(decimal_float(float(value)) for value in values)
