"""`exoflow bench controllers`: what each controller saves, on a frozen and on an adapted human.

An experiment of an hour or two, made of jobs whose results are kept in one folder: what is
there already is not computed again as long as its settings, inputs and code are the same.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exoflow.gait.comparison import Controller

KINDS = ("mlp", "lstm_window")
PRINTED = Path("config/barati_as_printed.yaml")
CONDITION = "level"
NOISE_SEEDS = (11, 12)
# Of the search around a human who walks already. Who wears the exo carries its mass: the control
# must not carry a payload instead.
ADAPTATION = {
    "payload_pelvis_kg": 0.0,
    "payload_thigh_kg": 0.0,
    "population": 20,
    "sigma_factor": 0.01,
}


@dataclass(frozen=True)
class Experiment:
    """What is compared.

    Attributes
    ----------
    folder : Path
        Where results are kept.
    gait : Path
        The human, converged without an exo.
    limits_Nm : sequence of float
        Torque limits.
    seeds : sequence of int
        Of every kind of learned controller.
    habituation : int
        Evaluations in which the human first gets used to the device, worn at zero torque; a
        frozen human is this one.
    rounds, evaluations : int
        Of adaptation: in every round the controller is trained on the human as he is, then
        his reflexes are searched again with the controller on, for so many evaluations.
    steps, pupil_steps, printed_steps : int
        Control ticks of training: of an MLP or an LSTM that starts from nothing, of one that
        starts from a trained controller, of Barati's setting.
    """

    folder: Path
    gait: Path
    limits_Nm: Sequence[float] = (15.0, 8.0)
    seeds: Sequence[int] = (1, 2, 3, 4, 5)
    habituation: int = 2500
    rounds: int = 1
    evaluations: int = 1500
    steps: int = 196_608
    pupil_steps: int = 98_304
    printed_steps: int = 196_608
    printed_seeds: Sequence[int] = (1, 2)


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
    tables = {}
    for limit in experiment.limits_Nm:
        tables[f"{limit:g} Nm"] = bench.compare(limit)
    result = {
        "gait": str(experiment.gait),
        "rounds": experiment.rounds,
        "evaluations": {
            "habituation": experiment.habituation,
            "per_round": experiment.evaluations,
        },
        "wall_s": bench.wall_s(),
        "limits": tables,
    }
    write_json(experiment.folder / "comparison.json", result)
    text = comparison_table(result)
    write_text(experiment.folder / "comparison.md", text + "\n")
    print(text)


class Bench:
    """The jobs of an experiment, each computed once."""

    def __init__(self, experiment: Experiment):
        from exoflow.config import load_params, phase_settings
        from exoflow.records.checkpoints import code_hash
        from exoflow.records.json_io import read_json

        self.experiment = experiment
        self.human = read_json(experiment.gait)
        params = load_params()
        self.policy = phase_settings(params, "policy", CONDITION, 1)
        self.reflex = phase_settings(params, "reflex", CONDITION)
        self.metabolics = phase_settings(params, "metabolics", CONDITION)
        self.reflex["reflex"] |= ADAPTATION
        printed = load_params(PRINTED)
        self.printed = phase_settings(printed, "policy", CONDITION, 1)["policy"]
        self._code = code_hash("policy") + code_hash("reflex")

    # Jobs

    def train(
        self,
        limit: float,
        human: Path,
        seed: int,
        name: str,
        change: Mapping[str, Any],
        start: Path | None = None,
    ) -> Path:
        """A controller for a human, trained; its weights file."""
        output = self._folder(limit) / f"{name}_seed{seed}.npz"
        settings = self._worn(self.policy, limit)
        settings["policy"] = {**settings["policy"], **change}

        def work(path: Path) -> None:
            self._train(path, settings, seed, human, start)

        files = [human, *([start] if start else [])]
        return self._job(output, {**settings, "seed": seed}, files, work)

    def _train(
        self, path: Path, settings: Mapping, seed: int, human: Path, start: Path | None
    ) -> None:
        from exoflow.config.build import build
        from exoflow.config.policy import PolicySettings
        from exoflow.control.policy_format import load_policy, save_policy
        from exoflow.gait.training_walkers import training_walkers
        from exoflow.learning import checkpoint
        from exoflow.learning.policy_weights import load_actor, policy_weights
        from exoflow.learning.training import train_policy
        from exoflow.records.files import write_text
        from exoflow.records.json_io import read_json

        policy = build(PolicySettings, settings["policy"], "policy", "settings")
        make_batch = training_walkers(read_json(human), settings, policy)
        limit = settings["exo"]["torque_limit_Nm"]
        state = path.with_suffix(".pt")
        trained = train_policy(
            make_batch, policy, limit, seed, state, None, path.stem,
            start=load_actor(load_policy(start)) if start else None,
        )  # fmt: skip
        weights = policy_weights(
            trained.actor, trained.evaluation_gait, settings["exo"]["slew_Nm_s"],
            {"seed": seed, "steps": trained.steps, "best_step": trained.best_step}, seed,
        )  # fmt: skip
        write_text(path.with_suffix(".curve.json"), json.dumps(trained.curve))
        save_policy(path, weights)
        checkpoint.discard(state)

    def adapt(
        self,
        output: Path,
        human: Path,
        law_of: str | Path,
        limit: float,
        seed: int,
        evaluations: int,
    ) -> Path:
        """The human searched again.

        `law_of` is none (nothing worn), zero_torque, dofc (tuned beside him) or a weights file.
        """
        worn = None if law_of == "none" else self._worn(self.policy, limit)["exo"]
        settings = {
            **self.reflex, "law": str(law_of), "exo": worn, "seed": seed,
            "evaluations": evaluations,
        }  # fmt: skip

        def work(path: Path) -> None:
            self._adapt(path, human, law_of, worn, seed, evaluations)

        files = [human, law_of] if isinstance(law_of, Path) else [human]
        return self._job(output, settings, files, work)

    def _adapt(
        self,
        path: Path,
        human: Path,
        law_of: str | Path,
        worn: Mapping | None,
        seed: int,
        evaluations: int,
    ) -> None:
        from exoflow.records.json_io import read_json, write_json
        from exoflow.simulation import Dofc, NoExo, Policy, ZeroTorque
        from exoflow.stages.adapt import adapted_gait
        from exoflow.stages.metabolics import sensor_noise

        start = read_json(human)
        law: Any = ZeroTorque() if law_of == "zero_torque" else NoExo()
        if isinstance(law_of, Path):
            law = Policy.load(law_of)
        elif law_of == "dofc":
            before = start.get("adaptation", {})
            names = ("gain_Nm", "delay_s", "filter_tau_s")
            first = [before[name] for name in names] if "gain_Nm" in before else None
            law = Dofc(*(first or (0.5 * worn["torque_limit_Nm"], 0.1, 0.03)))  # type: ignore[index]
        result = adapted_gait(
            start, self.reflex, worn, law, sensor_noise(self.metabolics) if worn else None,
            evaluations, seed, tune=law_of == "dofc",
        )  # fmt: skip
        if isinstance(law_of, Path):
            result["adaptation"]["weights"] = str(law_of)
        write_json(path, result)

    def tuned_dofc(self, limit: float, human: Path, name: str) -> dict[str, float]:
        """DOFC tuned for a human as he is."""
        from exoflow.records.json_io import read_json, write_json
        from exoflow.stages.metabolics import tuned_dofc

        settings = self._worn(self.metabolics, limit)

        def work(path: Path) -> None:
            law = tuned_dofc(settings, read_json(human), f"{name} {limit:g} Nm")
            write_json(path, vars(law))

        return read_json(self._job(self._folder(limit) / f"{name}.json", settings, [human], work))

    # The experiment

    def compare(self, limit: float) -> dict[str, Any]:
        """All controllers of one torque limit, walked and compared."""
        from exoflow.gait.comparison import compare_controllers
        from exoflow.records.json_io import read_json, write_json
        from exoflow.simulation import Walker
        from exoflow.stages.metabolics import protocol

        controllers, files = self._controllers(limit)
        settings = self._worn(self.metabolics, limit)
        settings["metabolics"] = {**settings["metabolics"], "noise_seeds": NOISE_SEEDS}

        def walker(slope_deg: float, worn: bool) -> Walker:
            return Walker.for_gait(
                self.human, settings["model"], settings["condition"],
                settings["metabolics"]["timestep_s"], settings["exo"] if worn else None,
                slope_change_deg=slope_deg,
            )  # fmt: skip

        def work(path: Path) -> None:
            compared = compare_controllers(
                controllers, walker, self.human["parameters"], protocol(settings)
            )
            write_json(path, compared)

        name = [controller.name for controller in controllers]
        key = {**settings, "controllers": name}
        return read_json(self._job(self._folder(limit) / "compared.json", key, files, work))

    def _controllers(self, limit: float) -> tuple[list[Controller], list[Path]]:
        from exoflow.gait.comparison import Controller
        from exoflow.records.json_io import read_json
        from exoflow.simulation import Dofc, NoExo, Policy, ZeroTorque

        experiment = self.experiment
        first, used = experiment.gait, self._used_to_it()
        gains = self.tuned_dofc(limit, used, "dofc_frozen")
        entries: list[tuple[str, Any, Path]] = [
            ("none", NoExo(), first),
            ("off", NoExo(), used),
            ("zero_torque", ZeroTorque(), used),
            ("dofc_frozen", Dofc(**gains), used),
        ]
        files = [first]
        for seed in experiment.seeds:
            for kind in KINDS:
                change = {"kind": kind, "steps": experiment.steps}
                trained = self.train(limit, used, seed, f"{kind}_frozen", change)
                entries.append((f"{kind}_frozen_seed{seed}", trained, used))
        for seed in experiment.printed_seeds:
            change = {**self.printed, "steps": experiment.printed_steps}
            trained = self.train(limit, used, seed, "barati_as_printed", change)
            entries.append((f"barati_as_printed_seed{seed}", trained, used))
        human, partner = self._adapted_to_policy(limit, used)
        for seed in experiment.seeds:
            for kind in KINDS:
                change = {"kind": kind, "steps": experiment.pupil_steps, "log_std": -1.6}
                trained = self.train(limit, human, seed, f"{kind}_adapted", change, partner)
                entries.append((f"{kind}_adapted_seed{seed}", trained, human))
        with_dofc = self._rounds(self._folder(limit) / "adapted_dofc", used, "dofc", limit)
        # Where the search gave no gait, the human before keeps the law tuned for him.
        found = gains | read_json(with_dofc)["adaptation"]
        tuned = Dofc(*(found[name] for name in gains))
        entries.append(("dofc_adapted", tuned, with_dofc))
        entries.append(("control", NoExo(), self._control()))
        controllers = []
        for name, law, gait in entries:
            files.append(gait)
            if isinstance(law, Path):
                files.append(law)
                law = Policy.load(law)
            controllers.append(
                Controller(
                    name,
                    law,
                    worn=name not in ("none", "control"),
                    parameters=read_json(gait)["parameters"],
                )
            )
        return controllers, files

    def _used_to_it(self) -> Path:
        """The human who has got used to the device at zero torque."""
        experiment = self.experiment
        output = self._folder(0.0) / "used_to_it.json"
        # Without torque its limit plays no part: one human for all limits.
        limit = max(experiment.limits_Nm)
        found = self.adapt(
            output, experiment.gait, "zero_torque", limit, 1, experiment.habituation
        )  # fmt: skip
        return self._if_it_walks(found, experiment.gait)

    def _control(self) -> Path:
        """The human searched as often as the adapted ones, without anything worn."""
        experiment = self.experiment
        output = self._folder(0.0) / "control.json"
        found = self.adapt(output, experiment.gait, "none", 0.0, 1, experiment.habituation)
        human = self._if_it_walks(found, experiment.gait)
        return self._rounds(self._folder(0.0) / "control", human, "none", 0.0)

    def _adapted_to_policy(self, limit: float, human: Path) -> tuple[Path, Path]:
        """The human after all rounds with an MLP, and the controller of the last round."""
        experiment, folder = self.experiment, self._folder(limit)
        partner: Path | None = None
        for number in range(1, experiment.rounds + 1):
            change: dict[str, Any] = {"kind": "mlp", "steps": experiment.steps}
            if partner is not None:
                change |= {"log_std": -1.6, "steps": experiment.pupil_steps}
            partner = self.train(limit, human, 100 + number, f"round{number}", change, partner)
            output = folder / f"adapted_round{number}.json"
            found = self.adapt(output, human, partner, limit, number, experiment.evaluations)
            if self._can_be_trained_on(found, limit):
                human = self._if_it_walks(found, human)
        assert partner is not None, "no rounds"
        return human, partner

    def _can_be_trained_on(self, human: Path, limit: float) -> bool:
        """Whether he stands on every slope without sensor noise, from where learning starts."""
        from exoflow.config.build import build
        from exoflow.config.policy import PolicySettings
        from exoflow.errors import SimulationError
        from exoflow.gait.training_walkers import training_walkers
        from exoflow.records.json_io import read_json

        settings = self._worn(self.policy, limit)
        policy = build(PolicySettings, settings["policy"], "policy", "settings")
        try:
            training_walkers(read_json(human), settings, policy)(len(policy.slopes_deg))
        except SimulationError as problem:
            print(f"{human.name}: {problem} The human before is kept.", file=sys.stderr)
            return False
        return True

    def _rounds(self, stem: Path, human: Path, law: str, limit: float) -> Path:
        """The human searched as often as with a policy, with another law or none."""
        for number in range(1, self.experiment.rounds + 1):
            output = stem.with_name(f"{stem.name}_round{number}.json")
            found = self.adapt(output, human, law, limit, number, self.experiment.evaluations)
            human = self._if_it_walks(found, human)
        return human

    @staticmethod
    def _if_it_walks(found: Path, before: Path) -> Path:
        """`found`, or the human before where the search gave no gait."""
        from exoflow.records.json_io import read_json

        result = read_json(found)
        if result["status"] == "ok":
            return found
        print(f"{found.name}: {result['reason']}; the human before is kept", file=sys.stderr)
        return before

    # Bookkeeping

    def _folder(self, limit: float) -> Path:
        return self.experiment.folder / (f"{limit:g}Nm" if limit else "control")

    @staticmethod
    def _worn(settings: Mapping[str, Any], limit: float) -> dict[str, Any]:
        return {**settings, "exo": {**settings["exo"], "torque_limit_Nm": limit}}

    def _job(
        self,
        output: Path,
        settings: Mapping[str, Any],
        inputs: Sequence[Path],
        work: Callable[[Path], None],
    ) -> Path:
        """`output`, computed by `work` unless it is there with the same settings and inputs."""
        from exoflow.records.hashing import content_hash

        digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
        digest.update(self._code.encode())
        for path in inputs:
            digest.update(content_hash(path).encode())
        record = output.with_suffix(output.suffix + ".job")
        key = digest.hexdigest()
        if output.exists() and record.exists():
            if json.loads(record.read_text())["key"] == key:
                return output
        output.parent.mkdir(parents=True, exist_ok=True)
        print(f"exoflow bench: {output}", file=sys.stderr, flush=True)
        begin = time.monotonic()
        work(output)
        record.write_text(json.dumps({"key": key, "wall_s": time.monotonic() - begin}))
        return output

    def wall_s(self) -> dict[str, float]:
        """Wall time of every job, by its path in the folder."""
        folder = self.experiment.folder
        return {
            str(record.relative_to(folder)).removesuffix(".job"): json.loads(record.read_text())[
                "wall_s"
            ]
            for record in sorted(folder.rglob("*.job"))
        }


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

    walks = [walk for member in members for walk in member["walks"]]
    fell = sum(walk["fell"] for walk in walks)
    cells = [group, str(len(members)), f"{fell}/{len(walks)}"]
    speeds = [walk["speed_m_s"] for walk in walks if "speed_m_s" in walk]
    cells.append(f"{np.mean(speeds):.3f}" if speeds else "")
    for key, reference in (
        ("cot_effort_J_kg_m", "none"),
        ("metabolic_power_W_kg", "none"),
        ("cot_effort_J_kg_m", "control"),
    ):
        cells.append(_interval([change_against(m, compared[reference], key) for m in members]))
    torques = [member for member in members if "peak_torque_Nm" in member]
    cells.append(
        f"{np.mean([m['peak_torque_Nm'] for m in torques]):.1f} / "
        f"{np.mean([m['rms_torque_Nm'] for m in torques]):.1f}"
        if torques
        else ""
    )
    return "| " + " | ".join(cells) + " |"


def change_against(member: Mapping, reference: Mapping, key: str) -> float | None:
    """Mean change (%) over the walks that stand, each against the reference on its slope."""
    base = {walk["slope_change_deg"]: walk[key] for walk in reference["walks"] if key in walk}
    changes = [
        100.0 * (walk[key] / base[walk["slope_change_deg"]] - 1.0)
        for walk in member["walks"]
        if key in walk and walk["slope_change_deg"] in base
    ]
    return sum(changes) / len(changes) if changes else None


def _interval(values: Sequence[float | None]) -> str:
    import numpy as np

    from exoflow.gait.comparison import bootstrap_interval

    known = np.array([value for value in values if value is not None])
    if not len(known):
        return "fell"
    text = f"{known.mean():+.1f}"
    interval = bootstrap_interval(known)
    return f"{text} ({interval[0]:+.1f}, {interval[1]:+.1f})" if interval else text
