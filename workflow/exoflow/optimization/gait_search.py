"""Search of the reflex gains: a cold start with restarts and staged speeds, then variants."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from exoflow.control.reflex_table import ReflexTable
from exoflow.gait.analysis import gait_summary
from exoflow.gait.objective import Score, missed_speed, score
from exoflow.optimization.cma_search import (
    Checkpoint,
    SearchResult,
    SearchSpace,
    joined,
    minimize,
)
from exoflow.optimization.dofc_search import DOFC_NAMES, dofc_space, law_of
from exoflow.records.rollout import Measures, Rollout
from exoflow.simulation.assemble import Limits
from exoflow.simulation.walker import (
    OFFSET_DOFS,
    Dofc,
    ExoLaw,
    NoExo,
    SensorNoise,
    Walker,
    ZeroTorque,
    reflex_table,
)
from exoflow.units import radians

OFFSET_STD = 0.01
OFFSET_BOUND = 0.5
# Smallest standard deviation, as a share of what a value of one would get.
SMALLEST_VALUE = 0.3
# A cold start takes larger steps, of the value itself or of this at least.
COLD_FACTOR = 0.1
COLD_SMALLEST = 0.03
# Seeds of the restarts of a cold start lie this far apart, so that those of two searches with
# neighbouring seeds differ.
RESTART_SEED_STEP = 1000
# Seeds of the sensor noise of two variants of a candidate lie this far apart.
VARIANT_SEED_STEP = 100
# An actuator must have a limit, also one that is never asked for torque.
NO_TORQUE_ASKED_NM = 1.0
# The staged speeds of a cold start run on level ground at this step.
COLD_TIMESTEP_S = 0.002


@dataclass(frozen=True)
class GaitSearch:
    """Settings of one search, as the `reflex` phase gets them (see config/reflex.py).

    With `exo`, every walk of the search wears it and has the law on: a human who adapts to it.
    """

    settings: Mapping
    label: str
    watch: Callable[[str], None] | None = None
    """Called with the stage's name after every walk without a fall, from several threads."""
    exo: Mapping | None = None
    """Settings of the exo that is worn (config/exo.py); None: nothing."""
    law: ExoLaw = field(default_factory=NoExo)
    """What drives it; a law other than NoExo needs `exo`."""
    noise: SensorNoise | None = None
    """Of the exo's sensors; drawn anew for every variant, the same for all candidates."""
    tune_law: bool = False
    """Search gain, delay and filter of the law, a Dofc, together with the reflexes."""

    @property
    def reflex(self) -> Mapping:
        """The `reflex` part of the settings."""
        return self.settings["reflex"]

    @property
    def condition(self) -> Mapping:
        """Speed, slope and impairment."""
        return self.settings["condition"]

    def walker(
        self,
        timestep_s: float,
        extra_slope_deg: float = 0.0,
        payload: Mapping | None = None,
        with_uchida: bool = True,
    ) -> Walker:
        """The condition's walker on its slope plus `extra_slope_deg`; private to one thread."""
        return Walker.create(
            self.settings["model"],
            reflexes=self.reflex["reflexes"],
            timestep_s=timestep_s,
            slope_deg=self.condition["slope_deg"] + extra_slope_deg,
            impairment=self.condition["impairment"],
            exo=payload or self.exo,
            limits=self.limits(),
            with_uchida=with_uchida,
        )

    def variants(self, timestep_s: float) -> list[Walker]:
        """What a robust candidate must do: walk every slope, and carry the payload up the steepest.

        Who wears an exo carries its mass on every slope, and no payload beside it.
        """
        walkers = [
            self.walker(timestep_s, slope, with_uchida=False) for slope in self.reflex["slopes_deg"]
        ]
        if self._payload and not self.exo:
            steepest = max(self.reflex["slopes_deg"])
            walkers.append(self.walker(timestep_s, steepest, self._payload, with_uchida=False))
        return walkers

    @property
    def _payload(self) -> dict[str, float]:
        """An exo at zero torque that a candidate must be able to wear; empty: none."""
        r = self.reflex
        if not (r["payload_pelvis_kg"] or r["payload_thigh_kg"]):
            return {}
        return {
            "mass_pelvis_kg": r["payload_pelvis_kg"],
            "mass_thigh_kg": r["payload_thigh_kg"],
            "friction_Nm": r["payload_friction_Nm"],
            "inertia_kg_m2": r["payload_inertia_kg_m2"],
            "torque_limit_Nm": NO_TORQUE_ASKED_NM,
        }

    def limits(self) -> Limits:
        """What the penalties of the objective leave free."""
        objective = self.reflex["objective"]
        return Limits(
            objective["grf_limit_BW"],
            objective["leg_grf_limit_BW"],
            radians(objective["trunk_lean_limit_deg"]),
        )

    def weights(self) -> dict[str, float]:
        """Objective weights; an impaired gait is not asked to be symmetric."""
        weights = dict(self.reflex["objective"])
        if self.condition["impairment"]:
            weights["symmetry"] = 0.0
        return weights

    def run(
        self, start_values: Mapping[str, float] | None, checkpoint_folder: Path | None
    ) -> "FoundGait":
        """Search from `start_values`, or cold from the published ones.

        Parameters
        ----------
        start_values : mapping or None
            A warm start; None starts cold through the staged speeds.
        checkpoint_folder : Path or None
            Folder of this job's checkpoints, one per stage.
        """
        table = reflex_table(self.reflex["reflexes"])
        history: list[tuple[int, float]] = []
        spent = 0
        values = dict(start_values or _published_values(table))
        factor = self.reflex["sigma_factor"]
        if start_values is None:
            for stage, speed in enumerate(self._cold_speeds()):
                space = search_space(table, values, COLD_FACTOR, COLD_SMALLEST)
                tries = self.reflex["cold_restarts"] if stage == 0 else 1
                results = []
                for restart in range(tries):
                    results.append(
                        self._stage(
                            f"cold{stage}_{restart}",
                            space,
                            lambda: [self.walker(COLD_TIMESTEP_S)],
                            speed,
                            self.reflex["cold_evaluations"],
                            spent,
                            checkpoint_folder,
                            seed=self.reflex["seed"] + restart * RESTART_SEED_STEP,
                        )
                    )
                    spent += results[-1].evaluations
                best_result = min(results, key=lambda result: result.value)
                values = dict(zip(space.names, best_result.best, strict=True))
                history += best_result.history
        space = search_space(table, values, factor, SMALLEST_VALUE * factor)
        if self.tune_law:
            first = self.law if isinstance(self.law, Dofc) else None
            space = joined(space, dofc_space(first, self._torque_limit_Nm))
        result = self._stage(
            "robust", space, lambda: self.variants(self.reflex["timestep_s"]),
            self.condition["speed_m_s"], self.reflex["evaluations"], spent, checkpoint_folder,
            diagonal=self.reflex["covariance"] == "diagonal",
        )  # fmt: skip
        best = dict(zip(space.names, (float(x) for x in result.best), strict=True))
        law = self._law_of(best)
        if self.tune_law:
            best = {name: value for name, value in best.items() if name not in DOFC_NAMES}
        return FoundGait(
            best, result.value, spent + result.evaluations, history + result.history, law
        )

    @property
    def _torque_limit_Nm(self) -> float:
        return float(self.exo["torque_limit_Nm"]) if self.exo else 0.0

    def _law_of(self, values: Mapping[str, float]) -> ExoLaw:
        """The law of a candidate: the given one, or the one that its values describe."""
        if not self.tune_law:
            return self.law
        return law_of([values[name] for name in DOFC_NAMES], self._torque_limit_Nm)

    def _cold_speeds(self) -> list[float]:
        """Speeds of a cold start, up to the condition's own."""
        target = self.condition["speed_m_s"]
        return [v for v in self.reflex["staged_speeds_m_s"] if v < target] + [target]

    def _stage(
        self,
        name: str,
        space: SearchSpace,
        make_walkers: Callable[[], list[Walker]],
        speed_m_s: float,
        evaluations: int,
        spent: int,
        checkpoint_folder: Path | None,
        seed: int | None = None,
        diagonal: bool = False,
    ) -> SearchResult:
        def lane():
            walkers = make_walkers()

            def evaluate(candidate: np.ndarray) -> float:
                values = dict(zip(space.names, candidate, strict=True))
                return self._value(walkers, values, self._law_of(values), speed_m_s, name)

            return evaluate

        checkpoint = None
        if checkpoint_folder is not None:
            checkpoint = Checkpoint(
                checkpoint_folder / f"{name}.pickle", self.reflex["checkpoint_every_s"]
            )
        return minimize(
            space,
            [lane() for _ in range(self.reflex["threads"])],
            evaluations=evaluations,
            population=self.reflex["population"],
            seed=self.reflex["seed"] if seed is None else seed,
            label=f"{self.label} {name} {speed_m_s:g} m/s",
            checkpoint=checkpoint,
            history_offset=spent,
            diagonal=diagonal,
        )

    def best_law(self, values: Mapping[str, float], laws: Sequence[ExoLaw]) -> ExoLaw:
        """The law under which these gains score best; one that the wearer stands with, if any.

        Parameters
        ----------
        values : mapping
            Gains; those of the reflex set that are missing have the table's mean.
        laws : sequence of ExoLaw
            Each walks every variant, as a candidate of `run` does.
        """
        full = _published_values(reflex_table(self.reflex["reflexes"])) | dict(values)

        def lane(some: Sequence[ExoLaw]) -> list[float]:
            walkers = self.variants(self.reflex["timestep_s"])
            speed = self.condition["speed_m_s"]
            return [self._value(walkers, full, law, speed, "laws") for law in some]

        threads = self.reflex["threads"]
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(lane, [laws[first::threads] for first in range(threads)]))
        scores = [found[number % threads][number // threads] for number in range(len(laws))]
        return laws[int(np.argmin(scores))]

    def _value(
        self,
        walkers: Sequence[Walker],
        values: Mapping[str, float],
        law: ExoLaw,
        speed_m_s: float,
        stage: str,
    ) -> float:
        """What is minimized: the mean score of a candidate's walks; a fall ends them."""
        weights = self.weights()
        scores: list[float] = []
        walks: list[Measures] = []
        for variant, walker in enumerate(walkers):
            payload = walker.exo_settings and not self.exo
            worn = ZeroTorque() if payload else law
            measures = self._rollout(
                walker, values, self.reflex["duration_s"], worn, variant
            ).measures
            scores.append(score(measures, speed_m_s, weights).total)
            walks.append(measures)
            if measures.fell:
                # Out of the race: the walks left out count like this one.
                scores += [scores[-1]] * (len(walkers) - len(scores))
                return float(np.mean(scores))
            if self.watch:
                self.watch(stage)
        return float(np.mean(scores)) + weights["speed"] * missed_speed(walks, speed_m_s)

    def walk(self, values: Mapping[str, float], duration_s: float, stored_step_s: float) -> Rollout:
        """The condition's own walk with these gains, with its trajectory."""
        walker = self.walker(self.reflex["timestep_s"])
        return self._rollout(walker, values, duration_s, self.law, 0, stored_step_s)

    def _rollout(
        self,
        walker: Walker,
        values: Mapping[str, float],
        duration_s: float,
        law: ExoLaw,
        variant: int,
        stored_step_s: float | None = None,
    ) -> Rollout:
        seed = self.reflex["seed"] + variant * VARIANT_SEED_STEP
        return walker.rollout(
            values, duration_s, law,
            noise=self.noise, noise_seed=seed, store_every_s=stored_step_s,
        )  # fmt: skip

    def describe(self, walk: Rollout, strides: int) -> tuple[dict, dict, str | None]:
        """Summary, mean cycle and, if this is no gait, the reason."""
        measures = walk.measures
        summary, cycle = gait_summary(walk.trajectory, strides)
        summary |= {
            "duration_s": measures.reached_s,
            "fell": measures.fell,
            "target_speed_m_s": self.condition["speed_m_s"],
        }
        reason = None
        if measures.fell:
            reason = f"the walker fell after {measures.reached_s:.1f} s of {measures.planned_s:g} s"
        elif not cycle:
            reason = f"only {summary['n_strides']} whole strides in {measures.planned_s:g} s"
        if not measures.finite:
            reason = f"the simulation left the finite numbers at {measures.reached_s:.2f} s"
        return summary, cycle, reason

    @staticmethod
    def discard(checkpoint_folder: Path) -> None:
        """Remove the checkpoints of a finished job."""
        shutil.rmtree(checkpoint_folder, ignore_errors=True)

    def score_terms(self, values: Mapping[str, float]) -> Score:
        """Objective terms of a parameter set on the condition's own slope."""
        walker = self.walker(self.reflex["timestep_s"])
        rollout = self._rollout(walker, values, self.reflex["duration_s"], self.law, 0)
        return score(rollout.measures, self.condition["speed_m_s"], self.weights())


@dataclass(frozen=True)
class FoundGait:
    """Outcome of a search; `score` is the mean over the variants, `law` what drove the exo."""

    parameters: dict[str, float]
    score: float
    evaluations: int
    history: list[tuple[int, float]]
    law: ExoLaw = field(default_factory=NoExo)


def _published_values(table: ReflexTable) -> dict[str, float]:
    return {p.name: p.mean for p in table.parameters}


def search_space(
    table: ReflexTable, values: Mapping[str, float], factor: float, smallest: float
) -> SearchSpace:
    """The free parameters of a table and seven start-pose offsets around `values`.

    Standard deviations are `factor` times the value, `smallest` at least. A parameter without a
    value is new to this walker: it starts at the table's mean with the table's deviation.
    """
    names = (*table.parameter_names, *(f"{dof}.offset" for dof in OFFSET_DOFS))
    means = {p.name: p.mean for p in table.parameters}
    start = np.array([values.get(name, means.get(name, 0.0)) for name in names])
    n_offsets = len(OFFSET_DOFS)
    low = np.array([p.low for p in table.parameters] + [-OFFSET_BOUND] * n_offsets)
    high = np.array([p.high for p in table.parameters] + [OFFSET_BOUND] * n_offsets)
    std = np.maximum(factor * np.abs(start), smallest)
    std[-n_offsets:] = np.maximum(std[-n_offsets:], min(OFFSET_STD, smallest))
    for place, parameter in enumerate(table.parameters):
        if parameter.name not in values:
            std[place] = parameter.std
    return SearchSpace(names, np.clip(start, low, high), std, low, high)
