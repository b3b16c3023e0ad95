"""`exoflow bench controllers`: what controllers save, on a frozen human and on one who adapts.

An experiment of an hour or two, made of jobs whose results are kept in one folder: what is
there already is not computed again as long as its settings, inputs and code are the same.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exoflow.stages.jobs import Jobs

if TYPE_CHECKING:
    from exoflow.gait.comparison import Controller
    from exoflow.simulation import Dofc

PRINTED = Path("config/barati_as_printed.yaml")
NOISE_SEEDS = (11, 12)
# A trained controller that goes on learning explores less than one that starts from nothing.
PUPIL_LOG_STD = -1.6
# Who leans on a controller drifts away slowly, faster and faster, and falls after ten seconds or
# more. With the defaults the controller learns to push him there: rewards and their horizon make
# falls and speed count, and he is watched for longer and more often.
PUPIL = {
    "episode_s": 20.0, "evaluation_s": 30.0, "evaluate_every": 32768,
    "gamma": 0.998, "learning_rate": 0.0003,
}  # fmt: skip
PUPIL_REWARD = {"fall": 200.0, "speed": 8.0}
NOTHING: Mapping[str, Any] = {}
# A torque that is felt but does not reach the leg.
PHANTOM = {"transmission": 0.0}


@dataclass(frozen=True)
class Experiment:
    """What is compared.

    Attributes
    ----------
    folder : Path
        Where results are kept.
    gait : Path
        The human, converged without an exo; params.yaml must know its condition.
    limits_Nm : sequence of float
        Torque limits.
    seeds, chains : sequence of int
        Of controllers on the human as he is; and those of them that go on with him through the
        rounds, which are seeds of the searches too.
    rounds, evaluations : int
        Of adaptation: in every round the human's reflexes are searched with the controller on,
        for so many evaluations, then the controller goes on learning on that human. In the first
        round the controller is DOFC, searched together with him, and an MLP begins as its copy.
    steps, pupil_steps, copy_steps, printed_steps : int
        Control ticks of training: of an MLP that starts from nothing, of one that goes on, of
        an LSTM that first copies the MLP, and of Barati's setting.
    printed_seeds : sequence of int
        Of Barati's setting, at the first torque limit.
    frozen : bool
        Whether MLP and LSTM are learned on the human as he is too.
    phantom : bool
        Whether there is a control whose torque is felt but does not act, at the first limit.
    """

    folder: Path
    gait: Path
    limits_Nm: Sequence[float] = (15.0, 8.0)
    seeds: Sequence[int] = (1, 2, 3, 4, 5)
    chains: Sequence[int] = (1, 2, 3)
    rounds: int = 2
    evaluations: int = 1500
    steps: int = 786_432
    pupil_steps: int = 393_216
    copy_steps: int = 98_304
    printed_steps: int = 196_608
    printed_seeds: Sequence[int] = (1, 2)
    frozen: bool = True
    phantom: bool = True


def run(experiment: Experiment) -> None:
    """Compute what is missing, then write comparison.json and comparison.md.

    Raises
    ------
    CheckpointError
        If the gait cannot be read.
    """
    from exoflow.records.files import write_text
    from exoflow.records.json_io import write_json

    bench = Bench(experiment)
    result = {
        "gait": str(experiment.gait),
        "rounds": experiment.rounds,
        "evaluations_per_round": experiment.evaluations,
        "limits": {f"{limit:g} Nm": bench.compare(limit) for limit in experiment.limits_Nm},
        "wall_s": bench.jobs.wall_s(),
    }
    write_json(experiment.folder / "comparison.json", result)
    text = comparison_table(result)
    write_text(experiment.folder / "comparison.md", text + "\n")
    print(text)


class Bench:
    """The experiment as jobs.

    Round 0 is the human as he is and the controllers learned on him.
    """

    def __init__(self, experiment: Experiment):
        from exoflow.config import load_params, phase_settings, to_plain
        from exoflow.records.checkpoints import code_hash
        from exoflow.records.gait_file import read_gait
        from exoflow.stages.wearer import search_settings

        self.experiment = experiment
        self.human = read_gait(experiment.gait)
        params, condition = load_params(), self.human["condition"]
        self.policy = phase_settings(params, "policy", condition, 1)
        self.wearer = to_plain(params.wearer)
        self.search = search_settings(phase_settings(params, "reflex", condition), self.wearer)
        self.metabolics = phase_settings(params, "metabolics", condition)
        printed = load_params(PRINTED)
        self.printed = phase_settings(printed, "policy", next(iter(printed.conditions)), 1)[
            "policy"
        ]
        self.jobs = Jobs(experiment.folder, code_hash("policy") + code_hash("reflex"))

    # Humans

    def adapted(self, limit: float, seed: int, number: int) -> Path:
        """The human after some rounds: the first with DOFC, every other with the MLP on."""
        if number == 0:
            return self.experiment.gait
        if number == 1:
            return self.with_dofc(limit, seed)
        before = self.adapted(limit, seed, number - 1)
        found = self._search(
            f"{limit:g}Nm/human_round{number}_seed{seed}.json",
            before, self.mlp(limit, seed, number - 1), limit, seed,
        )  # fmt: skip
        return found if self._can_be_trained_on(found, limit) else before

    def control(self, seed: int, number: int) -> Path:
        """The human searched as often with nothing worn."""
        if number == 0:
            return self.experiment.gait
        before = self.control(seed, number - 1)
        name = f"control/round{number}_seed{seed}.json"
        return self._walking(self._search(name, before, "none", 0.0, seed), before)

    def with_dofc(self, limit: float, seed: int, *, phantom: bool = False) -> Path:
        """The human searched as often as in one round together with the numbers of DOFC.

        With `phantom` its torque is felt but does not act: what it tells, without what it does.
        """
        first = self.experiment.gait
        name = f"{limit:g}Nm/{'phantom' if phantom else 'dofc'}_round1_seed{seed}.json"
        found = self._search(name, first, "dofc", limit, seed, PHANTOM if phantom else NOTHING)
        if phantom:
            return self._walking(found, first)
        return found if self._can_be_trained_on(found, limit) else first

    def _search(
        self,
        name: str,
        human: Path,
        law_of: str | Path,
        limit: float,
        seed: int,
        exo: Mapping[str, Any] = NOTHING,
    ) -> Path:
        """The human's reflexes searched again; `law_of` is none, dofc or a weights file."""
        worn = None
        if law_of != "none":
            worn = {**self._worn(self.policy, limit)["exo"], **exo}
        settings = {
            **self.search, "wearer": self.wearer, "law": str(law_of), "exo": worn, "seed": seed,
            "evaluations": self.experiment.evaluations,
        }  # fmt: skip

        def work(path: Path) -> None:
            from exoflow.records.json_io import read_json, write_json
            from exoflow.simulation import NoExo, Policy
            from exoflow.stages.adapt import adapted_gait
            from exoflow.stages.metabolics import sensor_noise
            from exoflow.stages.wearer import starting_laws

            start = read_json(human)
            law: Any = NoExo()
            laws: Sequence[Dofc] = ()
            if isinstance(law_of, Path):
                law = Policy.load(law_of)
            elif law_of == "dofc":
                laws = starting_laws(self.wearer, limit)
                law = laws[0]
            result = adapted_gait(
                start, self.search, worn, law, sensor_noise(self.metabolics) if worn else None,
                self.experiment.evaluations, seed, tune=law_of == "dofc", laws=laws,
            )  # fmt: skip
            if isinstance(law_of, Path):
                result["adaptation"]["weights"] = str(law_of)
            write_json(path, result)

        files = [human, law_of] if isinstance(law_of, Path) else [human]
        return self.jobs.job(name, settings, files, work)

    def _can_be_trained_on(self, human: Path, limit: float) -> bool:
        """Whether he stands on every slope without sensor noise, from where learning starts."""
        from exoflow.errors import SimulationError
        from exoflow.records.json_io import read_json
        from exoflow.stages.policy import walkers

        result = read_json(human)
        reason = result["reason"]
        if result["status"] == "ok":
            try:
                walkers(result, self._worn(self.policy, limit), 1)
            except SimulationError as problem:
                reason = str(problem)
        if reason:
            print(f"{human.name}: {reason} The human before is kept.", file=sys.stderr)
        return not reason

    @staticmethod
    def _walking(found: Path, before: Path) -> Path:
        """`found`, or the human before where the search gave no gait."""
        from exoflow.records.json_io import read_json

        result = read_json(found)
        if result["status"] == "ok":
            return found
        print(f"{found.name}: {result['reason']}; the human before is kept", file=sys.stderr)
        return before

    # Controllers

    def mlp(self, limit: float, seed: int, number: int) -> Path:
        """The MLP of a chain: with the first adapted human it starts as a copy of his DOFC, then
        goes on with every new human.
        """
        change: dict[str, Any] = {"kind": "mlp", "steps": self.experiment.steps}
        human = self.adapted(limit, seed, number)
        start: Path | Dofc | None = None
        if number > 0:
            change |= {**self.pupil(), "steps": self.experiment.pupil_steps}
            start = self._dofc_of(human) if number == 1 else self.mlp(limit, seed, number - 1)
        return self._train(f"mlp_round{number}", limit, human, seed, change, start)

    def pupil(self) -> dict[str, Any]:
        """Settings of a training on somebody who leans on the exo."""
        reward = {**self.policy["policy"]["reward"], **PUPIL_REWARD}
        return {**PUPIL, "log_std": PUPIL_LOG_STD, "reward": reward}

    @staticmethod
    def _dofc_of(human: Path) -> Dofc | None:
        """The law that a human was searched with, None for one who was not."""
        from exoflow.gait.training_walkers import law_of_gait
        from exoflow.records.json_io import read_json
        from exoflow.simulation import Dofc

        law = law_of_gait(read_json(human))
        return law if isinstance(law, Dofc) else None

    def lstm(self, limit: float, seed: int, number: int) -> Path:
        """An LSTM that copies the chain's MLP and goes on learning."""
        change: dict[str, Any] = {
            "kind": "lstm_window", "steps": self.experiment.copy_steps, "log_std": PUPIL_LOG_STD,
        }  # fmt: skip
        if number > 0:
            change |= self.pupil()
        start = self.mlp(limit, seed, number)
        human = self.adapted(limit, seed, number)
        return self._train(f"lstm_window_round{number}", limit, human, seed, change, start)

    def as_printed(self, limit: float, seed: int) -> Path:
        """Barati's network, reward and hyperparameters on the first human."""
        change = {**self.printed, "steps": self.experiment.printed_steps}
        return self._train("barati_as_printed", limit, self.experiment.gait, seed, change)

    def _train(
        self,
        name: str,
        limit: float,
        human: Path,
        seed: int,
        change: Mapping[str, Any],
        start: Path | Dofc | None = None,
    ) -> Path:
        settings = self._worn(self.policy, limit)
        settings["policy"] = {**settings["policy"], **change}

        def work(path: Path) -> None:
            from exoflow.control.policy_format import save_policy
            from exoflow.learning import checkpoint
            from exoflow.records.files import write_text
            from exoflow.records.json_io import read_json
            from exoflow.stages.policy import train, walkers

            state = path.with_suffix(".pt")
            make_batch = walkers(read_json(human), settings, seed)
            trained, weights = train(make_batch, settings, name, seed, state, start=start)
            write_text(path.with_suffix(".curve.json"), json.dumps(trained.curve))
            save_policy(path, weights)
            checkpoint.discard(state)

        files = [human, *([start] if isinstance(start, Path) else [])]
        output = f"{limit:g}Nm/{name}_seed{seed}.npz"
        return self.jobs.job(output, {**settings, "seed": seed}, files, work)

    def tuned_dofc(self, limit: float) -> dict[str, float]:
        """DOFC tuned for the human as he is."""
        from exoflow.records.json_io import read_json, write_json
        from exoflow.stages.metabolics import tuned_dofc

        settings = self._worn(self.metabolics, limit)

        def work(path: Path) -> None:
            write_json(path, vars(tuned_dofc(settings, self.human, f"DOFC {limit:g} Nm")))

        name = f"{limit:g}Nm/dofc_round0.json"
        return read_json(self.jobs.job(name, settings, [self.experiment.gait], work))

    # The comparison

    def compare(self, limit: float) -> dict[str, Any]:
        """All controllers of one torque limit, walked and compared."""
        from exoflow.gait.comparison import compare_controllers
        from exoflow.records.json_io import read_json, write_json
        from exoflow.stages.metabolics import protocol, walker_of

        controllers, files = self._controllers(limit)
        settings = self._worn(self.metabolics, limit)
        settings["metabolics"] = {**settings["metabolics"], "noise_seeds": NOISE_SEEDS}

        def work(path: Path) -> None:
            compared = compare_controllers(
                controllers, partial(walker_of, settings, self.human), self.human["parameters"],
                protocol(settings),
            )  # fmt: skip
            write_json(path, compared)

        names = [controller.name for controller in controllers]
        key = {**settings, "controllers": names}
        return read_json(self.jobs.job(f"{limit:g}Nm/compared.json", key, files, work))

    def _controllers(self, limit: float) -> tuple[list[Controller], list[Path]]:
        from exoflow.gait.comparison import Controller
        from exoflow.records.json_io import read_json
        from exoflow.simulation import Dofc, NoExo, Policy, ZeroTorque

        experiment = self.experiment
        first, rounds = experiment.gait, range(experiment.rounds + 1)
        entries: list[tuple[str, Any, Path]] = [
            ("none", NoExo(), first),
            ("off", NoExo(), first),
            ("zero_torque", ZeroTorque(), first),
        ]
        entries.append(("dofc_round0", Dofc(**self.tuned_dofc(limit)), first))
        words = {"dofc": False}
        if experiment.phantom and limit == experiment.limits_Nm[0]:
            words["phantom"] = True
        chains = [seed for seed in experiment.seeds if seed in experiment.chains and rounds[1:]]
        for seed, (word, phantom) in itertools.product(chains, words.items()):
            human = self.with_dofc(limit, seed, phantom=phantom)
            # Where a search gave no gait, the human before keeps the law tuned for him.
            law = self._dofc_of(human) or Dofc(**self.tuned_dofc(limit))
            entries.append((f"{word}_round1_seed{seed}", law, human))
        if limit == experiment.limits_Nm[0]:
            entries += [
                (f"barati_as_printed_seed{seed}", self.as_printed(limit, seed), first)
                for seed in experiment.printed_seeds
            ]
        for seed in experiment.seeds:
            for number in rounds if seed in experiment.chains else (0,):
                if number == 0 and not experiment.frozen:
                    continue
                human = self.adapted(limit, seed, number)
                entries.append(
                    (f"mlp_round{number}_seed{seed}", self.mlp(limit, seed, number), human)
                )
                if number in (0, experiment.rounds):
                    lstm = self.lstm(limit, seed, number)
                    entries.append((f"lstm_window_round{number}_seed{seed}", lstm, human))
                if number:
                    name = f"control_round{number}_seed{seed}"
                    entries.append((name, NoExo(), self.control(seed, number)))
        controllers, files = [], []
        for name, law, gait in entries:
            files.append(gait)
            if isinstance(law, Path):
                files.append(law)
            controllers.append(
                Controller(
                    name,
                    Policy.load(law) if isinstance(law, Path) else law,
                    worn=not name.startswith(("none", "control")),
                    gait=read_json(gait),
                    exo=PHANTOM if name.startswith("phantom") else NOTHING,
                )
            )
        return controllers, files

    @staticmethod
    def _worn(settings: Mapping[str, Any], limit: float) -> dict[str, Any]:
        return {**settings, "exo": {**settings["exo"], "torque_limit_Nm": limit}}


