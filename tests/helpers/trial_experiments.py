"""Does the analysis of trials find what is true? Experiments on synthetic studies.

    python tests/helpers/trial_experiments.py statistics --studies 10000
    python tests/helpers/trial_experiments.py chain --studies 200
    python tests/helpers/trial_experiments.py kinetics --bouts 2000
    python tests/helpers/trial_experiments.py size --subjects 100

Each prints a table; docs/benchmarks/trial.md holds those of one run. The tests run small
versions of the same functions.

The estimand is the population mean of the per-subject reductions of the net metabolic rate.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from synthetic_trial import Population, Walker, draw_walkers, write_study

from exoflow.trial.analysis import analyze
from exoflow.trial.anova import repeated_measures_anova
from exoflow.trial.kinetics import TIME_CONSTANT_S, fit_step_response
from exoflow.trial.statistics import holm_sidak, one_sample_test
from exoflow.trial.study import Study, load_study

ALPHA = 0.05
N_SUBJECTS = 8
TRUE_MEAN_PCT = 9.0
# Between subjects, and of breath noise in one subject's reduction.
SUBJECT_SD_PCT = 4.0
NOISE_SD_PCT = 2.5


@dataclass(frozen=True)
class Share:
    """How often something happened, with its binomial standard error."""

    name: str
    count: int
    n: int

    @property
    def pct(self) -> float:
        """Share, %."""
        return 100 * self.count / self.n

    @property
    def error_pct(self) -> float:
        """Standard error, percentage points."""
        share = self.count / self.n
        return 100 * float(np.sqrt(share * (1 - share) / self.n))

    def __str__(self) -> str:
        return f"| {self.name} | {self.pct:.2f} ± {self.error_pct:.2f} % | {self.n} |"


def statistics_layer(
    n_studies: int, seed: int = 1, n_subjects: int = N_SUBJECTS, anova: bool = True
) -> dict[str, Share]:
    """Coverage and false positives of what is done with per-subject reductions.

    Every study has two controllers and their difference. Subjects differ, and each reduction
    has breath noise; the part shared by both controllers (the baselines) is half of it.
    """
    rng = np.random.default_rng(seed)
    counts = dict.fromkeys(
        ("covered", "t", "sign flip", "wilcoxon", "any t", "any Holm-Sidak", "ANOVA (GG)"), 0
    )
    for _ in range(n_studies):
        centred = _reductions(rng, n_subjects)
        test = one_sample_test(TRUE_MEAN_PCT + centred[:, 0])
        counts["covered"] += test.ci95[0] <= TRUE_MEAN_PCT <= test.ci95[1]
        null = _reductions(rng, n_subjects)
        tests = [one_sample_test(x) for x in (null[:, 0], null[:, 1], null[:, 0] - null[:, 1])]
        counts["t"] += tests[0].p < ALPHA
        counts["sign flip"] += (tests[0].sign_flip_p or 1) < ALPHA
        counts["wilcoxon"] += (tests[0].wilcoxon_p or 1) < ALPHA
        counts["any t"] += any(t.p < ALPHA for t in tests)
        corrected = holm_sidak({str(k): t.p for k, t in enumerate(tests)})
        counts["any Holm-Sidak"] += any(p < ALPHA for p in corrected.values())
        counts["ANOVA (GG)"] += anova and _anova_p(null) < ALPHA
    return {name: Share(name, count, n_studies) for name, count in counts.items()}


def _reductions(rng: np.random.Generator, n: int) -> np.ndarray:
    """Reductions about zero of two controllers, %, shape (n, 2)."""
    shared = rng.normal(0, NOISE_SD_PCT / np.sqrt(2), (n, 1))
    own = rng.normal(0, NOISE_SD_PCT / np.sqrt(2), (n, 2))
    return rng.normal(0, SUBJECT_SD_PCT, (n, 2)) + shared + own


def _anova_p(reductions: np.ndarray) -> float:
    """Of net rates: free walking at 3.2 W/kg, and both controllers."""
    free = np.full((len(reductions), 1), 3.2)
    return repeated_measures_anova(np.hstack([free, 3.2 * (1 - reductions / 100)])).p_corrected


@dataclass(frozen=True)
class ChainStudy:
    """One study written, read and analyzed: what it found and what is true."""

    walkers: Sequence[Walker]
    study: Study

    def errors_pct(self, controller: str) -> np.ndarray:
        """Found minus true reduction of every subject, percentage points."""
        found = self.study.reductions.reduction_pct[controller]
        return np.array(found) - [w.reduction_pct[controller] for w in self.walkers]


def chain_studies(
    n_studies: int,
    seed: int = 1,
    population: Population | None = None,
    measurement: dict | None = None,
    layout: str = "csv",
    phases: str = "markers",
    n_subjects: int = N_SUBJECTS,
) -> Iterator[ChainStudy]:
    """Studies through the whole file chain, one after the other."""
    for number in range(n_studies):
        rng = np.random.default_rng([seed, number])
        walkers = draw_walkers(n_subjects, rng, population)
        with tempfile.TemporaryDirectory() as folder:
            file = write_study(
                Path(folder) / "study",
                walkers,
                rng,
                layout=layout,
                phases=phases,
                population=population,
                measurement=measurement,
            )
            yield ChainStudy(walkers, load_study(file))


@dataclass(frozen=True)
class Bias:
    """Mean error of study means against the truth of their subjects, percentage points."""

    name: str
    mean: float
    standard_error: float
    n: int

    @property
    def in_errors(self) -> float:
        """Bias in its standard errors."""
        return self.mean / self.standard_error

    def __str__(self) -> str:
        return (
            f"| {self.name} | {self.mean:+.3f} ± {self.standard_error:.3f} | "
            f"{self.in_errors:+.1f} | {self.n} |"
        )


def bias_of(name: str, errors: Sequence[float]) -> Bias:
    """Mean and standard error of one number per study."""
    values = np.array(errors)
    return Bias(
        name, float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)), values.size
    )


def chain_summary(studies: Sequence[ChainStudy], population: Population) -> dict[str, list]:
    """Bias, coverage of means and of single subjects, and how well errors are known."""
    biases, shares, ratios = [], [], []
    for controller, (true_mean, _) in population.reduction_pct.items():
        errors = [s.errors_pct(controller) for s in studies]
        biases.append(bias_of(controller, [float(e.mean()) for e in errors]))
        tests = [one_sample_test(s.study.reductions.reduction_pct[controller]) for s in studies]
        covered = sum(t.ci95[0] <= true_mean <= t.ci95[1] for t in tests)
        shares.append(Share(f"{controller}: mean inside its interval", covered, len(tests)))
        inside = [
            rates.reductions[controller].ci95_pct[0]
            <= walker.reduction_pct[controller]
            <= rates.reductions[controller].ci95_pct[1]
            for s in studies
            if s.study.rates
            for rates, walker in zip(s.study.rates.subjects, s.walkers, strict=True)
        ]
        shares.append(Share(f"{controller}: subject inside its own", sum(inside), len(inside)))
        claimed = np.sqrt(
            np.mean(
                [
                    rates.reductions[controller].standard_error_pct ** 2
                    for s in studies
                    if s.study.rates
                    for rates in s.study.rates.subjects
                ]
            )
        )
        actual = np.std(np.concatenate(errors), ddof=1)
        ratios.append((controller, float(claimed), float(actual)))
    return {"bias": biases, "shares": shares, "errors": ratios}


def choice_biases(studies: Sequence[ChainStudy]) -> list[Bias]:
    """Bias of the first controller by every window and baseline, in the declared equation."""
    errors: dict[str, list[float]] = {}
    for s in studies:
        first = next(iter(s.study.controller_ids))
        truth = float(np.mean([w.reduction_pct[first] for w in s.walkers]))
        for row in analyze(s.study)["sensitivity"]:
            if row["controller"] == first and row["equation"] == "brockway":
                name = f"{row['window']}, baselines {row['baseline']}"
                errors.setdefault(name, []).append(row["mean_pct"] - truth)
    return [bias_of(name, values) for name, values in errors.items()]


def kinetics(n_bouts: int, seed: int = 1, duration_s: float = 180.0) -> Bias:
    """Error of the fitted steady state, % of it, over bouts that start above zero with noise."""
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(n_bouts):
        initial, steady = rng.uniform(1.2, 3.0), rng.uniform(3.5, 6.0)
        time_s = np.cumsum(rng.normal(2.9, 0.4, 200).clip(1, 5))
        time_s = time_s[time_s < duration_s]
        power = steady + (initial - steady) * np.exp(-time_s / TIME_CONSTANT_S)
        noisy = power * (1 + rng.normal(0, rng.uniform(0.07, 0.12), time_s.size))
        errors.append(100 * (fit_step_response(time_s, noisy).steady / steady - 1))
    return replace(bias_of(f"{duration_s:g} s bouts", errors), n=n_bouts)


def size(n_subjects: int, layout: str, seed: int = 1) -> dict[str, float]:
    """Wall and processor time, s, and peak memory, MB, of a large study of 9 bouts each."""
    population = Population(
        reduction_pct={f"law{k}": (5.0, 3.5) for k in range(1, 6)},
    )
    rng = np.random.default_rng(seed)
    walkers = draw_walkers(n_subjects, rng, population)
    with tempfile.TemporaryDirectory() as folder:
        file = write_study(
            Path(folder) / "study", walkers, rng, layout=layout, population=population
        )
        before, cpu_before = time.monotonic(), time.process_time()
        study = load_study(file)
        read, cpu_read = time.monotonic(), time.process_time()
        analyze(study)
        analyzed, cpu_analyzed = time.monotonic(), time.process_time()
    peak_kB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bouts = len(study.rates.bouts) if study.rates else 0
    return {
        "bouts": bouts,
        "read_s": read - before,
        "read_cpu_s": cpu_read - cpu_before,
        "analyze_s": analyzed - read,
        "analyze_cpu_s": cpu_analyzed - cpu_read,
        "peak_MB": peak_kB / 1024,
    }


def show_statistics(options: argparse.Namespace) -> None:
    print(f"| of {options.studies} studies, n = {N_SUBJECTS} | share | studies |\n|---|---|---|")
    for share in statistics_layer(options.studies, options.seed).values():
        print(share)


def show_chain(options: argparse.Namespace) -> None:
    population = Population()
    if options.null:
        population = replace(population, reduction_pct={"fast": (0.0, 4.0), "slow": (0.0, 3.5)})
    studies = list(
        chain_studies(
            options.studies, options.seed, population, layout=options.layout, phases=options.phases
        )
    )
    found = chain_summary(studies, population)
    print("| reduction | bias, points | in standard errors | studies |\n|---|---|---|---|")
    print(*found["bias"], sep="\n")
    if not options.quick:
        print(*choice_biases(studies), sep="\n")
    print("\n| interval | share | n |\n|---|---|---|")
    print(*found["shares"], sep="\n")
    print("\n| standard error of a subject's reduction | claimed | actual |\n|---|---|---|")
    for name, claimed, actual in found["errors"]:
        print(f"| {name} | {claimed:.2f} | {actual:.2f} |")
    tests = [one_sample_test(s.study.reductions.reduction_pct["fast"]) for s in studies]
    print(f"\n{Share('primary test below .05', sum(t.p < ALPHA for t in tests), len(tests))}")
    bouts = [rate for s in studies if s.study.rates for rate in s.study.rates.bouts]
    print(Share("bouts with a flag", sum(bool(rate.flags) for rate in bouts), len(bouts)))


def show_kinetics(options: argparse.Namespace) -> None:
    print("| bouts | bias of the steady state, % | in standard errors | n |\n|---|---|---|---|")
    for duration_s in (120.0, 180.0, 360.0):
        found = kinetics(options.bouts, options.seed, duration_s)
        spread = found.standard_error * np.sqrt(found.n)
        print(f"{found} one bout: SD {spread:.2f} % |")


def show_size(options: argparse.Namespace) -> None:
    found = size(options.subjects, options.layout, options.seed)
    print(", ".join(f"{name} {value:.1f}" for name, value in found.items()))


def main() -> None:
    """Run one experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("statistics", "chain", "kinetics", "size"))
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--bouts", type=int, default=2000)
    parser.add_argument("--subjects", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=("csv", "omnia"), default="csv")
    parser.add_argument("--phases", choices=("markers", "times", "files"), default="markers")
    parser.add_argument("--null", action="store_true", help="no controller helps anybody")
    parser.add_argument("--quick", action="store_true", help="without the table of choices")
    options = parser.parse_args()
    {
        "statistics": show_statistics,
        "chain": show_chain,
        "kinetics": show_kinetics,
        "size": show_size,
    }[options.what](options)


if __name__ == "__main__":
    main()
