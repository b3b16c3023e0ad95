"""The jobs that params.yaml asks for, and which needs the result of which."""

from __future__ import annotations

from dataclasses import dataclass

from exoflow.config import PHASES, Params
from exoflow.records import layout


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
    found = []
    for phase in PHASES:
        for path in layout.results_of(params, phase):
            job = layout.job_of(params, path)
            name = path.removeprefix(f"results/{phase}/")[: -len(path[path.rindex(".") :])]
            found.append(Job(path, phase, name, job[1] if job else None, tuple(needs[path])))
    return found


def needs_of(params: Params) -> dict[str, list[str]]:
    """What each job needs, by main file."""
    needs: dict[str, list[str]] = {
        path: [] for phase in PHASES for path in layout.results_of(params, phase)
    }
    for name, condition in params.conditions.items():
        if condition.start_from is not None:
            needs[layout.gait_file(name)].append(layout.gait_file(condition.start_from))
        if params.wearer.enabled:
            needs[layout.wearer_file(name)].append(layout.gait_file(name))
        worn = layout.worn_gait_file(params, name)
        for seed in condition.seeds:
            needs[layout.policy_file(name, seed)].append(worn)
        needs[layout.metabolics_file(name)] += [worn, *layout.controllers_of(params, name)]
    for path in layout.results_of(params, "teacher"):
        needs[path] += layout.worn_gaits(params)
    for path in layout.results_of(params, "student"):
        needs[path] += [*layout.worn_gaits(params), *layout.taught_by(params)]
    exports = layout.results_of(params, "export")
    for path, policy in zip(exports, params.export.policies, strict=True):
        needs[path].append(layout.exported_weights(policy))
    for path in layout.results_of(params, "report"):
        needs[path] += [
            one
            for phase in ("reflex", "policy", "metabolics", "student", "export", "trial")
            for one in layout.results_of(params, phase)
        ]
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