def comparison_table(result: Mapping[str, Any]) -> str:
    """Two Markdown tables per torque limit: changes against both references, torque quality."""
    lines: list[str] = []
    for limit, compared in result["limits"].items():
        groups: dict[str, list[str]] = {}
        for name in compared:
            groups.setdefault(name.rsplit("_seed", 1)[0], []).append(name)
        members = {group: [compared[name] for name in names] for group, names in groups.items()}
        lines += [
            f"### {limit}",
            "",
            "| controller | seeds | fell | speed (m/s) | cost against first human (%) "
            "| W/kg (%) | cost against control (%) | peak / RMS torque (Nm) |",
            "|---|---|---|---|---|---|---|---|",
            *(_row(group, some, compared) for group, some in members.items()),
            "",
            "| controller | step per 10 ms (Nm) | above 10 Hz (%) | left-right r | peak sd (Nm) "
            "| flexion peak lags by (ms) | extension peak lags by (ms) |",
            "|---|---|---|---|---|---|---|",
            *(_quality_row(group, some) for group, some in members.items() if _torques(some)),
            "",
        ]
    return "\n".join(lines)


def _torques(members: Sequence[Mapping]) -> list[Mapping]:
    """The torque quality of those that push."""
    return [member["torque_quality"] for member in members if member.get("torque_quality")]


