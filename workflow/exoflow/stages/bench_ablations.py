"""`exoflow bench ablations`: what the LSTM, drawn walkers and a human who adapts are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from exoflow.stages.bench_controllers import NOISE_SEEDS, Bench, Experiment, change_in_words

if TYPE_CHECKING:
    from exoflow.gait.robustness import Fraction

STRETCHES = (1.0, 1.5)
DRAWS = 100
WALK_S = 20.0
# Walkers drawn for one training.
HUMANS = 24


@dataclass(frozen=True)
class Variant:
    """One controller of the table: on whom, of which kind, with how many drawn walkers."""

    adapted: bool = True
    kind: str = "lstm_window"
    humans: int = HUMANS


VARIANTS = {
    "full": Variant(),
    "no_lstm": Variant(kind="mlp"),
    "no_randomization": Variant(humans=0),
    "frozen_human": Variant(adapted=False),
}


def run(experiment: Experiment) -> None:
    """Compute what is missing, then write ablations.json and ablations.md.

    Every controller learns for `experiment.steps` ticks; on a human who adapted to DOFC it
    starts as a copy of that, on one who did not from nothing.
    """
    from exoflow.records.files import write_text
    from exoflow.records.json_io import write_json

    bench = AblationBench(experiment)
    limit = experiment.limits_Nm[0]
    compared, stood = bench.compare(limit), bench.survival(limit)
    write_json(
        experiment.folder / "ablations.json",
        {"compared": compared, "stood": stood, "wall_s": bench.jobs.wall_s()},
    )
    text = ablation_table(compared, stood)
    write_text(experiment.folder / "ablations.md", text + "\n")
    print(text)


class AblationBench(Bench):
    """The controllers of the table beside those of `Bench`."""

    def trained(self, limit: float, seed: int, name: str) -> tuple[Path, Path]:
        """Human and controller of one variant and seed."""
        variant = VARIANTS[name]
        human = self.adapted(limit, seed, 1 if variant.adapted else 0)
        drawn = {**self.policy["policy"]["randomization"], "humans": variant.humans}
        change = {"kind": variant.kind, "steps": self.experiment.steps, "randomization": drawn}
        if variant.adapted:
            change |= self.pupil()
        return human, self._train(
            f"ablation_{name}", limit, human, seed, change, self._dofc_of(human)
        )

    def _controllers(self, limit: float) -> tuple[list, list[Path]]:
        """The reference and every variant of every seed, for `compare`."""
        from exoflow.gait.comparison import Controller
        from exoflow.records.json_io import read_json
        from exoflow.simulation import NoExo, Policy

        first = self.experiment.gait
        controllers, files = [Controller("none", NoExo(), worn=False, gait=read_json(first))], []
        for name in VARIANTS:
            for seed in self.experiment.seeds:
                human, weights = self.trained(limit, seed, name)
                controllers.append(
                    Controller(f"{name}_seed{seed}", Policy.load(weights), gait=read_json(human))
                )
                files += [human, weights]
        return controllers, files

    def survival(self, limit: float) -> dict[str, dict[str, list[int]]]:
        """Drawn walkers that stand and all of them, by stretch, for each controller and exo off.

        `off_adapted` and `off_frozen_human` are the humans with the exo carried along.
        """
        from exoflow.records.json_io import read_json, write_json
        from exoflow.simulation import NoExo, Policy

        settings = self._worn(self.metabolics, limit)
        walks: dict[str, tuple[Path, Path | None]] = {
            f"{name}_seed{seed}": self.trained(limit, seed, name)
            for name in VARIANTS
            for seed in self.experiment.seeds
        }
        for seed in self.experiment.seeds:
            walks[f"off_adapted_seed{seed}"] = (self.adapted(limit, seed, 1), None)
        walks["off_frozen_human_seed1"] = (self.experiment.gait, None)

        def work(path: Path, stretch: float) -> None:
            from exoflow.stages.randomized import survival

            found: dict[str, Fraction] = {}
            for name, (human, weights) in walks.items():
                law = NoExo() if weights is None else Policy.load(weights)
                found |= survival(
                    read_json(human), {name: law}, settings, stretch,
                    draws=DRAWS, duration_s=WALK_S, seed=1, threads=2,
                )  # fmt: skip
            write_json(path, {name: [one.survived, one.trials] for name, one in found.items()})

        files = [path for pair in walks.values() for path in pair if path is not None]
        return {
            f"{stretch:g}": read_json(
                self.jobs.job(
                    f"{limit:g}Nm/stood_x{stretch:g}.json",
                    {**settings, "draws": DRAWS, "walk_s": WALK_S, "noise": NOISE_SEEDS},
                    files,
                    partial(work, stretch=stretch),
                )
            )
            for stretch in STRETCHES
        }


def ablation_table(
    compared: Mapping[str, Mapping], stood: Mapping[str, Mapping[str, Sequence[int]]]
) -> str:
    """A Markdown table: change of cost and who stands, inside and beyond the ranges."""
    from exoflow.gait.robustness import Fraction

    def standing(stretch: str, name: str) -> str:
        some = [n for key, n in stood[stretch].items() if key.rpartition("_seed")[0] == name]
        stand, trials = (sum(n[which] for n in some) for which in (0, 1))
        share = Fraction.of_all([True] * stand + [False] * (trials - stand))
        return f"{share.survived}/{share.trials} ({100 * share.low:.0f}..{100 * share.high:.0f} %)"

    stretches = list(stood)
    lines = [
        "| variant | seeds | fell | cost against first human (%) | W/kg (%) | "
        + " | ".join(f"stand, ranges x {stretch}" for stretch in stretches)
        + " |",
        "|---|---|---|---|---|" + "---|" * len(stretches),
    ]
    for name in VARIANTS:
        members = [v for key, v in compared.items() if key.rpartition("_seed")[0] == name]
        lines.append(
            f"| {name} | {len(members)} | {change_in_words(members, compared['none'])} | "
            + " | ".join(standing(stretch, name) for stretch in stretches)
            + " |"
        )
    for name in ("off_adapted", "off_frozen_human"):
        cells = " | ".join(standing(stretch, name) for stretch in stretches)
        lines.append(f"| {name} | | | | | {cells} |")
    return "\n".join(lines)
