"""The jobs that params.yaml asks for, and which needs the result of which."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config import PHASES, Params
from exoflow.records import layout

REPORTED = ("reflex", "policy", "metabolics", "student", "export", "trial")


@dataclass(frozen=True)
class Job:
    """One job."""

    path: str
    """Its main file, by which it is known."""
    phase: str
    name: str
    """What tells it from the others of its phase: a condition, a seed, a study, a bundle."""
    condition: str | None
    needs: tuple[str, ...]
    """Main files of the jobs whose results it reads."""

    @property
    def log(self) -> str:
        """Where its output goes, as the rules have it."""
        return f"results/logs/{self.phase}/{self.name}.log"

    def __str__(self) -> str:
        return self.phase if self.name == self.phase else f"{self.phase} {self.name}"


def jobs_of(params: Params) -> list[Job]:
    """All jobs in the order of the phases, those of a phase in the order of the conditions."""
    needs = needs_of(params)
    conditions = conditions_of(params)
    return [
        Job(path, phase, name_of(path), conditions.get(path), tuple(needs[path]))
        for phase in PHASES
        for path in layout.results_of(params, phase)
    ]


def name_of(path: str) -> str:
    """Name of the job of a main file; ids hold dots."""
    return path.removeprefix(f"results/{layout.phase_of(path)}/")[: path.rindex(".") - len(path)]


def conditions_of(params: Params) -> dict[str, str]:
    """The condition behind each main file that is one condition's."""
    found = {}
    for name, condition in params.conditions.items():
        for file_of in (layout.gait_file, layout.wearer_file, layout.metabolics_file):
            found[file_of(name)] = name
        found |= {layout.policy_file(name, seed): name for seed in condition.seeds}
    return found


def needs_of(params: Params) -> dict[str, list[str]]:
    """What each job needs, by main file."""
    paths = {phase: layout.results_of(params, phase) for phase in PHASES}
    needs: dict[str, list[str]] = {path: [] for files in paths.values() for path in files}
    for name, condition in params.conditions.items():
        if condition.start_from is not None:
            needs[layout.gait_file(name)].append(layout.gait_file(condition.start_from))
        if params.wearer.enabled:
            needs[layout.wearer_file(name)].append(layout.gait_file(name))
        worn = layout.worn_gait_file(params, name)
        policies = [layout.policy_file(name, seed) for seed in condition.seeds]
        for policy in policies:
            needs[policy].append(worn)
        needs[layout.metabolics_file(name)] += [worn, *policies, *paths["teacher"]]
    for path in paths["teacher"]:
        needs[path] += layout.worn_gaits(params)
    for path in paths["student"]:
        needs[path] += [*layout.worn_gaits(params), *layout.taught_by(params)]
    for path, policy in zip(paths["export"], params.export.policies, strict=True):
        needs[path].append(layout.exported_weights(policy))
    for path in paths["report"]:
        needs[path] += [one for phase in REPORTED for one in paths[phase]]
    return needs


def without_detours(needs: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same graph with only those edges that no longer way stands for.

    Parameters
    ----------
    needs : dict
        Nodes that each node needs; without cycles.
    """
    reached: dict[str, set[str]] = {}

    def behind(node: str) -> set[str]:
        if node not in reached:
            direct = needs.get(node, ())
            reached[node] = set(direct).union(*(behind(one) for one in direct))
        return reached[node]

    return {
        node: tuple(
            one
            for one in direct
            if not any(one in behind(other) for other in direct if other != one)
        )
        for node, direct in needs.items()
    }