def _quality_row(group: str, members: Sequence[Mapping]) -> str:
    import numpy as np

    columns = (
        ("largest_step_per_10ms_Nm", 2), ("power_above_10Hz_pct", 3), ("left_right_r", 3),
        ("peak_sd_Nm", 2), ("flexion_peak_lag_ms", 0), ("extension_peak_lag_ms", 0),
    )  # fmt: skip
    cells = [group]
    for name, digits in columns:
        found = [quality[name] for quality in _torques(members) if quality[name] is not None]
        spread = f" ({min(found):.{digits}f}..{max(found):.{digits}f})" if len(found) > 1 else ""
        cells.append(f"{np.mean(found):.{digits}f}{spread}" if found else "")
    return "| " + " | ".join(cells) + " |"


def _row(group: str, members: Sequence[Mapping], compared: Mapping[str, Mapping]) -> str:
    import numpy as np

    from exoflow.gait.comparison import mean_change

    walks = [walk for member in members for walk in member["walks"]]
    speeds = [walk["speed_m_s"] for walk in walks if "speed_m_s" in walk]
    fell, *changes = change_in_words(members, compared["none"]).split(" | ")
    control = _control_walks(group, compared)
    against = [mean_change(m["walks"], control, "cot_effort_J_kg_m") for m in members]
    torques = [member for member in members if "peak_torque_Nm" in member]
    cells = [
        group,
        str(len(members)),
        fell,
        f"{np.mean(speeds):.3f}" if speeds else "",
        *changes,
        _interval(against),
        f"{np.mean([m['peak_torque_Nm'] for m in torques]):.1f} / "
        f"{np.mean([m['rms_torque_Nm'] for m in torques]):.1f}"
        if torques
        else "",
    ]
    return "| " + " | ".join(cells) + " |"


