"""Activation dynamics: from excitation u to activation a."""

import math

from exoflow.compiled import compiled

HYFYDY = 0
OPENSIM = 1
MODELS = {"hyfydy": HYFYDY, "opensim": OPENSIM}

# Hyfydy: da/dt = (u - a)(C1 u + C2); activation_rate 100 /s = C1 + C2,
# deactivation_rate 25 /s = C2.
HYFYDY_C1 = 75.0
HYFYDY_C2 = 25.0
# Thelen 2003 / OpenSim time constants, s.
TAU_ACTIVATION = 0.010
TAU_DEACTIVATION = 0.040
MINIMUM_ACTIVATION = 0.01


@compiled
def activation_step(model: int, activation: float, excitation: float, dt: float) -> float:
    """Activation after one step of constant excitation.

    Both models are linear in `a` once their rate is known, so the exponential
    update is used: exact for Hyfydy (the rate depends on u alone), first order
    in dt for OpenSim (the rate is taken at the start of the step), and stable
    for every step size.

    Parameters
    ----------
    model : int
        HYFYDY or OPENSIM.
    activation, excitation : float
        In 0..1; the excitation is clipped.
    dt : float
        Step, s.

    References
    ----------
    Hyfydy manual (rates 100 / 25 per s); Thelen (2003), as in OpenSim's
    Millard2012 muscle: tau = 10 ms (0.5 + 1.5 a) rising, 40 ms / (0.5 + 1.5 a) falling.
    """
    u = min(1.0, max(0.0, excitation))
    if model == HYFYDY:
        rate = HYFYDY_C1 * u + HYFYDY_C2
    else:
        u = max(u, MINIMUM_ACTIVATION)
        shape = 0.5 + 1.5 * activation
        rate = 1.0 / (TAU_ACTIVATION * shape) if u > activation else shape / TAU_DEACTIVATION
    return u + (activation - u) * math.exp(-rate * dt)
