"""Tuning of delayed output feedback control for one gait: the fair baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exoflow.gait.objective import relative_assistance_cost
from exoflow.optimization.cma_search import SearchSpace, minimize
from exoflow.simulation.walker import Dofc, SensorNoise, Walker, ZeroTorque

DOFC_NAMES = ("gain_share", "delay_s", "filter_tau_s")
# Start: full torque at usual hip swings, and a delay at which assistance helps (0.1-0.25 s).
_START = (0.8, 0.15, 0.03)
_STD = (0.4, 0.05, 0.02)
_LOW = (0.0, 0.01, 0.0)
_HIGH = (3.0, 0.4, 0.2)
# First steps around a law that is already worn: others bring its wearer down.
_WORN_STD = (0.1, 0.0125, 0.005)
POPULATION = 10


def unassisted(
    walkers: Sequence[Walker], parameters: Mapping[str, float], duration_s: float
) -> list[tuple[float, float]]:
    """Speed (m/s) and metabolic power (W/kg) of each walker, the powered exo commanded to zero."""
    references = []
    for walker in walkers:
        measures = walker.rollout(parameters, duration_s, ZeroTorque()).measures
        power = measures.effort_J / measures.reached_s / measures.body_mass_kg
        references.append((measures.speed_m_s, power))
    return references


@dataclass(frozen=True)
class DofcTuning:
    """Best law, its objective value and the search history."""

    law: Dofc
    value: float
    history: list[tuple[int, float]]


def tune_dofc(
    make_walkers,
    parameters: Mapping[str, float],
    references: Sequence[tuple[float, float]],
    *,
    torque_limit_Nm: float,
    duration_s: float,
    evaluations: int,
    seed: int,
    noise: SensorNoise | None,
    label: str,
) -> DofcTuning:
    """Tune gain, delay and filter of DOFC by CMA-ES.

    Parameters
    ----------
    make_walkers : callable
        Returns the walkers (one per time step) of one thread.
    parameters : mapping
        Reflex parameters of the gait.
    references : sequence of (speed m/s, power W/kg)
        The same gait without torque, one per walker: cost and speed are taken relative to it.
    torque_limit_Nm : float
        The gain is searched as a share of it.
    noise : SensorNoise or None

    Returns
    -------
    DofcTuning
    """

    def lane():
        walkers: Sequence[Walker] = make_walkers()

        def evaluate(candidate: np.ndarray) -> float:
            law = law_of(candidate, torque_limit_Nm)
            values = []
            for walker, (speed, power) in zip(walkers, references, strict=True):
                measures = walker.rollout(
                    parameters, duration_s, law, noise=noise, noise_seed=seed
                ).measures
                values.append(relative_assistance_cost(measures, speed, power))
            return float(np.mean(values))

        return evaluate

    space = dofc_space(None, torque_limit_Nm)
    result = minimize(
        space,
        [lane()],
        evaluations=evaluations,
        population=POPULATION,
        seed=seed,
        label=label,
    )
    return DofcTuning(law_of(result.best, torque_limit_Nm), result.value, result.history)


def dofc_space(start: Dofc | None, torque_limit_Nm: float) -> SearchSpace:
    """Gain as a share of the limit, delay and filter, around `start` or a usual law."""
    first, std = np.array(_START), np.array(_STD)
    if start is not None:
        std = np.array(_WORN_STD)
        first = np.array([start.gain_Nm / torque_limit_Nm, start.delay_s, start.filter_tau_s])
    low, high = np.array(_LOW), np.array(_HIGH)
    return SearchSpace(DOFC_NAMES, np.clip(first, low, high), std, low, high)


def law_of(candidate: Sequence[float] | np.ndarray, torque_limit_Nm: float) -> Dofc:
    """The control law of a candidate (gain share, delay, filter time constant)."""
    share, delay, tau = (float(x) for x in candidate)
    return Dofc(gain_Nm=share * torque_limit_Nm, delay_s=delay, filter_tau_s=tau)