def change_in_words(members: Sequence[Mapping], reference: Mapping) -> str:
    """Three cells of a table: falls, change of cost and of W/kg against the reference's walks."""
    from exoflow.gait.comparison import mean_change

    walks = [walk for member in members for walk in member["walks"]]
    cells = [f"{sum(walk['fell'] for walk in walks)}/{len(walks)}"]
    for key in ("cot_effort_J_kg_m", "metabolic_power_W_kg"):
        cells.append(_interval([mean_change(m["walks"], reference["walks"], key) for m in members]))
    return " | ".join(cells)


def _control_walks(group: str, compared: Mapping[str, Mapping]) -> list[Mapping]:
    """Walks of the humans searched as often as those of a group with nothing worn, all seeds."""
    number = group.rpartition("_round")[2]
    prefix = f"control_round{number}_"
    found = [values for name, values in compared.items() if name.startswith(prefix)]
    return [walk for values in found or [compared["none"]] for walk in values["walks"]]


def _interval(values: Sequence[float | None]) -> str:
    import numpy as np

    from exoflow.gait.comparison import bootstrap_interval

    known = np.array([value for value in values if value is not None])
    if not len(known):
        return "fell"
    text = f"{known.mean():+.1f}"
    interval = bootstrap_interval(known)
    return f"{text} ({interval[0]:+.1f}, {interval[1]:+.1f})" if interval else text
