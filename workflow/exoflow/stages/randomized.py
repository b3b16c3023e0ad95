"""`exoflow randomized`: how many drawn walkers keep walking, with the exo off and on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.gait.robustness import Fraction
    from exoflow.simulation import ExoLaw


def run(
    gait: Path,
    exos: Sequence[str],
    settings: Mapping[str, Any],
    *,
    draws: int = 100,
    stretches: Sequence[float] = (1.0, 1.5),
    duration_s: float = 20.0,
    seed: int = 1,
    threads: int = 2,
    output: Path | None = None,
) -> None:
    """Let walkers drawn from `policy.randomization` walk under each law and print who stands.

    Parameters
    ----------
    gait : Path
        Result of the reflex phase or of `exoflow adapt`.
    exos : sequence of str
        As in `worn_exo.exo_law`; all walk the same draws.
    settings : mapping
        `condition`, `model`, `exo`, `policy` and `metabolics`, as phases get them.
    draws : int
        Walkers of each stretch.
    stretches : sequence of float
        Widths of the ranges: 1 as declared, 1.5 half as wide again.
    duration_s, seed, threads
        Of the walks and the draws; threads do not change the result.
    output : Path, optional
        JSON to write.

    Raises
    ------
    CheckpointError
        If the file holds no gait.
    UserError, PolicyFormatError
        If an exo names no law.
    """
    from exoflow.records.gait_file import read_gait
    from exoflow.records.json_io import write_json
    from exoflow.stages.worn_exo import exo_law

    found = read_gait(gait)
    laws = {exo: exo_law(exo, gait) for exo in exos}
    result: dict[str, Any] = {"gait": str(gait), "draws": draws, "duration_s": duration_s}
    print(f"{draws} drawn walkers, {duration_s:g} s each: share that stands, 95 % interval")
    for stretch in stretches:
        stood = survival(
            found, laws, settings, stretch,
            draws=draws, duration_s=duration_s, seed=seed, threads=threads,
        )  # fmt: skip
        result[f"ranges_x{stretch:g}"] = rows = {}
        for name, share in stood.items():
            rows[name] = {
                "stood": share.survived, "draws": share.trials,
                "interval": [share.low, share.high],
            }  # fmt: skip
            print(
                f"  ranges x {stretch:<4g} {Path(name).stem:<28.28} {share.survived:>4}/"
                f"{share.trials} ({100 * share.low:.0f}..{100 * share.high:.0f} %)",
                flush=True,
            )
    if output is not None:
        write_json(output, result)


def survival(
    gait: Mapping[str, Any],
    laws: Mapping[str, ExoLaw],
    settings: Mapping[str, Any],
    stretch: float,
    *,
    draws: int,
    duration_s: float,
    seed: int,
    threads: int,
) -> dict[str, Fraction]:
    """Share of drawn walkers of a gait that stand, by law; arguments as in `run`."""
    import numpy as np

    from exoflow.config.build import build
    from exoflow.config.policy import PolicySettings
    from exoflow.gait.randomization import draw, ranges_of, survivors
    from exoflow.gait.robustness import Fraction
    from exoflow.simulation import Variation, Walker
    from exoflow.stages.metabolics import sensor_noise

    policy = build(PolicySettings, settings["policy"], "policy", "settings")
    ranges = ranges_of(policy.randomization, stretch)

    def walker(variation: Variation) -> Walker:
        return Walker.for_gait(
            gait, settings["model"], settings["condition"],
            settings["metabolics"]["timestep_s"], settings["exo"], variation=variation,
            with_uchida=False,
        )  # fmt: skip

    rng = np.random.default_rng(seed)
    variations = [draw(ranges, rng) for _ in range(draws)]
    stood = survivors(
        walker, gait["parameters"], laws, variations, duration_s, sensor_noise(settings), threads
    )
    return {name: Fraction.of_all(each) for name, each in stood.items()}
