"""Exo control laws that run inside the simulation: actuator limits and delayed output feedback."""

import math

import numpy as np

from exoflow.compiled import compiled

# What drives the hip torques of a rollout.
NO_ACTUATOR = 0
DELAYED_OUTPUT_FEEDBACK = 1
NETWORK = 2
EXTERNAL_COMMAND = 3
ZERO_TORQUE = 4

# Longest delay of the output feedback, control ticks.
DOFC_RING = 64
# Memory of the law: filtered signal, ticks seen, then the ring.
DOFC_MEMORY = DOFC_RING + 2


@compiled
def actuator_step(
    torque: float,
    rate_limited: float,
    command: float,
    limit: float,
    slew: float,
    lag_s: float,
    dt: float,
) -> tuple[float, float]:
    """Motor torque after one step: clip, then slew limit, then first-order lag.

    Parameters
    ----------
    torque, rate_limited : float
        State of the actuator: lagged output and slew-limited command, Nm.
    command : float
        Commanded torque, Nm.
    limit, slew, lag_s : float
        Peak torque (Nm), largest change (Nm/s), time constant (s; 0 = none).
    """
    wanted = min(limit, max(-limit, command))
    step = slew * dt
    rate_limited += min(step, max(-step, wanted - rate_limited))
    if lag_s > 0.0:
        torque += (rate_limited - torque) * (1.0 - math.exp(-dt / lag_s))
    else:
        torque = rate_limited
    return torque, rate_limited


@compiled
def delayed_command(
    line: np.ndarray, delay_steps: int, step: int, leg: int, command: float
) -> float:
    """Command that reaches the actuator of one leg now; `command` does `delay_steps` later.

    Parameters
    ----------
    line : ndarray, shape (2 * delay_steps,)
        Commands on their way, Nm, one pair of legs per physics step; zeros at the start.
        Changed in place, so it must be called once per step and leg.
    step : int
        Physics steps since the start.
    """
    if delay_steps == 0:
        return command
    place = 2 * (step % delay_steps) + leg
    arriving = line[place]
    line[place] = command
    return arriving


@compiled
def backdrive_friction(
    velocity: float, friction_Nm: float, friction_velocity: float
) -> tuple[float, float]:
    """Friction of an actuator as a torque on its joint, Nm, and its damping, Nm s/rad.

    Torque -friction tanh(velocity / friction_velocity): against the motion, smooth at rest.
    The damping is minus the slope of that torque in velocity, 0 or more.

    Parameters
    ----------
    velocity : float
        Joint velocity, rad/s.
    friction_Nm : float
        Size at speed, Nm: 0.4 in Yu et al. (2020), 0.5 in Luo et al. (2024).
    friction_velocity : float
        Velocity at which 76 % of it is there, rad/s.
    """
    share = math.tanh(velocity / friction_velocity)
    return -friction_Nm * share, friction_Nm / friction_velocity * (1.0 - share * share)


@compiled
def delayed_output_feedback(
    hip_r: float,
    hip_l: float,
    gain_Nm: float,
    delay_ticks: float,
    smoothing: float,
    memory: np.ndarray,
) -> float:
    """Right hip torque of delayed output feedback control; the left one is its negative.

    y = sin(hip_r) - sin(hip_l), smoothed by y += smoothing (new - y) at every tick;
    torque_r(t) = -gain y(t - delay), flexion positive. Zero until the delay has passed.

    Parameters
    ----------
    hip_r, hip_l : float
        Hip flexion angles, rad.
    gain_Nm : float
        Torque per unit of y.
    delay_ticks : float
        Delay in control ticks, interpolated, at most DOFC_RING - 2.
    smoothing : float
        1 - exp(-tick / filter time constant): the filter does not change with the tick.
    memory : ndarray, shape (DOFC_MEMORY,)
        Changed in place; zeros at the start.

    References
    ----------
    Lim et al. (2019), in the form of public re-implementations (difference of sines).
    """
    raw = math.sin(hip_r) - math.sin(hip_l)
    ticks = int(memory[1])
    memory[0] = raw if ticks == 0 else memory[0] + smoothing * (raw - memory[0])
    memory[2 + ticks % DOFC_RING] = memory[0]
    memory[1] = ticks + 1
    if ticks < delay_ticks:
        return 0.0
    whole = int(delay_ticks)
    fraction = delay_ticks - whole
    near = memory[2 + (ticks - whole) % DOFC_RING]
    far = memory[2 + (ticks - whole - 1) % DOFC_RING] if fraction > 0.0 else near
    return -gain_Nm * ((1.0 - fraction) * near + fraction * far)


def smoothing_factor(filter_tau_s: float, tick_s: float) -> float:
    """Weight of the new sample in a first-order filter of time constant `filter_tau_s`."""
    return 1.0 if filter_tau_s <= 0.0 else 1.0 - math.exp(-tick_s / filter_tau_s)
